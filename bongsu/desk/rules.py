"""The steps of the first guided drill, and which of them is next."""

from collections.abc import Set
from dataclasses import dataclass

from bongsu.kernel.text import gettext_noop as _


@dataclass(frozen=True)
class Step:
    """A step of the guide: done when one of `facts` stands in the record. `act`: where it is done, on the incident's page."""

    key: str
    title: str
    hint: str
    facts: tuple[str, ...]
    button: str
    act: str


REPORT = "?panel=report#panels-below"
STEPS = (
    Step(
        "alert", _("An alert came in"), _("It is under “Signals” below: what was seen, and which rule judged it."),
        ("signals.attached",), "", "",
    ),
    Step(
        "command", _("Take the command"),
        _("From now on you decide. Until somebody accepts, the first response is not counted as given."),
        ("incidents.command_accepted",), _("Take the command"), "act/accept/",
    ),
    Step(
        "runbook", _("Do the next step of the runbook"),
        _("The card on the left says what must happen next. Tick it off, or skip it with a reason."),
        ("runbooks.step_moved",), _("To the next step"), "#panel-next-step",
    ),
    Step(
        "update", _("Write a status update"),
        _("What is done, in progress, waiting. In a drill everything is written and nothing leaves the house."),
        ("updates.sent",), _("To the updates"), "updates/new/",
    ),
    Step(
        "resolve", _("Call it resolved"), _("Only the commander does, with a reason. It stops the escalation."),
        ("incidents.resolved",), _("Call it resolved"), "act/state/?state=resolved",
    ),
    Step(
        "report", _("Write the report"), _("It is drafted from the record; your own words in it are never overwritten."),
        ("documents.part_edited", "documents.submitted"), _("To the report"), REPORT,
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Progress:
    step: Step
    is_done: bool
    is_next: bool


def progress(happened: Set[str]) -> list[Progress]:
    """Every step with whether it is done; the first that is not is next. An alert that did not come is no step."""
    steps = [step for step in STEPS if step.key != "alert" or happened & set(step.facts)]
    done = [bool(happened & set(step.facts)) for step in steps]
    first = done.index(False) if False in done else -1
    return [Progress(step, is_done, at == first) for at, (step, is_done) in enumerate(zip(steps, done, strict=True))]

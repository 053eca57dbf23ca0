"""The states of a step, what a move needs, and which step comes next (C1, C2)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from bongsu.kernel.text import Text, text
from bongsu.kernel.text import gettext_noop as _

WAITING, DOING, DONE, SKIPPED, NOT_APPLICABLE = "waiting", "doing", "done", "skipped", "not_applicable"
STATES = {
    WAITING: _("waiting"),
    DOING: _("in progress"),
    DONE: _("done"),
    SKIPPED: _("skipped"),
    NOT_APPLICABLE: _("does not apply"),
}
SETTLED = frozenset({DONE, SKIPPED, NOT_APPLICABLE})

# (from, to): what the move needs; a `proof` is a note, a link or a piece of evidence
TRANSITIONS: dict[tuple[str, str], frozenset[str]] = {
    (WAITING, DOING): frozenset(),
    (WAITING, DONE): frozenset({"order", "proof"}),
    (WAITING, SKIPPED): frozenset({"reason"}),
    (WAITING, NOT_APPLICABLE): frozenset({"reason"}),
    (DOING, DONE): frozenset({"order", "proof"}),
    (DOING, WAITING): frozenset(),
    (DOING, SKIPPED): frozenset({"reason"}),
    (DOING, NOT_APPLICABLE): frozenset({"reason"}),
    (DONE, WAITING): frozenset({"reason"}),
    (SKIPPED, WAITING): frozenset(),
    (NOT_APPLICABLE, WAITING): frozenset(),
}


@dataclass(frozen=True)
class Ticking:
    """What a move of a step comes with. `open_before`: titles of the steps it builds on that are not settled."""

    reason: str = ""
    has_proof: bool = False
    wants_proof: bool = False
    open_before: Sequence[str] = ()


def why_not(source: str, target: str, given: Ticking) -> Text | None:
    """Why a step may not move like this, or None."""
    needs = TRANSITIONS.get((source, target))
    if needs is None:
        return text(_("A step that is “{source}” cannot become “{target}”."), source=text(STATES[source]),
                    target=text(STATES.get(target, target)))  # fmt: skip
    has_reason = bool(given.reason.strip())
    if "reason" in needs and not has_reason:
        return text(_("Say why."))
    if "proof" in needs and given.wants_proof and not given.has_proof:
        return text(_("Say what was done, or give what proves it: a note, a link or evidence."))
    if "order" in needs and given.open_before and not has_reason:
        return text(_("Earlier steps are open: {titles}. Settle them, or say why this one comes first."),
                    titles=", ".join(given.open_before))  # fmt: skip
    return None


@dataclass(frozen=True)
class Place:
    """A step as the order sees it."""

    id: str
    state: str
    requires: tuple[str, ...] = ()


def next_step(steps: Sequence[Place]) -> str | None:
    """What must happen next: what is in progress, else the first open step whose requirements are settled."""
    settled = {step.id for step in steps if step.state in SETTLED}
    for step in steps:
        if step.state == DOING:
            return step.id
    waiting = [step for step in steps if step.state == WAITING]
    ready = (step.id for step in waiting if settled.issuperset(step.requires))
    return next(ready, waiting[0].id if waiting else None)


def are_people_summoned(*, has_ic_accepted: bool, roles: Collection[str], ic: str) -> bool:
    """The commander has accepted and at least one more role is held: the core people are there (C2)."""
    return has_ic_accepted and bool(set(roles) - {ic})

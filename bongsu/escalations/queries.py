"""Reading ladders and who was told."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bongsu.comms.models import Message
from bongsu.events.queries import must_see
from bongsu.incidents.models import Incident
from bongsu.incidents.queries import taxonomy_of
from bongsu.kernel.actors import Actor
from bongsu.kernel.clock import now

from .models import Snooze, Step
from .rules import Rung, next_reminder, rungs

PURPOSE, REMINDING = "escalation", "reminder"


def round_of(incident: Incident) -> int:
    """Which burning of the incident this is: 1, and one more for every re-opening."""
    last = Step.objects.filter(incident=incident).order_by("-round").values_list("round", flat=True).first()
    return last or 0


def ladder(actor: Actor, incident: Incident) -> list[Step]:
    """All steps, fired, waiting and called off, oldest first."""
    must_see(actor, incident.subject_id)
    return list(incident.escalation_steps.all())


def next_step(incident: Incident) -> Step | None:
    """The step of the matrix that waits and comes first."""
    waiting = Step.objects.filter(incident=incident, round=round_of(incident), fired_at=None, cancelled_at=None)
    return waiting.select_related("incident__system").order_by("due_at", "key").first()


def own_snooze(actor: Actor, incident: Incident) -> Snooze | None:
    """The actor's own silence, when it still lasts."""
    return Snooze.objects.filter(incident=incident, person=actor.person_id, until_at__gt=now()).first()


@dataclass(frozen=True)
class ShownStep:
    """A step with the titles of its posts and the people it wrote to, `after` the ladder began. `state`: waiting, done or
    cancelled."""

    step: Step
    titles: tuple[str, ...]
    state: str
    after: timedelta
    receipts: tuple[Message, ...]

    @property
    def reached(self) -> str:
        """Of a step that was done: told (somebody got it), unreached (no way to anybody), written (nothing came back yet), none
        (nobody, or only who was told with another step); empty before."""
        if self.state != "done" or not self.receipts:
            return "none" if self.state == "done" else ""
        states = {message.state for message in self.receipts}
        return "told" if "sent" in states else "unreached" if states == {"failed"} else "written"


def shown_ladder(actor: Actor, incident: Incident) -> list[ShownStep]:
    """The ladder as it is read: each step with one receipt per person."""
    taxonomy = taxonomy_of(incident)
    by_key: dict[str, list[Message]] = {}
    for message in told(actor, incident):
        by_key.setdefault(message.key, []).append(message)
    steps = ladder(actor, incident)
    began: dict[int, datetime] = {}
    for step in steps:
        began[step.round] = min(step.due_at, began.get(step.round, step.due_at))
    return [
        ShownStep(
            step,
            tuple(taxonomy.post(post).title.say(actor.language) for post in step.posts),
            "done" if step.fired_at else "cancelled" if step.cancelled_at else "waiting",
            step.due_at - began[step.round],
            tuple(by_key.get(step.message_key, ())),
        )
        for step in steps
    ]


def told(actor: Actor, incident: Incident) -> list[Message]:
    """One receipt per person and step, newest first."""
    must_see(actor, incident.subject_id)
    rows = Message.objects.filter(subject=incident.subject_id, purpose=PURPOSE, person__isnull=False)
    return list(rows.select_related("person").prefetch_related("sendings").order_by("-created_at"))


def wanted_rungs(incident: Incident, began_at: datetime) -> list[Rung]:
    """The ladder of the incident's present severity, counted from `began_at`."""
    taxonomy = taxonomy_of(incident)
    return rungs(
        [(s.key, s.after, s.posts) for s in taxonomy.steps_for(incident.severity)],
        severity=incident.severity,
        began_at=began_at,
        executives=taxonomy.executives,
        executives_told_of=taxonomy.executives_told_of,
    )


def respond_within(incident: Incident) -> timedelta:
    return taxonomy_of(incident).severity(incident.severity).respond_within


def remind_after(incident: Incident) -> timedelta:
    """How long until the next reminder: the pack's interval at first, twice as long each time, an hour at most."""
    sent = Message.objects.filter(subject=incident.subject_id, purpose=REMINDING).values("key").distinct().count()
    return next_reminder(taxonomy_of(incident).triage_for(incident.severity).repeat_every, sent)

"""What home shows, each part limited to what the actor may see."""

from dataclasses import dataclass, field
from typing import Any

from django.core.cache import cache

from bongsu.approvals import queries as approvals
from bongsu.documents import queries as documents
from bongsu.events import queries as events
from bongsu.events.models import Event, Timer
from bongsu.incidents import queries as incidents
from bongsu.incidents.models import Incident
from bongsu.integrations import queries as integrations
from bongsu.kernel.actors import Actor
from bongsu.kernel.errors import Refused
from bongsu.packs import queries as packs
from bongsu.people import queries as people
from bongsu.signals import queries as signals

from .facts import DrillStarted
from .rules import STEPS

ON_CALL, ON_CALL_SECONDS = "desk.on_call", 15
MOST_INCIDENTS, MOST_DEADLINES, MOST_WAITING = 30, 12, 20


@dataclass(frozen=True)
class Burning:
    """An open incident with the name of its IC."""

    incident: Incident
    commander: str


def burning(actor: Actor) -> list[Burning]:
    """Open incidents, real ones before drills, the gravest first, the oldest of a severity first."""
    rows = list(incidents.incidents(actor, is_open=True).order_by("is_drill", "severity", "declared_at", "id")[:MOST_INCIDENTS])
    names = incidents.commanders_of(rows)
    return [Burning(row, names.get(row.id, "")) for row in rows]


def deadlines(actor: Actor) -> list[tuple[Timer, Incident | None]]:
    """What is late, then the next deadlines of all kinds, soonest first, with the incident they belong to."""
    timers = incidents.deadlines(actor, limit=MOST_DEADLINES)
    known = incidents.by_subjects(actor, [timer.subject_id for timer in timers])
    return [(timer, known.get(timer.subject_id)) for timer in timers]


@dataclass(frozen=True)
class Waiting:
    """What waits for this one person."""

    offers: list[Any] = field(default_factory=list)
    approvals: list[Any] = field(default_factory=list)
    proposals: list[Any] = field(default_factory=list)
    changes: list[Any] = field(default_factory=list)
    returned: list[Any] = field(default_factory=list)

    @property
    def count(self) -> int:
        return len(self.offers) + len(self.approvals) + len(self.proposals) + len(self.changes) + len(self.returned)


def waiting(actor: Actor) -> Waiting:
    """Commands offered to me, approvals I may give, proposals to triage, changes of awareness I may decide, documents that
    came back to me."""
    return Waiting(
        offers=list(incidents.offers_to(actor)[:MOST_WAITING]) if actor.person_id else [],
        approvals=approvals.waiting_for(actor)[:MOST_WAITING],
        proposals=list(signals.proposals(actor, is_waiting=True)[:MOST_WAITING]) if actor.may("signal.triage") else [],
        changes=list(incidents.awareness_changes_for(actor)[:MOST_WAITING]),
        returned=documents.returned_to(actor)[:MOST_WAITING] if actor.may("report.edit") else [],
    )


@dataclass(frozen=True)
class OnCall:
    """Who is at the triage desk now. `via`: holder, deputy, fallback, nobody; empty while no pack is in force."""

    names: list[str] = field(default_factory=list)
    via: str = ""
    post: dict[str, str] = field(default_factory=dict)  # its title, {"ko", "en"}


def on_call() -> OnCall:
    """At most 15 seconds old: looking through posts and their fallbacks takes many questions."""
    found: OnCall | None = cache.get(ON_CALL)
    if found is None:
        found = _on_call()
        cache.set(ON_CALL, found, ON_CALL_SECONDS)
    return found


def _on_call() -> OnCall:
    try:
        taxonomy = packs.taxonomy()
    except Refused:
        return OnCall()
    resolution = people.resolve_post(taxonomy.triage.post)
    return OnCall([person.name for person in resolution.people], resolution.via, taxonomy.post(taxonomy.triage.post).title.both)


@dataclass(frozen=True)
class Troubles:
    """What the house itself needs."""

    posts: list[people.Problem]
    deliveries: int
    timers: int
    calls: int
    letters: int

    @property
    def count(self) -> int:
        return len(self.posts) + self.deliveries + self.timers + self.calls + self.letters


def troubles(actor: Actor) -> Troubles:
    """Empty posts, and what was given up, as far as the actor may see it."""
    may_mend = actor.may("connections.manage")
    return Troubles(
        posts=people.grave_problems()[:5],
        deliveries=events.dead_deliveries(actor).count(),
        timers=events.dead_timers(actor).count(),
        calls=integrations.dead_calls(actor).count() if may_mend else 0,
        letters=signals.dead_letters(actor, is_dismissed=False).count() if may_mend else 0,
    )


def commands(actor: Actor, incident: Incident) -> bool:
    chief = incidents.commander(incident)
    return chief is not None and chief.person_id == actor.person_id


def is_own_drill(actor: Actor, incident: Incident) -> bool:
    """Who began a drill, or commands it, is guided through it."""
    if incident.declared_by == actor.key or commands(actor, incident):
        return True
    begun = events.last_event(incident.subject_id, DrillStarted.name)
    return begun is not None and begun.actor == actor.key


def happened(incident: Incident) -> set[str]:
    """Which facts the guide looks for stand in the record of a drill."""
    wanted = {fact for step in STEPS for fact in step.facts}
    found = Event.objects.filter(subject=incident.subject_id, name__in=[f"{fact}@1" for fact in wanted])
    names = {name.partition("@")[0] for name in found.values_list("name", flat=True).distinct()}
    return names | ({"incidents.resolved"} if incident.resolved_at else set())

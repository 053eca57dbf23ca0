"""Proposing an incident: its own record, one live thread per group, and a timer that does not let go."""

from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction

from bongsu.events.actions import open_subject, record, set_timer
from bongsu.integrations.models import Connection
from bongsu.kernel.actors import Actor
from bongsu.kernel.clock import now
from bongsu.kernel.refs import uuid7
from bongsu.packs import queries as packs
from bongsu.packs.rules import Taxonomy
from bongsu.systems.models import AISystem

from ..facts import IncidentProposed, ProposalRaised
from ..models import Proposal, Thread
from ..rules import proposals as rules
from ..rules.classification import Judgement

TIMER = "signals.proposal"
LONGEST_TITLE = 200


@dataclass(frozen=True)
class Suggestion:
    """What a proposal is made of."""

    title: str
    judgement: Judgement
    group: str
    detected_at: datetime
    text: str = ""
    system: AISystem | None = None
    connection: Connection | None = None
    occurred_at: datetime | None = None
    is_authenticated: bool = False
    is_drill: bool = False


def propose(actor: Actor, what: Suggestion) -> Thread:
    """Open a proposal under its group key; when another worker was faster, its thread is the answer."""
    Thread.objects.filter(key=what.group, is_drill=what.is_drill, ended_at=None).exclude(
        proposal__state__in=rules.WAITING
    ).exclude(incident__is_open=True).update(ended_at=now())
    try:
        with transaction.atomic():
            thread = Thread.objects.create(id=uuid7(), key=what.group, is_drill=what.is_drill)
    except IntegrityError:
        return Thread.objects.select_related("proposal").get(key=what.group, is_drill=what.is_drill, ended_at=None)
    thread.proposal = _new(actor, what)
    thread.save(update_fields=["proposal"])
    return thread


def _new(actor: Actor, what: Suggestion) -> Proposal:
    at, said = now(), what.judgement
    detected = min(what.detected_at, at)
    row = Proposal(
        id=uuid7(),
        connection=what.connection,
        system=what.system,
        title=" ".join(what.title.split())[:LONGEST_TITLE] or "?",
        text=what.text,
        type=said.type,
        subtype=said.subtype,
        severity=said.severity,
        alt_type=said.alt_type,
        alt_severity=said.alt_severity,
        rule=said.rule[:80],
        also=list(said.also),
        why={"ko": said.why.ko, "en": said.why.en},
        is_guess=said.is_guess,
        is_authenticated=what.is_authenticated,
        is_drill=what.is_drill,
        detected_at=detected,
        occurred_at=min(what.occurred_at, detected) if what.occurred_at else None,
        proposed_at=at,
    )
    row.subject = open_subject(actor, subject=row.ref, is_drill=what.is_drill)
    row.save(force_insert=True)
    set_next_step(row)
    record(
        actor,
        IncidentProposed(
            subject=row.subject_id,
            proposal=str(row.id),
            type=row.type,
            subtype=row.subtype,
            severity=row.severity,
            rule=row.rule,
            also=row.also,
            is_guess=row.is_guess,
            is_authenticated=row.is_authenticated,
            is_drill=row.is_drill,
        ),
    )
    return row


def set_next_step(row: Proposal) -> rules.Next:
    """Set the proposal's one timer to when it asks again or declares itself."""
    step = packs.taxonomy().triage_for(row.severity)
    following = rules.next_step(
        proposed_at=row.proposed_at,
        now=now(),
        repeat_every=step.repeat_every,
        declares_after=step.declares_itself_after,
        is_authenticated=row.is_authenticated,
    )
    set_timer(
        row.subject_id,
        key=f"{TIMER}:{row.id}",
        kind=TIMER,
        due_at=following.at,
        data={"proposal": str(row.id), "declares": following.declares},
    )
    return following


def raise_proposal(actor: Actor, row: Proposal, said: Judgement, *, is_authenticated: bool, taxonomy: Taxonomy) -> None:
    """A further signal may make an open proposal graver or proven; nothing makes it lighter, nothing overwrites a person."""

    def is_graver() -> bool:
        return not said.is_ignored and taxonomy.graver(row.severity, said.severity) != row.severity

    if not is_graver() and (row.is_authenticated or not is_authenticated):
        return  # like most of a storm
    row = Proposal.objects.select_for_update(of=("self",)).get(pk=row.pk)
    if row.state != rules.OPEN:
        return
    changed = []
    if is_authenticated and not row.is_authenticated:
        row.is_authenticated = True
        changed.append("is_authenticated")
    old = row.severity
    if is_graver():
        row.type, row.subtype, row.severity, row.rule = said.type, said.subtype, said.severity, said.rule[:80]
        row.alt_type, row.alt_severity, row.why = said.alt_type, said.alt_severity, {"ko": said.why.ko, "en": said.why.en}
        changed += ["type", "subtype", "severity", "rule", "alt_type", "alt_severity", "why"]
    if not changed:
        return
    row.save(update_fields=changed)
    set_next_step(row)
    if row.severity != old:
        record(actor, ProposalRaised(subject=row.subject_id, proposal=str(row.id), old=old, new=row.severity, rule=row.rule))

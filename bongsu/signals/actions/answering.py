"""What people make of a proposal: confirm, declare, attach, reject, merge. Overrides carry their reason (A4, B6)."""

from typing import Any
from uuid import UUID

from bongsu.comms.actions import resolve_pages
from bongsu.events.actions import action, cancel_timer, record, restrict
from bongsu.incidents import actions as incidents
from bongsu.incidents import queries as incident_queries
from bongsu.incidents.models import Incident
from bongsu.kernel.actors import Actor
from bongsu.kernel.clock import now
from bongsu.kernel.errors import Conflict, Invalid, NotFound, Refused
from bongsu.kernel.text import gettext_noop as _
from bongsu.packs import queries as packs

from .. import queries
from ..facts import ProposalAttached, ProposalConfirmed, ProposalDeclared, ProposalMerged, ProposalRejected, SignalAttached
from ..models import Proposal, Signal, Thread
from ..rules import proposals as rules
from .proposing import TIMER

TRIAGE = "signal.triage"


def _locked(actor: Actor, proposal: UUID, target: str) -> Proposal:
    """The proposal, locked, still waiting for this answer."""
    queries.proposal(actor, proposal)  # must be visible
    row = Proposal.objects.select_for_update(of=("self",)).select_related("system", "connection").filter(pk=proposal).first()
    if row is None:
        raise NotFound(_("There is no such proposal."))
    if not rules.may_become(row.state, target):
        raise Conflict(_("This proposal has been answered already: {state}."), state=rules.STATE_WORDS[row.state])
    return row


def _classified(row: Proposal, type: str, subtype: str, severity: str, reason: str) -> bool:
    """Take over what a person says, beside what was proposed; True when it differs. Refuses unknown words,
    and a change without a reason."""
    wanted = type or row.type, subtype or (row.subtype if not type or type == row.type else ""), severity or row.severity
    taxonomy = packs.taxonomy()
    wrong: dict[str, Any] = {}
    if wanted[0] not in [t.key for t in taxonomy.types]:
        wrong["type"] = _("Unknown type.")
    elif not wanted[1]:
        wanted = (
            wanted[0],
            taxonomy.cell(wanted[0], wanted[2]).subtype if wanted[2] in ("P0", "P1", "P2", "P3") else "",
            wanted[2],
        )
    elif wanted[1] not in [s.key for s in taxonomy.type(wanted[0]).subtypes]:
        wrong["subtype"] = _("This type has no such sub-type.")
    if wanted[2] not in [s.key for s in taxonomy.severities]:
        wrong["severity"] = _("Unknown severity: choose P0, P1, P2 or P3.")
    is_override = wanted != (row.type, row.subtype, row.severity)
    if is_override and not reason.strip():
        wrong["reason"] = _("Say why it is not what was proposed.")
    if wrong:
        raise Invalid(_("The proposal cannot be answered like this."), fields=wrong)
    if is_override and not row.proposed:
        row.proposed = {"type": row.type, "subtype": row.subtype, "severity": row.severity}
    row.type, row.subtype, row.severity = wanted
    return is_override


def _answered(actor: Actor, row: Proposal, state: str, reason: str) -> None:
    row.state, row.answered_at, row.answered_by, row.answer_reason = state, now(), actor.key, reason.strip()
    cancel_timer(f"{TIMER}:{row.id}")
    resolve_pages(actor, subject=row.subject_id)  # what rang for the answer falls silent


@action
def confirm_proposal(
    actor: Actor, *, proposal: UUID, type: str = "", subtype: str = "", severity: str = "", reason: str = ""
) -> Proposal:
    """Say that it is right, or what it is instead (with a reason); it stops paging and waits to be declared."""
    actor.require(TRIAGE)
    row = _locked(actor, proposal, rules.CONFIRMED)
    proposed = f"{row.severity} {row.type}/{row.subtype}"
    is_override = _classified(row, type, subtype, severity, reason)
    _answered(actor, row, rules.CONFIRMED, reason)
    row.save()
    _state_confirmed(actor, row, proposed, is_override, reason)
    return row


def _state_confirmed(actor: Actor, row: Proposal, proposed: str, is_override: bool, reason: str) -> None:
    record(
        actor,
        ProposalConfirmed(
            subject=row.subject_id,
            proposal=str(row.id),
            proposed=proposed,
            type=row.type,
            subtype=row.subtype,
            severity=row.severity,
            is_override=is_override,
            reason=reason,
        ),
    )


@action
def declare_proposal(
    actor: Actor,
    *,
    proposal: UUID,
    type: str = "",
    subtype: str = "",
    severity: str = "",
    reason: str = "",
    title: str = "",
    restriction: str = "",
) -> Incident:
    """Declare the incident, as proposed or as said here (then with a reason). `restriction`: a reason to restrict it."""
    actor.require(TRIAGE)
    row = _locked(actor, proposal, rules.DECLARED)
    proposed = f"{row.severity} {row.type}/{row.subtype}"
    is_override = _classified(row, type, subtype, severity, reason)
    row.title = title.strip()[:200] or row.title
    _state_confirmed(actor, row, proposed, is_override, reason)
    return declare(actor, row, reason=reason, restriction=restriction)


def declare(actor: Actor, row: Proposal, *, reason: str = "", restriction: str = "", is_by_itself: bool = False) -> Incident:
    """Open the incident of a locked proposal, or join the one that is open for the same group already."""
    if is_by_itself and not row.is_authenticated:
        raise Refused(_("What is not proven never declares itself."))
    thread = row.threads.filter(ended_at=None).first()
    group = thread.key if thread else ""
    burning = incidents.open_in_group(group, is_drill=row.is_drill) if group else None
    if burning:
        join(actor, row, burning, rules.ATTACHED, reason)
        return burning
    incident = incidents.open_incident(
        actor,
        title=row.title,
        type=row.type,
        subtype=row.subtype,
        severity=row.severity,
        description=row.text,
        system=row.system,
        occurred_at=row.occurred_at,
        detected_at=min(row.detected_at, now()),
        is_drill=row.is_drill,
        restriction=restriction,
        origin="signal" if row.connection_id else "person",
        source=row.ref,
        group_key=group,
    )
    row.is_by_itself = is_by_itself
    join(actor, row, incident, rules.DECLARED, reason)
    return incident


def join(actor: Actor, row: Proposal, incident: Incident, state: str, reason: str) -> None:
    """Bind a proposal with its signals to an incident; from now on the incident decides who reads them."""
    own = row.subject_id
    _answered(actor, row, state, reason)
    row.incident, row.subject = incident, incident.subject
    row.save()
    if state == rules.DECLARED:
        record(
            actor,
            ProposalDeclared(
                subject=own,
                proposal=str(row.id),
                incident=str(incident.id),
                type=row.type,
                subtype=row.subtype,
                severity=row.severity,
                is_by_itself=row.is_by_itself,
            ),
        )
    else:
        record(actor, ProposalAttached(subject=own, proposal=str(row.id), incident=str(incident.id), reason=reason))
    row.reports.update(subject=incident.subject)
    Thread.objects.filter(proposal=row, ended_at=None).update(incident=incident)
    signals = Signal.objects.filter(thread__proposal=row)
    first = signals.order_by("first_at").first()
    count = signals.update(incident=incident, subject=incident.subject)
    if first:
        record(
            actor,
            SignalAttached(subject=incident.subject_id, signal=str(first.id), state=first.state, times=first.times, count=count),
            occurred_at=min(first.first_at, now()),
        )
    if incident.subject.restricted:
        for subject in (own, *(merged.ref for merged in row.merged.all())):
            restrict(actor, subject=subject, readers=(), reason="incident")


@action
def attach_proposal(actor: Actor, *, proposal: UUID, incident: UUID | str, reason: str = "") -> Incident:
    """It belongs to an incident that exists. Refuses a drill on a real one and the other way round, and one that is over."""
    actor.require(TRIAGE)
    row = _locked(actor, proposal, rules.ATTACHED)
    target = incident_queries.incident(actor, str(incident))
    if target.is_drill != row.is_drill:
        raise Refused(_("A drill and a real incident are never put together."))
    if not target.is_open:
        raise Refused(_("{number} is over. Reopen it first, or declare a new incident."), number=target.number)
    join(actor, row, target, rules.ATTACHED, reason)
    return target


@action
def reject_proposal(actor: Actor, *, proposal: UUID, reason: str) -> Proposal:
    """It is a false positive, and says why. The same episode stays quiet; a new one asks again."""
    actor.require(TRIAGE)
    row = _locked(actor, proposal, rules.REJECTED)
    if not reason.strip():
        raise Invalid(_("A false positive needs a reason."), fields={"reason": _("Say why.")})
    _answered(actor, row, rules.REJECTED, reason)
    row.save()
    Thread.objects.filter(proposal=row, ended_at=None).update(ended_at=now())
    record(actor, ProposalRejected(subject=row.subject_id, proposal=str(row.id), reason=reason))
    return row


@action
def merge_proposal(actor: Actor, *, proposal: UUID, into: UUID, reason: str = "") -> Proposal:
    """Two proposals are the same thing: the first goes into the second, which keeps asking."""
    actor.require(TRIAGE)
    if proposal == into:
        raise Invalid(_("A proposal cannot be merged into itself."), fields={"into": _("Choose another proposal.")})
    # Both, in one order: two people who merge them crosswise would lose them both.
    list(Proposal.objects.select_for_update(of=("self",)).filter(pk__in=[proposal, into]).order_by("pk"))
    row = _locked(actor, proposal, rules.MERGED)
    target = queries.proposal(actor, into)
    if not target.is_waiting:
        raise Refused(_("The other proposal has been answered already."))
    if target.is_drill != row.is_drill:
        raise Refused(_("A drill and a real incident are never put together."))
    row.into = target
    _answered(actor, row, rules.MERGED, reason)
    row.save()
    Thread.objects.filter(proposal=row).update(proposal=target)
    row.reports.update(proposal=target)
    record(actor, ProposalMerged(subject=row.subject_id, proposal=str(row.id), into=str(target.id), reason=reason))
    return target

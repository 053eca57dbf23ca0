"""The moment of awareness: who, how, with which evidence. Once set it moves only with a second approver."""

from datetime import datetime
from uuid import UUID

from bongsu.events.actions import action, record
from bongsu.kernel.actors import Actor
from bongsu.kernel.clock import now
from bongsu.kernel.errors import Invalid, NotFound, Refused
from bongsu.kernel.text import gettext_noop as _
from bongsu.people import queries as people

from ..facts import AwarenessChangeAsked, AwarenessChangeRefused, AwarenessMoved, AwarenessSet
from ..models import AwarenessChange, Evidence, Incident
from .locking import locked


@action
def set_awareness(
    actor: Actor, *, incident: UUID, aware_at: datetime, how: str, person: UUID | None = None, evidence: UUID | None = None
) -> Incident:
    """Set it once: the legal clocks start here. Not in the future, with a word how."""
    found = locked(actor, incident)
    if found.aware_at:
        raise Refused(_("Awareness is set. It moves only when a second person approves."))
    _check(aware_at, how)
    proof = Evidence.objects.filter(pk=evidence, incident=found).first() if evidence else None
    if evidence and proof is None:
        raise Invalid(_("This evidence is not of this incident."), fields={"evidence": _("Choose evidence of this incident.")})
    found.aware_at, found.aware_how, found.aware_evidence = aware_at, how, proof
    named = person or actor.person_id
    who = people.person(named) if named else None
    found.aware_person = who
    found.save(update_fields=["aware_at", "aware_how", "aware_person", "aware_evidence"])
    record(actor, AwarenessSet(
        subject=found.subject_id, aware_at=aware_at, how=how, person=str(who.id) if who else "",
        person_name=who.name if who else actor.name, evidence=str(proof.id) if proof else "",
    ))  # fmt: skip
    return found


@action
def ask_awareness_change(actor: Actor, *, incident: UUID, aware_at: datetime, how: str, reason: str) -> AwarenessChange:
    """Ask to move it; nothing moves until somebody else approves."""
    found = locked(actor, incident)
    if found.aware_at is None:
        raise Refused(_("Awareness is not set yet: set it."))
    if actor.person_id is None:
        raise Refused(_("Only a person asks for this."))
    _check(aware_at, how)
    if not reason.strip():
        raise Invalid(_("A reason is needed."), fields={"reason": _("Say why.")})
    if found.awareness_changes.filter(decided_at=None).exists():
        raise Refused(_("A change of awareness is waiting for its second approver already."))
    change = AwarenessChange.objects.create(
        incident=found, aware_at=aware_at, how=how, reason=reason, requested_by_id=actor.person_id, requested_at=now()
    )
    record(actor, AwarenessChangeAsked(subject=found.subject_id, change=change.id, aware_at=aware_at, reason=reason))
    return change


@action
def decide_awareness_change(actor: Actor, *, incident: UUID, is_approved: bool) -> Incident:
    """The second approver: legal or a commander, never the one who asked."""
    found = locked(actor, incident)
    if not (actor.may("report.review") or actor.may("incident.command")) or actor.person_id is None:
        raise Refused(_("A change of awareness is approved by legal or by somebody who may command."))
    change = found.awareness_changes.select_for_update().filter(decided_at=None).first()
    if change is None:
        raise NotFound(_("No change of awareness is waiting."))
    if change.requested_by_id == actor.person_id:
        raise Refused(_("Nobody approves their own request."))
    change.decided_by_id, change.decided_at, change.is_approved = actor.person_id, now(), is_approved
    change.save(update_fields=["decided_by", "decided_at", "is_approved"])
    if not is_approved:
        record(actor, AwarenessChangeRefused(subject=found.subject_id, change=change.id))
        return found
    old = found.aware_at
    assert old is not None  # it was set before a change could be asked for
    found.aware_at, found.aware_how = change.aware_at, change.how
    found.save(update_fields=["aware_at", "aware_how"])
    record(actor, AwarenessMoved(subject=found.subject_id, change=change.id, old=old, new=change.aware_at))
    return found


def _check(aware_at: datetime, how: str) -> None:
    wrong: dict[str, str] = {}
    if aware_at.tzinfo is None:
        wrong["aware_at"] = _("A moment needs its time zone.")
    elif aware_at > now():
        wrong["aware_at"] = _("Awareness is not in the future.")
    if not how.strip():
        wrong["how"] = _("Say how you became aware.")
    if wrong:
        raise Invalid(_("This moment of awareness cannot be right."), fields=dict(wrong))

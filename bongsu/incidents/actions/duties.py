"""Duties: rows that upper modules leave on an incident, and deadlines entered by hand."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from bongsu.events.actions import action, cancel_timer, record, set_timer
from bongsu.kernel.actors import Actor
from bongsu.kernel.clock import now
from bongsu.kernel.errors import Invalid, NotFound, Refused
from bongsu.kernel.refs import uuid7
from bongsu.kernel.text import Text
from bongsu.kernel.text import gettext_noop as _

from ..facts import DeadlineEntered, DutyMet, DutyOverdue, DutyReopened, DutyRequired, DutyWaived
from ..models import Duty, Incident
from .locking import is_ic, locked


@action
def require(
    actor: Actor,
    *,
    incident: Incident,
    key: str,
    title: dict[str, str],
    due_at: datetime | None = None,
    is_legal: bool = False,
    is_optional: bool = False,
) -> Duty:
    """Leave a duty; asking twice leaves one. `title` is {"ko", "en"}."""
    duty, is_new = Duty.objects.get_or_create(
        incident=incident,
        key=key,
        defaults={"title": title, "due_at": due_at, "is_legal": is_legal, "is_optional": is_optional, "set_at": now()},
    )
    if is_new:
        record(
            actor,
            DutyRequired(subject=incident.subject_id, duty=key, title=title, due_at=due_at, is_legal=is_legal),
        )
        _watch(duty)
    return duty


@dataclass(frozen=True)
class Owed:
    """A duty as an upper module asks for it; `title` is {"ko", "en"}."""

    key: str
    title: dict[str, str]
    is_optional: bool = False


@action
def require_all(actor: Actor, *, incident: Incident, owed: Iterable[Owed]) -> None:
    """Leave many duties without a moment of their own; those that are there stay as they are. The incident is locked."""
    there = set(Duty.objects.filter(incident=incident).values_list("key", flat=True))
    new = {one.key: one for one in owed if one.key not in there}
    at = now()
    Duty.objects.bulk_create(
        Duty(incident=incident, key=one.key, title=one.title, is_optional=one.is_optional, set_at=at) for one in new.values()
    )
    for one in new.values():
        fact = DutyRequired(subject=incident.subject_id, duty=one.key, title=one.title, due_at=None, is_legal=False)
        record(actor, fact)


@action
def meet(actor: Actor, *, incident: Incident, key: str, proof: str = "") -> Duty | None:
    """Meet a duty; meeting it again changes nothing. None when there is no such duty."""
    duty = Duty.objects.select_for_update().filter(incident=incident, key=key).first()
    if duty is None or not duty.is_open:
        return duty
    duty.met_at, duty.met_by, duty.proof = now(), actor.key, proof
    duty.save(update_fields=["met_at", "met_by", "proof"])
    cancel_timer(_timer_key(duty))
    record(actor, DutyMet(subject=incident.subject_id, duty=key, title=duty.title, proof=proof))
    return duty


@action
def open_again(actor: Actor, *, incident: Incident, key: str, reason: str) -> Duty | None:
    """A duty that was met is owed again (the incident was reopened, the recovery did not hold)."""
    duty = Duty.objects.select_for_update().filter(incident=incident, key=key).first()
    if duty is None or duty.is_open:
        return duty
    duty.met_at, duty.met_by, duty.proof, duty.waived_at, duty.waived_by, duty.reason = None, "", "", None, "", ""
    duty.save()
    record(actor, DutyReopened(subject=incident.subject_id, duty=key, title=duty.title, reason=reason))
    _watch(duty)
    return duty


@action
def waive(actor: Actor, *, incident: UUID, key: str, reason: str) -> Duty:
    """The IC does without a duty, with a reason. A legal one is waived by legal only."""
    found = locked(actor, incident)
    duty = _of(found, key)
    if not reason.strip():
        raise Invalid(_("Waiving a duty needs a reason."), fields={"reason": _("Say why.")})
    if duty.is_legal and not actor.may("report.review"):
        raise Refused(_("A legal duty is waived by legal only."))
    if not duty.is_legal and not is_ic(actor, found):
        raise Refused(_("Only the incident commander waives a duty."))
    duty.waived_at, duty.waived_by, duty.reason = now(), actor.key, reason
    duty.save(update_fields=["waived_at", "waived_by", "reason"])
    cancel_timer(_timer_key(duty))
    record(actor, DutyWaived(subject=found.subject_id, duty=key, title=duty.title, reason=reason))
    return duty


@action
def meet_by_hand(actor: Actor, *, incident: UUID, key: str, proof: str) -> Duty:
    """A person ticks a duty off, with what proves it."""
    found = locked(actor, incident)
    duty = _of(found, key)
    if not proof.strip():
        raise Invalid(_("Say what shows that it is done."), fields={"proof": _("A word, a link or a reference.")})
    meet(actor, incident=found, key=key, proof=proof)
    duty.refresh_from_db()
    return duty


@action
def enter_deadline(
    actor: Actor, *, incident: UUID, title: str, authority: str, due_at: datetime, zone: str, is_legal: bool = True
) -> Duty:
    """A deadline entered by hand: what, to whom, until when, in whose zone."""
    found = locked(actor, incident)
    wrong: dict[str, str] = {}
    if not title.strip():
        wrong["title"] = _("Say what is due.")
    if zone not in available_timezones():
        wrong["zone"] = _("Unknown time zone: use a name such as Asia/Seoul.")
    if due_at.tzinfo is None:
        wrong["due_at"] = _("A moment needs its time zone.")
    if wrong:
        raise Invalid(_("This deadline cannot be kept as it stands."), fields=dict(wrong))
    duty = Duty.objects.create(
        incident=found,
        key=f"deadline:{uuid7()}",
        title={"ko": title.strip(), "en": title.strip()},
        is_legal=is_legal,
        authority=authority.strip(),
        due_at=due_at.astimezone(ZoneInfo("UTC")),
        zone=zone,
        set_at=now(),
    )
    record(
        actor,
        DeadlineEntered(subject=found.subject_id, duty=duty.key, title=title, authority=authority, due_at=due_at),
    )
    _watch(duty)
    return duty


@action
def note_overdue(actor: Actor, *, duty: UUID) -> None:
    """A deadline has passed with the duty open: on the record, once; a passed deadline is never un-passed."""
    row = Duty.objects.select_related("incident").get(pk=duty)
    if row.is_open and row.due_at and row.due_at <= now():
        record(
            actor,
            DutyOverdue(
                subject=row.incident.subject_id,
                duty=row.key,
                title=row.title,
                due_at=row.due_at,
                is_legal=row.is_legal,
            ),
        )


def _of(incident: Incident, key: str) -> Duty:
    duty = Duty.objects.select_for_update().filter(incident=incident, key=key).first()
    if duty is None:
        raise NotFound(_("This incident has no such duty."))
    if not duty.is_open:
        raise Refused(_("This duty is met or waived already."))
    return duty


def _timer_key(duty: Duty) -> str:
    return f"incidents.duty:{duty.id}"


def _watch(duty: Duty) -> None:
    if duty.due_at:
        set_timer(
            duty.incident.subject_id,
            key=_timer_key(duty),
            kind="incidents.duty",
            due_at=duty.due_at,
            data={"duty": str(duty.id)},
            label=Text("{title}", {"title": duty.title}),
            is_shown=True,
            is_legal=duty.is_legal,
        )

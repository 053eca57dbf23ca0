"""Status updates: their numbers, their text, and the timer that asks for the next one (D2)."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from bongsu.comms.actions import send
from bongsu.events.actions import action, cancel_timer, give_timer, record, set_timer
from bongsu.events.queries import must_see
from bongsu.incidents import queries as incidents
from bongsu.incidents.models import Incident
from bongsu.kernel.actors import Actor
from bongsu.kernel.canonical import digest
from bongsu.kernel.clock import now
from bongsu.kernel.errors import Invalid, NotFound, Refused
from bongsu.kernel.text import Text
from bongsu.kernel.text import gettext_noop as _

from .. import queries
from ..facts import UpdateDueMoved, UpdateLate, UpdateSent
from ..models import Rhythm, StatusUpdate
from ..rules import REMIND_EVERY, STATES, Item, cleaned, of_state, wrong_items
from .posting import BROADCAST, CHANNEL, post

DUE, LATE = "updates.due", "updates.late"
PURPOSE = "status update"


@action
def send_update(actor: Actor, *, incident: UUID, items: Iterable[Item]) -> StatusUpdate:
    """Number it, keep it as it is said in both languages, send it to the channel, the roles and the status broadcast.

    Refuses an update without items (if nothing has changed, it says that nothing has changed) and one of a closed incident.
    """
    found = _locked(incident)
    must_see(actor, found.subject_id)
    actor.require("message.send")
    lines = cleaned(items)
    if wrong := wrong_items(lines):
        raise Invalid(_("This status update cannot be sent as it stands."), fields={"items": wrong})
    if found.closed_at:
        raise Refused(_("The incident is closed; nobody waits for an update any more."))
    at = now()
    due = at + _every(found) if found.is_open else None
    row, values = _written(actor, found, lines, at, due)
    _set_rhythm(found, counts_from=at, due=due)
    summary = " · ".join(text for state in STATES for text in of_state(lines, state))
    record(
        actor,
        UpdateSent(
            subject=found.subject_id, number=row.number, state=row.state, summary=summary,
            text_hash=digest(f"{row.text_ko}\n{row.text_en}"), next_due_at=due,
        ),
    )  # fmt: skip
    _tell(actor, found, row, values)
    return row


def _locked(incident: UUID) -> Incident:
    found = Incident.objects.select_for_update(of=("self",)).select_related("subject").filter(pk=incident).first()
    if found is None:
        raise NotFound(incidents.NO_SUCH)
    return found


def _written(
    actor: Actor, incident: Incident, lines: list[Item], at: datetime, due: datetime | None
) -> tuple[StatusUpdate, dict[str, Any]]:
    number = queries.next_number(incident)  # the incident is locked: no gap, no double
    values = queries.update_values(incident, number=number, items=lines, at=at, due=due)
    ko, en = (queries.rendered_update(incident, values, language).body for language in queries.LANGUAGES)
    row = StatusUpdate.objects.create(
        incident=incident, subject_id=incident.subject_id, number=number, state=incident.state, next_due_at=due,
        items=[{"state": item.state, "text": item.text} for item in lines], author_id=actor.person_id,
        text_ko=ko, text_en=en, sent_at=at,
    )  # fmt: skip
    return row, values


def _tell(actor: Actor, incident: Incident, row: StatusUpdate, values: dict[str, Any]) -> None:
    post(actor, incident=incident, place=CHANNEL, key=row.message_key, template="status_update", values=values)
    post(actor, incident=incident, place=BROADCAST, key=row.message_key, template="broadcast", values=values)
    send(
        actor, subject=incident.subject_id, key=row.message_key, template="status_update",
        values={**values, "link": incidents.spoken(incident)["link"]}, people=queries.addressees(actor, incident),
        purpose=PURPOSE, pack_version=incident.pack_id,
    )  # fmt: skip


# --- the timer --------------------------------------------------------------------------------------------------------------


@action
def begin_rhythm(actor: Actor, *, incident: UUID, at: datetime) -> None:
    """Declared or reopened: the first update is due one interval later. Doing it twice changes nothing."""
    found = _locked(incident)
    standing = Rhythm.objects.filter(incident=found).first()
    if not found.is_open or (standing and standing.due_at and standing.counts_from_at >= at):
        return
    _set_rhythm(found, counts_from=at, due=at + _every(found))


@action
def stop_rhythm(actor: Actor, *, incident: UUID) -> None:
    """Resolved: nobody waits for the next update any more."""
    found = _locked(incident)
    if not found.is_open:
        Rhythm.objects.filter(incident=found).update(due_at=None)
        _cancel(found)


@action
def hand_over_due(actor: Actor, *, incident: UUID) -> None:
    """The command has passed on: the next update is the new commander's."""
    found = _locked(incident)
    if chief := incidents.commander(found):
        give_timer(_key(DUE, found), owner=chief.person_id)


@action
def recompute_due(actor: Actor, *, incident: UUID) -> None:
    """The severity changed: the next update is due one new interval after the last one, with a line old → new."""
    found = _locked(incident)
    rhythm = Rhythm.objects.filter(incident=found).first()
    if not found.is_open or rhythm is None or rhythm.due_at is None:
        return
    old, new = rhythm.due_at, rhythm.counts_from_at + _every(found)
    if old == new:
        return
    _set_rhythm(found, counts_from=rhythm.counts_from_at, due=new)
    record(actor, UpdateDueMoved(subject=found.subject_id, number=queries.next_number(found), old=old, new=new))


@action
def note_late(actor: Actor, *, incident: UUID) -> None:
    """The moment has passed without an update: on the record once, and the IC is reminded until there is one."""
    found = _locked(incident)
    rhythm = Rhythm.objects.filter(incident=found).first()
    if not found.is_open or rhythm is None or rhythm.due_at is None or rhythm.due_at > now():
        return
    number = queries.next_number(found)
    if rhythm.reminders == 0:
        record(actor, UpdateLate(subject=found.subject_id, number=number, due_at=rhythm.due_at))
    _remind(actor, found, rhythm, number)
    rhythm.reminders += 1
    rhythm.save(update_fields=["reminders"])
    set_timer(found.subject_id, key=_key(LATE, found), kind=LATE, due_at=now() + REMIND_EVERY, data={"incident": str(found.id)})


def _remind(actor: Actor, incident: Incident, rhythm: Rhythm, number: int) -> None:
    chief = incidents.commander(incident)
    due = rhythm.due_at
    if chief is None or due is None:
        return
    waiting = str(int((now() - due).total_seconds()) // 60)
    values = {**incidents.spoken(incident), "due": due, "waiting_minutes": waiting}
    send(
        actor, subject=incident.subject_id, key=f"update_late:{incident.id}:{number}:{rhythm.reminders}:{due:%d%H%M}",
        template="update_late", values=values, people=[chief.person], purpose="late update", pack_version=incident.pack_id,
    )  # fmt: skip


def _every(incident: Incident) -> timedelta:
    return incidents.taxonomy_of(incident).severity(incident.severity).update_every


def _set_rhythm(incident: Incident, *, counts_from: datetime, due: datetime | None) -> None:
    defaults = {"counts_from_at": counts_from, "due_at": due, "reminders": 0}
    Rhythm.objects.update_or_create(incident=incident, defaults=defaults)
    _cancel(incident)
    if due is None:
        return
    chief = incidents.commander(incident)
    set_timer(
        incident.subject_id, key=_key(DUE, incident), kind=DUE, due_at=due, data={"incident": str(incident.id)},
        label=Text(_("Status update #{number}"), {"number": queries.next_number(incident)}), is_shown=True,
        owner=chief.person_id if chief else None,
    )  # fmt: skip


def _cancel(incident: Incident) -> None:
    cancel_timer(_key(DUE, incident))
    cancel_timer(_key(LATE, incident))


def _key(kind: str, incident: Incident) -> str:
    return f"{kind}:{incident.id}"

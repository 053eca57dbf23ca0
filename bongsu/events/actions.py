"""What other modules may do on the ground floor. `@action` and `record` are the two words everything else is built of."""

import json
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial, wraps
from typing import Any, ParamSpec, TypeVar
from uuid import UUID

from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Coalesce

from bongsu.kernel.actors import Actor
from bongsu.kernel.clock import now
from bongsu.kernel.errors import Conflict, Invalid, NotFound, Refused
from bongsu.kernel.facts import Fact
from bongsu.kernel.text import Text
from bongsu.kernel.text import gettext_noop as _

from .facts import (
    DeadLetterRetried,
    LegalHoldLifted,
    LegalHoldSet,
    Linked,
    PersonalErased,
    ReaderAdded,
    RecordRead,
    Restricted,
    RestrictionLifted,
)
from .ledger import begin_chain, state, written
from .models import Delivery, Event, Head, Link, Personal, Reader, Subject, Timer
from .queries import must_see, visible
from .reading import EVERY, is_noted
from .work import Hint, defer

TIMER_FIELDS = [field.name for field in Timer._meta.concrete_fields if field.name not in ("id", "key")]
P = ParamSpec("P")
T = TypeVar("T")


def action(run: Callable[P, T]) -> Callable[P, T]:
    """One transaction, its facts written at the end. The first argument is who acts. Actions inside actions join.

    The outermost runs again when PostgreSQL ends it to break a deadlock: an action makes no call outside, and can read its
    arguments twice.
    """

    @wraps(run)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> T:
        if not (args and isinstance(args[0], Actor)):
            raise TypeError(f"{run.__name__}: the first argument is the actor")
        return written(partial(run, *args, **kwargs))

    return wrapped


def record(actor: Actor, fact: Fact, *, occurred_at: datetime | None = None) -> UUID:
    """State a fact inside an action; returns the event's id. `occurred_at` (aware) marks a back-dated entry."""
    return state(actor, fact, occurred_at)


@action
def open_subject(
    actor: Actor, *, subject: str, restricted: bool = False, is_drill: bool = False, readers: Iterable[UUID] = ()
) -> Subject:
    """Make a record known to ledger and visibility, before anything is said about it."""
    row = Subject.objects.create(ref=subject, restricted=restricted, is_drill=is_drill)
    begin_chain(subject)
    Reader.objects.bulk_create([Reader(subject=row, person_id=person) for person in dict.fromkeys(readers)])
    return row


@action
def open_subjects(actor: Actor, *, subjects: Iterable[str]) -> None:
    """Many records that everybody may read, in one statement."""
    rows = Subject.objects.bulk_create([Subject(ref=subject) for subject in subjects])
    for row in rows:
        begin_chain(row.ref)


@action
def restrict(actor: Actor, *, subject: str, readers: Iterable[UUID], reason: str) -> None:
    """Only these people read the record from now on (and whoever is added by `add_reader`)."""
    wanted = list(dict.fromkeys(readers))
    Subject.objects.filter(ref=subject).update(restricted=True)
    Reader.objects.bulk_create([Reader(subject_id=subject, person_id=p) for p in wanted], ignore_conflicts=True)
    record(actor, Restricted(subject=subject, reason=reason, readers=[str(p) for p in wanted]))


@action
def lift_restriction(actor: Actor, *, subject: str, reason: str) -> None:
    """Everybody with access reads the record again; its list of readers ends."""
    Subject.objects.filter(ref=subject).update(restricted=False)
    Reader.objects.filter(subject=subject).delete()
    record(actor, RestrictionLifted(subject=subject, reason=reason))


@action
def add_reader(actor: Actor, *, subject: str, person: UUID, person_name: str, reason: str) -> bool:
    """Let a person read a restricted record; False when he could already."""
    _row, is_new = Reader.objects.get_or_create(subject_id=subject, person_id=person)
    if is_new:
        record(actor, ReaderAdded(subject=subject, person=str(person), person_name=person_name, reason=reason))
    return is_new


@action
def note_reading(actor: Actor, *, subject: str, door: str) -> None:
    """Put one reading on the record, under a word of its own (export, evidence). Pages and API are noted by `witness`."""
    is_noted(actor, subject)
    record(actor, RecordRead(subject=subject, door=door))


@action
def note_reading_of_the_hour(actor: Actor, *, subject: str, door: str) -> datetime:
    """Put the reading of a restricted record on the record unless this door stands there for the last hour; returns when."""
    Head.objects.select_for_update().get(pk=subject)  # two answers at once wait here for each other
    recent = Event.objects.filter(subject=subject, name=RecordRead.name, actor=actor.key, recorded_at__gt=now() - EVERY)
    for text, at in recent.values_list("text", "recorded_at"):
        if json.loads(text)["data"]["door"] == door:
            return at
    record(actor, RecordRead(subject=subject, door=door))
    return now()


@action
def set_legal_hold(actor: Actor, *, subject: str, reason: str) -> None:
    """Nothing of this record may be erased from now on. Legal's right, with a reason."""
    row = _held_still(actor, subject, "record.hold")
    if row.has_legal_hold:
        raise Conflict(_("This record is under legal hold already."))
    _switch_hold(row, True)
    record(actor, LegalHoldSet(subject=subject, reason=_said(reason)))


@action
def lift_legal_hold(actor: Actor, *, subject: str, reason: str) -> None:
    """The record may be erased from again. Legal's right, with a reason."""
    row = _held_still(actor, subject, "record.hold")
    if not row.has_legal_hold:
        raise Conflict(_("This record is not under legal hold."))
    _switch_hold(row, False)
    record(actor, LegalHoldLifted(subject=subject, reason=_said(reason)))


@action
def erase_personal(actor: Actor, *, event: UUID, field: str, reason: str) -> Event:
    """Delete a personal value on the record; the entry, its hash and who erased it stay. Refused under legal hold and without
    a reason."""
    actor.require("record.erase")
    row = Event.objects.filter(visible(actor), event=event).first()
    if row is None:
        raise NotFound(_("There is no such entry."))
    why = _said(reason)
    if _held_still(actor, row.subject_id, "record.erase").has_legal_hold:
        raise Refused(_("This record is under legal hold; nothing of it may be erased."))
    deleted, _kinds = Personal.objects.filter(event__event=event, field=field).delete()
    if not deleted:
        raise NotFound(_("This entry has no such personal value, or it is erased already."))
    record(actor, PersonalErased(subject=row.subject_id, event=str(event), field=field, reason=why))
    return row


def _held_still(actor: Actor, subject: str, grant: str) -> Subject:
    """Locked, but not its key: whoever writes to the ledger refers to this row while it holds the head."""
    must_see(actor, subject)
    actor.require(grant)
    return Subject.objects.select_for_update(no_key=True).get(pk=subject)


def _switch_hold(row: Subject, is_on: bool) -> None:
    row.has_legal_hold = is_on
    row.save(update_fields=["has_legal_hold"])


def _said(reason: str) -> str:
    if not reason.strip():
        raise Invalid(_("A reason is needed."), fields={"reason": _("Say why.")})
    return reason.strip()


@action
def link(actor: Actor, *, from_ref: str, to_ref: str, kind: str) -> None:
    """Relate two records; the fact stands with `from_ref`."""
    _row, is_new = Link.objects.get_or_create(from_ref=from_ref, to_ref=to_ref, kind=kind)
    if is_new:
        record(actor, Linked(subject=from_ref, to_ref=to_ref, kind=kind))


def set_timer(
    subject: str,
    *,
    key: str,
    kind: str,
    due_at: datetime,
    data: dict[str, Any] | None = None,
    label: Text | None = None,
    is_shown: bool = False,
    is_legal: bool = False,
    owner: UUID | None = None,
) -> None:
    """Set the timer `key`, or move it; called inside an action. Amber is at half of its time, red at nine tenths.

    A shown one stays on the clocks, late, after it has fired: cancel it when what it asks for is there.
    """
    start = now()
    span = max(due_at - start, due_at - due_at)
    timer = Timer(
        subject_id=subject,
        key=key,
        kind=kind,
        data=data or {},
        label={"message": label.message, "values": label.values} if label else {},
        is_shown=is_shown,
        is_legal=is_legal,
        owner_id=owner,
        set_at=start,
        due_at=due_at,
        amber_at=start + span / 2,
        red_at=start + span * 9 / 10,
        run_at=due_at,
    )
    Timer.objects.bulk_create([timer], update_conflicts=True, unique_fields=["key"], update_fields=TIMER_FIELDS)
    defer([Hint("timers", key, due_at)])


def cancel_timer(key: str) -> bool:
    """Take the timer back, and one that has fired off the clocks; False when there is nothing to take back."""
    return bool(_take_back(Timer.objects.filter(key=key)))


def cancel_timers(subject: str, *, kind: str) -> int:
    """Take back all timers of a kind for a subject; returns how many."""
    return _take_back(Timer.objects.filter(subject=subject, kind=kind))


def _take_back(timers: QuerySet[Timer]) -> int:
    standing = timers.filter(Q(done_at=None) | Q(is_shown=True), is_cancelled=False)
    return standing.update(done_at=Coalesce("done_at", Value(now())), is_cancelled=True)


def give_timer(key: str, *, owner: UUID) -> None:
    """Somebody else answers for it; when it is due stays as it is."""
    Timer.objects.filter(key=key).update(owner=owner)


@action
def retry_delivery(actor: Actor, *, delivery: int) -> None:
    """Give a dead letter another chance."""
    actor.require("connections.manage")
    row = Delivery.objects.select_for_update().filter(pk=delivery, done_at=None, dead_at__isnull=False).first()
    if row is None:
        raise NotFound(_("This dead letter is gone: it was tried again already."))
    row.dead_at, row.attempts, row.due_at = None, 0, now()
    row.save(update_fields=["dead_at", "attempts", "due_at"])
    record(actor, DeadLetterRetried(subject=row.subject_id, what=row.listener))
    defer([Hint("deliveries", f"{row.listener}|{row.subject_id}")])


@action
def retry_timer(actor: Actor, *, timer: UUID) -> None:
    """Give a timer whose firing failed another chance."""
    actor.require("connections.manage")
    row = Timer.objects.select_for_update().filter(pk=timer, done_at=None, dead_at__isnull=False).first()
    if row is None:
        raise NotFound(_("This dead letter is gone: it was tried again already."))
    row.dead_at, row.attempts, row.run_at = None, 0, now()
    row.save(update_fields=["dead_at", "attempts", "run_at"])
    record(actor, DeadLetterRetried(subject=row.subject_id, what=row.kind))
    defer([Hint("timers", row.key)])

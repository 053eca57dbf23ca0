"""Reading the ground floor: what an actor may see, the timeline, the stream, what failed."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from bongsu.kernel.actors import SEE, Actor
from bongsu.kernel.clock import now
from bongsu.kernel.errors import NotFound
from bongsu.kernel.facts import Fact, fact_class
from bongsu.kernel.text import Text
from bongsu.kernel.text import gettext_noop as _

from .facts import PersonalErased, Verified
from .listening import names_of
from .models import Delivery, Event, Head, Heartbeat, Installation, Reader, Seal, Subject, Timer
from .reading import shows

ERASED = _("▒▒▒ (erased on the record by {who}: {reason})")
NO_SUCH = _("There is no such record, or you are not among its readers.")
SILENT_AFTER = timedelta(seconds=30)
# PostgreSQL: the number behind all that has ended (and behind our own), and those that others run in this very database,
# of which 32 bits are told.
RUNNING = (
    "SELECT pg_stat_clear_snapshot(); "  # inside a transaction the list would be an old one
    "SELECT greatest(pg_snapshot_xmax(pg_current_snapshot())::text::bigint, pg_current_xact_id_if_assigned()::text::bigint + 1), "
    "(SELECT array_agg(backend_xid::text::bigint) FROM pg_stat_activity "
    "WHERE datname = current_database() AND backend_xid IS NOT NULL AND pid <> pg_backend_pid())"
)


def visible(actor: Actor, path: str = "subject") -> Q:
    """A filter for rows whose `path` (a foreign key to Subject) the actor may see."""
    if actor.is_all_seeing:
        return Q()
    if not actor.may(SEE):
        return Q(**{f"{path}__isnull": True, "pk__isnull": True})  # nobody: matches nothing
    if actor.person_id is None:
        return Q(**{f"{path}__restricted": False})
    reader = Reader.objects.filter(subject=OuterRef(path), person=actor.person_id)
    return Q(**{f"{path}__restricted": False}) | Q(Exists(reader))


def may_see(actor: Actor, subject: str) -> bool:
    if actor.is_all_seeing:
        return True
    if not actor.may(SEE):
        return False
    return _readable(actor, subject) is not None


def _readable(actor: Actor, subject: str) -> Subject | None:
    row = Subject.objects.filter(ref=subject).first()
    is_hidden = row is not None and row.restricted and not Reader.objects.filter(subject=row, person=actor.person_id).exists()
    return None if is_hidden else row


def must_see(actor: Actor, subject: str) -> None:
    """Raise `NotFound` when the actor must not know of the subject; what is then shown of a restricted one counts as read."""
    if actor.is_all_seeing:
        return
    row = _readable(actor, subject) if actor.may(SEE) else None
    if row is None:
        raise NotFound(NO_SUCH)
    shows(actor, row)


def readers(subject: str) -> list[UUID]:
    return list(Reader.objects.filter(subject=subject).values_list("person_id", flat=True))


@dataclass(frozen=True)
class Entry:
    """One line of a timeline. `sentence` is said in the reader's language; `data` holds the fact's fields as they were kept;
    `personal` names those that can be erased, `erased` those that were."""

    event: UUID
    position: int
    name: str
    actor: str
    actor_name: str
    occurred_at: datetime
    recorded_at: datetime
    icon: str
    sentence: Text
    hash: str
    data: dict[str, Any] = field(default_factory=dict)
    erased: tuple[str, ...] = ()
    personal: tuple[str, ...] = ()
    seq: int = 0

    @property
    def is_backdated(self) -> bool:
        return self.recorded_at - self.occurred_at >= timedelta(seconds=1)


def timeline(actor: Actor, subject: str, *, limit: int | None = None, is_complete: bool = False) -> list[Entry]:
    """The entries of a subject, newest first by when it happened; `is_complete` includes what is not shown on timelines."""
    must_see(actor, subject)
    events = Event.objects.filter(subject=subject).prefetch_related("personal").order_by("-occurred_at", "-seq")
    entries = []
    for event in events.iterator(chunk_size=200):
        kind = fact_class(event.name)
        if is_complete or (kind and kind.on_timeline):
            entries.append(event)
            if limit and len(entries) >= limit:
                break
    return entries_of(entries)


def entries_of(events: list[Event]) -> list[Entry]:
    read = [(event, *values_of(event)) for event in events]
    erasures = _erasures({event.subject_id for event, _data, erased in read if erased})
    names = names_of([*(e.actor for e in events), *(actor for actor, _reason in erasures.values())])
    return [
        _entry(event, names[event.actor], data, {name: _gone(erasures, event, name, names) for name in erased})
        for event, data, erased in read
    ]


def _erasures(subjects: set[str]) -> dict[tuple[str, str], tuple[str, str]]:
    """(event, field) -> who erased it, and why."""
    found = {}
    for event in Event.objects.filter(subject__in=subjects, name=PersonalErased.name) if subjects else ():
        data = json.loads(event.text)["data"]
        found[data["event"], data["field"]] = event.actor, data["reason"]
    return found


def _gone(erasures: dict[tuple[str, str], tuple[str, str]], event: Event, name: str, names: dict[str, str]) -> Text:
    actor, reason = erasures.get((str(event.event), name), ("", ""))
    return Text(ERASED, {"who": _speaker(actor, names[actor]), "reason": reason}) if actor else Text("▒▒▒")


def _entry(event: Event, actor_name: str, data: dict[str, Any], erased: dict[str, Text]) -> Entry:
    kind = fact_class(event.name)
    shown = {**data, **_worded(kind, data), **erased, "actor": _speaker(event.actor, actor_name)}
    return Entry(
        event=event.event,
        position=event.position,
        name=event.name,
        actor=event.actor,
        actor_name=actor_name,
        occurred_at=event.occurred_at,
        recorded_at=event.recorded_at,
        icon=kind.icon if kind else "dot",
        sentence=Text(kind.sentence if kind else event.name, shown),
        hash=event.hash,
        seq=event.seq,
        data=data,
        erased=tuple(erased),
        personal=tuple(sorted(value.field for value in event.personal.all())),
    )


def _speaker(key: str, name: str) -> Text | str:
    """A person as one speaks of people, the machine by the house's name; others by their own."""
    match key.partition(":")[0]:
        case "person":
            return Text(_("{person}"), {"person": name})
        case "system":
            return Text(_("Bongsu"))
    return name


def _worded(kind: type[Fact] | None, data: dict[str, Any]) -> dict[str, Any]:
    """The fields whose keys have words, as words."""
    known = kind.said_as.items() if kind else ()
    return {name: _in_words(words, data[name]) for name, words in known if name in data}


def _in_words(words: Mapping[Any, str], value: Any) -> Any:
    if isinstance(value, list):
        return [_in_words(words, one) for one in value]
    return Text(words[value]) if value in words else value


def values_of(event: Event) -> tuple[dict[str, Any], list[str]]:
    """The fact's fields, personal ones included, and the names of those that were erased."""
    kept = json.loads(event.text)
    personal = {p.field: json.loads(p.value) for p in event.personal.all()}
    erased = [name for name in kept["personal"] if name not in personal]
    return {**kept["data"], **personal}, erased


def fact_of(event: Event) -> Fact | None:
    """The event as the fact its speaker stated, or None for a kind this code does not know; erased fields are empty."""
    kind = fact_class(event.name)
    if kind is None:
        return None
    data, erased = values_of(event)
    return kind(subject=event.subject_id, **data, **dict.fromkeys(erased, ""))


def last_event(subject: str, name: str) -> Event | None:
    return Event.objects.filter(subject=subject, name=name).order_by("-seq").first()


@dataclass(frozen=True, order=True)
class Cursor:
    """A place in the stream of all events that never passes one committed late."""

    transaction: int = 0
    position: int = 0

    def __str__(self) -> str:
        return f"{self.transaction}-{self.position}"

    @classmethod
    def parse(cls, text: str) -> "Cursor":
        """`12-345`; anything else is the beginning."""
        first, separator, second = text.partition("-")
        return cls(int(first), int(second)) if separator and first.isdigit() and second.isdigit() else cls()


def _settled(events: QuerySet[Event]) -> QuerySet[Event]:
    """Below the oldest transaction of this database that another session still has open. `pg_snapshot_xmin` would wait for
    every other database of the cluster too. Asked before the events are read: whoever ended meanwhile is visible by then."""
    if connection.vendor != "postgresql":
        return events
    with connection.cursor() as cursor:
        cursor.execute(RUNNING)
        cursor.nextset()
        following, running = cursor.fetchone()
    open_ones = [following - (following - xid) % 2**32 for xid in running or ()]
    return events.filter(transaction__lt=min([following, *open_ones]))


def since(cursor: Cursor, *, limit: int | None = 500) -> QuerySet[Event]:
    """Committed events after the cursor, in stream order, below the oldest transaction that is still open."""
    events = Event.objects.filter(
        Q(transaction__gt=cursor.transaction) | Q(transaction=cursor.transaction, position__gt=cursor.position)
    )
    return _settled(events).order_by("transaction", "position")[:limit]


def stream_end() -> Cursor:
    """The cursor behind everything that is settled now."""
    events = _settled(Event.objects.order_by("-transaction", "-position"))
    last = events.values_list("transaction", "position").first()
    return Cursor(*last) if last else Cursor()


def shown_timers(actor: Actor, *, subject: str | None = None, over: QuerySet[Any] | None = None, limit: int = 30) -> list[Timer]:
    """The clocks the actor may see, soonest first: what is late and not met stands on top. `over`: rows with a `subject` of
    which nobody waits for what is late."""
    timers = Timer.objects.filter(visible(actor), is_cancelled=False, is_shown=True)
    if over is not None:
        timers = timers.filter(Q(done_at=None) | ~Exists(over.filter(subject=OuterRef("subject"))))
    if subject:
        timers = timers.filter(subject=subject)
    return list(timers.select_related("owner").order_by("due_at")[:limit])


def has_open_listeners(subject: str) -> bool:
    """Whether a listener that leaves duties has not had its say yet."""
    return Delivery.objects.filter(subject=subject, is_before_close=True, done_at=None).exists()


def dead_deliveries(actor: Actor) -> QuerySet[Delivery]:
    dead = Delivery.objects.filter(visible(actor), done_at=None, dead_at__isnull=False)
    return dead.select_related("event").order_by("-dead_at")


def dead_timers(actor: Actor) -> QuerySet[Timer]:
    return Timer.objects.filter(visible(actor), done_at=None, dead_at__isnull=False).order_by("-dead_at")


def is_worker_silent() -> bool:
    """No worker has given a sign of life for 30 seconds."""
    newest = Heartbeat.objects.order_by("-at").values_list("at", flat=True).first()
    return newest is None or now() - newest > SILENT_AFTER


def is_demo() -> bool:
    return Installation.objects.filter(is_demo=True).exists()


def head(actor: Actor, subject: str) -> tuple[int, str]:
    """Number and hash of the newest entry of a record."""
    must_see(actor, subject)
    found = Head.objects.filter(subject=subject).values_list("seq", "hash").first()
    if found is None:
        raise NotFound(NO_SUCH)
    return found


def standing(actor: Actor, subject: str) -> Subject:
    """The record with its head, as those see it who answer for the ledger."""
    actor.require("ledger.verify")
    must_see(actor, subject)
    return Subject.objects.select_related("head").get(pk=subject)


def entries(actor: Actor, subject: str, *, before: int = 0, limit: int = 50) -> tuple[list[Entry], int | None]:
    """All entries of a record, the newest number first, and before which number to go on (None: nothing is left)."""
    actor.require("ledger.verify")
    must_see(actor, subject)
    rows = Event.objects.filter(subject=subject).prefetch_related("personal").order_by("-seq")
    found = list((rows.filter(seq__lt=before) if before else rows)[: limit + 1])
    return entries_of(found[:limit]), found[limit - 1].seq if len(found) > limit else None


def entry(actor: Actor, event: UUID) -> tuple[Entry, Subject]:
    """One entry and its record."""
    found = Event.objects.filter(visible(actor), event=event).select_related("subject").first()
    if found is None:
        raise NotFound(_("There is no such entry."))
    shows(actor, found.subject)
    return entries_of([found])[0], found.subject


def newest_seal() -> Seal | None:
    return Seal.objects.order_by("-number").first()


def seals(actor: Actor) -> QuerySet[Seal]:
    """All seals, newest first, with where they were put."""
    actor.require("ledger.verify")
    return Seal.objects.prefetch_related("deliveries").order_by("-number")


def count_events() -> int:
    return Event.objects.count()


def recent(actor: Actor) -> QuerySet[Event]:
    """What happened in the records the actor may see, whatever they are; newest first."""
    actor.require("ledger.verify")
    rows = Event.objects.filter(visible(actor)).select_related("subject")
    return rows.prefetch_related("personal").order_by("-position")


def last_verification() -> Entry | None:
    """What the last check of the whole ledger found, None before the first one."""
    event = Event.objects.filter(name=Verified.name).order_by("-recorded_at", "-position").first()
    return entries_of([event])[0] if event else None


def has_seal_left_behind() -> bool:
    """A seal older than two hours is nowhere outside the database, or the newest of them did not reach a mailbox."""
    late = Seal.objects.filter(made_at__lt=now() - timedelta(hours=2))
    if late.filter(deliveries=None).exists():
        return True
    wanted = [f"mailto:{mailbox}" for mailbox in seal_mailboxes()]
    newest = late.order_by("-number").first() if wanted else None
    return newest is not None and newest.deliveries.filter(place__in=wanted).count() < len(wanted)


def seal_mailboxes() -> list[str]:
    """BONGSU_SEAL_MAILTO: addresses with commas, to which each seal goes by mail."""
    return list(dict.fromkeys(filter(None, (part.strip() for part in os.environ.get("BONGSU_SEAL_MAILTO", "").split(",")))))


def public_key() -> str:
    return str(settings.KEYS.public)

"""Writing to the ledger: the buffer of an action, and turning facts into chained events at its end."""

import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from django.db import OperationalError, connection, transaction

from bongsu.kernel.actors import Actor
from bongsu.kernel.canonical import canonical, digest, moment, plain
from bongsu.kernel.clock import now
from bongsu.kernel.facts import Fact
from bongsu.kernel.refs import uuid7

from .listening import listeners_of
from .models import Delivery, Event, Head, Personal
from .work import Hint, defer

T = TypeVar("T")
DEADLOCK = "40P01"  # SQLSTATE of PostgreSQL
TRIES = 5
_local = threading.local()


@dataclass
class Stated:
    """A fact on its way into the ledger; `event` is its identity from the moment it is stated."""

    actor: str
    fact: Fact
    occurred_at: datetime
    recorded_at: datetime
    event: UUID = field(default_factory=uuid7)


def written(run: Callable[[], T]) -> T:
    """What `run` returns, in one transaction with its facts. When PostgreSQL ends it to break a deadlock it runs again from its
    beginning: it has made no call outside, and nothing of the first time is left. So its arguments are read more than once.
    """
    may_run_again = not connection.in_atomic_block
    for count in range(1, TRIES + 1):
        try:
            with writing():
                return run()
        except OperationalError as error:
            if not (may_run_again and is_deadlock(error)) or count == TRIES:
                raise
    raise AssertionError("the last try returns or raises")


def is_deadlock(error: BaseException) -> bool:
    """Two transactions waited for each other crosswise, and PostgreSQL ended this one."""
    return getattr(error.__cause__, "sqlstate", "") == DEADLOCK


@contextmanager
def writing() -> Iterator[None]:
    """One transaction whose facts are written at its end; inside another one it joins."""
    if getattr(_local, "buffer", None) is not None:
        # No savepoint: a refusal inside is the refusal of the whole.
        with transaction.atomic(savepoint=False):
            yield
        return
    with transaction.atomic():
        _local.buffer, _local.heads, _local.begun = [], {}, {}
        try:
            yield
            while _local.buffer:
                stated, _local.buffer = _local.buffer, []
                _write(stated)
            _keep(list(_local.begun.values()))
        finally:
            _local.buffer, _local.heads, _local.begun = None, {}, {}


def begin_chain(subject: str) -> None:
    """The head of a record that begins in this transaction: nobody else can hold it, and it is stored with what it then says."""
    _local.heads[subject] = _local.begun[subject] = Head(subject_id=subject)


def state(actor: Actor, fact: Fact, occurred_at: datetime | None) -> UUID:
    if getattr(_local, "buffer", None) is None:
        raise RuntimeError("facts are stated inside an action")
    at = now()
    stated = Stated(actor.key, fact, occurred_at or at, at)
    _local.buffer.append(stated)
    return stated.event


def personal_digest(salt: str, value: str) -> str:
    """What the chain keeps of a personal value: SHA-256 over its own random salt and the text."""
    return digest(f"{salt}:{value}")


def _write(stated: list[Stated]) -> None:
    writer = _transaction_number()
    heads = _held({s.fact.subject for s in stated})
    events: list[Event] = []
    secret: list[Personal] = []
    for entry in stated:
        event, values = _event(entry, _local.heads[entry.fact.subject], writer)
        events.append(event)
        secret += values
    Event.objects.bulk_create(events)
    _keep(heads)
    if secret:
        Personal.objects.bulk_create(secret)
    _deliver(events)


def _held(subjects: set[str]) -> list[Head]:
    """Their heads, locked until the transaction ends."""
    held: dict[str, Head] = _local.heads
    if new := subjects - held.keys():
        # Sorted, so that two actions over the same subjects never wait for each other crosswise.
        held |= {h.subject_id: h for h in Head.objects.select_for_update().filter(subject__in=new).order_by("subject_id")}
    if missing := subjects - held.keys():
        raise LookupError(f"no such subject: {sorted(missing)}")
    return [held[subject] for subject in sorted(subjects)]


def _keep(heads: list[Head]) -> None:
    begun = [head for head in heads if _local.begun.pop(head.subject_id, None)]
    if begun:
        Head.objects.bulk_create(begun)
    for head in heads:
        if head not in begun:  # mostly one; a CASE over all of them costs more than it saves
            Head.objects.filter(pk=head.pk).update(seq=head.seq, hash=head.hash)


def _event(entry: Stated, head: Head, writer: int) -> tuple[Event, list[Personal]]:
    data, values = _split(entry)
    seq = head.seq + 1
    text = canonical(
        {
            "v": 1,
            "event": entry.event,
            "subject": entry.fact.subject,
            "seq": seq,
            "prev": head.hash,
            "name": entry.fact.name,
            "actor": entry.actor,
            "occurred_at": moment(entry.occurred_at),
            "recorded_at": moment(entry.recorded_at),
            "data": data,
            "personal": {v.field: personal_digest(v.salt, v.value) for v in values},
        }
    )
    head.seq, head.hash = seq, digest(text)
    event = Event(
        event=entry.event,
        subject_id=entry.fact.subject,
        seq=seq,
        name=entry.fact.name,
        actor=entry.actor,
        occurred_at=entry.occurred_at,
        recorded_at=entry.recorded_at,
        text=text,
        hash=head.hash,
        transaction=writer,
    )
    return event, values


def _split(entry: Stated) -> tuple[dict[str, Any], list[Personal]]:
    data = plain(entry.fact.data())
    values = [
        Personal(event_id=entry.event, field=name, salt=secrets.token_hex(16), value=canonical(data.pop(name)))
        for name in sorted(entry.fact.personal)
    ]
    return data, values


def _deliver(events: list[Event]) -> None:
    deliveries, hints = [], []
    for event in events:
        for heard in listeners_of(event.name):
            deliveries.append(
                Delivery(
                    event=event,
                    listener=heard.key,
                    subject_id=event.subject_id,
                    is_before_close=heard.is_before_close,
                    due_at=event.recorded_at,
                )
            )
            hints.append(Hint("deliveries", f"{heard.key}|{event.subject_id}"))
    if deliveries:
        Delivery.objects.bulk_create(deliveries)
        defer(hints)


def _transaction_number() -> int:
    """By which readers see what committed late; 0 on SQLite, whose one writer makes positions visible in their order.

    PostgreSQL looks at foreign keys when a transaction ends, and may have to wait there for a parent row that an action has
    locked, which in turn waits for our head. So it looks in this same round trip, while no head is held.
    """
    if connection.vendor != "postgresql":
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED; SELECT pg_current_xact_id()::text::bigint")
        while cursor.nextset():
            pass
        return int(cursor.fetchone()[0])

"""What leaves the house: asked for, tried again, held and released. `call` is what other modules use."""

import inspect
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Max

from bongsu.events.actions import action, open_subject, record
from bongsu.events.models import Subject
from bongsu.events.queries import is_demo
from bongsu.events.work import OUTSIDE, PAGE, Hint, defer
from bongsu.kernel.actors import Actor
from bongsu.kernel.clock import now
from bongsu.kernel.errors import Conflict, Invalid
from bongsu.kernel.refs import ref
from bongsu.kernel.text import Text
from bongsu.kernel.text import gettext_noop as _

from .. import facts, queries, rules
from ..catalogue import plugin
from ..models import Call, Connection, Hold

WORK = "calls"
MANAGE = "connections.manage"


@action
def call(
    actor: Actor, *, connection: Connection, operation: str, payload: Mapping[str, Any], subject: Subject | str,
    target: str = "", idempotency_key: str, is_urgent: bool = False, is_public: bool = False,
) -> Call:  # fmt: skip
    """Ask an outside service, after this transaction, in order per `target`; the outcome comes as a fact on `subject`.

    The same connection and key is the same call, once. Refuses operations and payloads the plug-in does not know.
    `is_urgent` puts it into the lane of the pagers. `is_public`: it says more than a number where anybody may read it; once its
    record is restricted it is dropped.
    """
    if len(idempotency_key) > 200 or len(target) > 200:
        raise Invalid(_("The key or target of a call is longer than 200 characters."))
    earlier = Call.objects.filter(connection=connection, idempotency_key=idempotency_key).first()
    if earlier is not None:
        return earlier
    _must_fit(connection, operation, payload)
    lane = PAGE if is_urgent or "pager" in plugin(connection.plugin).kinds else OUTSIDE
    last = Call.objects.filter(connection=connection, target=target).aggregate(Max("turn"))["turn__max"] or 0
    row = Call.objects.create(
        subject_id=subject.ref if isinstance(subject, Subject) else subject, connection=connection, operation=operation,
        payload=json.loads(json.dumps(payload)), target=target, turn=last + 1, lane=lane, idempotency_key=idempotency_key,
        is_public=is_public, asked_by=actor.key,
    )  # fmt: skip
    record(actor, facts.CallAsked(
        subject=row.subject_id, call=str(row.id), connection=str(connection.id), connection_name=connection.name,
        operation=operation, target=target, key=idempotency_key,
    ))  # fmt: skip
    wake(row)
    return row


def _must_fit(connection: Connection, operation: str, payload: Mapping[str, Any]) -> None:
    found = plugin(connection.plugin)
    if operation == "test":
        return
    if operation not in found.operations:
        raise Invalid(_("“{name}” cannot do “{operation}”."), name=connection.name, operation=operation)
    try:
        inspect.signature(getattr(found.code, operation)).bind(None, "key", **payload)
    except TypeError as error:
        raise Invalid(_("The payload does not fit “{operation}”: {why}"), operation=operation, why=str(error)) from None


def wake(row: Call, at: datetime | None = None) -> None:
    defer([Hint(WORK, f"{row.connection_id}|{row.lane}", at, row.lane)])


@action
def retry_call(actor: Actor, *, call: UUID | str) -> Call:
    """Give a dead letter, or one held for a reason that has passed, another chance. Refuses what would only be held again."""
    actor.require(MANAGE)
    row = Call.objects.select_for_update(of=("self",)).select_related("connection", "subject").filter(pk=call).first()
    if row is None or not rules.may_try_again(row.state, row.held_because):
        raise Conflict(_("This call cannot be tried again: it is no dead letter any more, was withdrawn, or belongs to a drill."))
    if again := _would_be_held(row):
        raise Conflict(_("It would be held again: {why}."), why=Text(rules.HELD_WORDS[again]))
    row.state, row.held_because, row.attempts, row.next_at, row.ended_at = "pending", "", 0, now(), None
    row.save(update_fields=["state", "held_because", "attempts", "next_at", "ended_at"])
    record(actor, facts.CallRetried(
        subject=row.subject_id, call=str(row.id), connection=str(row.connection_id), connection_name=row.connection.name,
        operation=row.operation,
    ))  # fmt: skip
    wake(row)
    return row


def _would_be_held(row: Call) -> str:
    return rules.held_because(
        is_drill=row.subject.is_drill, is_demo=is_demo(), is_held=queries.open_hold() is not None,
        is_enabled=row.connection.is_enabled,
    )  # fmt: skip


@action
def hold_everything(actor: Actor, *, reason: str | dict[str, str]) -> Hold:
    """From now on nothing leaves the house until a person releases it. Holding twice is the same hold. `reason`: as it was
    typed, or the house's own words in both languages."""
    actor.require(MANAGE)
    if (there := queries.open_hold()) is not None:
        return there
    row = Hold(reason=reason)
    row.subject = open_subject(actor, subject=ref("hold", row.id))
    row.save(force_insert=True)
    record(actor, facts.EverythingHeld(subject=row.subject_id, reason=reason))
    return row


@action
def release_everything(actor: Actor, *, is_letting_go: bool) -> None:
    """End the hold. With `is_letting_go` what waited since it began is carried out, else it stays held for good to see."""
    actor.require(MANAGE)
    row = Hold.objects.select_for_update().filter(released_at=None).first()
    if row is None:
        raise Conflict(_("Nothing is held."))
    row.released_at, row.only_open = now(), None
    row.save(update_fields=["released_at", "only_open"])
    waiting = Call.objects.select_for_update().filter(state="held", held_because="held", ended_at__gte=row.held_at)
    rows = list(waiting.order_by("turn"))
    if is_letting_go:
        waiting.update(state="pending", held_because="", next_at=now(), ended_at=None)
        for held in rows:
            wake(held)
    record(actor, facts.EverythingReleased(
        subject=row.subject_id, waiting=len(rows), released=len(rows) if is_letting_go else 0
    ))  # fmt: skip


@action
def settle_waiting(actor: Actor, *, is_letting_go: bool, reason: str) -> int:
    """Let go, or discard for good, everything that a hold has left waiting; returns how many. While the hold is open nothing is
    let go: that is what releasing it is for."""
    actor.require(MANAGE)
    hold = Hold.objects.order_by("-held_at").first()
    rows = list(queries.waiting_after_hold().select_for_update(of=("self",)).select_related("connection").order_by("turn"))
    if hold is None or not rows:
        raise Conflict(_("Nothing is held."))
    if is_letting_go and hold.released_at is None:
        raise Conflict(_("Everything is held back: release that first."))
    if not reason.strip():
        raise Invalid(_("This needs a reason."), fields={"reason": _("A reason is needed.")})
    for row in rows:
        if is_letting_go:
            row.state, row.held_because, row.next_at, row.ended_at = "pending", "", now(), None
            row.save(update_fields=["state", "held_because", "next_at", "ended_at"])
        else:
            mark_dropped(actor, row, rules.DISCARDED)
        wake(row)
    record(actor, facts.WaitingSettled(
        subject=hold.subject_id, count=len(rows), is_letting_go=is_letting_go, reason=reason.strip()
    ))  # fmt: skip
    return len(rows)


def mark_dropped(actor: Actor, row: Call, reason: str) -> Call:
    """End a locked call without sending it (again)."""
    row.state, row.dropped_because, row.held_because, row.claim, row.ended_at = "dropped", reason, "", None, now()
    row.save()
    record(actor, facts.CallDropped(reason=reason, may_have_been_sent=row.is_doubtful, **about(row)))
    return row


def about(row: Call) -> dict[str, str]:
    return {
        "subject": row.subject_id, "call": str(row.id), "connection": str(row.connection_id),
        "connection_name": row.connection.name, "operation": row.operation, "key": row.idempotency_key,
    }  # fmt: skip

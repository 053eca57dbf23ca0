"""The gate's own steps, each its own short transaction: claim a call, and write what came of it."""

from datetime import timedelta
from random import random
from uuid import UUID

from bongsu.events.actions import action, record
from bongsu.events.queries import is_demo
from bongsu.kernel.actors import Actor
from bongsu.kernel.canonical import storable
from bongsu.kernel.clock import now
from bongsu.kernel.errors import TransportError
from bongsu.kernel.refs import uuid7

from .. import facts, queries, rules
from ..contract import Sent
from ..models import Call, Connection
from .calling import about, mark_dropped, wake


@action
def claim_call(actor: Actor, *, connection: UUID | str, lane: str) -> Call | None:
    """Take the next call of a connection for this worker, or None. What may not leave is held or dropped, and said so.

    One in flight per connection; a call whose worker died is taken over with the same key, until its attempts are used up.
    """
    row = Connection.objects.select_for_update().filter(pk=connection).first()
    if row is None:
        return None
    calls = Call.objects.select_for_update(of=("self",), skip_locked=True)  # what is being withdrawn at this moment is let be
    flying = calls.filter(connection=row, state="sending").first()
    if flying and not (flying.claimed_at and flying.claimed_at <= now() - rules.LEASE):
        return None
    waiting = queries.due_calls(now(), calls).filter(connection=row, lane=lane)
    taken = flying or waiting.order_by("created_at", "turn").first()
    if taken is None:
        return None
    taken.connection, taken.is_doubtful = row, taken.is_doubtful or flying is not None
    if dropped := rules.dropped_because(taken.dropped_because, is_public=taken.is_public, is_restricted=taken.subject.restricted):
        return mark_dropped(actor, taken, dropped)
    if flying and taken.attempts >= rules.ATTEMPTS:
        return _dead(actor, taken, "no outcome could be kept")
    reason = rules.held_because(
        is_drill=taken.subject.is_drill, is_demo=is_demo(), is_held=queries.open_hold() is not None, is_enabled=row.is_enabled
    )
    if reason:
        return _held(actor, taken, reason)
    taken.state, taken.claim, taken.claimed_at = "sending", uuid7(), now()
    taken.attempts += 1
    taken.save(update_fields=["state", "claim", "claimed_at", "attempts", "is_doubtful"])
    return taken


def _held(actor: Actor, row: Call, reason: str) -> Call:
    row.state, row.held_because, row.claim, row.claimed_at, row.ended_at = "held", reason, None, None, now()
    row.save(update_fields=["state", "held_because", "claim", "claimed_at", "ended_at", "is_doubtful"])
    record(actor, facts.CallHeld(reason=reason, receipt={}, **about(row)))
    return row


def _dead(actor: Actor, row: Call, error: str) -> Call:
    row.state, row.claim, row.error, row.ended_at = "failed", None, error, now()
    row.save()
    if row.operation == "test":
        record(actor, facts.ConnectionTested(
            subject=row.subject_id, connection_name=row.connection.name, health="failing", said=error[:300]
        ))  # fmt: skip
    record(actor, facts.CallFailed(error=error[:500], attempts=row.attempts, receipt={}, **about(row)))
    return row


def _still_ours(row: Call) -> Call | None:
    """Fencing: a worker that was taken for dead may not write the outcome any more."""
    rows = Call.objects.select_for_update(of=("self",)).select_related("connection")
    return rows.filter(pk=row.pk, state="sending", claim=row.claim).first()


@action
def finish_call(actor: Actor, *, call: Call, sent: Sent, may_be_twice: bool) -> None:
    """The service did it."""
    row = _still_ours(call)
    if row is None:
        return
    row.state, row.claim, row.ended_at, row.error = "done", None, now(), ""
    row.receipt, row.external_id = storable(sent.receipt), storable(sent.external_id)[:300]
    row.may_have_been_sent_twice = row.may_have_been_sent_twice or may_be_twice
    row.save()
    said = str(row.receipt.get("said", ""))
    _note_health(actor, row.connection_id, "good", said)
    if row.operation == "test":
        record(actor, facts.ConnectionTested(
            subject=row.subject_id, connection_name=row.connection.name, health="good", said=said[:300]
        ))  # fmt: skip
    record(actor, facts.CallDone(
        external_id=row.external_id, receipt=rules.short(row.receipt),
        may_have_been_sent_twice=row.may_have_been_sent_twice, **about(row),
    ))  # fmt: skip


@action
def fail_call(actor: Actor, *, call: Call, error: TransportError) -> None:
    """The service did not do it: again later, or a dead letter. Retry-After makes the whole connection wait."""
    row = _still_ours(call)
    if row is None:
        return
    row.claim, row.error = None, storable(str(error))[:2000]
    row.is_doubtful = row.is_doubtful or not (error.not_sent or 0 < error.status < 500)
    at = now() + rules.backoff(max(row.attempts, 1), random())
    is_told_to_wait = error.retry_after is not None and not error.permanent
    if is_told_to_wait:
        until = now() + timedelta(seconds=error.retry_after or 0)
        Connection.objects.filter(pk=row.connection_id).update(paused_until_at=until)
        at = max(at, until)
    if is_told_to_wait and error.status == 429:
        row.attempts -= 1  # being too fast is no failure; being out of order is, however politely it is said
    else:
        _note_health(actor, row.connection_id, "failing", row.error)
    if row.dropped_because:
        mark_dropped(actor, row, row.dropped_because)
        return
    if error.permanent or row.attempts >= rules.ATTEMPTS or row.operation == "test":
        _dead(actor, row, row.error)
        return
    row.state, row.next_at, row.ended_at = "pending", at, None
    row.save()
    wake(row, at)


def _note_health(actor: Actor, connection: UUID, health: str, said: str) -> None:
    row = Connection.objects.select_for_update().get(pk=connection)
    is_new = row.health != health
    row.health, row.health_text, row.health_at = health, said[:500], now()
    row.save(update_fields=["health", "health_text", "health_at"])
    if is_new:
        record(actor, facts.HealthChanged(subject=row.subject_id, connection_name=row.name, health=health, said=row.health_text))

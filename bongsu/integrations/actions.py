"""Connections, their tokens, and what leaves the house. `call` is what other modules use."""

import inspect
import json
import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from random import random
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Max

from bongsu.events.actions import action, open_subject, record
from bongsu.events.models import Subject
from bongsu.events.queries import is_demo
from bongsu.events.work import OUTSIDE, PAGE, Hint, defer
from bongsu.kernel.actors import Actor
from bongsu.kernel.canonical import storable
from bongsu.kernel.clock import now
from bongsu.kernel.errors import Conflict, Invalid, NotFound, Refused, TransportError
from bongsu.kernel.refs import ref, uuid7
from bongsu.kernel.secrets import token_hash
from bongsu.kernel.text import gettext_noop as _

from . import facts, queries, rules
from .catalogue import plugin
from .contract import Sent
from .models import Call, Connection, Hold, InToken

WORK = "calls"
MANAGE = "connections.manage"


# ---- connections ------------------------------------------------------------------------------------------------------


@action
def create_connection(
    actor: Actor, *, plugin_slug: str, name: str, values: Mapping[str, Any], allowed_targets: Iterable[str] = (),
    signature: str = "none", signature_header: str = "", signature_secrets: Iterable[str] = (),
) -> Connection:  # fmt: skip
    """Refuses a broken plug-in, unusable settings (by field) and a name that is taken."""
    actor.require(MANAGE)
    found = plugin(plugin_slug)
    if found.code is None:
        raise Refused(_("The plug-in “{slug}” is broken: {why}"), slug=plugin_slug, why=found.broken)
    row = Connection(plugin=plugin_slug)
    _fill(row, name, values, allowed_targets, signature, signature_header, signature_secrets)
    row.subject = open_subject(actor, row.ref)
    row.save(force_insert=True)
    record(actor, facts.ConnectionCreated(
        subject=row.subject_id, connection_name=row.name, plugin=row.plugin, allowed_targets=row.allowed_targets
    ))  # fmt: skip
    return row


@action
def change_connection(
    actor: Actor, *, connection: UUID | str, name: str | None = None, values: Mapping[str, Any] | None = None,
    allowed_targets: Iterable[str] | None = None, signature: str | None = None, signature_header: str | None = None,
    signature_secrets: Iterable[str] | None = None,
) -> Connection:  # fmt: skip
    """What is None stays; an empty secret keeps the one there is. Same refusals as creating."""
    actor.require(MANAGE)
    row = _locked(connection)
    before = {f: getattr(row, f) for f in ("name", "settings", "box", "allowed_targets", "signature", "signature_header")}
    _fill(
        row, row.name if name is None else name, row.settings if values is None else values,
        row.allowed_targets if allowed_targets is None else allowed_targets, row.signature if signature is None else signature,
        row.signature_header if signature_header is None else signature_header, signature_secrets,
    )  # fmt: skip
    changed = sorted(field for field, value in before.items() if getattr(row, field) != value)
    row.health, row.health_text = "unknown", ""
    row.save()
    record(actor, facts.ConnectionChanged(
        subject=row.subject_id, connection_name=row.name, changed=changed, allowed_targets=row.allowed_targets
    ))  # fmt: skip
    return row


def _fill(
    row: Connection, name: str, values: Mapping[str, Any], targets: Iterable[str], signature: str, header: str,
    proofs: Iterable[str] | None,
) -> None:  # fmt: skip
    wrong: dict[str, Any] = {}
    name = name.strip()
    if not name:
        wrong["name"] = _("A name is needed.")
    elif Connection.objects.filter(name=name).exclude(pk=row.pk).exists():
        wrong["name"] = _("Another connection has this name.")
    if signature not in rules.SIGNATURES:
        wrong["signature"] = _("Choose one of the offered values.")
    kept = queries.secrets_of(row)
    try:
        row.allowed_targets = sorted({rules.read_target(t) for t in targets if str(t).strip()})
    except ValueError as error:
        wrong["allowed_targets"] = str(error)
    try:
        row.settings, hidden = rules.read_settings(plugin(row.plugin).config, values, kept)
    except Invalid as error:
        wrong.update(error.fields)
        hidden = {}
    live = [kept.get("_in_0", ""), kept.get("_in_1", "")] if proofs is None else [p.strip() for p in proofs][:2]
    if signature != "none" and not any(live):
        wrong["signature_secrets"] = _("This proof needs a secret.")
    if wrong:
        raise Invalid(_("The connection cannot be kept like this."), fields=wrong)
    row.name, row.signature, row.signature_header = name, signature, header.strip().lower()
    hidden.update({f"_in_{slot}": s for slot, s in enumerate(live) if s})
    if hidden != kept:
        row.box = settings.KEYS.box.encrypt(json.dumps(hidden).encode()).decode() if hidden else ""


def _locked(connection: UUID | str) -> Connection:
    row = Connection.objects.select_for_update().filter(pk=connection).first()
    if row is None:
        raise NotFound(_("There is no such connection."))
    return row


@action
def switch_connection(actor: Actor, *, connection: UUID | str, is_enabled: bool, reason: str = "") -> Connection:
    """Enable or disable; while disabled its calls are held and what comes in is refused."""
    actor.require(MANAGE)
    row = _locked(connection)
    row.is_enabled = is_enabled
    row.save(update_fields=["is_enabled"])
    record(actor, facts.ConnectionSwitched(
        subject=row.subject_id, connection_name=row.name, is_enabled=is_enabled, reason=reason
    ))  # fmt: skip
    return row


@action
def test_connection(actor: Actor, *, connection: UUID | str) -> Call:
    """Ask the worker to try the connection; the answer becomes its health."""
    actor.require(MANAGE)
    row = _locked(connection)
    return call(
        actor, connection=row, operation="test", payload={}, subject=row.subject_id,
        target=f"test:{uuid7()}", idempotency_key=f"test:{uuid7()}", is_urgent=True,
    )  # fmt: skip


test_connection.__test__ = False  # type: ignore[attr-defined]  # not a test of pytest


@action
def rotate_in_token(actor: Actor, *, connection: UUID | str) -> str:
    """A new intake token, shown only now; the one before stays live, the one before that ends."""
    actor.require(MANAGE)
    row = _locked(connection)
    live = list(row.in_tokens.filter(ended_at=None).order_by("created_at", "slot"))
    if len(live) == 2:
        _end_token(actor, row, live[0])
    slot = 1 - live[-1].slot if live else 0
    token = secrets.token_urlsafe(32)
    InToken.objects.create(connection=row, slot=slot, hash=token_hash(token))
    record(actor, facts.InTokenRotated(subject=row.subject_id, connection_name=row.name, slot=slot))
    return token


@action
def end_in_token(actor: Actor, *, connection: UUID | str, slot: int) -> None:
    """The sender has moved to the new address: the old one is closed."""
    actor.require(MANAGE)
    row = _locked(connection)
    token = row.in_tokens.filter(ended_at=None, slot=slot).first()
    if token is None:
        raise NotFound(_("There is no such live address."))
    _end_token(actor, row, token)


def _end_token(actor: Actor, row: Connection, token: InToken) -> None:
    token.ended_at = now()
    token.save(update_fields=["ended_at"])
    record(actor, facts.InTokenEnded(subject=row.subject_id, connection_name=row.name, slot=token.slot))


# ---- calls ------------------------------------------------------------------------------------------------------------


@action
def call(
    actor: Actor, *, connection: Connection, operation: str, payload: Mapping[str, Any], subject: Subject | str,
    target: str = "", idempotency_key: str, is_urgent: bool = False,
) -> Call:  # fmt: skip
    """Ask an outside service, after this transaction, in order per `target`; the outcome comes as a fact on `subject`.

    The same connection and key is the same call, once. Refuses operations and payloads the plug-in does not know.
    `is_urgent` puts it into the lane of the pagers.
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
        asked_by=actor.key,
    )  # fmt: skip
    record(actor, facts.CallAsked(
        subject=row.subject_id, call=str(row.id), connection=str(connection.id), connection_name=connection.name,
        operation=operation, target=target, key=idempotency_key,
    ))  # fmt: skip
    _wake(row)
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


def _wake(row: Call, at: datetime | None = None) -> None:
    defer([Hint(WORK, f"{row.connection_id}|{row.lane}", at, row.lane)])


@action
def retry_call(actor: Actor, *, call: UUID | str) -> Call:
    """Give a dead letter, or one held for a reason that has passed, another chance. Refuses drills and demos."""
    actor.require(MANAGE)
    row = Call.objects.select_for_update(of=("self",)).select_related("connection").filter(pk=call).first()
    if row is None or not rules.may_try_again(row.state, row.held_because):
        raise Conflict(_("This call cannot be tried again: it is not a dead letter any more, or it belongs to a drill."))
    row.state, row.held_because, row.attempts, row.next_at, row.ended_at = "pending", "", 0, now(), None
    row.save(update_fields=["state", "held_because", "attempts", "next_at", "ended_at"])
    record(actor, facts.CallRetried(
        subject=row.subject_id, call=str(row.id), connection=str(row.connection_id), connection_name=row.connection.name,
        operation=row.operation,
    ))  # fmt: skip
    _wake(row)
    return row


@action
def hold_everything(actor: Actor, *, reason: str) -> Hold:
    """From now on nothing leaves the house until a person releases it. Holding twice is the same hold."""
    actor.require(MANAGE)
    if (there := queries.open_hold()) is not None:
        return there
    row = Hold(reason=reason)
    row.subject = open_subject(actor, ref("hold", row.id))
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
            _wake(held)
    record(actor, facts.EverythingReleased(
        subject=row.subject_id, waiting=len(rows), released=len(rows) if is_letting_go else 0
    ))  # fmt: skip


# ---- the gate's own steps: each its own short transaction ----------------------------------------------------------------


@action
def claim_call(actor: Actor, *, connection: UUID | str, lane: str) -> Call | None:
    """Take the next call of a connection for this worker, or None. A call that may not leave is held and said so.

    One in flight per connection; a call whose worker died is taken over with the same key, until its attempts are used up.
    """
    row = Connection.objects.select_for_update().filter(pk=connection).first()
    if row is None:
        return None
    flying = Call.objects.filter(connection=row, state="sending").first()
    if flying and not (flying.claimed_at and flying.claimed_at <= now() - rules.LEASE):
        return None
    taken = flying or queries.due_calls(now()).filter(connection=row, lane=lane).order_by("created_at", "turn").first()
    if taken is None:
        return None
    taken.connection, taken.is_doubtful = row, taken.is_doubtful or flying is not None
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
    record(actor, facts.CallHeld(reason=reason, receipt={}, **_about(row)))
    return row


def _dead(actor: Actor, row: Call, error: str) -> Call:
    row.state, row.claim, row.error, row.ended_at = "failed", None, error, now()
    row.save()
    if row.operation == "test":
        record(actor, facts.ConnectionTested(
            subject=row.subject_id, connection_name=row.connection.name, health="failing", said=error[:300]
        ))  # fmt: skip
    record(actor, facts.CallFailed(error=error[:500], attempts=row.attempts, receipt={}, **_about(row)))
    return row


def _about(row: Call) -> dict[str, str]:
    return {
        "subject": row.subject_id, "call": str(row.id), "connection": str(row.connection_id),
        "connection_name": row.connection.name, "operation": row.operation, "key": row.idempotency_key,
    }  # fmt: skip


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
        may_have_been_sent_twice=row.may_have_been_sent_twice, **_about(row),
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
    if error.permanent or row.attempts >= rules.ATTEMPTS or row.operation == "test":
        _dead(actor, row, row.error)
        return
    row.state, row.next_at, row.ended_at = "pending", at, None
    row.save()
    _wake(row, at)


def _note_health(actor: Actor, connection: UUID, health: str, said: str) -> None:
    row = Connection.objects.select_for_update().get(pk=connection)
    is_new = row.health != health
    row.health, row.health_text, row.health_at = health, said[:500], now()
    row.save(update_fields=["health", "health_text", "health_at"])
    if is_new:
        record(actor, facts.HealthChanged(subject=row.subject_id, connection_name=row.name, health=health, said=row.health_text))

"""Connections to outside services, and the tokens under which they send to us."""

import json
import secrets
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.conf import settings

from bongsu.events.actions import action, open_subject, record
from bongsu.kernel.actors import Actor
from bongsu.kernel.clock import now
from bongsu.kernel.errors import Invalid, NotFound, Refused
from bongsu.kernel.refs import uuid7
from bongsu.kernel.secrets import token_hash
from bongsu.kernel.text import gettext_noop as _
from bongsu.people.actions import recheck

from .. import facts, queries, rules
from ..catalogue import plugin
from ..models import Call, Connection, InToken
from .calling import MANAGE, call


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
    row.subject = open_subject(actor, subject=row.ref)
    row.save(force_insert=True)
    recheck()
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
    recheck()  # who can be reached hangs on what is connected
    record(actor, facts.ConnectionSwitched(
        subject=row.subject_id, connection_name=row.name, is_enabled=is_enabled, reason=reason
    ))  # fmt: skip
    return row


@action
def test_connection(actor: Actor, *, connection: UUID | str) -> Call:
    """Ask the worker to try the connection; the answer becomes its health. Refuses what only receives: it proves itself by what
    comes in."""
    actor.require(MANAGE)
    row = _locked(connection)
    if set(plugin(row.plugin).kinds) == {"source"}:
        raise Refused(_("This connection only receives: it is tried by sending something to its address."))
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

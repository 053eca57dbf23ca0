"""Reads about connections and calls."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import DateTimeField, Exists, F, Min, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce, Greatest

from bongsu.events.queries import visible
from bongsu.events.reading import opened
from bongsu.kernel.actors import Actor
from bongsu.kernel.errors import NotFound, TransportError
from bongsu.kernel.secrets import InvalidToken, token_hash
from bongsu.kernel.text import gettext_noop as _
from bongsu.kernel.transport import Transport

from .catalogue import plugin, plugins
from .contract import Base
from .models import Call, Connection, Hold, InToken
from .rules import LEASE

OPEN = ("pending", "sending")
OVER = ("done", "dropped")


def connection(actor: Actor, connection_id: UUID | str) -> Connection:
    """NotFound when there is none."""
    found = Connection.objects.filter(visible(actor), pk=connection_id).first()
    if found is None:
        raise NotFound(_("There is no such connection."))
    return found


def all_connections(actor: Actor) -> QuerySet[Connection]:
    return Connection.objects.filter(visible(actor)).order_by("name")


def connected_kinds() -> set[str]:
    """What the enabled connections offer together."""
    slugs = set(Connection.objects.filter(is_enabled=True).values_list("plugin", flat=True))
    return {kind for slug, found in plugins().items() if slug in slugs and not found.broken for kind in found.kinds}


def connections(kind: str) -> list[Connection]:
    """Enabled connections whose plug-in offers `kind`, oldest first."""
    offering = [slug for slug, found in plugins().items() if kind in found.kinds and not found.broken]
    return list(Connection.objects.filter(is_enabled=True, plugin__in=offering).order_by("created_at", "id"))


def connection_for_token(token: str) -> Connection | None:
    """The enabled connection a sender may post to with this token."""
    live = InToken.objects.filter(hash=token_hash(token), ended_at=None, connection__is_enabled=True)
    found = live.select_related("connection").first()
    return found.connection if found else None


def secrets_of(row: Connection) -> dict[str, str]:
    """The secrets in the box; empty when the key file does not open it."""
    if not row.box:
        return {}
    try:
        return dict(json.loads(settings.KEYS.box.decrypt(row.box.encode())))
    except InvalidToken:
        return {}


def signature_secrets(row: Connection) -> list[str]:
    """The live secrets with which a sender proves itself: one, or two during a rotation."""
    kept = secrets_of(row)
    return [kept[name] for name in ("_in_0", "_in_1") if kept.get(name)]


def loaded(row: Connection) -> Base:
    """The plug-in of a connection, ready to be asked. TransportError (permanent) when it cannot be."""
    found = plugin(row.plugin)
    if found.code is None:
        raise TransportError(f"the plug-in {row.plugin} is broken: {found.broken}", permanent=True, not_sent=True)
    kept = {name: value for name, value in secrets_of(row).items() if not name.startswith("_")}
    try:
        config = found.config(**row.settings, **kept)
    except TypeError as error:
        said = f"the settings do not fit the plug-in {row.plugin}: {error}"
        raise TransportError(said, permanent=True, not_sent=True) from error
    secrets = tuple(s for s in secrets_of(row).values() if s)
    return found.code(config, Transport(allowed=tuple(row.allowed_targets), secrets=secrets))


def open_hold() -> Hold | None:
    return Hold.objects.filter(released_at=None).first()


# ---- calls ------------------------------------------------------------------------------------------------------------


def calls(actor: Actor, *, state: str = "", subject: str = "", connection: UUID | str | None = None) -> QuerySet[Call]:
    """Calls the actor may see, by state, subject and connection; newest first."""
    wanted: dict[str, Any] = {"state": state, "subject_id": subject, "connection_id": connection}
    rows = Call.objects.filter(visible(actor), **{name: value for name, value in wanted.items() if value})
    return rows.select_related("connection").order_by("-created_at", "-id")


def call(actor: Actor, call_id: UUID | str) -> Call:
    found = opened(actor, Call.objects.filter(visible(actor), pk=call_id).select_related("connection"))
    if found is None:
        raise NotFound(_("There is no such call."))
    return found


def dead_calls(actor: Actor) -> QuerySet[Call]:
    return calls(actor, state="failed")


def waiting_after_hold() -> QuerySet[Call]:
    """What a hold kept in the house, whether it is over or not."""
    return Call.objects.filter(state="held", held_because="held")


@dataclass(frozen=True)
class Named:
    """What a record is called, and where it is read."""

    name: str
    url: str


Namer = Callable[[Iterable[str]], dict[str, Named]]
_namers: list[Namer] = []


def register_records(namer: Namer) -> None:
    """A module above says what its records are called; it is asked only for what the reader may see."""
    if namer not in _namers:
        _namers.append(namer)


def named_records(subjects: Iterable[str]) -> dict[str, Named]:
    wanted = list(subjects)
    return {subject: named for namer in _namers for subject, named in namer(wanted).items()}


@dataclass(frozen=True)
class Intake:
    """What came over a connection: when last, and what was turned away in the last days."""

    last_at: datetime | None = None
    refused: int = 0
    refused_at: datetime | None = None


_intakes: list[Callable[[Iterable[UUID]], dict[UUID, Intake]]] = []


def register_intakes(source: Callable[[Iterable[UUID]], dict[UUID, Intake]]) -> None:
    """A module above says what has come in over connections."""
    if source not in _intakes:
        _intakes.append(source)


def intakes(connections: Iterable[UUID]) -> dict[UUID, Intake]:
    wanted = list(connections)
    return {key: found for source in _intakes for key, found in source(wanted).items()} if wanted else {}


def has_open_calls() -> bool:
    """Whether there is anything to look for: cheaper than to look."""
    return Call.objects.filter(state__in=OPEN).exists()


def heads(calls: QuerySet[Call] | None = None) -> QuerySet[Call]:
    """Waiting calls that are first in the line of their target."""
    earlier = Call.objects.filter(
        connection=OuterRef("connection"), target=OuterRef("target"), turn__lt=OuterRef("turn"), state__in=OPEN
    )
    return (Call.objects.all() if calls is None else calls).filter(~Exists(earlier), state="pending")


def due_calls(now: datetime, calls: QuerySet[Call] | None = None) -> QuerySet[Call]:
    """What a worker could begin now (of `calls`)."""
    in_flight = Call.objects.filter(connection=OuterRef("connection"), state="sending")
    unpaused = Q(connection__paused_until_at=None) | Q(connection__paused_until_at__lte=now)
    return heads(calls).filter(unpaused, ~Exists(in_flight), next_at__lte=now)


def stale_calls(now: datetime) -> QuerySet[Call]:
    """Claimed by a worker that is taken for dead."""
    return Call.objects.filter(state="sending", claimed_at__lte=now - LEASE)


def next_call_at() -> datetime | None:
    """When anything may be begun or taken over next."""
    in_flight = Call.objects.filter(connection=OuterRef("connection"), state="sending")
    begins = Greatest("next_at", Coalesce("connection__paused_until_at", F("next_at")), output_field=DateTimeField())
    first = heads().filter(~Exists(in_flight)).aggregate(at=Min(begins))["at"]
    claimed = Call.objects.filter(state="sending").aggregate(at=Min("claimed_at"))["at"]
    moments = [at for at in (first, claimed + LEASE if claimed else None) if at]
    return min(moments, default=None)

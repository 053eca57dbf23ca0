"""What a plug-in sees of Bongsu, besides `kernel`. One folder `bongsu/plugins/<slug>/` holds one plug-in.

    class Config:                        # a frozen dataclass: the settings form is built from it
        url: str = setting(label={...}, kind="url")
        token: str = secret(label={...})

    class Plugin(Pager):                 # named `Plugin` in plugin.py; `Config` beside it
        @operation(repeat="keyed")
        def trigger(self, key: str, *, dedup_key: str, summary: str, ...) -> Sent: ...

A plug-in speaks through `self.transport`, raises only `TransportError` (and `Unreadable` from a source), keeps nothing
between calls, and opens no socket at import.
"""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Literal, TypeVar
from urllib.parse import urlsplit

from bongsu.kernel.errors import TransportError
from bongsu.kernel.transport import Transport, target_of

Words = Mapping[str, str]  # {"ko": ..., "en": ...}
FieldKind = Literal["text", "url", "number", "yes_no", "choice", "lines", "json", "host_port"]
Repeat = Literal["read", "safe", "keyed", "search", "unsafe"]

# ---- settings ---------------------------------------------------------------------------------------------------------


def setting(
    *, label: Words, help: Words | None = None, kind: FieldKind = "text", default: Any = dataclasses.MISSING,
    choices: tuple[tuple[str, Words], ...] = (), placeholder: str = "",
) -> Any:  # fmt: skip
    """A field of `Config`; without `default` it must be filled in."""
    extra = {"label": label, "help": help or {}, "kind": kind, "choices": choices, "placeholder": placeholder, "secret": False}
    return field(default=default, metadata=extra)


def secret(*, label: Words, help: Words | None = None, default: Any = dataclasses.MISSING, placeholder: str = "") -> Any:
    """A field of `Config` that is kept encrypted and never shown again."""
    extra = {"label": label, "help": help or {}, "kind": "text", "choices": (), "placeholder": placeholder, "secret": True}
    return field(default=default, metadata=extra)


@dataclass(frozen=True)
class NoConfig:
    """For a plug-in with nothing to set."""


# ---- what travels -----------------------------------------------------------------------------------------------------


class Unreadable(Exception):
    """A source does not know this payload; the message says which part."""


@dataclass(frozen=True)
class Received:
    """A request as it came in: `headers` with lower-case names, `body` as bytes."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Measure:
    """A measured value and the line it crossed. `direction`: without it rules on p-values invert."""

    name: str
    value: float | None = None
    threshold: float | None = None
    direction: Literal["higher_is_worse", "lower_is_worse", "p_value"] = "higher_is_worse"
    unit: str = ""
    n: int | None = None
    is_estimated: bool = False


@dataclass(frozen=True)
class Signal:
    """What every source is turned into. `dedupe_key` is the thing that is wrong, `episode_start` this time it went wrong.

    `state`: `resolved` says only that the source calms down. `source_severity` is the sender's word and never trusted.
    `group_key`: what the sender itself groups; `about`: system, model, version, environment, tenant, dataset, feature.
    `links` are the sender's and shown as text, never as trusted links.
    """

    dedupe_key: str
    title: str
    state: Literal["open", "resolved", "info"] = "open"
    source_event_id: str = ""
    episode_start: datetime | None = None
    detected_at: datetime | None = None
    group_key: str = ""
    source_severity: str = ""
    text: str = ""
    about: Mapping[str, str] = field(default_factory=dict)
    measure: Measure | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    links: tuple[str, ...] = ()
    is_truncated: bool = False


@dataclass(frozen=True)
class Sent:
    """What an operation brought back. `receipt` is plain JSON (floats allowed); `external_id` finds it over there again."""

    receipt: dict[str, Any] = field(default_factory=dict)
    external_id: str = ""
    was_there_already: bool = False


@dataclass(frozen=True)
class AliasState:
    """Where an alias of a registered model points; `version` None: there is no such alias."""

    model: str
    alias: str
    version: str | None
    run_id: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Sample:
    """`value` None stands for NaN: measured, but no number."""

    at: float  # seconds since 1970
    value: str | None


@dataclass(frozen=True)
class Series:
    labels: Mapping[str, str]
    samples: tuple[Sample, ...]


def as_json(value: Any) -> Any:
    """Contract dataclasses as plain JSON, for receipts."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: as_json(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(k): as_json(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_json(v) for v in value]
    return value.isoformat() if isinstance(value, datetime) else value


# ---- operations -------------------------------------------------------------------------------------------------------

F = TypeVar("F", bound=Callable[..., Any])


def operation(*, repeat: Repeat) -> Callable[[F], F]:
    """Make a method callable through the gate: `method(key, **payload) -> Sent`.

    `repeat` says what happens when it is done twice: `read` nothing; `safe` the same end state; `keyed` the service knows
    the idempotency key; `search` `found_<name>` can look whether it was done; `unsafe` it may happen twice, which is said.
    """

    def mark(method: F) -> F:
        method.repeat = repeat  # type: ignore[attr-defined]
        return method

    return mark


class Base:
    """What all plug-ins share."""

    kinds: ClassVar[tuple[str, ...]] = ()

    def __init__(self, config: Any, transport: Transport) -> None:
        self.config, self.transport = config, transport

    @classmethod
    def targets(cls, config: Any) -> list[str]:
        """The `host:port` this configuration points to; private ones an administrator must allow."""
        found = []
        for f in dataclasses.fields(config):
            value = getattr(config, f.name)
            if f.metadata.get("kind") == "url" and value:
                parts = urlsplit(value)
                if parts.hostname:
                    found.append(target_of(parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)))
            elif f.metadata.get("kind") == "host_port" and value:
                found.append(str(value).lower())
        return found

    def test(self) -> str:
        """Ask the service whether it would work, changing nothing; returns what it said. Raises `TransportError`."""
        raise NotImplementedError


class Source(Base):
    """Turns what a sender posts into signals."""

    kinds = ("source",)

    def parse(self, received: Received) -> list[Signal]:
        """The signals in `received`, each with its own identity; raises `Unreadable`."""
        raise NotImplementedError

    def test(self) -> str:
        return "ok"


class Channel(Base):
    """A chat service. `channel` is the service's own id or name; ids from receipts are preferred."""

    kinds = ("channel",)

    def open_channel(self, key: str, *, name: str, topic: str = "", is_private: bool = False) -> Sent:
        """receipt: channel (id), name (as it became)."""
        raise NotImplementedError

    def invite(self, key: str, *, channel: str, people: list[str]) -> Sent:
        """People by their address in this service. receipt: invited, not_found."""
        raise NotImplementedError

    def set_topic(self, key: str, *, channel: str, topic: str) -> Sent:
        raise NotImplementedError

    def post(self, key: str, *, channel: str, text: str, title: str = "", thread: str = "") -> Sent:
        """receipt: channel, ts; external_id: ts."""
        raise NotImplementedError


class Mail(Base):
    """Plain e-mail."""

    kinds = ("mail",)

    def mail(self, key: str, *, to: str, subject: str, text: str, language: str = "ko") -> Sent:
        """external_id: the Message-ID."""
        raise NotImplementedError


class Pager(Base):
    """What wakes people up."""

    kinds = ("pager",)

    def trigger(self, key: str, *, dedup_key: str, summary: str, severity: str = "critical", source: str = "bongsu",
                details: dict[str, str] | None = None, link: str = "", address: str = "") -> Sent:  # fmt: skip
        raise NotImplementedError

    def acknowledge(self, key: str, *, dedup_key: str, address: str = "") -> Sent:
        raise NotImplementedError

    def resolve(self, key: str, *, dedup_key: str, address: str = "") -> Sent:
        raise NotImplementedError


class Registry(Base):
    """Where models and their versions are kept."""

    kinds = ("registry",)

    def get_alias(self, key: str, *, model: str, alias: str) -> Sent:
        """receipt: an `AliasState`."""
        raise NotImplementedError

    def list_versions(self, key: str, *, model: str) -> Sent:
        """receipt: versions, newest first, each version, created_at, status, aliases, tags."""
        raise NotImplementedError

    def set_alias(self, key: str, *, model: str, alias: str, version: str, expected: str | None = None) -> Sent:
        """Re-reads the alias first and refuses (permanent) when it is not at `expected`. receipt: before, after."""
        raise NotImplementedError

    def tag_version(self, key: str, *, model: str, version: str, tag: str, value: str) -> Sent:
        raise NotImplementedError

    def serving_version(self, key: str, *, url: str) -> Sent:
        """What the serving process itself reports. receipt: version, model; raises when it cannot be told."""
        raise NotImplementedError


class Metrics(Base):
    """Where time series are asked. Receipts: query, state (`data`, `no_data`, `nan`), series, warnings, asked_at."""

    kinds = ("metrics",)

    def query(self, key: str, *, query: str, at: float | None = None) -> Sent:
        raise NotImplementedError

    def query_range(self, key: str, *, query: str, start: float, end: float, step: float) -> Sent:
        raise NotImplementedError


def operations_of(plugin: type[Base]) -> dict[str, Repeat]:
    """The operations a plug-in really offers: those it marked."""
    found: dict[str, Repeat] = {}
    for name in dir(plugin):
        repeat = getattr(getattr(plugin, name, None), "repeat", None)
        if repeat:
            found[name] = repeat
    return found


__all__ = [
    "AliasState", "Base", "Channel", "Mail", "Measure", "Metrics", "NoConfig", "Pager", "Received", "Registry", "Sample",
    "Sent", "Series", "Signal", "Source", "Transport", "TransportError", "Unreadable", "Words", "as_json", "operation",
    "operations_of", "secret", "setting",
]  # fmt: skip

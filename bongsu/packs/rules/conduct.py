"""How one acts: containment, mitigation and automation (C6, C7, M7), channels and updates (D1, D2, B1)."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Literal

from .words import Bilingual, Key, Ref, SubtypeRef


@dataclass(frozen=True)
class MeasureKind:
    key: Annotated[str, Key("measure")]
    label: Bilingual


@dataclass(frozen=True)
class Mitigation:
    """A row of the C6 table: what is usual at once, and what lasts, for these sub-types."""

    key: Annotated[str, Key("mitigation")]
    label: Bilingual
    subtypes: tuple[SubtypeRef, ...]
    temporary: Bilingual
    temporary_kind: Annotated[str, Ref("measure")]
    permanent: Bilingual
    permanent_kind: Annotated[str, Ref("measure")]


@dataclass(frozen=True)
class Containment:
    """A way to stop harm at once (C2, C7). `action` is the operation a connector carries out, empty when by hand."""

    key: Annotated[str, Key("containment")]
    label: Bilingual
    text: Bilingual
    undo: Bilingual
    act: Annotated[str, Ref("act")]
    action: str = ""
    expires_after: timedelta | None = None


Mode = Literal["person", "propose", "machine"]


@dataclass(frozen=True)
class SeverityModes:
    P0: Mode
    P1: Mode
    P2: Mode
    P3: Mode


@dataclass(frozen=True)
class Act:
    """A line of the automation table (M7): a person alone, the machine proposes, or the machine alone; by severity."""

    key: Annotated[str, Key("act")]
    label: Bilingual
    modes: SeverityModes
    why: Bilingual


@dataclass(frozen=True)
class ChannelPattern:
    key: Annotated[str, Key("channel pattern")]
    pattern: str
    example: str


@dataclass(frozen=True)
class StandingChannel:
    name: str
    purpose: Bilingual
    audience: Literal["commanders", "everyone"]


@dataclass(frozen=True)
class Channels:
    """Naming rules (D1); Slack takes lower case letters, digits, `_` and `-`, 80 at most."""

    pattern: Annotated[str, Ref("channel pattern")]
    patterns: tuple[ChannelPattern, ...]
    allowed: str
    longest: int
    standing: tuple[StandingChannel, ...]


@dataclass(frozen=True)
class ItemMark:
    """How an item of a status update is marked (D2)."""

    key: Literal["done", "in_progress", "waiting"]
    mark: str
    label: Bilingual | None = None


@dataclass(frozen=True)
class Numbering:
    """Incident numbers (B1): prefix per kind, digits that widen past the last."""

    incident: str = "INC"
    drill: str = "DRL"
    digits: int = 3

"""What a taxonomy is made of (A1-A3, A5, A6, D3, D8). The dataclasses are the schema: the decoder reads their fields.

Durations stand as `15m`, `1h`, `7d` in the files and are timedeltas here.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Literal

from .words import Bilingual, Key, PostRef, Ref, SeverityRef, StateRef, SubtypeRef, TypeRef


@dataclass(frozen=True)
class Severity:
    """A level (A1). `respond_within` runs from registration to the first human response."""

    key: Annotated[str, Key("severity")]
    fires: int
    label: Bilingual
    definition: Bilingual
    examples: tuple[Bilingual, ...]
    respond_within: timedelta
    notify: tuple[PostRef, ...]
    update_every: timedelta


@dataclass(frozen=True)
class Crosswalk:
    """The same thing in public vocabularies (A5): MITRE ATLAS, OWASP LLM Top 10, MIT subdomain, AVID, AITF event."""

    atlas: tuple[str, ...] = ()
    owasp: tuple[str, ...] = ()
    mit: tuple[str, ...] = ()
    avid: tuple[str, ...] = ()
    aitf: tuple[str, ...] = ()


@dataclass(frozen=True)
class Subtype:
    key: Annotated[str, Key("subtype")]
    label: Bilingual
    crosswalk: Crosswalk = Crosswalk()


@dataclass(frozen=True)
class IncidentType:
    """A type (A2) and its sub-types; `asks` are the questions for the details that only this type needs."""

    key: Annotated[str, Key("type")]
    label: Bilingual
    definition: Bilingual
    subtypes: tuple[Subtype, ...]
    asks: tuple[Bilingual, ...] = ()


@dataclass(frozen=True)
class Cell:
    """One cell of the matrix (A3). `priority`: order of work, 1 first; `ticket_priority`: for Jira and the like."""

    type: TypeRef
    severity: SeverityRef
    subtype: SubtypeRef
    example: Bilingual
    priority: int
    ticket_priority: Literal["highest", "high", "medium", "low"]


@dataclass(frozen=True)
class Ruling:
    """How the pack decides where two readings are possible; shown beside the matrix."""

    key: Annotated[str, Key("ruling")]
    text: Bilingual


@dataclass(frozen=True)
class Choice:
    key: str
    label: Bilingual
    same_as: tuple[str, ...] = ()


@dataclass(frozen=True)
class DetailField:
    """A taxonomy field that practitioners and regulators ask for (A5), with its choices."""

    key: Annotated[str, Key("detail")]
    label: Bilingual
    choices: tuple[Choice, ...]
    may_pick_many: bool = False


@dataclass(frozen=True)
class Post:
    """A post (D8). `fallback` is asked when nobody can be reached; the posts of `groups` are members together."""

    key: Annotated[str, Key("post")]
    title: Bilingual
    is_per_system: bool = False
    fallback: Annotated[str, Ref("post?")] = ""
    meaning: Bilingual | None = None


@dataclass(frozen=True)
class Role:
    """A role in one incident (C3)."""

    key: Annotated[str, Key("role")]
    label: Bilingual
    duties: tuple[Bilingual, ...]
    first_asked: tuple[PostRef, ...] = ()
    is_core: bool = True


Way = Literal["email", "slack", "pager", "phone"]


@dataclass(frozen=True)
class EscalationStep:
    """One step of the matrix (D3); `after` counts from declaration while the incident is not resolved."""

    key: Annotated[str, Key("escalation step")]
    severity: SeverityRef
    after: timedelta
    posts: tuple[PostRef, ...]
    channels: tuple[Way, ...]

    @property
    def after_minutes(self) -> int:
        return int(self.after.total_seconds()) // 60


@dataclass(frozen=True)
class TriageStep:
    """How a proposal of this severity keeps asking: page, again every `repeat_every`, then declare by itself."""

    severity: SeverityRef
    repeat_every: timedelta
    channels: tuple[Way, ...]
    declares_itself_after: timedelta | None = None


@dataclass(frozen=True)
class Triage:
    post: PostRef
    steps: tuple[TriageStep, ...]


# --- states (A6) ------------------------------------------------------------------------------------------------

Who = Literal["ic", "responder", "commander", "machine"]
Condition = Literal["reason", "ic", "severity", "duties_met", "evidence"]


@dataclass(frozen=True)
class State:
    key: Annotated[str, Key("state")]
    label: Bilingual
    meaning: Bilingual
    is_open: bool


@dataclass(frozen=True)
class Transition:
    """A permitted move: who may, what it requires; `restarts_clocks` when the incident burns again."""

    source: StateRef
    target: StateRef
    who: tuple[Who, ...]
    label: Bilingual
    requires: tuple[Condition, ...] = ()
    restarts_clocks: bool = False

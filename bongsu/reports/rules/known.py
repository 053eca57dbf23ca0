"""Everything the system knows of an incident that a report needs; plain values in the report's language."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal


@dataclass(frozen=True)
class Line:
    """One entry of the timeline. `recorded_at` only when it was written down later; `retraction` only when taken back."""

    at: datetime
    text: str
    who: str
    recorded_at: datetime | None = None
    retraction: str = ""


@dataclass(frozen=True)
class Measure:
    """Something that was done, or is to be done, against the harm."""

    text: str
    state: str = ""
    is_temporary: bool = True


@dataclass(frozen=True)
class Item:
    """Something still to be done, or done, after the incident."""

    text: str
    owner: str = ""
    due_at: datetime | None = None
    is_done: bool = False


@dataclass(frozen=True)
class Alarm:
    """A signal that rang: what it said and, where it measured, the value and the line it crossed."""

    title: str
    source: str
    at: datetime
    value: str = ""
    limit: str = ""
    times: int = 1


@dataclass(frozen=True)
class Known:
    number: str
    title: str
    severity: str
    type: str
    subtype: str
    state: str
    owner: str
    detected_at: datetime
    declared_at: datetime
    description: str = ""
    system: str = ""
    scope: str = ""
    occurred_at: datetime | None = None
    aware_at: datetime | None = None
    responded_at: datetime | None = None
    respond_within: timedelta | None = None
    resolved_at: datetime | None = None
    users: int | None = None
    loss: Decimal | None = None
    currency: str = ""
    regulatory_risk: str = ""
    regions: Sequence[str] = ()
    harms: Sequence[tuple[str, str]] = ()
    lines: Sequence[Line] = ()  # in the order they were recorded
    alarms: Sequence[Alarm] = ()
    measures: Sequence[Measure] = ()
    items: Sequence[Item] = ()
    late: Sequence[str] = ()
    legal: Sequence[str] = ()
    advice: Sequence[str] = ()  # what the runbook should change, said at its end
    is_drill: bool = False

    @property
    def began_at(self) -> datetime:
        """When it began; as long as nobody knows, when it was noticed."""
        return self.occurred_at or self.detected_at

    @property
    def interruption(self) -> timedelta | None:
        """From beginning to resolution; None while it goes on."""
        return self.resolved_at - self.began_at if self.resolved_at else None

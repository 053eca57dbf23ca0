"""What the components are given: plain values that say what is shown, not how."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from django.utils.functional import Promise

from bongsu.kernel.text import Text

Tone = Literal["", "quiet", "warm", "hot", "calm", "law"]
Words = Text | str | Promise


@dataclass(frozen=True)
class Clock:
    """A deadline of the clock strip. `source` is the legal citation with `source_url`; `note` says until when and who."""

    label: Words
    due_at: datetime
    started_at: datetime | None = None
    note: Words = ""
    is_legal: bool = False
    url: str = ""
    source: str = ""
    source_url: str = ""


@dataclass(frozen=True)
class Item:
    """A line of a status update. `state`: done, running, waiting."""

    state: Literal["done", "running", "waiting"]
    text: Words


@dataclass(frozen=True)
class Entry:
    """One line of a timeline. `html` is safe markup of the caller; `text` is words and escaped."""

    at: datetime
    text: Words = ""
    html: str = ""
    lead: Words = ""
    actor: str = ""
    icon: str = "dot"
    tone: Tone = ""
    recorded_at: datetime | None = None  # when it differs: marked as entered later
    items: Sequence[Item] = ()
    quote: str = ""
    url: str = ""
    link: Words = ""
    is_retracted: bool = False
    is_system: bool = False
    is_act: bool = False  # the link is a form that opens over the page (`{% opens %}`)
    id: str = ""
    alike: Sequence["Entry"] = ()  # the lines this one stands for: it opens


@dataclass(frozen=True)
class DutyItem:
    """A line of the duty list between now and closing. `state`: open, due, done, waived."""

    label: Words
    state: Literal["open", "due", "done", "waived"] = "open"
    due_at: datetime | None = None
    is_legal: bool = False
    url: str = ""
    note: Words = ""
    is_act: bool = False  # the link is a form that opens over the page (`{% opens %}`)
    is_late: bool = False  # its moment has passed, and it is still owed


@dataclass(frozen=True)
class Column:
    """A column. `value` is an attribute path, or left out for a cell template `cell` given the row as `row`."""

    key: str
    label: Words
    value: str = ""
    cell: str = ""
    sort: str = ""
    is_number: bool = False
    is_wide_only: bool = False


@dataclass(frozen=True)
class Table:
    """`sort` is the present order (`-` first for falling); `next_cursor` empty at the end; `row_url` an attribute path."""

    columns: Sequence[Column]
    rows: Sequence[Any]
    caption: Words
    sort: str = ""
    next_cursor: str = ""
    is_first: bool = True
    row_url: str = ""
    empty: Words = ""
    live: str = ""
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Point:
    at: datetime
    value: float | None

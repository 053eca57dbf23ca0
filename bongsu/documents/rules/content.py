"""What a document says, in the one text form that is hashed and signed; and how two texts differ."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from difflib import SequenceMatcher
from typing import Any

from bongsu.kernel.canonical import canonical, digest, moment

from .chart import Series

FORMAT = 1
OPEN_PLACE = re.compile(r"※ \*\*[^*\n]+:\*\*")


@dataclass(frozen=True)
class GeneratedPart:
    """A part as the machine wrote it. `text` is Markdown; `figures` stand after it."""

    key: str
    title: str
    text: str = ""
    figures: Sequence[Series] = field(default_factory=tuple)


@dataclass(frozen=True)
class Change:
    """What rebuilding did to a part. `lines`: the new generated text against the one before."""

    key: str
    title: str
    is_new: bool
    is_persons_text_kept: bool
    lines: tuple[tuple[str, str], ...]


def open_place(label: str, what: str) -> str:
    """A place in a part's text that only a person can fill; it counts as open as long as it stands there."""
    return f"> ※ **{label}:** {what}"


def open_places(text: str) -> int:
    """How many places of a text still wait for a person, whatever its language."""
    return len(OPEN_PLACE.findall(text))


def content(
    *, head: Mapping[str, Any], basics: Iterable[Sequence[str]], parts: Iterable[tuple[str, str, str, list[dict[str, Any]]]]
) -> str:
    """The canonical text of a document: what is hashed, signed and printed. Parts are (key, title, text, figures)."""
    return canonical(
        {
            "format": FORMAT,
            **head,
            "basics": [list(row) for row in basics],
            "parts": [{"key": key, "title": title, "text": text, "figures": figures} for key, title, text, figures in parts],
        }
    )


def read(text: str) -> dict[str, Any]:
    """A canonical text as its values."""
    return json.loads(text)


def content_hash(text: str) -> str:
    return digest(text)


def figure_of(series: Series) -> dict[str, Any]:
    """A series as plain data: moments and decimals as text, so that it can be hashed."""
    low, high = series.band or (None, None)
    return {
        "title": series.title,
        "unit": series.unit,
        "points": [[moment(at), None if value is None else str(value)] for at, value in series.points],
        "low": None if low is None else str(low),
        "high": None if high is None else str(high),
        "marks": [[moment(at), words] for at, words in series.marks],
    }


def series_of(figure: Mapping[str, Any]) -> Series:
    low, high = _decimal(figure["low"]), _decimal(figure["high"])
    return Series(
        title=figure["title"],
        unit=figure["unit"],
        points=[(datetime.fromisoformat(at), _decimal(value)) for at, value in figure["points"]],
        band=(low, high) if low is not None or high is not None else None,
        marks=[(datetime.fromisoformat(at), words) for at, words in figure["marks"]],
    )


def _decimal(value: str | None) -> Decimal | None:
    return None if value is None else Decimal(value)


def compare(before: str, after: str, context: int = 2) -> list[tuple[str, str]]:
    """Line by line what went (`-`), came (`+`) and stayed (` `); far unchanged stretches become one (`…`, "")."""
    old, new = before.splitlines(), after.splitlines()
    lines: list[tuple[str, str]] = []
    for tag, a, b, c, d in SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes():
        if tag == "equal":
            same = old[a:b]
            if len(same) > 2 * context + 1:
                lines += [(" ", line) for line in same[:context]] + [("…", "")] + [(" ", line) for line in same[-context:]]
            else:
                lines += [(" ", line) for line in same]
        else:
            lines += [("-", line) for line in old[a:b]] + [("+", line) for line in new[c:d]]
    return [] if all(kind in " …" for kind, _line in lines) else lines

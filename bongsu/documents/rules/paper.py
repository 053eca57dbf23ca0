"""A document as PDF/A-2b by typst: same data, same bytes. What people wrote is passed as JSON data and never evaluated.

The compiler sees an empty folder as its root, no system fonts and no packages; the shipped fonts are Pretendard (OFL).
"""

import json
import re
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import typst

from .markdown import Block, Run

HERE = Path(__file__).parent.parent
FONTS = HERE / "fonts"
# Marks the status templates use but text fonts lack; the check marks become the font's own.
SPOKEN = {
    "✅": "✓",
    "☑": "✓",
    "✔": "✓",
    "☐": "□",
    "🔄": "↻",
    "⏳": "…",
    "❌": "✕",
    "⚠": "※",
    "🔥": "▲",
    "\u2011": "-",
    "\u00ad": "",
}
UNSEEN = re.compile(
    "[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff]"
)


@dataclass(frozen=True)
class PaperPart:
    title: str
    blocks: list[Block] = field(default_factory=list)


@dataclass(frozen=True)
class Paper:
    """What one printed document holds. `id` is all its metadata carries; `words` are the labels in its language."""

    id: str
    title: str
    kind: str
    language: str
    parts: tuple[PaperPart, ...]
    words: dict[str, str]
    classification: str = ""
    footer: str = ""
    fires: int = 0
    severity: str = ""
    basics: tuple[tuple[str, str], ...] = ()
    signatures: tuple[dict[str, str], ...] = ()
    hash: str = ""
    at: datetime = datetime(2000, 1, 1, tzinfo=UTC)  # PDF/A wants a date: the moment of the revision, in UTC


@cache
def _covered() -> frozenset[int]:
    spans = (line.split("-") for line in (FONTS / "coverage.txt").read_text().split())
    return frozenset(point for span in spans for point in range(int(span[0], 16), int(span[-1], 16) + 1))


def printable(text: str) -> str:
    """`text` with what the shipped font cannot draw spelled as `[U+XXXX]`: PDF/A refuses a missing glyph."""
    text = UNSEEN.sub("", text)
    text = "".join(SPOKEN.get(char, char) for char in text)
    return "".join(char if char in "\n\t" or ord(char) in _covered() else f"[U+{ord(char):04X}]" for char in text).replace(
        "\t", "    "
    )


def pdf(paper: Paper) -> bytes:
    """The document as PDF/A-2b, A4, numbered pages, fonts embedded, metadata only `paper.id`."""
    data = json.dumps(_clean(_page(paper)), ensure_ascii=False)
    with tempfile.TemporaryDirectory(prefix="bongsu-paper-") as empty:
        return typst.compile(  # type: ignore[call-overload]  # its stub wants one type for source and paths
            (HERE / "paper" / "paper.typ").read_bytes(),
            root=empty,
            font_paths=[str(FONTS)],
            ignore_system_fonts=True,
            sys_inputs={"page": data},
            pdf_standards="a-2b",
            package_path=empty,
            package_cache_path=empty,
            timestamp=int(paper.at.timestamp()),
        )


def _page(paper: Paper) -> dict[str, Any]:
    page = {key: value for key, value in vars(paper).items() if key != "at"}
    page["parts"] = [{"title": part.title, "blocks": [_shaped(block) for block in part.blocks]} for part in paper.parts]
    return page


def _shaped(block: Block) -> Block:
    """Tables get column widths from what their cells hold; the rest stays."""
    if block["kind"] == "table":
        return {**block, "rows": _even(block), "widths": _widths([block["head"], *block["rows"]])}
    if block["kind"] == "list":
        return {**block, "items": [{**item, "blocks": [_shaped(b) for b in item["blocks"]]} for item in block["items"]]}
    if block["kind"] == "quote":
        return {**block, "blocks": [_shaped(b) for b in block["blocks"]]}
    return block


def _even(block: Block) -> list[list[list[Run]]]:
    wide = len(block["head"])
    return [(row + [[]] * wide)[:wide] for row in block["rows"]]


def _widths(rows: list[list[list[Run]]]) -> list[int]:
    """Columns that hold at most 12 characters take their natural width (0); the rest share what is left."""
    longest = [max((sum(len(run["text"]) for run in row[n]) if n < len(row) else 0) for row in rows) for n in range(len(rows[0]))]
    widths = [0 if most <= 12 else min(6, 1 + most // 20) for most in longest]
    return widths if any(widths) else [1] * len(widths)


def _clean(value: Any) -> Any:
    match value:
        case str():
            return printable(value)
        case dict():
            return {key: _clean(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_clean(inner) for inner in value]
    return value

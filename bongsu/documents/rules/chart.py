"""A small line chart as SVG text: the series, the band it should lie in, and marks of what happened when.

Drawn from plain data for paper: no script, no style, no outside reference. Colours are those of the house (ui.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from html import escape
from math import floor, log10

INK, SOFT, LINE, FIRE, CALM, LAW = "#1d1a16", "#6a6359", "#e5dfd4", "#b93a1c", "#2f6b5a", "#2b4a80"
WIDTH, HEIGHT = 640, 240
LEFT, RIGHT, TOP, BOTTOM = 56, 14, 34, 34
MOST = 600  # points drawn; more are thinned evenly


@dataclass(frozen=True)
class Series:
    """What is drawn. `points`: (aware moment, value or None where nothing was measured); `band`: (low, high), None is open."""

    title: str
    points: Sequence[tuple[datetime, Decimal | None]]
    unit: str = ""
    band: tuple[Decimal | None, Decimal | None] | None = None
    marks: Sequence[tuple[datetime, str]] = field(default_factory=tuple)


def line_chart(series: Series, *, zone: tzinfo = UTC, empty: str = "no data") -> str:
    """The chart as SVG (640 x 240); gaps stay gaps; times in `zone`; without any value it says `empty`."""
    known = [value for _, value in series.points if value is not None]
    parts = [_text(LEFT, 16, series.title + (f" ({series.unit})" if series.unit else ""), INK, 13, weight="bold")]
    if known:
        parts += _Plot(series, known).draw(zone)
    else:
        parts.append(_text(WIDTH / 2, HEIGHT / 2, empty, SOFT, 13, anchor="middle"))
    body = "".join(parts)
    name = escape(series.title)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'font-family="Pretendard" role="img" aria-label="{name}"><title>{name}</title>{body}</svg>'
    )


class _Plot:
    def __init__(self, series: Series, known: list[Decimal]) -> None:
        self.series = series
        edges = [edge for edge in series.band or () if edge is not None]
        self.ticks = ticks(min([*known, *edges]), max([*known, *edges]))
        self.low, self.high = self.ticks[0], self.ticks[-1]
        moments = [at for at, _ in series.points]
        self.start, self.end = min(moments), max(moments)
        if self.start == self.end:
            self.start, self.end = self.start - timedelta(minutes=1), self.end + timedelta(minutes=1)

    def x(self, at: datetime) -> float:
        share = (at - self.start) / (self.end - self.start)
        return round(LEFT + max(0.0, min(1.0, share)) * (WIDTH - LEFT - RIGHT), 1)

    def y(self, value: Decimal) -> float:
        share = float((value - self.low) / (self.high - self.low))
        return round(HEIGHT - BOTTOM - max(0.0, min(1.0, share)) * (HEIGHT - TOP - BOTTOM), 1)

    def draw(self, zone: tzinfo) -> list[str]:
        return [*self.band(), *self.grid(), *self.times(zone), *self.line(), *self.events()]

    def band(self) -> list[str]:
        if not self.series.band:
            return []
        low, high = self.series.band
        top, bottom = self.y(high if high is not None else self.high), self.y(low if low is not None else self.low)
        edges = [edge for edge in (low, high) if edge is not None]
        box = (
            f'<rect x="{LEFT}" y="{top}" width="{WIDTH - LEFT - RIGHT}" height="{max(1.0, round(bottom - top, 1))}" '
            f'fill="{CALM}" fill-opacity="0.13"/>'
        )
        return [box, *[_line(LEFT, self.y(e), WIDTH - RIGHT, self.y(e), CALM, dash="4 3") for e in edges]]

    def grid(self) -> list[str]:
        drawn = []
        for tick in self.ticks:
            drawn.append(_line(LEFT, self.y(tick), WIDTH - RIGHT, self.y(tick), LINE))
            drawn.append(_text(LEFT - 6, self.y(tick) + 3.5, f"{tick.normalize():f}", SOFT, 10, anchor="end"))
        return drawn

    def times(self, zone: tzinfo) -> list[str]:
        days = (self.end - self.start) > timedelta(days=2)
        drawn = []
        for step in range(5):
            at = self.start + (self.end - self.start) * step / 4
            words = at.astimezone(zone).strftime("%m-%d" if days else "%H:%M")
            anchor = {0: "start", 4: "end"}.get(step, "middle")
            drawn.append(_text(self.x(at), HEIGHT - BOTTOM + 16, words, SOFT, 10, anchor=anchor))
        return drawn

    def line(self) -> list[str]:
        step = max(1, len(self.series.points) // MOST)
        pieces: list[list[str]] = [[]]
        for at, value in sorted(self.series.points[::step], key=lambda point: point[0]):
            if value is None:
                pieces.append([])
            else:
                pieces[-1].append(f"{self.x(at)},{self.y(value)}")
        drawn = [
            f'<polyline points="{" ".join(p)}" fill="none" stroke="{FIRE}" stroke-width="1.8"/>' for p in pieces if len(p) > 1
        ]
        dots = [p[0].split(",") for p in pieces if len(p) == 1]
        return drawn + [f'<circle cx="{x}" cy="{y}" r="2" fill="{FIRE}"/>' for x, y in dots]

    def events(self) -> list[str]:
        drawn = []
        for place, (at, words) in enumerate(sorted(self.series.marks)):
            if not self.start <= at <= self.end:
                continue
            x, y = self.x(at), TOP + 10 + 12 * (place % 4)
            anchor, shift = ("end", -4) if x > WIDTH * 0.7 else ("start", 4)
            drawn += [_line(x, TOP - 6, x, HEIGHT - BOTTOM, LAW, dash="2 3"), _text(x + shift, y, words, LAW, 10, anchor=anchor)]
        return drawn


def ticks(low: Decimal, high: Decimal) -> list[Decimal]:
    """Round values from at or below `low` to at or above `high`, about four steps of 1, 2 or 5 times a power of ten."""
    if low == high:
        low, high = low - (abs(low) / 10 or 1), high + (abs(high) / 10 or 1)
    rough = (high - low) / 4
    power = Decimal(10) ** floor(log10(rough))
    step = next(power * n for n in (1, 2, 5, 10) if power * n >= rough)
    first = (low / step).to_integral_value(ROUND_FLOOR)
    last = (high / step).to_integral_value(ROUND_CEILING)
    return [step * n for n in range(int(first), int(last) + 1)]


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, dash: str = "") -> str:
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="{colour}" stroke-width="1"{dashes}/>'


def _text(x: float, y: float, words: str, colour: str, size: int, anchor: str = "start", weight: str = "normal") -> str:
    clean = "".join(c for c in words[:80] if c >= " " and not 0xD800 <= ord(c) <= 0xDFFF)
    look = f'fill="{colour}" font-size="{size}" font-weight="{weight}" text-anchor="{anchor}"'
    return f'<text x="{x}" y="{y}" {look}>{escape(clean)}</text>'

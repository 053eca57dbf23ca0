"""The geometry of small drawings: pure, in the units of their own view box."""

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bongsu.ui import moments
from bongsu.ui.components import Point

WIDTH, HEIGHT, PAD = 240.0, 56.0, 3.0
WIDE, HIGH, LEFT, FOOT = 720.0, 220.0, 56.0, 24.0


def _n(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")


def path(points: Sequence[tuple[float, float | None]]) -> str:
    """An SVG path; None breaks the line."""
    text, is_down = [], False
    for x, y in points:
        if y is None:
            is_down = False
            continue
        text.append(f"{'L' if is_down else 'M'}{_n(x)} {_n(y)}")
        is_down = True
    return " ".join(text)


def _bounds(values: Sequence[float | None], low: float | None, high: float | None) -> tuple[float, float]:
    known = [v for v in (*values, low, high) if v is not None] or [0.0]
    bottom, top = min(known), max(known)
    return (bottom, top) if top > bottom else (bottom - 1, top + 1)


def round_levels(bottom: float, top: float) -> list[float]:
    """Three to six round values between two bounds."""
    raw = (top - bottom) / 4
    power = 10 ** math.floor(math.log10(raw))
    step = next(power * m for m in (1, 2, 2.5, 5, 10) if power * m >= raw)
    return [step * i for i in range(math.ceil(bottom / step), math.floor(top / step) + 1)]


def sparkline(values: Sequence[float | None], low: float | None, high: float | None, mark: int | None) -> dict[str, Any]:
    bottom, top = _bounds(values, low, high)
    step = WIDTH / max(1, len(values) - 1)

    def y(value: float) -> float:
        return HEIGHT - PAD - (value - bottom) / (top - bottom) * (HEIGHT - 2 * PAD)

    band = {"y": _n(y(high)), "height": _n(max(1.0, y(low) - y(high)))} if low is not None and high is not None else None
    line = path([(i * step, None if v is None else y(v)) for i, v in enumerate(values)])
    return {
        "line": line,
        "band": band,
        "mark": None if mark is None else _n(mark * step),
        "width": _n(WIDTH),
        "height": _n(HEIGHT),
    }


def series(points: Sequence[Point], low: float | None, high: float | None, mark_at: datetime | None) -> dict[str, Any]:
    """Everything the chart's template needs: line, band, mark, ticks on both axes."""
    if not points:
        return {"line": "", "points": []}
    bottom, top = _bounds([p.value for p in points], low, high)
    start, end = points[0].at, points[-1].at
    span = max(1.0, (end - start).total_seconds())

    def x(at: datetime) -> float:
        return LEFT + (at - start).total_seconds() / span * (WIDE - LEFT - PAD)

    def y(value: float) -> float:
        return HIGH - FOOT - (value - bottom) / (top - bottom) * (HIGH - FOOT - 2 * PAD)

    band = {"y": _n(y(high)), "height": _n(max(1.0, y(low) - y(high)))} if low is not None and high is not None else None
    levels = round_levels(bottom, top)
    ticks = [start + (end - start) * i / 4 for i in range(5)]
    return {
        "line": path([(x(p.at), None if p.value is None else y(p.value)) for p in points]),
        "band": band,
        "mark": _n(x(mark_at)) if mark_at and start <= mark_at <= end else None,
        "levels": [{"y": _n(y(v)), "text": f"{v:,.6g}"} for v in levels],
        "ticks": [
            {"x": _n(x(t)), "text": moments.time(t), "anchor": "start" if i == 0 else "end" if i == 4 else "middle"}
            for i, t in enumerate(ticks)
        ],
        "points": points,
        "left": _n(LEFT), "right": _n(WIDE - PAD), "foot": _n(HIGH - FOOT), "band_width": _n(WIDE - LEFT - PAD),
    }  # fmt: skip

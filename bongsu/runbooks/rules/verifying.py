"""Is it back? A verdict from samples, baseline, dwell and traffic. No data is not recovery (C8)."""

import itertools
import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from bongsu.kernel.text import Text, text
from bongsu.kernel.text import gettext_noop as _

WAITING, RECOVERED, NOT_RECOVERED, NO_DATA = "waiting", "recovered", "not_recovered", "no_data"
NOT_ENOUGH_TRAFFIC, QUERY_FAILED, HELD, OVERRIDDEN = "not_enough_traffic", "query_failed", "held", "overridden"
STATES = {
    WAITING: _("not checked yet"),
    RECOVERED: _("recovered"),
    NOT_RECOVERED: _("not recovered"),
    NO_DATA: _("no data"),
    NOT_ENOUGH_TRAFFIC: _("not enough traffic"),
    QUERY_FAILED: _("the query failed"),
    HELD: _("held at the gate"),
    OVERRIDDEN: _("overridden by a person"),
}
PASSED = frozenset({RECOVERED, OVERRIDDEN})
GTE, LTE = "gte", "lte"
BASELINE, ABSOLUTE = "baseline", "absolute"
COMPARE = {GTE: _("at least"), LTE: _("at most")}
MOST_STEPS = 60  # samples of a check
PATIENCE = 3  # a check goes on for so many dwells and windows before a person has to ask again
GAP = 2.5  # samples further apart than so many steps are a hole

Samples = Sequence[tuple[float, float | None]]  # (seconds since 1970, value; None: not a number)


@dataclass(frozen=True)
class Criterion:
    """What recovered means. `limit` is absolute, or a factor of the baseline."""

    compare: str
    against: str
    limit: Decimal
    minimum_traffic: int = 0
    baseline: Decimal | None = None

    def bound(self) -> float | None:
        """The line the value must keep to; None while there is no baseline to measure against."""
        if self.against == ABSOLUTE:
            return float(self.limit)
        return None if self.baseline is None else float(self.baseline * self.limit)


@dataclass(frozen=True)
class Verdict:
    state: str
    reason: Text
    values: dict[str, str] = field(default_factory=dict)

    @property
    def has_passed(self) -> bool:
        return self.state == RECOVERED


def judge(series: Sequence[Samples], traffic: Sequence[Samples], *, criterion: Criterion, end: float, dwell: float,
          step: float) -> Verdict:  # fmt: skip
    """The verdict over the `dwell` seconds before `end`, sampled each `step` seconds.

    The worst of all series counts at each moment. A hole, a vanished series or only not-a-numbers are no data.
    """
    bound = criterion.bound()
    if bound is None:
        return Verdict(NO_DATA, text(_("There is no baseline to compare with.")))
    worst = _worst(series, criterion.compare)
    if not worst:
        is_nan = any(len(one) for one in series)
        return Verdict(NO_DATA, text(_("The query gave only not-a-numbers.") if is_nan else _("The query gave no data.")))
    if hole := _hole(sorted(worst), end=end, dwell=dwell, step=step):
        return Verdict(NO_DATA, text(_("Data is missing for {seconds} seconds within the dwell time."), seconds=round(hole)))
    requests = _least_traffic(traffic)
    if criterion.minimum_traffic and requests < criterion.minimum_traffic:
        few = _("Only {n} requests; at least {least} are needed for a verdict.")
        return Verdict(NOT_ENOUGH_TRAFFIC, text(few, n=round(requests), least=criterion.minimum_traffic))
    last, extreme = worst[max(worst)], _extreme(worst.values(), criterion.compare)
    values = {"value": _said(last), "worst": _said(extreme), "bound": _said(bound), "traffic": _said(requests)}
    said = {"worst": values["worst"], "compare": text(COMPARE[criterion.compare]), "bound": values["bound"]}
    if _keeps(extreme, bound, criterion.compare):
        held = _("It held through the dwell time: worst {worst}, needed {compare} {bound}.")
        return Verdict(RECOVERED, text(held, **said), values)
    return Verdict(NOT_RECOVERED, text(_("It did not hold: worst {worst}, needed {compare} {bound}."), **said), values)


def baseline_of(series: Sequence[Samples]) -> Decimal | None:
    """The median of all numbers: one spike before the incident must not become the measure. None without numbers."""
    numbers = [value for one in series for _at, value in one if value is not None and _is_number(value)]
    return Decimal(_said(statistics.median(numbers))) if numbers else None


def read_samples(receipt: Mapping[str, Any]) -> list[list[tuple[float, float | None]]]:
    """The series of a metrics receipt as numbers."""
    return [[(float(s["at"]), _number(s["value"])) for s in one.get("samples", [])] for one in receipt.get("series", [])]


def fill(query: str, values: Mapping[str, str]) -> tuple[str, list[str]]:
    """The query with `{system}` and `{model}` filled in, and the names of those that are not known. PromQL's own braces stay."""
    unknown = [name for name in values if f"{{{name}}}" in query and not values[name]]
    for name, value in values.items():
        query = query.replace(f"{{{name}}}", value.replace("\\", "\\\\").replace('"', '\\"'))
    return query, unknown


def step_of(dwell: timedelta) -> float:
    """Seconds between samples: the dwell time in at most 60 parts, never finer than a second."""
    return float(max(1, math.ceil(dwell.total_seconds() / MOST_STEPS)))


def again_after(dwell: timedelta) -> timedelta:
    """How long until the next look: a tenth of the dwell time, between two seconds and five minutes."""
    return min(max(dwell / 10, timedelta(seconds=2)), timedelta(minutes=5))


def patience(dwell: timedelta, window: timedelta) -> timedelta:
    """How long a check goes on by itself."""
    return (dwell + window) * PATIENCE


def wrong_parts(*, query: str, compare: str, against: str, limit: str, window: float, dwell: float, minimum_traffic: int
                ) -> dict[str, str]:  # fmt: skip
    """What cannot be about a criterion, by field."""
    wrong: dict[str, str] = {}
    if not query.strip():
        wrong["query"] = _("A query is needed.")
    if compare not in COMPARE:
        wrong["compare"] = _("Choose “at least” or “at most”.")
    if against not in (BASELINE, ABSOLUTE):
        wrong["against"] = _("Choose the baseline or a fixed number.")
    try:
        is_finite = Decimal(limit).is_finite()
    except InvalidOperation:
        is_finite = False
    if not is_finite:
        wrong["limit"] = _("A number is needed.")
    if not 1 <= window <= 7 * 86400:
        wrong["window"] = _("Between one second and seven days.")
    if not 1 <= dwell <= 7 * 86400:
        wrong["dwell"] = _("Between one second and seven days.")
    if minimum_traffic < 0:
        wrong["minimum_traffic"] = _("Zero or more.")
    return wrong


def _worst(series: Sequence[Samples], compare: str) -> dict[float, float]:
    found: dict[float, float] = {}
    for one in series:
        for at, value in one:
            if value is not None and _is_number(value):
                found[at] = _extreme((found.get(at, value), value), compare)
    return found


def _hole(moments: Sequence[float], *, end: float, dwell: float, step: float) -> float:
    """The longest stretch without a number, when it is more than a missed sample; 0 without one."""
    edges = [end - dwell, *moments, end]
    longest = max(after - before for before, after in itertools.pairwise(edges))
    return longest if longest > GAP * step else 0.0


def _least_traffic(traffic: Sequence[Samples]) -> float:
    """The least of the sums over all series at each moment; nothing measured is no traffic."""
    sums: dict[float, float] = {}
    for one in traffic:
        for at, value in one:
            sums[at] = sums.get(at, 0.0) + (value if value is not None and _is_number(value) else 0.0)
    return min(sums.values(), default=0.0)


def _extreme(values: Any, compare: str) -> float:
    return float(min(values) if compare == GTE else max(values))


def _keeps(value: float, bound: float, compare: str) -> bool:
    return value >= bound if compare == GTE else value <= bound


def _is_number(value: float | None) -> bool:
    return value is not None and not math.isnan(value)


def _number(value: Any) -> float | None:
    try:
        return None if value is None else float(value)
    except (TypeError, ValueError):
        return None


def _said(value: float) -> str:
    return f"{value:.6g}"

"""What was done about it, out of the response: measures, containments, lessons, and the measured series for the charts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from bongsu.documents.rules.chart import Series
from bongsu.incidents.models import Incident
from bongsu.kernel.actors import Actor
from bongsu.kernel.text import Text
from bongsu.kernel.text import gettext_noop as _
from bongsu.runbooks import queries as runbooks
from bongsu.runbooks.models import Containment
from bongsu.runbooks.models import Measure as Kept
from bongsu.runbooks.queries import EvidenceSeries
from bongsu.runbooks.rules.containing import DONE, STATES, TIMED_OUT, UNDONE
from bongsu.runbooks.rules.verifying import RECOVERED
from bongsu.ui.language import say

from ..rules.known import Item, Measure

TRIED = frozenset({DONE, UNDONE, TIMED_OUT, "moved", "failed", "stale"})  # what reached for the outside; a wish is no measure
MOST_CHARTS = 4


@dataclass(frozen=True)
class Found:
    measures: tuple[Measure, ...]
    items: tuple[Item, ...]
    advice: tuple[str, ...]


def found(actor: Actor, incident: Incident, language: str) -> Found:
    kept = runbooks.measures(actor, incident)
    contained = sorted(runbooks.containments(actor, incident), key=lambda row: row.proposed_at)
    return Found(
        measures=(
            *(_contained(row, language) for row in contained if row.state in TRIED),
            *(_measure(row, language) for row in kept),
        ),
        items=tuple(
            Item(row.text, row.owner.name, row.due_at, is_done=row.done_at is not None) for row in kept if row.is_permanent
        ),
        advice=tuple(run.lesson for run in runbooks.runs(actor, incident) if run.lesson),
    )


def _contained(row: Containment, language: str) -> Measure:
    what = row.text if row.is_by_hand or not row.model else f"{row.model}@{row.alias} {row.before} → {row.after}"
    return Measure(what or row.kind, say(STATES[row.state], language))


def _measure(row: Kept, language: str) -> Measure:
    state = (
        Text(_("done {at}"), {"at": row.done_at}) if row.done_at else Text(_("open, owner {owner}"), {"owner": row.owner.name})
    )
    return Measure(row.text, say(state, language), is_temporary=not row.is_permanent)


def series(incident: Incident, language: str) -> tuple[Series, ...]:
    """The measured series that were kept as evidence: one chart per query and label set, all looks joined, with what
    happened when."""
    marks = [
        (at, say(word, language))
        for at, word in ((incident.declared_at, _("declared")), (incident.resolved_at, _("resolved")))
        if at
    ]
    joined: dict[tuple[str, str], list[tuple[EvidenceSeries, int]]] = {}
    for look in runbooks.series_of(incident):
        for place, labels in enumerate(look.labels):
            joined.setdefault((look.query, _labelled(labels)), []).append((look, place))
    charts = [chart(query, labels, looks, marks) for (query, labels), looks in joined.items()]
    return tuple(chart for chart in charts if chart.points)[:MOST_CHARTS]


def chart(query: str, labels: str, looks: Sequence[tuple[EvidenceSeries, int]], marks: list[tuple[datetime, str]]) -> Series:
    points = {at: value for look, place in looks for at, value in look.points[place]}
    title = " ".join(part for part in (query, labels) if part)
    return Series(
        title=title if len(title) <= 90 else f"{title[:89]}…",
        points=[(datetime.fromtimestamp(at, UTC), None if v is None else Decimal(str(v))) for at, v in sorted(points.items())],
        band=next(_bands(looks), None),
        marks=marks,
    )


def _bands(looks: Sequence[tuple[EvidenceSeries, int]]) -> Iterator[tuple[Decimal | None, Decimal | None]]:
    """The line that had to be kept: a look that passed tells on which side of it is good."""
    for look, place in reversed(looks):
        numbers = [value for _at, value in look.points[place] if value is not None]
        if look.verdict == RECOVERED and look.bound is not None and numbers:
            bound = Decimal(str(look.bound))
            yield (bound, None) if min(numbers) >= look.bound else (None, bound)


def _labelled(labels: dict[str, str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in sorted(labels.items()) if name != "__name__")

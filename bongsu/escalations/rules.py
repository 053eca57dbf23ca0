"""Which steps a ladder has, what a change of severity does to them, who is reminded. Plain values."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

LONGEST_SNOOZE = timedelta(hours=8)
LONGEST_PAUSE = timedelta(hours=1)  # between reminders
EXECUTIVES = "executives"


@dataclass(frozen=True)
class Rung:
    """A step with its moment."""

    key: str
    severity: str
    posts: tuple[str, ...]
    due_at: datetime


def rungs(
    steps: Iterable[tuple[str, timedelta, Sequence[str]]],
    *,
    severity: str,
    began_at: datetime,
    executives: str,
    executives_told_of: Sequence[str],
) -> list[Rung]:
    """The ladder of a severity, counted from `began_at`; every P0 and P1 also goes to the executives at once (D3).

    `steps` are (key, after, posts)."""
    made = [Rung(key, severity, tuple(posts), began_at + after) for key, after, posts in steps]
    if severity in executives_told_of:
        made.append(Rung(f"{severity}-{EXECUTIVES}", severity, (executives,), began_at))
    return sorted(made, key=lambda r: (r.due_at, r.key))


@dataclass(frozen=True)
class Change:
    """What happens to the steps of a ladder when the severity changes."""

    call_off: tuple[str, ...]
    add: tuple[Rung, ...]


def changed(standing: Iterable[tuple[str, bool]], wanted: Sequence[Rung]) -> Change:
    """`standing` are (key, is_done) of the present ladder. A step that was fired is never set again."""
    known = dict(standing)
    keep = {r.key for r in wanted}
    return Change(
        call_off=tuple(key for key, is_done in known.items() if not is_done and key not in keep),
        add=tuple(r for r in wanted if not known.get(r.key, False)),
    )


def due(waiting: Iterable[tuple[str, datetime]], now: datetime) -> list[str]:
    """Keys of the steps that are due; several that are past fire together."""
    return [key for key, at in waiting if at <= now]


def next_reminder(every: timedelta, sent: int) -> timedelta:
    """Twice as long each time, an hour at most (or the pack's own interval when that is longer)."""
    return min(every * 2 ** min(sent, 10), max(every, LONGEST_PAUSE))


def to_remind(told: Iterable[str], *, acknowledged: Iterable[str], snoozed: dict[str, datetime], now: datetime) -> list[str]:
    """People told who have neither acknowledged nor asked for silence; each once, in the order they were told."""
    silent = set(acknowledged) | {who for who, until in snoozed.items() if until > now}
    return [who for who in dict.fromkeys(told) if who not in silent]

"""Which steps a ladder has, what a change of severity does to them, who is reminded. Plain values."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

LONGEST_SNOOZE = timedelta(hours=8)
LONGEST_PAUSE = timedelta(hours=1)  # between reminders
EXECUTIVES = "executives"
Schedule = Sequence[tuple[Sequence[str], datetime]]


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


@dataclass(frozen=True)
class Move:
    """Posts whose moments changed alike: those that are gone, and those that are new."""

    posts: tuple[str, ...]
    was: tuple[datetime, ...]
    at: tuple[datetime, ...]


def moves(before: Schedule, after: Schedule) -> list[Move]:
    """What a change of the ladder means for each post, those with the same news together; who keeps his moments is left out.
    Both are (posts, moment) of the steps that wait."""
    was, at = _by_post(before), _by_post(after)
    alike: dict[tuple[tuple[datetime, ...], tuple[datetime, ...]], list[str]] = {}
    for post in dict.fromkeys([*at, *was]):
        gone, new = was.get(post, set()) - at.get(post, set()), at.get(post, set()) - was.get(post, set())
        if gone or new:
            alike.setdefault((tuple(sorted(gone)), tuple(sorted(new))), []).append(post)
    return [Move(tuple(posts), gone, new) for (gone, new), posts in alike.items()]


def _by_post(schedule: Schedule) -> dict[str, set[datetime]]:
    found: dict[str, set[datetime]] = {}
    for posts, at in schedule:
        for post in posts:
            found.setdefault(post, set()).add(at)
    return found


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

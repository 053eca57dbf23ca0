"""Which signals are the same thing, which belong together, and what follows: attach, keep or propose (B3)."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

REOPENS_WITHIN = timedelta(hours=24)  # a new firing after this is a new story
SAME_EPISODE_WITHIN = timedelta(hours=24)  # for senders that never say when an episode began
MOST_TIMES = 60

What = Literal["count", "keep", "attach", "reopen", "propose"]


def fingerprint(connection: str, dedupe_key: str) -> str:
    """The thing that is wrong, one per connection and the sender's key."""
    return _hash(connection, dedupe_key)


def identity(fingerprint_: str, episode_start: datetime | None, is_drill: bool) -> str:
    """This time it went wrong: fingerprint and begin of the episode; drills are never the same as real ones."""
    begin = episode_start.astimezone(UTC).isoformat() if episode_start else ""
    return _hash(fingerprint_, begin, "drill" if is_drill else "real")


def group(connection: str, group_key: str, dedupe_key: str) -> str:
    """What one incident is opened for: the sender's own grouping, else the thing itself."""
    return _hash(connection, group_key or dedupe_key)


def _hash(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "replace")).hexdigest()


@dataclass(frozen=True)
class Thread:
    """What stands under a group key now."""

    has_open_proposal: bool = False
    has_incident: bool = False
    is_incident_open: bool = False
    is_false_positive: bool = False
    ended_at: datetime | None = None  # resolved or closed


def what_follows(*, state: str, is_known: bool, is_test: bool, thread: Thread | None, now: datetime) -> What:
    """The one decision about a signal that came in. A resolved or informing one never opens and never closes anything."""
    if is_known:
        return "count"
    if state != "open" or is_test:
        return "keep"
    if thread is None:
        return "propose"
    if thread.has_open_proposal or thread.is_incident_open:
        return "attach"
    if thread.has_incident and not thread.is_false_positive and thread.ended_at and now - thread.ended_at <= REOPENS_WITHIN:
        return "reopen"
    return "propose"


def is_same_episode(last_at: datetime, state: str, now: datetime) -> bool:
    """Whether a sender that gives no begin of the episode speaks of the one that is known already."""
    return state == "open" and now - last_at <= SAME_EPISODE_WITHIN


def with_time(times: list[list[object]], at: datetime, count: int) -> list[list[object]]:
    """Occurrence times kept small: [first, last, how many], one per stretch; the oldest stretches are joined."""
    moment = at.astimezone(UTC).isoformat(timespec="seconds")
    kept = [list(stretch) for stretch in times]
    if kept and _is_near(str(kept[-1][1]), at):
        kept[-1][1] = max(str(kept[-1][1]), moment)
        kept[-1][2] = int(str(kept[-1][2])) + count
    else:
        kept.append([moment, moment, count])
    while len(kept) > MOST_TIMES:
        (first, _end, one), (_begin, last, other) = kept[0], kept[1]
        kept[:2] = [[first, last, int(str(one)) + int(str(other))]]
    return kept


def _is_near(last: str, at: datetime) -> bool:
    return abs(at - datetime.fromisoformat(last)) <= timedelta(minutes=5)

"""What the engines carry out. All truth is in rows; a job is only a hint that under `key` something may be due.

A work source owns its rows: `run(key)` does what is due there and returns when to come back (None: nothing waits);
running it twice, or for nothing, is harmless. `due(now, limit)` lists keys that wait although no hint may exist: the
sweep after a crash, the demo's simulated clock and the tests use it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bongsu.kernel.clock import is_simulated

INSIDE, PAGE, OUTSIDE = "inside", "page", "outside"


class Work(Protocol):
    name: str

    def run(self, key: str) -> datetime | None: ...

    def due(self, now: datetime, limit: int) -> list[str]: ...

    def next_at(self) -> datetime | None:
        """The earliest moment at which anything waits, or None."""


@dataclass(frozen=True)
class Hint:
    work: str
    key: str
    at: datetime | None = None  # None: now
    lane: str = INSIDE


_sources: dict[str, Work] = {}


def register_work(source: Work) -> None:
    """Two sources of one name would take each other's work away: refused."""
    if source.name in _sources:
        raise TypeError(f"two work sources are called {source.name}")
    _sources[source.name] = source


def source(name: str) -> Work:
    return _sources[name]


def sources() -> list[Work]:
    return list(_sources.values())


def defer(hints: Iterable[Hint]) -> None:
    """Hand hints to the engine inside the caller's transaction; they are seen when it commits.

    Under a simulated clock none are left: `drain` reads the rows, and a hint whose moment is long past in real time would
    make a real worker run ahead of the simulated history. `worker.sweep_all` leaves them when the history is made.
    """
    from .engines import engine

    if is_simulated():
        return
    wanted = list(dict.fromkeys(hints))
    if wanted:
        engine().defer(wanted)

"""The only place that reads the time. Moments are aware datetimes in UTC.

A simulated clock drives the demo's history and the tests; it moves only when told to.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

_lock = threading.Lock()
_simulated: datetime | None = None


def now() -> datetime:
    """The present moment, or the simulated one."""
    return _simulated or datetime.now(UTC)


def is_simulated() -> bool:
    return _simulated is not None


@contextmanager
def simulated(start: datetime) -> Iterator[None]:
    """Stop the clock at `start` (aware) for the whole process until the block ends; `advance` moves it."""
    global _simulated
    if start.tzinfo is None:
        raise ValueError("a simulated clock needs an aware datetime")
    before = _simulated
    _simulated = start.astimezone(UTC)
    try:
        yield
    finally:
        _simulated = before


def advance(to: datetime | timedelta) -> None:
    """Move the simulated clock forward, to a moment or by a span; refuses to go back."""
    global _simulated
    with _lock:
        if _simulated is None:
            raise RuntimeError("the clock is not simulated")
        target = _simulated + to if isinstance(to, timedelta) else to.astimezone(UTC)
        if target < _simulated:
            raise ValueError("the clock only goes forward")
        _simulated = target

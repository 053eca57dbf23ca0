"""In one process a page goes first: while a request is being answered the worker begins nothing new, for a moment."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

PATIENCE = 0.1  # seconds that one job waits at most, however many requests come

_answering = 0
_changed = threading.Condition()


@contextmanager
def answering() -> Iterator[None]:
    """A request is under way."""
    global _answering
    with _changed:
        _answering += 1
    try:
        yield
    finally:
        with _changed:
            _answering -= 1
            _changed.notify_all()


def let_pages_through() -> None:
    with _changed:
        _changed.wait_for(lambda: not _answering, PATIENCE)

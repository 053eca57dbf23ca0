"""Two engines behind one protocol: embedded (SQLite) and Procrastinate (PostgreSQL).

An engine keeps hints and calls `work.source(hint.work).run(hint.key)` for each, at least once, not before its moment,
also when a worker is killed in the middle. Leases, retries and wake-ups are its business; truth is in the rows.
"""

import threading
from collections.abc import Iterable
from functools import cache
from typing import Protocol

from django.db import connection

from ..work import Hint


class Engine(Protocol):
    name: str

    def defer(self, hints: Iterable[Hint]) -> None:
        """Keep the hints, in the transaction that is open."""

    def unknown(self, hints: list[Hint]) -> list[Hint]:
        """Those of the hints whose key has none waiting: a sweep over a backlog must not make it longer."""

    def work(self, stop: threading.Event, worker: str) -> None:
        """Carry hints out until `stop` is set; returns when what was begun is finished."""


@cache
def engine() -> Engine:
    if connection.vendor == "postgresql":
        from .on_postgres import ProcrastinateEngine

        return ProcrastinateEngine()
    from .embedded import EmbeddedEngine

    return EmbeddedEngine()

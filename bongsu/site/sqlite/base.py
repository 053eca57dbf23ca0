"""Django's SQLite, whose writers of one process take turns.

SQLite itself has no queue: whoever finds the file locked sleeps and tries again, so a worker that begins its next
transaction at once keeps pages out for seconds. Here a transaction that ends hands over to the thread that has waited longest.
"""

import os
import threading
from collections import deque
from typing import Any

from django.db.backends.sqlite3 import base

PATIENCE = 20.0  # seconds; then SQLite's own lock decides


class Turns:
    """First come, first served."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._is_taken = False

    def take(self) -> bool:
        """Wait for our turn; False when it did not come."""
        with self._lock:
            if not self._is_taken:
                self._is_taken = True
                return True
            mine = threading.Event()
            self._waiting.append(mine)
        try:
            if mine.wait(PATIENCE):
                return True
        except BaseException:
            self._leave(mine)
            raise
        with self._lock:
            if mine.is_set():  # it came at the last moment
                return True
            self._waiting.remove(mine)
        return False

    def _leave(self, mine: threading.Event) -> None:
        """Waiting was broken off: the turn goes to the next, also one that came in this moment."""
        with self._lock:
            if not mine.is_set():
                self._waiting.remove(mine)
                return
        self.give()

    def give(self) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._is_taken = False


_turns: dict[str, Turns] = {}  # by database
os.register_at_fork(after_in_child=_turns.clear)  # the turns of threads that do not exist there


class DatabaseWrapper(base.DatabaseWrapper):
    _turn: Turns | None = None

    def _start_transaction_under_autocommit(self) -> None:
        turns = _turns.setdefault(str(self.settings_dict["NAME"]), Turns())
        if self._turn is None and turns.take():
            self._turn = turns
        try:
            super()._start_transaction_under_autocommit()
        except BaseException:
            self._give()
            raise

    def _commit(self) -> Any:
        try:
            return super()._commit()
        finally:
            if not self.in_transaction():
                self._give()

    def _rollback(self) -> Any:
        try:
            return super()._rollback()
        finally:
            self._give()

    def _close(self) -> Any:
        try:
            return super()._close()
        finally:
            self._give()

    def in_transaction(self) -> bool:
        return bool(self.connection is not None and self.connection.in_transaction)

    def _give(self) -> None:
        turns, self._turn = self._turn, None
        if turns is not None:
            turns.give()

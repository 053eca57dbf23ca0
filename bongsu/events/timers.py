"""Firing timers: each once, in one transaction that has locked it; a moved or cancelled one is left alone."""

import logging
from datetime import datetime

from django.db import transaction

from bongsu.kernel.clock import now

from .deliveries import ATTEMPTS, backoff
from .ledger import is_deadlock, written
from .listening import timer_function
from .models import Timer
from .work import register_work

log = logging.getLogger(__name__)


class Timers:
    """Keys are timer keys."""

    name = "timers"

    def run(self, key: str) -> datetime | None:
        timer: Timer | None = None

        def fire() -> None:
            nonlocal timer
            timer = Timer.objects.select_for_update().filter(key=key, done_at=None, dead_at=None).first()
            if timer is None or timer.run_at > now():
                return
            self._fire(timer)
            # The function may have set the same timer again (a reminder): then it stays open.
            Timer.objects.filter(pk=timer.pk, set_at=timer.set_at, due_at=timer.due_at).update(done_at=now(), error="")

        try:
            written(fire)
        except Exception as error:
            if timer is None or is_deadlock(error):
                raise  # it has not failed: the engine brings the hint again
            log.exception("timer %s failed", key)
            return self._failed(timer, error)
        return Timer.objects.filter(key=key, done_at=None, dead_at=None).values_list("run_at", flat=True).first()

    def _fire(self, timer: Timer) -> None:
        function = timer_function(timer.kind)
        if function is None:
            raise LookupError(f"no function answers the timer {timer.kind}")
        function(timer)

    @transaction.atomic
    def _failed(self, timer: Timer, error: Exception) -> datetime | None:
        same = Timer.objects.filter(pk=timer.pk, set_at=timer.set_at, due_at=timer.due_at, done_at=None, dead_at=None)
        row = same.select_for_update().first()
        if row is None:  # moved, cancelled or fired meanwhile: whoever did that left its own hint
            return Timer.objects.filter(pk=timer.pk, done_at=None, dead_at=None).values_list("run_at", flat=True).first()
        row.attempts += 1
        row.error = f"{type(error).__name__}: {error}"[:2000]
        row.run_at = now() + backoff(row.attempts)
        if row.attempts >= ATTEMPTS:
            row.dead_at = now()
        row.save(update_fields=["attempts", "error", "run_at", "dead_at"])
        return None if row.dead_at else row.run_at

    def due(self, moment: datetime, limit: int) -> list[str]:
        rows = Timer.objects.filter(done_at=None, dead_at=None, run_at__lte=moment).order_by("run_at", "id")
        return list(rows.values_list("key", flat=True)[:limit])

    def next_at(self) -> datetime | None:
        return Timer.objects.filter(done_at=None, dead_at=None).order_by("run_at").values_list("run_at", flat=True).first()


register_work(Timers())

"""The small leased queue for SQLite: threads of the one process.

A claim moves `run_at` into the future: that is the lease, so a killed worker needs no reaper. A hint that arrives while
its key is being worked on takes the claim away (`worker` empty), so that finishing leaves it for another run.
"""

import logging
import threading
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DatabaseError, InterfaceError, close_old_connections, connection, transaction

from bongsu.kernel.clock import now

from ..models import Job
from ..work import INSIDE, OUTSIDE, PAGE, Hint, source
from .courtesy import let_pages_through

log = logging.getLogger(__name__)
LEASE_SECONDS = 60.0  # settings.LEASE_SECONDS changes it
POLL = 0.5  # seconds; only hints from another process (the CLI) wait for it
THREADS = (INSIDE, PAGE, OUTSIDE, OUTSIDE, OUTSIDE)
_wake = {lane: threading.Condition() for lane in THREADS}


class EmbeddedEngine:
    name = "embedded"

    def defer(self, hints: Iterable[Hint]) -> None:
        hints = list(hints)
        rows = [(h.work, h.key, h.lane, _stored(h.at or now())) for h in hints]
        with connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO events_job (work, key, lane, run_at, attempts, worker) VALUES (%s, %s, %s, %s, 0, '') "
                "ON CONFLICT (work, key) DO UPDATE SET run_at = min(run_at, excluded.run_at), worker = ''",
                rows,
            )
        lanes = {h.lane for h in hints}
        transaction.on_commit(lambda: _wake_up(lanes))

    def unknown(self, hints: list[Hint]) -> list[Hint]:
        return hints  # one row per key: another hint changes it and adds none

    def work(self, stop: threading.Event, worker: str) -> None:
        threads = [
            threading.Thread(target=self._loop, args=(stop, lane, f"{worker}/{lane}{number}"), name=f"work-{lane}-{number}")
            for number, lane in enumerate(THREADS)
        ]
        for thread in threads:
            thread.start()
        stop.wait()
        _wake_up(_wake)
        for thread in threads:
            thread.join()

    def _loop(self, stop: threading.Event, lane: str, worker: str) -> None:
        try:
            while not stop.is_set():
                try:
                    close_old_connections()
                    if lane != PAGE:
                        let_pages_through()
                    if not run_one(lane, worker):
                        _sleep(stop, lane)
                except (DatabaseError, InterfaceError):
                    log.exception("the lane %s could not reach its database; it tries again", lane)
                    stop.wait(1)
        finally:
            connection.close()


def run_one(lane: str, worker: str) -> bool:
    """Claim and carry out the oldest hint that is due; False when there is none."""
    job = _claim(lane, worker)
    if job is None:
        return False
    attempts = 0
    try:
        again = source(job.work).run(job.key)
    except Exception:
        log.exception("%s %s failed", job.work, job.key)
        attempts = job.attempts
        again = now() + timedelta(seconds=min(60, 2 ** min(attempts, 6)))
    _finish(job, again, attempts)
    return True


def _claim(lane: str, worker: str) -> Job | None:
    due = Job.objects.filter(lane=lane, run_at__lte=now()).order_by("run_at")
    if not due.exists():  # looking needs no writer's turn
        return None
    with transaction.atomic():
        job = due.first()
        if job is None:
            return None
        lease = timedelta(seconds=getattr(settings, "LEASE_SECONDS", LEASE_SECONDS))
        job.worker, job.attempts, job.run_at = worker, job.attempts + 1, now() + lease
        job.save(update_fields=["worker", "attempts", "run_at"])
        return job


@transaction.atomic
def _finish(job: Job, again: datetime | None, attempts: int) -> None:
    # The fence: only who still holds this very claim may end it.
    mine = Job.objects.filter(pk=job.pk, worker=job.worker, attempts=job.attempts)
    if again is None:
        mine.delete()
    else:
        mine.update(run_at=again, worker="", attempts=attempts)


def _sleep(stop: threading.Event, lane: str) -> None:
    next_at = Job.objects.filter(lane=lane).order_by("run_at").values_list("run_at", flat=True).first()
    wait = POLL if next_at is None else min(POLL, max(0.0, (next_at - now()).total_seconds()))
    with _wake[lane]:
        if not stop.is_set():
            _wake[lane].wait(wait)


def _wake_up(lanes: Iterable[str]) -> None:
    for lane in lanes:
        with _wake[lane]:
            _wake[lane].notify_all()


def _stored(at: datetime) -> str:
    """A moment as Django stores it on SQLite, so that raw and ORM comparisons agree."""
    return str(connection.ops.adapt_datetimefield_value(at))

"""Procrastinate on PostgreSQL: many workers on many machines, LISTEN/NOTIFY, hints deferred in Django's transaction.

No locks and no queueing locks: a job due in four hours would block all behind it, and a refused queueing lock aborts the
caller's transaction.
"""

import asyncio
import logging
import threading
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from typing import Any

from django.conf import settings
from django.db import close_old_connections, connection
from procrastinate import App, RetryStrategy, exceptions
from procrastinate.contrib.django import app as django_app

from bongsu.kernel.clock import now

from ..work import INSIDE, OUTSIDE, PAGE, Hint, defer, source

log = logging.getLogger(__name__)
TASK = "bongsu.run"
CONCURRENCY = {INSIDE: 3, PAGE: 2, OUTSIDE: 5}
POLL = 0.3  # seconds; at the library's default of 5 timers were 1.2 to 4.5 s late
NEVER = 10 * 365 * 24 * 3600.0
STALLED_AFTER = 20.0  # seconds without a worker's heartbeat
HEARTBEAT = 5.0


@django_app.task(name=TASK, retry=RetryStrategy(max_attempts=10, exponential_wait=2))
def run(work: str, key: str, lane: str) -> None:
    close_old_connections()
    again = source(work).run(key)
    if again is not None:
        defer([Hint(work, key, again, lane)])


class ProcrastinateEngine:
    name = "procrastinate"

    def defer(self, hints: Iterable[Hint]) -> None:
        by_place: dict[tuple[str, datetime | None], list[Hint]] = defaultdict(list)
        for hint in hints:
            by_place[hint.lane, hint.at].append(hint)
        for (lane, at), wanted in by_place.items():
            task = django_app.configure_task(TASK, queue=lane, schedule_at=at)
            arguments: list[Any] = [{"work": h.work, "key": h.key, "lane": h.lane} for h in wanted]
            task.batch_defer(*arguments)

    def unknown(self, hints: list[Hint]) -> list[Hint]:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT args->>'work', args->>'key' FROM procrastinate_jobs WHERE status = 'todo' AND task_name = %s "
                "AND (scheduled_at IS NULL OR scheduled_at <= now()) AND args->>'key' = ANY(%s)",
                [TASK, [hint.key for hint in hints]],
            )
            waiting = set(cursor.fetchall())
        return [hint for hint in hints if (hint.work, hint.key) not in waiting]

    def work(self, stop: threading.Event, worker: str) -> None:
        asyncio.run(self._work(stop, worker))

    async def _work(self, stop: threading.Event, worker: str) -> None:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(sum(CONCURRENCY.values()) + 2, thread_name_prefix="work"))
        async with django_app.with_connector(django_app.connector.get_worker_connector()).open_async() as app:  # type: ignore[attr-defined]
            workers = [asyncio.create_task(_again_and_again(partial(self._lane, app, lane, worker))) for lane in CONCURRENCY]
            rescue = asyncio.create_task(_again_and_again(partial(self._rescue, app)))
            await asyncio.to_thread(stop.wait)
            for task in [*workers, rescue]:
                task.cancel()
            await asyncio.gather(*workers, rescue, return_exceptions=True)

    async def _lane(self, app: App, lane: str, worker: str) -> None:
        await app.run_worker_async(
            queues=[lane],
            name=f"{worker}/{lane}",
            concurrency=CONCURRENCY[lane],
            fetch_job_polling_interval=POLL,
            update_heartbeat_interval=min(HEARTBEAT, _stalled_after() / 4),
            stalled_worker_timeout=NEVER,  # lanes that forget dead workers all at once run into a deadlock
            shutdown_graceful_timeout=15,
            install_signal_handlers=False,
            delete_jobs="successful",
        )

    async def _rescue(self, app: App) -> None:
        """Give the jobs of a killed worker to another one: the library finds them, retrying them is ours to wire."""
        while True:
            for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=_stalled_after()):
                try:
                    await app.job_manager.retry_job(job, retry_at=now())
                    log.warning("took over job %s of a worker that fell silent", job.id)
                except exceptions.ProcrastinateException:
                    log.info("job %s was taken over by another worker", job.id)
            await app.job_manager.prune_stalled_workers(_stalled_after())
            await asyncio.sleep(min(HEARTBEAT, _stalled_after() / 4))


async def _again_and_again(run: Callable[[], Awaitable[None]]) -> None:
    """A lane that ends by itself (the database went away for a moment) starts again; only `cancel` ends it."""
    while True:
        try:
            await run()
        except Exception:
            log.exception("a lane of the worker failed; it starts again")
        await asyncio.sleep(1)


def _stalled_after() -> float:
    return float(getattr(settings, "LEASE_SECONDS", STALLED_AFTER))

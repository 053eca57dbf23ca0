"""A worker: the engine's threads, a sign of life every five seconds, and a sweep for what no hint points to any more."""

import logging
import os
import socket
import threading
from datetime import datetime, timedelta

from django.db import DatabaseError, close_old_connections, connection, transaction

from bongsu.kernel.clock import now

from .engines import engine
from .models import Heartbeat, Schedule
from .triggers import missing_triggers, restore_triggers
from .work import INSIDE, OUTSIDE, Hint, Work, defer, source, sources

log = logging.getLogger(__name__)
BEAT = 5.0  # seconds
SWEEP_EVERY = 3  # beats
SWEEP_AFTER = timedelta(seconds=10)  # what is younger has its hint and is merely waiting its turn
SWEEP = "events.sweep"  # the row of Schedule that holds the sweep back while a demo's history is made
MANY = 100_000


def run(stop: threading.Event) -> None:
    """Work until `stop` is set; raises when the engine cannot go on (the caller starts it again)."""
    name = f"{socket.gethostname()}:{os.getpid()}"
    if missing := missing_triggers():
        log.warning("triggers of the ledger were missing and are made anew: %s", ", ".join(sorted(missing)))
        restore_triggers()
    ticker = threading.Thread(target=_tick, args=(stop, name), name="work-ticker")
    ticker.start()
    try:
        engine().work(stop, name)
    finally:
        stop.set()
        ticker.join()


def _tick(stop: threading.Event, name: str) -> None:
    count = 0
    while not stop.is_set():
        try:
            close_old_connections()
            beat(name)
            hint_schedules()
            if count % SWEEP_EVERY == 0:
                sweep(now() - SWEEP_AFTER)
        except Exception:
            log.exception("the worker's ticker failed; it goes on")
        count += 1
        stop.wait(BEAT)
    try:
        Heartbeat.objects.filter(worker=name).delete()
    except DatabaseError:
        log.exception("the worker could not take its sign of life away")
    finally:
        connection.close()


@transaction.atomic
def beat(name: str) -> None:
    Heartbeat.objects.update_or_create(worker=name, defaults={"at": now()})
    Heartbeat.objects.filter(at__lt=now() - timedelta(hours=1)).delete()


@transaction.atomic
def hint_schedules() -> None:
    if not is_held():
        hints = [Hint("schedules", key, lane=OUTSIDE) for key in source("schedules").due(now(), MANY)]
        defer(engine().unknown(hints) if hints else [])


@transaction.atomic
def sweep(before: datetime, limit: int = 500) -> int:
    """Defer hints for everything that has been due since `before`; returns how many. Nothing while a history is made."""
    if is_held():
        return 0
    hints = [
        Hint(one.name, key, lane=_lane(one, key))
        for one in sources()
        if one.name != "schedules"
        for key in one.due(before, limit)
    ]
    unknown = engine().unknown(hints) if hints else []
    defer(unknown)
    return len(unknown)


def sweep_all() -> int:
    """Hints for every open row, also those due later: after rows were made without hints (a simulated clock, a restore)."""
    return sweep(now() + timedelta(days=36_500), MANY)


def _lane(one: Work, key: str) -> str:
    """A source may say by `lane(key)` where its work runs."""
    lane = getattr(one, "lane", None)
    return str(lane(key)) if lane else INSIDE


def is_held() -> bool:
    return Schedule.objects.filter(name=SWEEP, next_at__gt=now()).exists()


def hold(until: datetime) -> None:
    """Let no worker touch what a simulated history leaves behind until `until` (real time), or until `release`."""
    Schedule.objects.update_or_create(name=SWEEP, defaults={"next_at": until})


def release() -> int:
    """The history is made: real workers take over what is open."""
    Schedule.objects.filter(name=SWEEP).delete()
    return sweep_all()

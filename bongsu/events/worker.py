"""A worker: the engine's threads, a sign of life every five seconds, and a sweep for what no hint points to any more."""

import logging
import os
import socket
import threading
from datetime import datetime, timedelta

from django.db import close_old_connections, connection, transaction

from bongsu.kernel.clock import now

from .engines import engine
from .models import Heartbeat
from .work import OUTSIDE, Hint, defer, sources

log = logging.getLogger(__name__)
BEAT = 5.0  # seconds
SWEEP_EVERY = 3  # beats
SWEEP_AFTER = timedelta(seconds=10)  # what is younger has its hint and is merely waiting its turn


def run(stop: threading.Event) -> None:
    """Work until `stop` is set."""
    name = f"{socket.gethostname()}:{os.getpid()}"
    ticker = threading.Thread(target=_tick, args=(stop, name), name="work-ticker")
    ticker.start()
    try:
        engine().work(stop, name)
    finally:
        stop.set()
        ticker.join()


def _tick(stop: threading.Event, name: str) -> None:
    count = 0
    try:
        while not stop.is_set():
            close_old_connections()
            try:
                beat(name)
                if count % SWEEP_EVERY == 0:
                    sweep(now() - SWEEP_AFTER)
            except Exception:
                log.exception("the worker's ticker failed; it goes on")
            count += 1
            stop.wait(BEAT)
    finally:
        Heartbeat.objects.filter(worker=name).delete()
        connection.close()


@transaction.atomic
def beat(name: str) -> None:
    Heartbeat.objects.update_or_create(worker=name, defaults={"at": now()})
    Heartbeat.objects.filter(at__lt=now() - timedelta(hours=1)).delete()


@transaction.atomic
def sweep(before: datetime) -> int:
    """Defer hints for everything that has been due since `before`; returns how many."""
    hints = [
        Hint(source.name, key, lane=OUTSIDE if source.name == "schedules" else getattr(source, "lane", lambda _key: "inside")(key))
        for source in sources()
        for key in source.due(before if source.name != "schedules" else now(), 500)
    ]
    defer(hints)
    return len(hints)

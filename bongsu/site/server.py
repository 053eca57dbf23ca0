"""`bongsu serve`. On SQLite one process does everything; on PostgreSQL, or with `--workers N`, a supervisor keeps N web
processes and the worker processes alive. Whatever ends the parent ends every child: they hold the end of a pipe."""

import asyncio
import gc
import logging
import os
import signal
import socket
import sys
import threading
import time
from dataclasses import dataclass
from multiprocessing.context import ForkProcess
from types import FrameType

import uvicorn
from django.conf import settings
from django.db import connections
from django.urls import get_resolver

from bongsu.kernel.errors import Refused
from bongsu.kernel.text import gettext_noop as _

log = logging.getLogger("bongsu.server")

LOOPBACK = ("127.0.0.1", "::1", "localhost")
GRACE_SECONDS = 5
KILL_SECONDS = 15
SIGNALS = (signal.SIGINT, signal.SIGTERM)


def serve(*, host: str, port: int, workers: int, threads: int) -> int:
    """Serve until interrupted; `workers` 0: one process, -1: what the database suggests. Returns the exit code."""
    from bongsu.events.queries import is_demo

    if host not in LOOPBACK and is_demo():
        raise Refused(_("This is a demo database: it is served on 127.0.0.1 only."))
    os.environ["BONGSU_THREADS"] = str(threads)
    if lifeline := os.environ.pop("BONGSU_LIFELINE", ""):  # whoever started us holds the other end
        threading.Thread(target=_follow_parent, args=(int(lifeline),), daemon=True).start()
    listener = _listen(host, port)
    count = workers if workers >= 0 else (2 if settings.IS_POSTGRES else 0)
    _load()
    print(f"Bongsu: http://{host}:{listener.getsockname()[1]}/", flush=True)
    return Supervisor(listener, count).run() if count else _alone(listener)


def _load() -> None:
    """The whole site, once: children share it, and nobody looks through it for garbage again."""
    get_resolver().url_patterns  # noqa: B018
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


def _listen(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        refusal = _("Port {port} of {host} cannot be used ({why}). Choose another with --port.")
        raise Refused(refusal, port=port, host=host, why=error.strerror) from None
    listener.listen(1024)
    return listener


# --- one process ------------------------------------------------------------------------------------------------------


class Web(uvicorn.Server):
    """Lets the open streams go first, so that stopping does not wait for them."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        from .asgi import application

        try:
            asyncio.get_running_loop().call_soon(application.stream.end)
        except RuntimeError:  # not yet, or no longer, in the loop
            return


def _web(listener: socket.socket) -> None:
    from .asgi import application

    for number in SIGNALS:  # uvicorn raises a caught signal again when it has ended; by then it has been obeyed
        signal.signal(number, lambda _number, _frame: None)
    config = uvicorn.Config(
        application,  # type: ignore[arg-type]
        lifespan="on",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        timeout_keep_alive=15,
    )
    Web(config).run(sockets=[listener])


class Background(threading.Thread):
    """The worker beside the pages; when it fails it starts again."""

    def __init__(self) -> None:
        super().__init__(name="worker", daemon=True)
        self.is_ending = threading.Event()
        self.stop = threading.Event()

    def run(self) -> None:
        from bongsu.events import worker

        while not self.is_ending.is_set():
            self.stop.clear()
            try:
                worker.run(self.stop)
            except Exception:
                log.exception("the worker failed; it starts again")
            self.is_ending.wait(1)

    def end(self) -> None:
        self.is_ending.set()
        self.stop.set()
        self.join(GRACE_SECONDS)


def _alone(listener: socket.socket) -> int:
    # The worker's threads compute beside the pages: a page that waits for its turn waits one millisecond, not five.
    sys.setswitchinterval(0.001)
    background = Background()
    background.start()
    try:
        _web(listener)
    finally:
        background.end()
    return 0


# --- many processes ---------------------------------------------------------------------------------------------------


@dataclass
class Child:
    kind: str
    process: ForkProcess | None = None
    failures: int = 0
    started_at: float = 0.0
    start_at: float = 0.0


class Supervisor:
    """Forks children (everything is loaded by then), starts dead ones again (later and later when they die young), ends
    all on a signal."""

    def __init__(self, listener: socket.socket, count: int) -> None:
        self.listener = listener
        self.stop = threading.Event()
        self.lifeline, self.held = os.pipe()
        self.children = [Child("web") for _each in range(count)] + [Child("worker") for _each in range(min(count, 2))]

    def run(self) -> int:
        for number in SIGNALS:
            signal.signal(number, lambda _number, _frame: self.stop.set())
        try:
            while not self.stop.is_set():
                for child in self.children:
                    self._look_after(child)
                self.stop.wait(0.2)
        finally:
            self._end()
        return 0

    def _look_after(self, child: Child) -> None:
        now = time.monotonic()
        if child.process and child.process.exitcode is not None:
            log.warning("%s %s ended with %s; it starts again", child.kind, child.process.pid, child.process.exitcode)
            child.failures = child.failures + 1 if now - child.started_at < 10 else 0
            child.start_at = now + min(30, 0.1 * 2**child.failures)
            child.process = None
        if child.process is None and now >= child.start_at:
            connections.close_all()  # a child must not share a connection
            child.process = ForkProcess(target=self._live, args=(child.kind,), name=child.kind)
            child.process.start()
            child.started_at = now

    def _live(self, kind: str) -> None:
        """The life of one child; it ends when the parent's end of the lifeline closes."""
        for number in SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        os.close(self.held)
        threading.Thread(target=_follow_parent, args=(self.lifeline,), daemon=True).start()
        if kind == "web":
            _web(self.listener)
            return
        from bongsu.events import worker

        stop = threading.Event()
        for number in SIGNALS:
            signal.signal(number, lambda _number, _frame: stop.set())
        worker.run(stop)

    def _end(self) -> None:
        os.close(self.held)
        running = [child.process for child in self.children if child.process]
        for process in running:
            process.terminate()
        until = time.monotonic() + KILL_SECONDS
        for process in running:
            process.join(max(0.1, until - time.monotonic()))
            if process.exitcode is None:
                process.kill()
                process.join()


def _follow_parent(lifeline: int) -> None:
    os.read(lifeline, 1)  # nothing is ever written: this returns when the parent is gone
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(KILL_SECONDS)
    os._exit(1)

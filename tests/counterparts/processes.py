"""Starting a server on a free port, waiting until it answers (bounded, by asking), and ending its whole group."""

import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(
    command: list[str], *, log: Path, polite: int = signal.SIGTERM, **options: Any
) -> Iterator["subprocess.Popen[bytes]"]:
    """The command in its own process group, its words in `log`; the group is gone afterwards."""
    with log.open("ab") as words:
        process = subprocess.Popen(
            command, start_new_session=True, stdin=subprocess.DEVNULL, stdout=words, stderr=words, **options
        )
    try:
        yield process
    finally:
        end_group(process, polite)


def end_group(process: "subprocess.Popen[bytes]", polite: int = signal.SIGTERM, patience: float = 10) -> None:
    """`polite` to the group, KILL to what is left of it."""
    for number in (polite, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            break
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            continue
    process.wait(patience)


def wait_until(is_ready: Callable[[], bool], *, what: str, seconds: float, log: Path | None = None) -> None:
    """Ask until it is so; otherwise fail with the end of the log."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if is_ready():
            return
        time.sleep(0.05)
    words = log.read_text(errors="replace")[-2000:] if log and log.exists() else ""
    raise TimeoutError(f"{what}: not ready after {seconds} s\n{words}")


def answers(url: str) -> bool:
    """Whether a GET is answered with 2xx."""
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=2) as answer:
            return bool(200 <= answer.status < 300)
    except (urllib.error.URLError, OSError):
        return False


def is_listening(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True

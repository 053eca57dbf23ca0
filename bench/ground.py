"""The ground of a measurement: a server, kept connections, references of the same run, and what the machine spent."""

import contextlib
import hashlib
import http.client
import json
import os
import re
import signal
import socket
import sqlite3
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent.parent
PYTHON = str(HERE / ".venv/bin/python")
TIMES = 60  # requests per figure

ECHO = """
import uvicorn
async def app(scope, receive, send):
    if scope["type"] != "http": return
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})
import sys
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error", access_log=False)
"""


def say(**values: Any) -> None:
    print(json.dumps(values), flush=True)


def calibrate(seconds: float = 0.5) -> float:
    block, n, end = b"x" * 16384, 0, time.perf_counter() + seconds
    while time.perf_counter() < end:
        hashlib.sha256(block).digest()
        n += 1
    return round(n / seconds)


def timed(run: Callable[[], Any], times: int = TIMES) -> dict[str, float]:
    """Milliseconds of `times` runs one after another: median, 95th percentile."""
    taken = []
    for _ in range(times):
        begin = time.perf_counter()
        run()
        taken.append((time.perf_counter() - begin) * 1000)
    taken.sort()
    return {"p50_ms": round(statistics.median(taken), 2), "p95_ms": round(taken[int(len(taken) * 0.95) - 1], 2)}


class Client:
    """One kept connection."""

    def __init__(self, port: int, **headers: str) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.headers = headers

    def ask(self, method: str, path: str, body: Any = None, expect: int = 200) -> bytes:
        sent = json.dumps(body).encode() if body is not None else None
        try:
            answer = self._answer(method, path, sent)
        except (http.client.RemoteDisconnected, ConnectionError):  # kept too long: the server let it go
            self.connection.close()
            answer = self._answer(method, path, sent)
        read = answer.read()
        if answer.status != expect:
            raise SystemExit(f"{method} {path}: {answer.status} {read[:300]!r}")
        return read

    def _answer(self, method: str, path: str, body: bytes | None) -> http.client.HTTPResponse:
        self.connection.request(method, path, body, {**self.headers, "Content-Type": "application/json"})
        return self.connection.getresponse()


def free_port() -> int:
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        return int(made.getsockname()[1])


@contextlib.contextmanager
def running(command: list[str], **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        command, cwd=HERE, env={**os.environ, **environment}, start_new_session=True, stdout=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def wait_for(port: int, path: str, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError, SystemExit, http.client.HTTPException):
            Client(port).ask("GET", path)
            return
        time.sleep(0.02)
    raise SystemExit(f"nothing answers on {path}")


def memory(process: subprocess.Popen[bytes]) -> float:
    """Proportional memory of the process group in MiB."""
    total = 0
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError):
            if int((entry / "stat").read_text().rpartition(")")[2].split()[2]) == process.pid:
                found = re.search(r"^Pss:\s+(\d+)", (entry / "smaps_rollup").read_text(), re.M)
                total += int(found[1]) if found else 0
    return round(total / 1024, 1)


def processor(process: subprocess.Popen[bytes]) -> float:
    """Seconds of processor time of the process group."""
    ticks = 0
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError):
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            if int(fields[2]) == process.pid:
                ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def raw_insert(store: str, url: str, where: Path) -> dict[str, float]:
    """One row per durable commit: what the machine can do."""
    if store == "sqlite":
        made = sqlite3.connect(where / "raw.sqlite3", isolation_level=None)
        made.executescript(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE t (id INTEGER PRIMARY KEY, k TEXT UNIQUE, v TEXT)"
        )
        numbers = iter(range(10**9))
        return timed(lambda: made.execute("INSERT INTO t (k, v) VALUES (?, ?)", (str(next(numbers)), "x" * 300)), 500)
    import psycopg

    made_pg = psycopg.connect(url, autocommit=True)
    made_pg.execute("CREATE TABLE IF NOT EXISTS raw_bench (id bigserial primary key, k text unique, v text)")
    numbers = iter(range(10**9))
    return timed(lambda: made_pg.execute("INSERT INTO raw_bench (k, v) VALUES (%s, %s)", (str(next(numbers)), "x" * 300)), 500)


def settle(port: int, seconds: float = 120) -> None:
    """Until the worker has nothing left to do."""
    client, end = Client(port), time.monotonic() + seconds
    while time.monotonic() < end:
        waiting = re.findall(r"^bongsu_(?:deliveries|signals|calls)_waiting (\S+)", client.ask("GET", "/metrics").decode(), re.M)
        if not any(map(float, waiting)):
            return
        time.sleep(0.05)
    raise SystemExit("the work does not come to an end")


def python(code: str, environment: dict[str, str], *arguments: str) -> str:
    """The last line that the code printed."""
    done = subprocess.run(
        [PYTHON, "-c", code, *arguments], cwd=HERE, env={**os.environ, **environment}, capture_output=True, text=True
    )
    if done.returncode:
        raise SystemExit(done.stderr[-3000:])
    return done.stdout.strip().splitlines()[-1]

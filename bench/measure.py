#!/usr/bin/env python3
"""Declare, list, cockpit, ingest, cold start and memory, each beside a reference of the same run. See bench/README.md."""

import argparse
import contextlib
import hashlib
import http.client
import json
import os
import re
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HERE))
PYTHON = str(HERE / ".venv/bin/python")
SIZES = (1_000, 10_000, 100_000)
TIMES = 60  # requests per figure

SETUP = """
import json, sys
import django; django.setup()
from bongsu.kernel.actors import Actor
from bongsu.packs.actions import install_default
from bongsu.people.actions import create_person, create_token
from bongsu.people.queries import actor_of
from bongsu.integrations.actions import create_connection, rotate_in_token
console = Actor(key="console:bench", name="bench")
install_default(console)
person = create_person(console, email="bench@example.org", name="Bench", password="beacon fires at dusk", roles=["commander", "administrator"])
actor = actor_of(person)
raw = create_token(console, person=person.id, name="bench", scopes=sorted(actor.grants))[1]
connection = create_connection(console, plugin_slug="alertmanager", name="bench", values={}, allowed_targets=[],
    signature="header", signature_header="X-Secret", signature_secrets=["bench-secret-bench-secret"])
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.auth import SESSION_KEY, BACKEND_SESSION_KEY, HASH_SESSION_KEY
session = SessionStore()
session[SESSION_KEY], session[HASH_SESSION_KEY] = str(person.pk), person.get_session_auth_hash()
session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
session.save()
print(json.dumps({"token": raw, "intake": rotate_in_token(console, connection=connection.id), "session": session.session_key}))
"""

FILL = """
import sys
import django; django.setup()
from datetime import timedelta
from bongsu.events.models import Event, Head, Subject
from bongsu.incidents.models import Incident, RoleAssignment
from bongsu.kernel.canonical import digest
from bongsu.kernel.clock import now
from bongsu.kernel.refs import uuid7
from bongsu.packs.queries import active_version
from bongsu.people.models import Person
have, want = Incident.objects.count(), int(sys.argv[1])
pack, person, at = active_version(), Person.objects.first(), now()
for start in range(have, want, 5000):
    rows = []
    for n in range(start, min(start + 5000, want)):
        key = uuid7()
        moment = at - timedelta(minutes=n + 1)
        state = "closed" if n % 20 else "investigating"
        rows.append(Incident(id=key, subject_id=f"incident:{key}", number=f"OLD-{n:07d}", title=f"Past incident {n}", type="model",
            subtype="performance_drop", severity=f"P{n % 4}", state=state, is_open=not n % 20, pack=pack, detected_at=moment,
            declared_at=moment, declared_by=person.ref))
    Subject.objects.bulk_create([Subject(ref=r.subject_id) for r in rows])
    Head.objects.bulk_create([Head(subject_id=r.subject_id, seq=1, hash=digest(r.number)) for r in rows])
    Incident.objects.bulk_create(rows)
    RoleAssignment.objects.bulk_create([RoleAssignment(incident=r, role="ic", person=person, began_at=r.declared_at, accepted_at=r.declared_at) for r in rows])
    Event.objects.bulk_create([Event(subject_id=r.subject_id, seq=1, name="incidents.noted@1", actor=person.ref, occurred_at=r.declared_at,
        recorded_at=r.declared_at, hash=digest(r.number),
        text='{"data":{"kind":"note","text":"a note"},"personal":{},"prev":"' + "0" * 64 + '"}') for r in rows])
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("ANALYZE")
print(Incident.objects.count())
"""

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
    import socket

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


def ingest(port: int, intake: str, connections: int, seconds: float) -> dict[str, Any]:
    """New alerts from several connections at once, for a bounded time."""
    taken: list[float] = []
    end = time.perf_counter() + seconds

    def work(who: int) -> None:
        client = Client(port, **{"X-Secret": "bench-secret-bench-secret"})
        n = 0
        while time.perf_counter() < end:
            n += 1
            begin = time.perf_counter()
            client.ask("POST", f"/in/{intake}/", alert(f"{who:04x}{n:012x}"), 202)
            taken.append((time.perf_counter() - begin) * 1000)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(connections)]
    begin = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken.sort()
    spent = time.perf_counter() - begin
    return {
        "per_second": round(len(taken) / spent),
        "p50_ms": round(statistics.median(taken), 2),
        "p99_ms": round(taken[int(len(taken) * 0.99) - 1], 2),
        "events": len(taken),
    }


def alert(fingerprint: str) -> dict[str, Any]:
    labels = {"alertname": "Drift", "model": "bench", "row": fingerprint, "severity": "info"}
    return {
        "version": "4", "groupKey": '{}:{alertname="Drift"}', "status": "firing", "receiver": "bongsu", "truncatedAlerts": 0,
        "groupLabels": {"alertname": "Drift"}, "commonLabels": {}, "commonAnnotations": {}, "externalURL": "http://127.0.0.1",
        "alerts": [{"status": "firing", "labels": labels, "annotations": {"summary": "resource use is rising slightly"},
            "startsAt": "2026-11-23T03:04:05Z", "endsAt": "0001-01-01T00:00:00Z", "generatorURL": "", "fingerprint": fingerprint}],
    }  # fmt: skip


def measure(store: str, url: str, home: Path, sizes: tuple[int, ...]) -> None:
    environment = {
        "BONGSU_HOME": str(home),
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "bongsu.site.settings",
        "PYTHONPATH": str(HERE),
    }
    say(store=store, calib=calibrate())
    begin = time.perf_counter()
    port, echo_port = free_port(), free_port()
    subprocess.run(
        [PYTHON, "-m", "bongsu", "manage", "migrate", "-v", "0"], cwd=HERE, env={**os.environ, **environment}, check=True
    )
    server = running([PYTHON, "-m", "bongsu", "serve", "--port", str(port)], **environment)
    with server as process, running([PYTHON, "-c", ECHO, str(echo_port)]):
        wait_for(port, "/health/live")
        say(store=store, what="cold start, migrations included", seconds=round(time.perf_counter() - begin, 2))
        wait_for(echo_port, "/")
        keys = json.loads(_python(SETUP, environment))
        api = Client(port, Authorization=f"Bearer {keys['token']}")
        page = Client(port, Cookie=f"sessionid={keys['session']}")
        echoing = Client(echo_port)
        echo = timed(lambda: echoing.ask("GET", "/"), 300)
        insert = raw_insert(store, url, home)
        say(store=store, what="reference", echo=echo, raw_insert=insert)
        first: dict[str, float] = {}
        for size in sizes:
            _python(FILL, environment, str(size))
            time.sleep(3)  # the fill's own pages reach the disk; not waited for anywhere else
            figures = {
                "declare": timed(lambda: api.ask("POST", "/api/v1/incidents", DECLARATION, 201), 40),
                "list page": timed(lambda: page.ask("GET", "/incidents/")),
                "list api": timed(lambda: api.ask("GET", "/api/v1/incidents?limit=50")),
                "cockpit": timed(lambda: page.ask("GET", "/incidents/OLD-0000020/")),
            }
            for what, figure in figures.items():
                first.setdefault(what, figure["p50_ms"])
                ratio = round(figure["p50_ms"] / echo["p50_ms"], 1)
                growth = round(figure["p50_ms"] / first[what], 2)
                say(store=store, size=size, what=what, **figure, times_echo=ratio, growth=growth)
        for connections in (1, 16):
            before = processor(process)
            got = ingest(port, keys["intake"], connections, 6)
            spent = round((processor(process) - before) * 1000 / got["events"], 2)
            times = round(got["per_second"] * insert["p50_ms"] / 1000, 3)
            say(store=store, what=f"ingest, {connections} connections", **got, cpu_ms=spent, share_of_raw_insert=times)
        say(store=store, what="memory after all that", proportional_mib=memory(process), calib=calibrate())


DECLARATION = {"title": "Bench", "type": "model", "subtype": "performance_drop", "severity": "P3"}


def _python(code: str, environment: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [PYTHON, "-c", code, *arguments], cwd=HERE, env={**os.environ, **environment}, capture_output=True, text=True
    )
    if done.returncode:
        raise SystemExit(done.stderr[-3000:])
    return done.stdout.strip().splitlines()[-1]


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--store", choices=("sqlite", "postgres"), default="sqlite")
    words.add_argument("--sizes", default=",".join(map(str, SIZES)))
    chosen = words.parse_args()
    sizes = tuple(int(size) for size in chosen.sizes.split(","))
    with tempfile.TemporaryDirectory(prefix="bongsu-bench-") as home:
        if chosen.store == "sqlite":
            measure("sqlite", f"sqlite:///{home}/bench.sqlite3", Path(home), sizes)
            return
        from tests.counterparts.postgres import cluster

        with cluster() as url:
            measure("postgres", url, Path(home), sizes)


if __name__ == "__main__":
    main()

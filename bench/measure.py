#!/usr/bin/env python3
"""Declare, list, cockpit, home, intake, storm, delivery, start and memory, each beside a reference of the same run (G1-G16).

See bench/README.md.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.ground import (
    ECHO,
    HERE,
    PYTHON,
    Client,
    calibrate,
    free_port,
    memory,
    processor,
    python,
    raw_insert,
    running,
    settle,
    timed,
    wait_for,
)
from bench.stores import COUNT, FILL, SETUP
from tests.counterparts.mail import mailbox

SIZES = (1_000, 10_000, 100_000)
SECRET = {"X-Secret": "bench-secret-bench-secret"}
DECLARATION = {"title": "Bench", "type": "model", "subtype": "performance_drop", "severity": "P3"}


def say(**values: Any) -> None:
    print(json.dumps(values), flush=True)


def alerts(*fingerprints: str, name: str = "Drift", severity: str = "info") -> dict[str, Any]:
    """What Alertmanager sends for one group."""
    fired = [
        {"status": "firing", "labels": {"alertname": name, "model": "bench", "row": fingerprint, "severity": severity},
            "annotations": {"summary": "resource use is rising slightly"}, "startsAt": "2026-11-23T03:04:05Z",
            "endsAt": "0001-01-01T00:00:00Z", "generatorURL": "", "fingerprint": fingerprint}
        for fingerprint in fingerprints
    ]  # fmt: skip
    return {
        "version": "4", "groupKey": f'{{}}:{{alertname="{name}"}}', "status": "firing", "receiver": "bongsu", "truncatedAlerts": 0,
        "groupLabels": {"alertname": name}, "commonLabels": {}, "commonAnnotations": {}, "externalURL": "http://127.0.0.1",
        "alerts": fired,
    }  # fmt: skip


def start(store: str, environment: dict[str, str], what: str, sizes: tuple[int, ...], mail: Any) -> None:
    """A server from nothing (or from what is there) until it answers; then everything that is measured on it."""
    begin, port, echo_port = time.perf_counter(), free_port(), free_port()
    with running([PYTHON, "-m", "bongsu", "serve", "--migrate", "--port", str(port)], **environment) as server:
        wait_for(port, "/health/live")
        say(store=store, what=what, seconds=round(time.perf_counter() - begin, 2))
        if not sizes:
            return
        with running([PYTHON, "-c", ECHO, str(echo_port)]):
            wait_for(echo_port, "/")
            Measurement(store, environment, server, port, echo_port, mail).run(sizes)


class Measurement:
    def __init__(self, store: str, environment: dict[str, str], server: Any, port: int, echo_port: int, mail: Any) -> None:
        self.store, self.environment, self.server, self.port, self.mail = store, environment, server, port, mail
        keys = json.loads(python(SETUP, environment, f"127.0.0.1:{mail.port}"))
        self.intake = f"/in/{keys['intake']}/"
        self.api = Client(port, Authorization=f"Bearer {keys['token']}")
        self.page = Client(port, Cookie=f"sessionid={keys['session']}")
        self.sender = Client(port, **SECRET)
        echoing = Client(echo_port)
        self.echo = timed(lambda: echoing.ask("GET", "/"), 300)
        self.insert = raw_insert(store, environment["DATABASE_URL"], Path(environment["BONGSU_HOME"]))
        say(store=store, what="reference", echo=self.echo, raw_insert=self.insert)
        self.first: dict[str, float] = {}

    def run(self, sizes: tuple[int, ...]) -> None:
        for size in sizes:
            python(FILL, self.environment, str(size))
            time.sleep(3)  # the fill's own pages reach the disk; not waited for anywhere else
            self.reading_and_declaring(size)
        self.delivered()
        self.timers()
        for connections in (1, 16):
            self.taking_in(f"intake, new, {connections} connections", connections, is_new=True)
        self.taking_in("intake, the same again, 1 connection", 1, is_new=False)
        self.storm()
        say(store=self.store, what="memory after all that", proportional_mib=memory(self.server), calib=calibrate())

    def figure(self, size: int, what: str, taken: dict[str, float]) -> None:
        self.first.setdefault(what, taken["p50_ms"])
        growth = round(taken["p50_ms"] / self.first[what], 2)
        times = round(taken["p50_ms"] / self.echo["p50_ms"], 1)
        say(store=self.store, size=size, what=what, **taken, times_echo=times, growth=growth)

    def reading_and_declaring(self, size: int) -> None:
        self.figure(size, "declare", self.declared_one_by_one())
        self.figure(size, "declare, without a pause between", timed(self.declare, 40))
        settle(self.port)
        deep = self.deep_page(20)
        for what, path, client in (
            ("list page", "/incidents/", self.page),
            ("list api", "/api/v1/incidents?limit=50", self.api),
            ("list api, page 20", deep, self.api),
            ("cockpit", "/incidents/OLD-0000020/", self.page),
            ("home", "/", self.page),
            ("metrics", "/metrics", self.page),
        ):
            self.figure(size, what, timed(lambda path=path, client=client: client.ask("GET", path), 40))

    def declare(self) -> None:
        self.api.ask("POST", "/api/v1/incidents", DECLARATION, 201)

    def declared_one_by_one(self, times: int = 20) -> dict[str, float]:
        """Each when the work of the one before is done, as incidents come."""
        taken = []
        for _ in range(times):
            settle(self.port)
            begin = time.perf_counter()
            self.declare()
            taken.append((time.perf_counter() - begin) * 1000)
        return {"p50_ms": round(statistics.median(taken), 2), "p95_ms": round(sorted(taken)[int(times * 0.95) - 1], 2)}

    def deep_page(self, pages: int) -> str:
        """As far as there are pages."""
        path = "/api/v1/incidents?limit=50"
        for _ in range(pages):
            following = json.loads(self.api.ask("GET", path))["next"]
            path = f"/api/v1/incidents?limit=50&cursor={following}" if following else path
        return path

    def taking_in(self, what: str, connections: int, *, is_new: bool, seconds: float = 6) -> None:
        """Alerts from several connections at once, for a bounded time; their CPU, the worker's share included."""
        settle(self.port)
        taken: list[float] = []
        end, spent = time.perf_counter() + seconds, processor(self.server)

        def work(who: int) -> None:
            client, n = Client(self.port, **SECRET), 0
            while time.perf_counter() < end:
                n += is_new
                begin = time.perf_counter()
                client.ask("POST", self.intake, alerts(f"{connections:02x}{who:04x}{n:010x}"), 202)
                taken.append((time.perf_counter() - begin) * 1000)

        begin = time.perf_counter()
        at_once(connections, work)
        per_second = len(taken) / (time.perf_counter() - begin)
        settle(self.port)
        cpu = (processor(self.server) - spent) * 1000 / len(taken)
        taken.sort()
        say(
            store=self.store, what=what, per_second=round(per_second), p50_ms=round(statistics.median(taken), 2),
            p99_ms=round(taken[int(len(taken) * 0.99) - 1], 2), events=len(taken), cpu_ms=round(cpu, 2),
            share_of_raw_insert=round(per_second * self.insert["p50_ms"] / 1000, 3),
        )  # fmt: skip

    def delivered(self, times: int = 15) -> None:
        """From the answer to an alert until the triage desk's mail has arrived, on a server with nothing else to do."""
        taken = []
        for n in range(times):
            settle(self.port)
            before = len(self.mail.messages)
            begin = time.perf_counter()
            self.sender.ask("POST", self.intake, alerts(f"mail{n}", name=f"Leak{n}", severity="critical"), 202)
            self.mail.wait_for(before + 1)
            taken.append((time.perf_counter() - begin) * 1000)
        taken.sort()
        say(
            store=self.store,
            what="accepted until mailed",
            p50_ms=round(statistics.median(taken), 1),
            worst_ms=round(taken[-1], 1),
        )

    def timers(self, times: int = 10) -> None:
        """On a quiet server: from the moment a deadline is over until that stands in the record."""
        number = json.loads(self.api.ask("POST", "/api/v1/incidents", DECLARATION, 201))["number"]
        due_of = {f"timer-{n:02}": datetime.now(UTC) + timedelta(seconds=4 + 1.3 * n) for n in range(times)}
        for title, due in due_of.items():
            wanted = {"title": title, "due_at": due.isoformat(), "zone": "UTC", "is_legal": False}
            self.api.ask("POST", f"/api/v1/incidents/{number}/duties", wanted, 201)
        until = time.perf_counter() + 60
        late: dict[str, float] = {}
        while len(late) < times and time.perf_counter() < until:
            time.sleep(1)
            for line in json.loads(self.api.ask("GET", f"/api/v1/incidents/{number}/timeline")):
                title = next((title for title in due_of if title in line["sentence"]), "")
                if title and line["name"].startswith("incidents.duty_overdue"):
                    late[title] = (datetime.fromisoformat(line["recorded_at"]) - due_of[title]).total_seconds() * 1000
        taken = sorted(late.values())
        say(
            store=self.store, what="due until recorded", timers=len(taken),
            p50_ms=round(statistics.median(taken), 1), worst_ms=round(taken[-1], 1),
        )  # fmt: skip

    def storm(self, bodies: int = 100, each: int = 100) -> None:
        """Ten thousand alerts of one cause in a hundred bodies; meanwhile somebody else reads the list."""
        settle(self.port)
        idle = timed(lambda: self.api.ask("GET", "/api/v1/incidents?limit=50"), 40)
        before = json.loads(python(COUNT, self.environment))
        begin, meanwhile = time.perf_counter(), []

        def send(who: int) -> None:
            client = Client(self.port, **SECRET)
            for n in range(bodies // 4):
                prints = [f"storm{who:02x}{n:04x}{m:04x}" for m in range(each)]
                client.ask("POST", self.intake, alerts(*prints, name="Storm"), 202)

        def read(_who: int) -> None:
            client = Client(self.port, Authorization=self.api.headers["Authorization"])
            while threading.active_count() > others:
                start = time.perf_counter()
                client.ask("GET", "/api/v1/incidents?limit=50")
                meanwhile.append((time.perf_counter() - start) * 1000)

        others = threading.active_count() + 1
        at_once(5, lambda who: read(who) if who == 4 else send(who))
        taken_in = time.perf_counter() - begin
        settle(self.port, 300)
        after = json.loads(python(COUNT, self.environment))
        meanwhile.sort()
        say(
            store=self.store, what=f"storm of {bodies * each} alerts of one cause", taken_in_seconds=round(taken_in, 1),
            understood_seconds=round(time.perf_counter() - begin, 1), more={k: after[k] - (before[k] or 0) for k in after},
            list_api_idle=idle, list_api_meanwhile={"p50_ms": round(statistics.median(meanwhile), 1), "worst_ms": round(meanwhile[-1], 1)},
        )  # fmt: skip


def at_once(count: int, work: Any) -> None:
    threads = [threading.Thread(target=work, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def installed() -> dict[str, Any]:
    """What requirements/base.txt brings: distributions and MiB."""
    names = re.findall(r"^([A-Za-z0-9_.-]+)==", (HERE / "requirements/base.txt").read_text(), re.M)
    size = 0
    for name in names:
        try:
            files = distribution(name).files or []
        except PackageNotFoundError:  # for another system
            continue
        size += sum(path.stat().st_size for file in files if (path := Path(str(file.locate()))).is_file())
    return {"distributions": len(names), "mib": round(size / 2**20)}


def measure(store: str, url: str, home: Path, sizes: tuple[int, ...]) -> None:
    environment = {
        "BONGSU_HOME": str(home),
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "bongsu.site.settings",
        "PYTHONPATH": str(HERE),
    }
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    subprocess.run([PYTHON, "-m", "compileall", "-q", "bongsu"], cwd=HERE)
    say(store=store, calib=calibrate(), installed=installed())
    with mailbox() as mail:
        start(store, environment, "cold start, migrations included", sizes, mail)
        start(store, environment, "warm start", (), mail)


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

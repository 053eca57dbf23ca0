"""The served site: one process, many processes, and nothing left behind (M1, M7)."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.counterparts.processes import answers, end_group, wait_until

HERE = Path(__file__).resolve().parent.parent


@contextmanager
def serving(database: str, log: Path, *options: str) -> Iterator[tuple["subprocess.Popen[bytes]", str]]:
    environment = {**os.environ, "DATABASE_URL": database}
    with log.open("wb") as words:
        command = [sys.executable, "-m", "bongsu", "serve", "--port", "0", *options]
        process = subprocess.Popen(command, cwd=HERE, env=environment, stdout=words, stderr=words, start_new_session=True)
    try:
        wait_until(lambda: process.poll() is not None or b"http://" in log.read_bytes(), what="serve", seconds=30, log=log)
        address = re.search(rb"http://[\d.:]+", log.read_bytes())
        assert address, log.read_text()
        url = address.group().decode()
        wait_until(lambda: answers(f"{url}/health"), what="health", seconds=40, log=log)
        yield process, url
    finally:
        end_group(process)


def group_of(process: "subprocess.Popen[bytes]") -> list[int]:
    """The living processes of the group."""
    rows = subprocess.run(["ps", "-eo", "pid=,pgid=,stat="], capture_output=True, text=True, check=True).stdout.split("\n")
    found = [row.split() for row in rows if row.strip()]
    return [int(pid) for pid, group, state in found if int(group) == process.pid and not state.startswith("Z")]


def test_one_process_serves_and_works_and_ends_on_interrupt(committed_db, tmp_path):
    with serving(committed_db, tmp_path / "log", "--workers", "0") as (process, _url):
        assert len(group_of(process)) == 1
        process.send_signal(signal.SIGINT)
        assert process.wait(15) == 0


def test_a_house_that_is_served_is_installed_has_a_pack_and_can_be_sealed(committed_db, console, tmp_path):
    """M4: without a demo too, and also when somebody was there before it was served."""
    from bongsu.events.models import Installation
    from bongsu.packs.queries import active_version
    from bongsu.people.actions import create_person

    create_person(console, email="first@example.org", name="First", language="en", roles=["administrator"])
    for _time in range(2):
        with serving(committed_db, tmp_path / "log", "--workers", "0", "--migrate"):
            assert [home.is_demo for home in Installation.objects.all()] == [False]
            assert active_version().pack_id == "bongsu-default"
    sealed = [sys.executable, "-m", "bongsu", "ledger", "seal"]
    done = subprocess.run(sealed, cwd=HERE, env={**os.environ, "DATABASE_URL": committed_db}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.kill
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_however_the_supervisor_ends_no_child_is_left(committed_db, tmp_path, number):
    with serving(committed_db, tmp_path / "log", "--workers", "1") as (process, _url):
        assert len(group_of(process)) == 3
        process.send_signal(number)
        process.wait(20)
        wait_until(lambda: not group_of(process), what="the children's end", seconds=20)


@pytest.mark.kill
def test_a_killed_child_is_started_again(committed_db, tmp_path):
    with serving(committed_db, tmp_path / "log", "--workers", "1") as (process, url):
        before = set(group_of(process)) - {process.pid}
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        wait_until(
            lambda: len(set(group_of(process)) - before) == 3 and answers(f"{url}/health/live"), what="new children", seconds=30
        )


def test_the_stream_tells_readers_where_something_happened_and_strangers_nothing(served, alice, charlie, signed_in, console):
    from bongsu.events.actions import add_reader
    from bongsu.people.actions import change_person

    def open_stream(actor, **headers):
        cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in signed_in(actor).cookies.items())
        request = urllib.request.Request(f"{served}/stream/", headers={"Cookie": cookie, **headers})
        return urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=4)

    with open_stream(alice) as mine, open_stream(charlie) as theirs:
        for stream in (mine, theirs):
            while b"bongsu" not in stream.readline():
                pass
        change_person(console, person=alice.person_id, name="Alice B.")
        add_reader(console, subject=f"person:{charlie.person_id}", person=charlie.person_id, person_name="Charlie", reason="own")
        change_person(console, person=charlie.person_id, name="Charlie C.")
        assert _next_subject(mine) == f"person:{alice.person_id}"
        assert _next_subject(theirs) in (None, f"person:{charlie.person_id}")


def _next_subject(stream) -> str | None:
    """The subject of the next fact; None when the reader is told none in time."""
    until = time.monotonic() + 3
    while time.monotonic() < until:
        try:
            line = stream.readline()
        except TimeoutError:
            return None
        if line.startswith(b"data: "):
            said = json.loads(line[6:])
            assert set(said) == {"subject", "fact"}
            return said["subject"]
    return None


@pytest.mark.django_db
def test_health_fails_while_no_worker_gives_a_sign_of_life(client):
    from bongsu.events.models import Heartbeat

    Heartbeat.objects.all().delete()
    answer = client.get("/health")
    assert (answer.status_code, answer.json()["worker"]) == (503, "silent")


@pytest.mark.django_db
def test_metrics_are_for_this_machine_and_for_auditors(client, ivy, bob, token_of):
    def ask(actor=None):
        headers = {"Authorization": f"Bearer {token_of(actor)}"} if actor else {}
        return client.get("/metrics", REMOTE_ADDR="203.0.113.9", headers=headers).status_code

    assert client.get("/metrics").status_code == 200
    assert (ask(), ask(bob), ask(ivy)) == (403, 403, 200)

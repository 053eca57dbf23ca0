"""Workers die by kill -9 at random moments; nothing is lost, and nothing is done twice inside the database (M3)."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import connection

from bongsu.events.models import Delivery, Event, Link, Timer
from bongsu.events.queries import values_of
from bongsu.events.triggers import missing_triggers
from bongsu.events.verification import verify

from . import reactions

RECORDS, QUESTIONS = 4, 3
HERE = Path(__file__).resolve().parents[2]
LONGEST = 120.0  # seconds for what is left after the last kill


@contextmanager
def workers(environment: dict[str, str]) -> Iterator[Callable[[], int]]:
    """`start()` forks a worker from a process that has everything loaded; returns its process id."""
    command = [sys.executable, "-m", "tests.kill.victim"]
    nursery = subprocess.Popen(command, cwd=HERE, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert nursery.stdin is not None
    assert nursery.stdout is not None

    def start() -> int:
        nursery.stdin.write("\n")
        nursery.stdin.flush()
        return int(nursery.stdout.readline())

    try:
        assert nursery.stdout.readline() == "ready\n"
        yield start
    finally:
        nursery.stdin.close()
        nursery.stdout.close()
        nursery.wait(10)


def is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def what_is_open() -> int:
    """Everything that still has to be done; the worker's own sign is left out."""
    return (
        Delivery.objects.filter(done_at=None).count()
        + Timer.objects.filter(done_at=None).count()
        + Link.objects.filter(kind="call", to_ref="waiting").count()
    )


def kill_again_and_again(kills: int, url: str, calls: Path) -> tuple[int, float, list[str]]:
    """How many kills met open work, the seconds it all took, and the records that were made."""
    environment = os.environ | {"DATABASE_URL": url, "KILL_CALLS": str(calls)}
    chance, began, hit = random.Random(), time.monotonic(), 0
    subjects: list[str] = []
    with workers(environment) as start:
        for _kill in range(kills):
            victim = start()
            subjects += reactions.ask(reactions.US, records=RECORDS, questions=QUESTIONS)
            time.sleep(chance.uniform(0.0, 0.8))
            hit += what_is_open() > 0
            os.kill(victim, signal.SIGKILL)
        last = start()
        try:
            until = time.monotonic() + LONGEST
            while what_is_open():
                assert time.monotonic() < until, f"{what_is_open()} are still open"
                assert is_alive(last)
                time.sleep(0.1)
        finally:
            os.kill(last, signal.SIGTERM)
            while is_alive(last) and time.monotonic() < until + 30:
                time.sleep(0.05)
        assert not is_alive(last)
    return hit, time.monotonic() - began, subjects


def check(kills: int, url: str, calls: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hit, seconds, subjects = kill_again_and_again(kills, url, calls)
    answers = Counter()
    for event in Event.objects.filter(name=reactions.Answered.name):
        said = values_of(event)[0]
        answers[event.subject_id, said["by"], said["number"]] += 1
    expected = {(s, by, n) for s in subjects for by in ("first", "second", "timer") for n in range(QUESTIONS)}
    assert set(answers) == expected, "something was lost"
    assert set(answers.values()) == {1}, "something was done twice"
    for subject in subjects:
        for by in ("first", "second"):
            assert in_order(subject, by) == list(range(QUESTIONS))
    made = calls.read_text().split()
    assert set(made) == {str(e) for e in Event.objects.filter(name=reactions.Asked.name).values_list("event", flat=True)}
    assert verify(outside=[]).is_whole
    assert hit, "no kill came while there was work"
    with capsys.disabled():
        sys.stdout.write(
            f"\n  kill -9 on {connection.vendor}: {kills} kills ({hit} with work open), {len(expected)} reactions and timers, "
            f"{len(made)} calls ({len(made) - len(set(made))} sent twice, each under its key), {seconds:.1f} s\n"
        )


def in_order(subject: str, by: str) -> list[int]:
    said = [values_of(e)[0] for e in Event.objects.filter(subject=subject, name=reactions.Answered.name).order_by("seq")]
    return [one["number"] for one in said if one["by"] == by]


@pytest.mark.kill
@pytest.mark.django_db
def test_the_ledger_is_guarded_before_the_killing_begins() -> None:
    """Also makes pytest-django set the database up: it does so only when some test of the run carries its mark."""
    assert missing_triggers() == set()


@pytest.mark.kill
def test_ten_workers_killed_at_random_lose_nothing_and_do_nothing_twice(committed_db, tmp_path, capsys) -> None:
    check(10, committed_db, tmp_path / "calls", capsys)


@pytest.mark.kill
@pytest.mark.long
def test_fifty_workers_killed_at_random_lose_nothing_and_do_nothing_twice(committed_db, tmp_path, capsys) -> None:
    check(50, committed_db, tmp_path / "calls", capsys)

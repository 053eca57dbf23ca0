"""Workers die by kill -9 at random moments; nothing is lost, and nothing is done twice inside the database (M3)."""

import os
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from bongsu.events.models import Delivery, Event, Link, Timer
from bongsu.events.queries import values_of
from bongsu.events.verification import verify

from . import reactions

RECORDS, QUESTIONS = 4, 3
HERE = Path(__file__).resolve().parents[2]
LONGEST = 120.0  # seconds for what is left after the last kill


def start(environment: dict[str, str]) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.kill.victim"]
    child = subprocess.Popen(command, cwd=HERE, env=environment, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdout.readline() == "working\n"
    return child


def what_is_open() -> int:
    """Everything that still has to be done; the worker's own sign is left out."""
    return (
        Delivery.objects.filter(done_at=None).count()
        + Timer.objects.filter(done_at=None).count()
        + Link.objects.filter(kind="call", to_ref="waiting").count()
    )


def kill_again_and_again(kills: int, url: str, calls: Path) -> tuple[int, int, float, list[str]]:
    environment = os.environ | {"DATABASE_URL": url, "KILL_CALLS": str(calls)}
    chance, began = random.Random(4), time.monotonic()
    subjects: list[str] = []
    hit = 0
    for _kill in range(kills):
        child = start(environment)
        try:
            subjects += reactions.ask(reactions.US, records=RECORDS, questions=QUESTIONS)
            time.sleep(chance.uniform(0.0, 0.8))
            hit += what_is_open() > 0
        finally:
            child.kill()
            child.wait()
    child = start(environment)
    try:
        until = time.monotonic() + LONGEST
        while what_is_open():
            assert time.monotonic() < until, f"{what_is_open()} are still open"
            assert child.poll() is None
            time.sleep(0.1)
    finally:
        child.terminate()
        assert child.wait(30) == 0
        child.kill()
    return hit, len(subjects), time.monotonic() - began, subjects


def check(kills: int, url: str, calls: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hit, _records, _seconds, subjects = kill_again_and_again(kills, url, calls)
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
        pass


def in_order(subject: str, by: str) -> list[int]:
    said = [values_of(e)[0] for e in Event.objects.filter(subject=subject, name=reactions.Answered.name).order_by("seq")]
    return [one["number"] for one in said if one["by"] == by]


@pytest.mark.kill
def test_ten_workers_killed_at_random_lose_nothing_and_do_nothing_twice(committed_db, tmp_path, capsys) -> None:
    check(10, committed_db, tmp_path / "calls", capsys)


@pytest.mark.kill
@pytest.mark.long
def test_fifty_workers_killed_at_random_lose_nothing_and_do_nothing_twice(committed_db, tmp_path, capsys) -> None:
    check(50, committed_db, tmp_path / "calls", capsys)

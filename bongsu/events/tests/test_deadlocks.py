"""Two acts that wait for each other crosswise on PostgreSQL: one is ended, runs again, and both are done once (M1, M3)."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from bongsu.events.actions import action, cancel_timer, record
from bongsu.events.listening import on_timer
from bongsu.events.models import Event, Subject, Timer
from bongsu.events.work import source
from bongsu.kernel.actors import Actor

from .telling import US, Told, arm, begin

PATIENCE = 30  # seconds until a test that hangs fails


@pytest.fixture
def crossing(committed_db: str) -> threading.Barrier:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer: nobody waits crosswise")
    return threading.Barrier(2, timeout=PATIENCE)


def both(*runs: Callable[[], Any]) -> list[BaseException]:
    """Run them at once; returns what they raised."""
    raised: list[BaseException] = []

    def body(run: Callable[[], Any]) -> None:
        try:
            run()
        except BaseException as error:
            raised.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=body, args=(run,)) for run in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    return raised


class Crosswise:
    """Takes hold of two records, one after the other; between them everyone waits for everyone, the first time."""

    def __init__(self, crossing: threading.Barrier) -> None:
        self.crossing = crossing
        self.began: list[str] = []

    def hold(self, first: str, second: str) -> None:
        is_first_time = first not in self.began
        self.began.append(first)
        Subject.objects.select_for_update(no_key=True).get(pk=first)
        if is_first_time:
            self.crossing.wait()
        Subject.objects.select_for_update(no_key=True).get(pk=second)


def told() -> list[str]:
    return sorted(Event.objects.filter(name=Told.name).values_list("subject_id", flat=True))


def test_an_act_that_was_ended_to_break_a_deadlock_runs_again_and_is_done_once(crossing: threading.Barrier) -> None:
    one, other = begin().ref, begin().ref
    ways = Crosswise(crossing)

    @action
    def act(actor: Actor, first: str, second: str) -> None:
        record(actor, Told(subject=first, words="before"))
        ways.hold(first, second)

    assert both(lambda: act(US, one, other), lambda: act(US, other, one)) == []
    assert len(ways.began) == 3
    assert told() == sorted([one, other])


def test_inside_a_transaction_of_somebody_else_the_deadlock_is_his_to_see(crossing: threading.Barrier) -> None:
    one, other = begin().ref, begin().ref
    ways = Crosswise(crossing)

    @action
    def act(actor: Actor, first: str, second: str) -> None:
        ways.hold(first, second)
        record(actor, Told(subject=first, words="after"))

    def joined(first: str, second: str) -> None:
        with transaction.atomic():
            act(US, first, second)

    raised = both(lambda: joined(one, other), lambda: joined(other, one))
    assert [type(error) for error in raised] == [OperationalError]
    assert len(ways.began) == 2
    assert len(told()) == 1


def test_a_timer_and_an_act_that_cancels_it_never_fail_each_other(crossing: threading.Barrier) -> None:
    subject = begin().ref
    fired: list[str] = []
    acted: list[str] = []

    @on_timer("tests.crosswise")
    def fire(timer: Timer) -> None:
        fired.append(timer.key)
        if len(fired) == 1:
            crossing.wait()
        Subject.objects.select_for_update(no_key=True).get(pk=timer.subject_id)

    @action
    def act(actor: Actor) -> None:
        acted.append(subject)
        Subject.objects.select_for_update(no_key=True).get(pk=subject)
        if len(acted) == 1:
            crossing.wait()
        cancel_timer("crosswise")
        record(actor, Told(subject=subject, words="cancelled"))

    arm(US, subject=subject, key="crosswise", seconds=-1)
    Timer.objects.filter(key="crosswise").update(kind="tests.crosswise")
    assert both(lambda: source("timers").run("crosswise"), lambda: act(US)) == []
    row = Timer.objects.get(key="crosswise")
    assert (row.attempts, row.error, row.dead_at) == (0, "", None)
    assert row.done_at
    assert len(fired) + len(acted) == 3 or row.is_cancelled  # whoever was ended came back, or found the timer gone
    assert told() == [subject]


def test_a_delivery_that_was_ended_to_break_a_deadlock_has_not_failed(
    crossing: threading.Barrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bongsu.events import listening
    from bongsu.events.models import Delivery

    from .telling import tell

    one, other = begin().ref, begin().ref
    ways = Crosswise(crossing)

    def crosswise(event: Event, fact: Told) -> None:
        ways.hold(event.subject_id, other if event.subject_id == one else one)

    heard = listening.Listener("events.crosswise", crosswise, False)
    monkeypatch.setitem(listening._listeners[Told.name], heard.key, heard)
    for subject in (one, other):
        tell(US, "a", subject=subject)
    assert both(*(lambda s=s: source("deliveries").run(f"events.crosswise|{s}") for s in (one, other))) == []  # type: ignore[misc]
    rows = Delivery.objects.filter(listener="events.crosswise")
    assert {(row.attempts, row.error) for row in rows} == {(0, "")}
    assert all(row.done_at for row in rows)
    assert len(ways.began) == 3

"""Deliveries, timers, schedules, engines and the worker: what is said is heard once, in order, whatever fails (M3)."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, connections

from bongsu.events import actions, queries, schedules, watchdog, worker
from bongsu.events.deliveries import ATTEMPTS
from bongsu.events.draining import drain
from bongsu.events.models import Delivery, Event, Heartbeat, Job, Schedule, Timer
from bongsu.events.work import source
from bongsu.kernel.clock import advance, now, simulated
from bongsu.kernel.errors import Forbidden, NotFound

from .telling import BROKEN, US, arm, begin, disarm, heard, tell

NOON = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _mended() -> Iterator[None]:
    yield
    BROKEN.clear()


@pytest.mark.django_db
def test_every_listener_hears_every_fact_once_and_in_order_however_often_it_is_run() -> None:
    subject = begin()
    tell(US, "a", "b", "c", subject=subject.ref)
    for _again in range(3):
        for by in ("steady", "failing"):
            source("deliveries").run(f"events.{by}|{subject.ref}")
    drain()
    assert heard(subject.ref, "steady") == heard(subject.ref, "failing") == ["a", "b", "c"]
    assert not Delivery.objects.filter(done_at=None).exists()


@pytest.mark.django_db
def test_a_failing_listener_keeps_its_order_and_holds_no_other_listener_and_no_other_record() -> None:
    one, other = begin(), begin()
    BROKEN.add("b")
    tell(US, "a", "b", "c", subject=one.ref)
    tell(US, "d", subject=other.ref)
    drain()
    assert heard(one.ref, "steady") == ["a", "b", "c"]
    assert heard(one.ref, "failing") == ["a"]
    assert heard(other.ref, "failing") == ["d"]
    assert queries.has_open_listeners(one.ref)
    BROKEN.clear()
    with simulated(now() + timedelta(minutes=1)):
        drain()
    assert heard(one.ref, "failing") == ["a", "b", "c"]
    assert not queries.has_open_listeners(one.ref)


@pytest.mark.django_db
def test_what_keeps_failing_becomes_a_dead_letter_and_may_be_tried_again(root, bob) -> None:
    subject = begin()
    BROKEN.add("b")
    with simulated(NOON):
        tell(US, "b", "c", subject=subject.ref)
        drain(until=NOON + timedelta(hours=1))
        dead = queries.dead_deliveries(root).get()
        assert dead.attempts == ATTEMPTS
        assert "cannot hear b" in dead.error
        assert heard(subject.ref, "failing") == ["c"]  # what stood behind it goes on
        assert queries.has_open_listeners(subject.ref)
        with pytest.raises(Forbidden):
            actions.retry_delivery(bob, delivery=dead.pk)
        BROKEN.clear()
        actions.retry_delivery(root, delivery=dead.pk)
        with pytest.raises(NotFound):
            actions.retry_delivery(root, delivery=dead.pk)
        drain()
    assert heard(subject.ref, "failing") == ["c", "b"]
    assert not queries.dead_deliveries(root).exists()
    assert Event.objects.filter(name="events.dead_letter_retried@1", actor=root.key).count() == 1


@pytest.mark.django_db
def test_a_listener_that_is_gone_leaves_a_dead_letter_and_nothing_is_lost() -> None:
    subject = begin()
    tell(US, "a", subject=subject.ref)
    Delivery.objects.filter(listener="events.steady").update(listener="events.renamed")
    with simulated(now()):
        drain(until=now() + timedelta(hours=1))
    assert "nobody is called" in queries.dead_deliveries(US).get().error


@pytest.mark.django_db
def test_a_timer_fires_once_at_its_moment_even_when_run_twice() -> None:
    subject = begin()
    with simulated(NOON):
        arm(US, subject=subject.ref, key="t")
        drain(until=NOON + timedelta(seconds=59))
        assert heard(subject.ref, "timer") == []
        advance(timedelta(seconds=1))
        source("timers").run("t")
        source("timers").run("t")
        drain()
    assert heard(subject.ref, "timer") == ["t"]


@pytest.mark.django_db
def test_a_moved_timer_fires_at_its_new_moment_and_a_cancelled_one_never() -> None:
    subject = begin()
    with simulated(NOON):
        for key in ("moved", "cancelled"):
            arm(US, subject=subject.ref, key=key)
        arm(US, subject=subject.ref, key="moved", seconds=3600)
        assert disarm(US, key="cancelled")
        assert not disarm(US, key="cancelled")
        drain(until=NOON + timedelta(minutes=30))
        assert heard(subject.ref, "timer") == []
        drain(until=NOON + timedelta(hours=2))
    assert heard(subject.ref, "timer") == ["moved"]
    assert Timer.objects.get(key="cancelled").is_cancelled


@pytest.mark.django_db
def test_a_timer_that_sets_itself_again_stays_open_and_after_downtime_a_late_one_fires_once() -> None:
    subject = begin()
    with simulated(NOON):
        arm(US, subject=subject.ref, key="hourly", data={"again": 2})
        drain(until=NOON + timedelta(minutes=10))
        assert heard(subject.ref, "timer") == ["hourly"] * 3
        arm(US, subject=subject.ref, key="late")
        advance(timedelta(days=3))
        drain()
        drain()
    assert heard(subject.ref, "timer").count("late") == 1


@pytest.mark.django_db
def test_a_timer_that_fails_does_nothing_by_halves_and_becomes_a_dead_letter(root) -> None:
    subject = begin()
    with simulated(NOON):
        arm(US, subject=subject.ref, key="bad", data={"broken": True})
        drain(until=NOON + timedelta(hours=1))
        assert heard(subject.ref, "timer") == []
        dead = queries.dead_timers(root).get()
        assert "cannot ring" in dead.error
        Timer.objects.filter(pk=dead.pk).update(data={})
        actions.retry_timer(root, timer=dead.pk)
        drain()
    assert heard(subject.ref, "timer") == ["bad"]


@pytest.mark.django_db
def test_colours_are_at_half_and_nine_tenths_of_the_time() -> None:
    with simulated(NOON):
        timer = arm(US, subject=begin().ref, key="t", seconds=100)
    assert [timer.amber_at - NOON, timer.red_at - NOON] == [timedelta(seconds=50), timedelta(seconds=90)]


@pytest.mark.django_db
def test_a_simulated_history_leaves_no_hints_and_real_workers_take_over_when_it_is_released() -> None:
    subject = begin()
    worker.hold(now() + timedelta(minutes=15))
    with simulated(NOON):
        tell(US, "a", subject=subject.ref)
        arm(US, subject=subject.ref, key="t")
    assert hints() == 0
    assert worker.sweep(now()) == 0
    assert worker.release() >= 3
    assert hints() >= 3


@pytest.mark.django_db
def test_a_sweep_over_a_backlog_does_not_make_it_longer() -> None:
    for _each in range(3):
        tell(US, "a", subject=begin().ref)
    before = hints()
    for _again in range(3):
        worker.sweep(now())
    assert hints() == before


def hints() -> int:
    if connection.vendor == "sqlite":
        return Job.objects.count()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo'")
        return cursor.fetchone()[0]


@pytest.mark.django_db
def test_periodic_work_runs_once_a_period_and_a_failed_run_comes_again_soon(monkeypatch) -> None:
    runs: list[datetime] = []

    def work() -> None:
        runs.append(now())
        if len(runs) == 2:
            raise ValueError("once")

    monkeypatch.setattr(schedules, "_periodic", {"tests.work": (timedelta(hours=1), work)})
    periodic = source("schedules")
    with simulated(NOON):
        periodic.run("tests.work")
        periodic.run("tests.work")
        assert runs == [NOON]
        advance(timedelta(hours=5))  # missed four times, runs once
        assert periodic.due(now(), 10) == ["tests.work"]
        with pytest.raises(ValueError, match="once"):
            periodic.run("tests.work")
        assert periodic.due(now(), 10) == []
        advance(schedules.LEASE)
        periodic.run("tests.work")
    assert len(runs) == 3
    assert Schedule.objects.get(name="tests.work").next_at == runs[-1] + timedelta(hours=1)
    assert periodic.run("tests.unknown") is None


@pytest.mark.django_db
def test_a_worker_is_silent_after_thirty_seconds(client) -> None:
    assert queries.is_worker_silent()
    worker.beat("one")
    assert not queries.is_worker_silent()
    assert client.get("/health").status_code == 200
    Heartbeat.objects.update(at=now() - timedelta(seconds=31))
    assert queries.is_worker_silent()
    assert client.get("/health").status_code == 503


@pytest.mark.django_db
def test_the_watchdog_outside_is_called_and_nobody_when_none_is_set(monkeypatch, httpserver) -> None:
    watchdog.call_watchdog()
    httpserver.expect_oneshot_request("/ping/secret").respond_with_data("ok")
    monkeypatch.setenv("BONGSU_WATCHDOG_URL", httpserver.url_for("/ping/secret"))
    with simulated(NOON):
        watchdog.call_watchdog()
    assert len(httpserver.log) == 0
    watchdog.call_watchdog()
    assert len(httpserver.log) == 1


# --- with a worker ----------------------------------------------------------------------------------------------------


@contextmanager
def working() -> Iterator[None]:
    stop, failed = threading.Event(), []

    def body() -> None:
        try:
            worker.run(stop)
        except Exception as error:
            failed.append(error)
        finally:
            connections.close_all()

    thread = threading.Thread(target=body)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(30)
    assert not thread.is_alive()
    assert not failed


def eventually(condition, seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not come true"
        time.sleep(0.02)


def test_a_worker_does_what_was_left_before_it_came_and_what_comes_while_it_works(committed_db) -> None:
    subject = begin()
    tell(US, "a", subject=subject.ref)
    arm(US, subject=subject.ref, key="past", seconds=-60)
    with working():
        tell(US, "b", subject=subject.ref)
        eventually(lambda: heard(subject.ref, "steady") == ["a", "b"] and heard(subject.ref, "timer") == ["past"])
        eventually(lambda: not queries.is_worker_silent())
    assert queries.is_worker_silent()  # it says good-bye


def test_timers_fire_when_due_and_in_the_order_of_their_moments(committed_db) -> None:
    subject = begin()
    with working():
        eventually(lambda: not queries.is_worker_silent())
        for key, seconds in (("second", 2.0), ("first", 1.0), ("later", 60)):
            arm(US, subject=subject.ref, key=key, seconds=seconds)
        eventually(lambda: len(heard(subject.ref, "timer")) == 2)
    assert heard(subject.ref, "timer") == ["first", "second"]
    for timer in Timer.objects.filter(key__in=["first", "second"]):
        # One second on an idle machine; the machine of a test is not idle.
        assert timedelta(0) <= timer.done_at - timer.due_at < timedelta(seconds=5)


def test_rows_without_hints_are_swept_up_by_a_worker(committed_db) -> None:
    subject = begin()
    with simulated(now() - timedelta(minutes=1)):  # leaves no hints
        tell(US, "a", subject=subject.ref)
        arm(US, subject=subject.ref, key="t", seconds=10)
    with working():
        eventually(lambda: heard(subject.ref, "steady") == ["a"] and heard(subject.ref, "timer") == ["t"])


def test_a_worker_whose_database_goes_away_for_a_while_goes_on_or_says_that_it_ended(committed_db) -> None:
    """PostgreSQL only: every connection is cut; the worker ends with an error instead of beating without working."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no connections to cut")
    stop, ended = threading.Event(), []

    def body() -> None:
        try:
            worker.run(stop)
        except Exception as error:
            ended.append(error)
        connections.close_all()

    thread = threading.Thread(target=body)
    thread.start()
    eventually(lambda: not queries.is_worker_silent())
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    subject = begin()
    tell(US, "a", subject=subject.ref)
    try:
        eventually(lambda: heard(subject.ref, "steady") == ["a"] or not thread.is_alive())
        assert thread.is_alive() or ended
    finally:
        stop.set()
        thread.join(30)

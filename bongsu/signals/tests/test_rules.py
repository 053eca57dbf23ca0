"""Grouping, occurrence times, and the steps of a proposal, without a database (B3)."""

from datetime import UTC, datetime, timedelta

import pytest

from bongsu.signals.rules import grouping, proposals
from bongsu.signals.rules.bounds import Unreadable, delivery_of, kept_headers, readable
from bongsu.signals.rules.grouping import Thread, what_follows

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
OPEN = Thread(has_incident=True, is_incident_open=True)
ASKING = Thread(has_open_proposal=True)


def over(hours: float, **more: bool) -> Thread:
    return Thread(has_incident=True, ended_at=NOW - timedelta(hours=hours), **more)


@pytest.mark.parametrize(
    ("state", "is_known", "is_test", "thread", "what"),
    [
        ("open", False, False, None, "propose"),
        ("open", False, False, ASKING, "attach"),
        ("open", False, False, OPEN, "attach"),
        ("open", True, False, OPEN, "count"),
        ("resolved", False, False, None, "keep"),
        ("resolved", False, False, OPEN, "keep"),
        ("info", False, False, OPEN, "keep"),
        ("open", False, True, None, "keep"),
        ("open", False, False, over(23.9), "reopen"),
        ("open", False, False, over(24.1), "propose"),
        ("open", False, False, over(1, is_false_positive=True), "propose"),
        ("open", False, False, Thread(), "propose"),
    ],
)
def test_what_follows_a_signal(state: str, is_known: bool, is_test: bool, thread: Thread | None, what: str) -> None:
    assert what_follows(state=state, is_known=is_known, is_test=is_test, thread=thread, now=NOW) == what


def test_identity_is_fingerprint_and_episode_and_drills_are_apart() -> None:
    mark = grouping.fingerprint("c1", "f")
    assert grouping.identity(mark, NOW, False) == grouping.identity(mark, NOW.astimezone(), False)
    assert (
        len({grouping.identity(mark, NOW, False), grouping.identity(mark, NOW, True), grouping.identity(mark, None, False)}) == 3
    )
    assert grouping.fingerprint("c1", "f") != grouping.fingerprint("c2", "f")


def test_occurrence_times_stay_small_and_lose_no_count() -> None:
    times: list[list[object]] = []
    for n in range(5_000):
        times = grouping.with_time(times, NOW + timedelta(minutes=7 * n), 2)
    assert len(times) <= grouping.MOST_TIMES
    assert sum(int(str(t[2])) for t in times) == 10_000


@pytest.mark.parametrize(
    ("waited", "after", "is_authenticated", "declares", "due"),
    [
        (0, 5, True, False, 1),
        (4.5, 5, True, True, 5),
        (4.5, 5, False, False, 5.5),
        (4.5, None, True, False, 5.5),
        (9, 5, True, True, 9),
    ],
)
def test_when_a_proposal_asks_again_or_declares(
    waited: float, after: int | None, is_authenticated: bool, declares: bool, due: float
) -> None:
    step = proposals.next_step(
        proposed_at=NOW,
        now=NOW + timedelta(minutes=waited),
        repeat_every=timedelta(minutes=1),
        declares_after=timedelta(minutes=after) if after else None,
        is_authenticated=is_authenticated,
    )
    assert step == proposals.Next(NOW + timedelta(minutes=due), declares)


def test_nothing_leaves_an_answer_behind() -> None:
    for (source, target), (_who, _reason) in proposals.TRANSITIONS.items():
        assert source in proposals.WAITING
        assert target in proposals.STATES
    assert not proposals.may_become(proposals.REJECTED, proposals.DECLARED)
    assert proposals.needs_reason(proposals.OPEN, proposals.REJECTED, is_override=False)


def test_headers_that_prove_the_sender_are_not_kept() -> None:
    given = {
        "authorization": "Bearer x",
        "x-signature": "s",
        "x-github-event": "ping",
        "content-type": "a/b",
        "cookie": "c",
        "x-github-delivery": "7",
    }
    assert set(kept_headers(given)) == {"x-github-event", "content-type", "x-github-delivery"}
    assert delivery_of(given) == "7"


def test_brackets_inside_text_are_no_depth() -> None:
    assert readable(b'{"a": "' + b"[" * 500 + b'"}')
    with pytest.raises(Unreadable):
        readable(b"[" * 65 + b"]" * 65)

"""Identifiers are ordered by time, also those made together."""

from datetime import UTC, datetime

from bongsu.kernel import clock
from bongsu.kernel.refs import ref, split_ref, uuid7


def test_identifiers_made_together_keep_their_order_and_are_version_7() -> None:
    made = [uuid7() for _ in range(3000)]
    assert made == sorted(made)
    assert len(set(made)) == 3000
    assert {one.version for one in made} == {7}


def test_identifiers_follow_the_simulated_clock() -> None:
    with clock.simulated(datetime(2026, 1, 2, tzinfo=UTC)):
        milliseconds = uuid7().int >> 80
    assert milliseconds == int(datetime(2026, 1, 2, tzinfo=UTC).timestamp() * 1000)


def test_a_reference_is_taken_apart_again() -> None:
    assert split_ref(ref("incident", "42")) == ("incident", "42")

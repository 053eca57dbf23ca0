import pytest

from bongsu.comms.rules import Way, first_lines, plan_ways, state_after

EMAIL, SLACK, PAGER, PHONE = Way("email", "a@b.c"), Way("slack", "U1"), Way("pager", "default"), Way("phone", "+82 2 1")
ALL = {"mail", "channel", "pager"}


@pytest.mark.parametrize(
    ("ways", "kinds", "is_urgent", "at_once", "later"),
    [
        ([SLACK, EMAIL, PAGER], ALL, True, [SLACK, EMAIL, PAGER], []),  # grave: every way together
        ([PAGER], ALL, True, [PAGER, EMAIL], []),  # and the sign-in address besides
        ([PAGER, SLACK], ALL, False, [SLACK], [EMAIL]),  # slight: nobody is woken, mail comes last
        ([PAGER], ALL, False, [EMAIL], []),
        ([PAGER], {"pager"}, False, [PAGER], []),  # it is all there is
        ([EMAIL, SLACK], ALL, False, [EMAIL], [SLACK]),
        ([SLACK, EMAIL], {"mail"}, False, [EMAIL], []),
        ([PHONE], {"channel"}, True, [], []),
        ([], set(), True, [], []),
    ],
)
def test_ways_are_chosen_by_urgency_order_and_what_is_connected(ways, kinds, is_urgent, at_once, later):
    plan = plan_ways(ways, kinds=kinds, is_urgent=is_urgent, email="a@b.c")
    assert (list(plan.at_once), list(plan.later)) == (at_once, later)


@pytest.mark.parametrize(
    ("states", "after"),
    [(["failed", "sent"], "sent"), (["failed", "queued"], "queued"), (["held", "failed"], "held"), (["failed"], "failed"),
     ([], "failed")],
)  # fmt: skip
def test_one_way_that_worked_is_enough(states, after):
    assert state_after(states) == after


def test_a_pager_gets_the_beginning_in_one_line():
    assert first_lines("a\n b") == "a b"
    assert len(first_lines("x" * 600)) == 500

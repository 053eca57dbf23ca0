"""Rules in tables, without a database."""

from datetime import UTC, datetime, timedelta

import pytest

from bongsu.people import rules
from bongsu.people.rules import Held, resolve

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
ORG, SYSTEM = "", "system:1"
HOLDER, DEPUTY = Held("kim"), Held("lee", is_deputy=True)
OWN, OWN_DEPUTY = Held("park", SYSTEM), Held("choi", SYSTEM, is_deputy=True)
GONE = Held("gone", is_active=False)


@pytest.mark.parametrize(
    ("held", "scope", "administrators", "expected"),
    [
        ([HOLDER, DEPUTY], ORG, ["root"], (("kim",), "holder")),
        ([DEPUTY], ORG, ["root"], (("lee",), "deputy")),
        ([GONE, DEPUTY], ORG, ["root"], (("lee",), "deputy")),
        ([HOLDER, OWN], SYSTEM, ["root"], (("park",), "holder")),
        ([HOLDER, OWN_DEPUTY], SYSTEM, ["root"], (("choi",), "deputy")),
        ([HOLDER], SYSTEM, ["root"], (("kim",), "holder")),
        ([DEPUTY], SYSTEM, ["root"], (("lee",), "deputy")),
        ([OWN], ORG, ["root"], (("root",), "fallback")),
        ([], SYSTEM, ["root", "ruth"], (("root", "ruth"), "fallback")),
        ([GONE], ORG, [], ((), "nobody")),
    ],
)
def test_D8_a_post_finds_its_people_in_this_order(held, scope, administrators, expected):
    assert resolve(held, administrators, scope) == expected


@pytest.mark.parametrize(
    ("channels", "connected", "expected"),
    [
        ([], ["email", "pager"], "never"),
        (["email"], ["email"], "asleep"),
        (["slack", "email"], ["slack"], "asleep"),
        (["email", "phone"], ["email", "pager"], "unwoken"),
        (["pager"], ["pager"], "awake"),
        (["pager", "email"], ["email"], "unwoken"),
        (["pager", "email"], ["slack"], "unconnected"),
        (["email"], [], "unconnected"),
    ],
)
def test_D8_reach_tells_who_can_be_woken_by_what_is_connected(channels, connected, expected):
    assert rules.reach(channels, connected) == expected


@pytest.mark.parametrize(
    ("expires", "revoked", "is_active", "expected"),
    [
        (None, None, True, None),
        (NOW + timedelta(seconds=1), None, True, None),
        (NOW, None, True, "This token has expired."),
        (None, NOW, True, "This token was revoked."),
        (NOW, NOW, False, "This token was revoked."),
        (None, None, False, "The person of this token is no longer active."),
    ],
)
def test_M2_a_token_opens_nothing_and_says_why(expires, revoked, is_active, expected):
    assert rules.bad_token(expires_at=expires, revoked_at=revoked, is_active=is_active, now=NOW) == expected


@pytest.mark.parametrize(
    ("last", "expected"), [(None, True), (NOW - timedelta(minutes=5), True), (NOW - timedelta(minutes=4, seconds=59), False)]
)
def test_M2_the_use_of_a_token_is_noted_every_five_minutes(last, expected):
    assert rules.is_use_due(last, NOW) is expected


def test_M2_an_auditor_reads_and_changes_nothing():
    assert rules.GRANTS["auditor"] == {"see", "audit.read", "ledger.verify", "export"}


def test_B6_only_administrators_break_the_glass():
    assert [role for role in rules.ROLES if "breakglass" in rules.GRANTS[role]] == ["administrator"]


def test_M2_a_stranger_may_nothing():
    assert rules.grants_of([]) == frozenset()


def test_C3_the_incident_roles_have_their_words():
    assert list(rules.INCIDENT_ROLES) == ["ic", "technical_lead", "legal", "communications"] == list(rules.INCIDENT_ROLE_WORDS)


def test_tokens_differ_and_carry_the_mark_that_leak_scanners_know():
    first, second = rules.new_token(), rules.new_token()
    assert first != second
    assert first.startswith("bsu_")
    assert len(first) > 40


@pytest.mark.parametrize(
    ("administrators", "leaving", "expected"),
    [(["a"], "a", True), (["a", "b"], "a", False), (["a"], "b", False), ([], "a", False)],
)
def test_M2_the_last_administrator_is_known(administrators, leaving, expected):
    assert rules.last_administrator(administrators, leaving) is expected

"""Cursors over a table (M1): nothing twice, nothing missed, whatever arrives meanwhile."""

import base64
from datetime import UTC, datetime

import pytest
from django.contrib.sessions.models import Session
from django.db.models import F

from bongsu.kernel.errors import Invalid
from bongsu.ui.paging import Page, _read, page

pytestmark = pytest.mark.django_db


class Rows:
    """Sessions stand for any table: a text key and a moment; `id` is asked for by the paging, so they are annotated."""

    @staticmethod
    def make(count: int):
        for n in range(count):
            Session.objects.create(
                session_key=f"key-{n:03}", session_data="", expire_date=datetime(2026, 1, 1 + n // 3, tzinfo=UTC)
            )

    @staticmethod
    def all():
        return Session.objects.annotate(id=F("session_key"))


def walk(sort: str, size: int) -> list[str]:
    keys, cursor = [], ""
    while True:
        got: Page = page(Rows.all(), sort=sort, allowed=["expire_date"], cursor=cursor, size=size)
        keys += [row.pk for row in got.items]
        if not got.next_cursor:
            return keys
        cursor = got.next_cursor


@pytest.mark.parametrize("size", [1, 2, 7, 10, 11])
def test_every_row_comes_once_also_where_the_sorted_value_repeats(size):
    Rows.make(10)
    expected = [f"key-{n:03}" for n in range(10)]
    assert walk("expire_date", size) == expected
    assert walk("-expire_date", size) == expected[::-1]


def test_a_row_that_arrives_meanwhile_moves_nothing():
    Rows.make(6)
    first = page(Rows.all(), sort="-expire_date", allowed=["expire_date"], size=3)
    Session.objects.create(session_key="new", session_data="", expire_date=datetime(2026, 6, 1, tzinfo=UTC))
    second = page(Rows.all(), sort="-expire_date", allowed=["expire_date"], size=3, cursor=first.next_cursor)
    assert [r.pk for r in [*first.items, *second.items]] == [f"key-{n:03}" for n in range(5, -1, -1)]
    assert (first.is_first, second.is_first) == (True, False)


def test_an_unknown_order_is_the_first_allowed_one():
    assert page(Rows.all(), sort="session_data; drop", allowed=["-expire_date"]).sort == "-expire_date"


@pytest.mark.parametrize("cursor", ["x", "%%%", "W10", "bnVsbA", "é", "eyJhIjogMX0"])
def test_a_cursor_that_is_not_ours_is_refused(cursor):
    with pytest.raises(Invalid):
        _read(cursor)


def test_a_well_formed_cursor_with_a_foreign_value_is_refused_too():
    forged = base64.urlsafe_b64encode(b'["never", "x"]').decode()
    with pytest.raises(Invalid):
        page(Rows.all(), sort="expire_date", allowed=["expire_date"], cursor=forged)

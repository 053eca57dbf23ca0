"""How time is written (M6, M8)."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone, translation

from bongsu.kernel.clock import simulated
from bongsu.ui import moments

NOON = datetime(2026, 11, 25, 3, 2, tzinfo=UTC)
H = timedelta(hours=1)


@pytest.fixture(autouse=True)
def in_seoul():
    with timezone.override(ZoneInfo("Asia/Seoul")), simulated(NOON):
        yield


@pytest.mark.parametrize(
    ("span", "korean", "english"),
    [
        (timedelta(0), "0초", "0 s"),
        (timedelta(seconds=45.9), "45초", "45 s"),
        (timedelta(minutes=12, seconds=40), "12분 40초", "12 min 40 s"),
        (timedelta(minutes=12), "12분", "12 min"),
        (timedelta(minutes=107), "1시간 47분", "1 h 47 min"),
        (timedelta(hours=2, seconds=59), "2시간", "2 h"),
        (timedelta(days=3, hours=4, minutes=59), "3일 4시간", "3 d 4 h"),
        (timedelta(days=3, minutes=59), "3일", "3 d"),
        (-timedelta(minutes=107), "1시간 47분", "1 h 47 min"),
        (6420, "1시간 47분", "1 h 47 min"),
        (None, "", ""),
    ],
)
def test_a_duration_is_its_two_largest_units(span, korean, english):
    for language, written in (("ko", korean), ("en", english)):
        with translation.override(language):
            assert moments.duration(span) == written


@pytest.mark.parametrize(
    ("left", "written"),
    [
        (timedelta(minutes=12, seconds=40), "12:40"),
        (timedelta(seconds=5), "0:05"),
        (timedelta(hours=2, minutes=13, seconds=5), "2:13:05"),
        (timedelta(hours=70, minutes=14, seconds=9), "70:14:09"),
        (timedelta(days=15, hours=3, minutes=12, seconds=9), "15일 3:12:09"),
        (-timedelta(minutes=5, seconds=1), "+5:01"),
        (timedelta(microseconds=-400_000), "0:00"),
    ],
)
def test_a_countdown_stands_still_in_its_columns(left, written):
    with translation.override("ko"):
        assert moments.countdown(left) == written


@pytest.mark.parametrize(
    ("at", "korean", "english"),
    [
        (NOON, "12:02", "12:02"),
        (NOON - 13 * H, "11월 24일 23:02", "24 Nov 23:02"),
        (NOON - 366 * 24 * H, "2025년 11월 24일 12:02", "24 Nov 2025 12:02"),
    ],
)
def test_a_moment_is_as_short_as_is_clear(at, korean, english):
    for language, written in (("ko", korean), ("en", english)):
        with translation.override(language):
            assert moments.short(at) == written


def test_the_other_zone_is_utc_at_home_and_home_elsewhere():
    with translation.override("en"):
        assert moments.elsewhere(NOON) == "25 Nov 2026 12:02:00 KST · 25 Nov 2026 03:02:00 UTC"
        with timezone.override(ZoneInfo("Europe/Berlin")):
            assert moments.elsewhere(NOON) == "25 Nov 2026 04:02:00 CET · 25 Nov 2026 12:02:00 KST"


@pytest.mark.parametrize(
    ("passed", "stage"),
    [(0.0, "calm"), (0.49, "calm"), (0.5, "amber"), (0.89, "amber"), (0.9, "red"), (1.0, "late"), (2.0, "late")],
)
def test_a_clock_is_amber_at_half_and_red_at_nine_tenths(passed, stage):
    assert moments.stage(NOON + 100 * H * passed, NOON + 100 * H, NOON) == stage


def test_a_clock_without_a_start_is_calm_until_it_is_late():
    assert moments.stage(NOON, NOON + H, None) == "calm"
    assert moments.stage(NOON + H, NOON + H, None) == "late"
    assert moments.share(NOON, NOON + H, NOON + 2 * H) == 0.0


@pytest.mark.parametrize(("span", "written"), [(30, "30초"), (760, "12분"), (6465, "1시간 47분"), (0, "0초")])
def test_what_ticks_does_not_flicker(span, written):
    with translation.override("ko"):
        assert moments.elapsed(timedelta(seconds=span)) == written


def test_a_reader_elsewhere_is_told_the_zone_beside_a_short_moment():
    assert moments.zoned(NOON) == moments.short(NOON)
    with timezone.override(ZoneInfo("Europe/Berlin")):
        assert moments.zoned(NOON) == "04:02 CET"

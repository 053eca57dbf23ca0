"""How a moment and a span are written: in the reader's zone and language, the other zone beside it."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import dateformat, timezone, translation
from django.utils.translation import gettext as _

from bongsu.kernel.clock import now

PATTERNS = {
    "ko": {
        "time": "H:i",
        "day": "n월 j일",
        "year_day": "Y년 n월 j일",
        "full": "Y년 n월 j일 H:i T",
        "exact": "Y년 n월 j일 H:i:s T",
    },
    "en": {"time": "H:i", "day": "j M", "year_day": "j M Y", "full": "j M Y H:i T", "exact": "j M Y H:i:s T"},
}


def _written(at: datetime | date, pattern: str) -> str:
    language = (translation.get_language() or settings.LANGUAGE_CODE).partition("-")[0]
    return dateformat.format(at, PATTERNS.get(language, PATTERNS["en"])[pattern])


def local(at: datetime) -> datetime:
    """`at` in the reader's zone."""
    return timezone.localtime(at)


def other_zone() -> ZoneInfo:
    """The organisation's zone for a reader elsewhere, else UTC."""
    home = ZoneInfo(settings.ORGANISATION_ZONE)
    return home if timezone.get_current_timezone_name() != home.key else ZoneInfo("UTC")


def full(at: datetime) -> str:
    """`2026년 11월 25일 14:02 KST`."""
    return _written(local(at), "full")


def elsewhere(at: datetime) -> str:
    """The same moment, to the second, in the reader's and in the other zone: what a title shows."""
    return f"{_written(local(at), 'exact')} · {_written(at.astimezone(other_zone()), 'exact')}"


def short(at: datetime) -> str:
    """As short as is clear today: the time, with the day when it is another, with the year when it is another."""
    here, today = local(at), local(now())
    if here.date() == today.date():
        return _written(here, "time")
    pattern = "day" if here.year == today.year else "year_day"
    return f"{_written(here, pattern)} {_written(here, 'time')}"


def zoned(at: datetime) -> str:
    """As short as is clear, with the zone for a reader who is not in the organisation's."""
    here = local(at)
    is_elsewhere = here.utcoffset() != at.astimezone(ZoneInfo(settings.ORGANISATION_ZONE)).utcoffset()
    return f"{short(at)} {here:%Z}" if is_elsewhere else short(at)


def time(at: datetime) -> str:
    return _written(local(at), "time")


def day(on: date | datetime) -> str:
    return _written(local(on) if isinstance(on, datetime) else on, "year_day")


STYLES = {"short": short, "zoned": zoned, "full": full, "time": time, "day": day}


SIZES = (86400, 3600, 60, 1)


def units() -> str:
    """The words for days, hours, minutes and seconds, each with its place; also handed to the ticking script."""
    return "|".join((_("{n} d"), _("{n} h"), _("{n} min"), _("{n} s")))


def duration(span: timedelta | float | int | None, parts: int = 2) -> str:
    """The `parts` largest units of a span (seconds when a number): `1시간 47분`, `1 h 47 min`. Sign is dropped."""
    if span is None:
        return ""
    left = int(abs(span.total_seconds() if isinstance(span, timedelta) else span))
    sized = list(zip(SIZES, units().split("|"), strict=True))
    first = next((i for i, size in enumerate(SIZES) if left >= size), 3)
    words: list[str] = []
    for size, word in sized[first : first + parts]:
        n, left = divmod(left, size)
        if n or not words:
            words.append(word.format(n=n))
    return " ".join(words)


def elapsed(span: timedelta) -> str:
    """A span that ticks: under an hour in one unit, so that it does not flicker."""
    return duration(span, 2 if abs(span) >= timedelta(hours=1) else 1)


def countdown(left: timedelta) -> str:
    """`12:40`, `2:13:05`, from four days on `15일 3:12:09`; what is late counts up with a plus."""
    seconds = int(left.total_seconds())
    sign, seconds = ("+", -seconds) if seconds < 0 else ("", seconds)
    days = seconds // 86400 if seconds >= 4 * 86400 else 0
    hours, rest = divmod(seconds - days * 86400, 3600)
    minutes, seconds = divmod(rest, 60)
    clock = f"{hours}:{minutes:02}:{seconds:02}" if hours or days else f"{minutes}:{seconds:02}"
    return sign + (f"{day_word().format(n=days)} {clock}" if days else clock)


def day_word() -> str:
    """The word for days with its place, also handed to the ticking script."""
    return _("{n} d")


def stage(at: datetime, due_at: datetime, started_at: datetime | None) -> str:
    """`calm`, `amber` from half of the time, `red` from nine tenths, `late`."""
    if at >= due_at:
        return "late"
    spent = share(at, due_at, started_at)
    return "red" if spent >= 0.9 else "amber" if spent >= 0.5 else "calm"


def share(at: datetime, due_at: datetime, started_at: datetime | None) -> float:
    """The part of the time that is spent, 0 to 1; 0 when the start is not known."""
    if started_at is None or due_at <= started_at:
        return 1.0 if at >= due_at else 0.0
    return min(1.0, max(0.0, (at - started_at) / (due_at - started_at)))

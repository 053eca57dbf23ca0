"""When the next update is due, what is carried over, whom an address list names. Plain values."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bongsu.kernel.text import gettext_noop as _

DONE, IN_PROGRESS, WAITING = "done", "in_progress", "waiting"
STATES = (DONE, IN_PROGRESS, WAITING)
MOST_ITEMS = 30
LONGEST_ITEM = 300
REMIND_EVERY = timedelta(minutes=15)  # the source names no interval for a late update
MOST_RECIPIENTS = 5000
COMMAND, STATUS = "incident-command", "incident-status"
ADDRESS = re.compile(r"[^@\s<>\"',;]+@[^@\s<>\"',;]+\.[^@\s<>\"',;]+")
SPLIT = re.compile(r"[\s,;]+")


@dataclass(frozen=True)
class Item:
    """A line of a status update."""

    state: str
    text: str


def cleaned(items: Iterable[Item]) -> list[Item]:
    """Items on one line each; empty ones are left out."""
    kept = [Item(item.state, " ".join(item.text.split())) for item in items]
    return [item for item in kept if item.text]


def wrong_items(items: Sequence[Item]) -> str:
    """What keeps these items from being an update; empty when nothing does."""
    if not items:
        return _("Say at least one thing. If nothing has changed, say that nothing has changed.")
    if len(items) > MOST_ITEMS:
        return _("An update has at most 30 items.")
    if any(item.state not in STATES for item in items):
        return _("An item is done, in progress or waiting.")
    if any(len(item.text) > LONGEST_ITEM for item in items):
        return _("An item has at most 300 characters.")
    return ""


def carried(items: Iterable[Item]) -> list[Item]:
    """What the next update begins with: done items have been said."""
    return [item for item in items if item.state != DONE]


def of_state(items: Iterable[Item], state: str) -> list[str]:
    return [item.text for item in items if item.state == state]


def stamp(at: datetime, zone: str) -> str:
    """A moment as the source writes it: 2025-11-15 16:00 KST."""
    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M %Z}"


def clock_time(at: datetime, *, seen_from: datetime, zone: str) -> str:
    """`17:00`; with its date when that is another day."""
    local, today = at.astimezone(ZoneInfo(zone)), seen_from.astimezone(ZoneInfo(zone))
    return f"{local:%H:%M}" if local.date() == today.date() else f"{local:%Y-%m-%d %H:%M}"


def read_addresses(text: str) -> tuple[list[str], list[str]]:
    """E-mail addresses in pasted lines or the cells of a CSV file, each once, and what looks like one and is not."""
    good: dict[str, str] = {}
    bad: list[str] = []
    for word in SPLIT.split(text):
        bare = word.strip("<>\"'()[]").removeprefix("mailto:")
        if ADDRESS.fullmatch(bare) and len(bare) <= 254:
            good.setdefault(bare.lower(), bare)
        elif "@" in bare:
            bad.append(bare)
    return list(good.values()), bad

"""Names of channels (D1) and numbers of incidents (B1). Slack: lower case letters, digits, `_` and `-`, 80 at most."""

import re
import unicodedata
from collections.abc import Container
from datetime import date

from .conduct import Channels, Numbering

PATTERN_PLACES = ("id", "date", "year", "number")


def channel_name(rules: Channels, *, incident_id: str, day: date, number: int, taken: Container[str] = ()) -> str:
    """The name of an incident's channel; a taken name gets `-2`, `-3`, … before the limit is reached."""
    pattern = next(p.pattern for p in rules.patterns if p.key == rules.pattern)
    filled = pattern
    for place, value in (("id", incident_id), ("date", day.isoformat()), ("year", str(day.year)), ("number", f"{number:03d}")):
        filled = filled.replace("{" + place + "}", value)
    name = clean_name(rules, filled)
    attempt, suffix = name, 1
    while attempt in taken:
        suffix += 1
        attempt = f"{name[: rules.longest - len(str(suffix)) - 1]}-{suffix}"
    return attempt


def clean_name(rules: Channels, name: str) -> str:
    """`name` in lower case with every other character than the allowed ones as a hyphen, cut to the limit."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return re.sub(rf"[^{rules.allowed}]+", "-", folded).strip("-")[: rules.longest].rstrip("-")


def incident_number(rules: Numbering, *, year: int, number: int, is_drill: bool = False) -> str:
    """`INC-2025-001`; drills `DRL-2025-001`; past 999 it widens."""
    return f"{rules.drill if is_drill else rules.incident}-{year}-{number:0{rules.digits}d}"

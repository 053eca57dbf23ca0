"""A typed part of a pack as plain values for machines, or as words in one language for a page."""

from dataclasses import fields, is_dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from .words import Bilingual


def plain(value: Any) -> Any:
    """Durations in minutes, decimals and days as text, both languages."""
    if is_dataclass(value):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if isinstance(value, timedelta):
        return int(value.total_seconds()) // 60
    if isinstance(value, Decimal | date):
        return str(value)
    return value


def in_language(value: Any, language: str) -> Any:
    """Mappings with every text in `language`; durations and days stay what they are."""
    if isinstance(value, Bilingual):
        return value.say(language)
    if is_dataclass(value):
        return {f.name: in_language(getattr(value, f.name), language) for f in fields(value)}
    if isinstance(value, tuple):
        return [in_language(item, language) for item in value]
    return value

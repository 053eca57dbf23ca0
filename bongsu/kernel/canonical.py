"""The one text form that is stored and hashed. Version 1: JSON, UTF-8, sorted keys, NFC, no floats, no white space.

Floats are refused because two programs print them differently; decimals are written as strings, moments as
`2026-11-23T04:05:06.789012Z`, UUIDs and enumerations as their text.
"""

import hashlib
import json
import unicodedata
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID


def plain(value: Any) -> Any:
    """`value` as the plain JSON value that goes into the canonical text; TypeError for floats and unknown types."""
    match value:
        case None | bool() | int():
            return value
        case str():
            return unicodedata.normalize("NFC", value)
        case float():
            raise TypeError("no floats in the ledger: use Decimal or a string")
        case datetime():
            return moment(value)
        case date() | UUID() | Decimal():
            return str(value)
        case timedelta():
            return int(value.total_seconds())
        case Enum():
            return plain(value.value)
        case Mapping():
            return {unicodedata.normalize("NFC", str(k)): plain(v) for k, v in value.items()}
        case list() | tuple():
            return [plain(v) for v in value]
        case set() | frozenset():
            return sorted(plain(v) for v in value)
    raise TypeError(f"cannot be written to the ledger: {type(value).__name__}")


def moment(at: datetime) -> str:
    """`at` (aware) in UTC with microseconds and a Z."""
    if at.tzinfo is None:
        raise TypeError("a moment without a zone")
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def canonical(value: Any) -> str:
    return json.dumps(plain(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def storable(value: Any) -> Any:
    """A JSON value without what PostgreSQL refuses: NUL becomes the replacement character, half a surrogate "?"."""
    match value:
        case str():
            return value.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
        case Mapping():
            return {storable(str(key)): storable(inner) for key, inner in value.items()}
        case list() | tuple():
            return [storable(inner) for inner in value]
    return value


def digest(text: str | bytes) -> str:
    """SHA-256 as 64 lower-case hexadecimal digits."""
    return hashlib.sha256(text.encode() if isinstance(text, str) else text).hexdigest()

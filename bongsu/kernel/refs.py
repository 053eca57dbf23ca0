"""Identifiers and references: `kind:uuid` names any record of the house without importing it."""

import os
import time
from uuid import UUID

from .clock import is_simulated, now


def uuid7() -> UUID:
    """A time-ordered UUID, version 7 (RFC 9562, section 5.7); follows the simulated clock."""
    milliseconds = int(now().timestamp() * 1000) if is_simulated() else time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    value = (milliseconds & ((1 << 48) - 1)) << 80 | 0x7 << 76 | (random >> 68 & 0xFFF) << 64
    return UUID(int=value | 0b10 << 62 | random & ((1 << 62) - 1))


def ref(kind: str, key: object) -> str:
    """`ref("incident", uuid)` -> `incident:0192...`."""
    return f"{kind}:{key}"


def split_ref(reference: str) -> tuple[str, str]:
    """`incident:0192...` -> (`incident`, `0192...`); ValueError when it is no reference."""
    kind, separator, key = reference.partition(":")
    if not (kind and separator and key):
        raise ValueError(f"not a reference: {reference!r}")
    return kind, key

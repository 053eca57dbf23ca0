"""Identifiers and references: `kind:uuid` names any record of the house without importing it."""

import os
import threading
import time
from uuid import UUID

from .clock import is_simulated, now

_lock = threading.Lock()
_last = 0  # milliseconds << 12 | counter, of the newest identifier


def uuid7() -> UUID:
    """A time-ordered UUID, version 7 (RFC 9562, section 5.7); follows the simulated clock.

    Within one process and millisecond a counter in rand_a keeps the order (section 6.2, method 1): rows made together
    are listed in the order they were made.
    """
    global _last
    milliseconds = int(now().timestamp() * 1000) if is_simulated() else time.time_ns() // 1_000_000
    with _lock:
        _last = _last + 1 if _last >> 12 == milliseconds and _last & 0xFFF != 0xFFF else milliseconds << 12
        stamp = _last
    value = stamp >> 12 << 80 | 0x7 << 76 | (stamp & 0xFFF) << 64
    return UUID(int=value | 0b10 << 62 | int.from_bytes(os.urandom(8), "big") & ((1 << 62) - 1))


def ref(kind: str, key: object) -> str:
    """`ref("incident", uuid)` -> `incident:0192...`."""
    return f"{kind}:{key}"


def split_ref(reference: str) -> tuple[str, str]:
    """`incident:0192...` -> (`incident`, `0192...`); ValueError when it is no reference."""
    kind, separator, key = reference.partition(":")
    if not (kind and separator and key):
        raise ValueError(f"not a reference: {reference!r}")
    return kind, key

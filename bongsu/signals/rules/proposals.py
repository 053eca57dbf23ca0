"""What may become of a proposal, when it asks again, and when it answers itself (B3, A4)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bongsu.kernel.text import gettext_noop as _

OPEN, CONFIRMED, DECLARED, ATTACHED, REJECTED, MERGED = "open", "confirmed", "declared", "attached", "rejected", "merged"

# (from, to): who may, and whether a reason is needed
TRANSITIONS: dict[tuple[str, str], tuple[str, bool]] = {
    (OPEN, CONFIRMED): ("person", False),
    (OPEN, DECLARED): ("person or machine", False),
    (OPEN, ATTACHED): ("person", False),
    (OPEN, REJECTED): ("person", True),
    (OPEN, MERGED): ("person", False),
    (CONFIRMED, DECLARED): ("person", False),
    (CONFIRMED, ATTACHED): ("person", False),
    (CONFIRMED, REJECTED): ("person", True),
    (CONFIRMED, MERGED): ("person", False),
}
STATES = (OPEN, CONFIRMED, DECLARED, ATTACHED, REJECTED, MERGED)
WAITING = (OPEN, CONFIRMED)

STATE_WORDS = {
    OPEN: _("waits for somebody"),
    CONFIRMED: _("confirmed, not declared yet"),
    DECLARED: _("declared"),
    ATTACHED: _("attached to an incident"),
    REJECTED: _("false positive"),
    MERGED: _("merged into another proposal"),
}

SIGNAL_STATES = {"open": _("firing"), "resolved": _("the sender says it ended"), "info": _("information")}


def may_become(state: str, target: str) -> bool:
    return (state, target) in TRANSITIONS


def needs_reason(state: str, target: str, *, is_override: bool) -> bool:
    """A rejection, and every change of what was proposed, is explained."""
    return is_override or TRANSITIONS[(state, target)][1]


@dataclass(frozen=True)
class Next:
    """What the timer of a proposal does at `at`."""

    at: datetime
    declares: bool = False


def next_step(
    *, proposed_at: datetime, now: datetime, repeat_every: timedelta, declares_after: timedelta | None, is_authenticated: bool
) -> Next:
    """When to ask again, or to declare: only what came over an authenticated connection ever declares itself."""
    again = now + repeat_every
    if is_authenticated and declares_after is not None:
        moment = proposed_at + declares_after
        if moment <= again:
            return Next(max(moment, now), declares=True)
    return Next(again)

"""By which ways a person is told, and what a message may say to whom. Plain values only."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

KIND_OF = {"email": "mail", "slack": "channel", "pager": "pager"}  # no plug-in speaks by telephone

# (from, to): why
TRANSITIONS = {
    ("waiting", "queued"): "approved",
    ("waiting", "cancelled"): "not approved",
    ("queued", "sent"): "one way worked",
    ("queued", "failed"): "no way worked",
    ("queued", "held"): "did not leave the house",
    ("failed", "sent"): "a way was tried again",
    ("held", "sent"): "released",
    ("waiting", "dropped"): "the record is restricted, and the recipient is no reader",
    ("queued", "dropped"): "the record is restricted: the recipient is no reader, or anybody may read the place",
    ("failed", "dropped"): "the same",
    ("held", "dropped"): "the same",
}


@dataclass(frozen=True)
class Way:
    """How somebody is reached: `channel` email, slack or pager."""

    channel: str
    address: str


@dataclass(frozen=True)
class Place:
    """A chat channel to post into: `connection` by its id. What is not private gets only the ID of a restricted record.
    `name` is what people call it, when it is known."""

    connection: str
    address: str
    thread: str = ""
    is_private: bool = False
    name: str = ""


@dataclass(frozen=True)
class Plan:
    """`at_once`: used together; `later`: one after the other when nothing before worked."""

    at_once: tuple[Way, ...]
    later: tuple[Way, ...]


def plan_ways(ways: Iterable[Way], *, kinds: Iterable[str], is_urgent: bool, email: str) -> Plan:
    """`ways` in the person's order, `kinds` the connected ones. Urgent: every way at once. Else the first that does not wake,
    then the others; a pager only when it is all there is; the sign-in address by e-mail always comes last."""
    connected = set(kinds)
    usable = [w for w in dict.fromkeys([*ways, Way("email", email)]) if w.address and KIND_OF.get(w.channel) in connected]
    if is_urgent:
        return Plan(tuple(usable), ())
    calm = [w for w in usable if w.channel != "pager"]
    chats, mails = [w for w in calm if w.channel != "email"], [w for w in calm if w.channel == "email"]
    first = calm[:1] or usable[:1]
    rest = [w for w in chats + mails if w not in first]
    return Plan(tuple(first), tuple(rest))


def state_after(states: Sequence[str]) -> str:
    """The state of a message from those of its sendings: one that worked is enough, one that is under way may still."""
    for state in ("sent", "queued", "held", "dropped"):
        if state in states:
            return state
    return "failed"


def first_lines(body: str, most: int = 500) -> str:
    """The beginning of a text for a pager's small screen."""
    kept = " ".join(body.split())
    return kept if len(kept) <= most else kept[: most - 1] + "…"

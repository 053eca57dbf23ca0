"""What the ladder states."""

from datetime import datetime

from bongsu.kernel.facts import Fact, fact
from bongsu.kernel.text import gettext_noop as _


@fact("escalations.step_fired")
class StepFired(Fact):
    """`people` were written to, `unreached` of them by no way at all; `whom` says so in both languages."""

    sentence = _("Escalation to {posts}: {whom}")
    personal = frozenset({"whom"})
    icon = "bell"
    step: str
    posts: list[str]
    people: list[str]
    unreached: list[str]
    whom: dict[str, str]


@fact("escalations.step_brought_forward")
class StepBroughtForward(Fact):
    sentence = _("{actor} escalated to {posts} now, before the matrix would have. {reason}")
    personal = frozenset({"reason"})
    icon = "bell"
    step: str
    posts: list[str]
    due_at: datetime
    reason: str


@fact("escalations.post_unreached")
class PostUnreached(Fact):
    """A step named a post that nobody holds: loud, with who stood in."""

    sentence = _("The post “{post}” is empty; asked instead: {stand_in}")
    personal = frozenset({"stand_in"})
    icon = "warning"
    step: str
    post: str
    stand_in: str


@fact("escalations.recomputed")
class LadderRecomputed(Fact):
    """After a change of severity: every step that was called off or set, in one line, in both languages."""

    sentence = _("Deadlines computed again ({old} → {new}): {changes}")
    icon = "clock"
    old: str
    new: str
    changes: list[dict[str, str]]


@fact("escalations.response_overdue")
class ResponseOverdue(Fact):
    sentence = _("Nobody has taken command within the response target ({due_at})")
    icon = "warning"
    due_at: datetime


@fact("escalations.snoozed")
class Snoozed(Fact):
    sentence = _("{actor} wants no reminders until {until_at}: {reason}")
    personal = frozenset({"reason"})
    icon = "bell"
    person: str
    until_at: datetime
    reason: str

"""What is said about telling: channels, status updates, notices to customers."""

from datetime import datetime

from bongsu.integrations.rules import HELD_WORDS
from bongsu.kernel.facts import Fact, fact
from bongsu.kernel.text import gettext_noop as _


@fact("updates.channel_asked")
class ChannelAsked(Fact):
    sentence = _("The channel #{channel_name} was asked for.")
    icon = "message"
    on_timeline = False
    channel: str
    channel_name: str
    is_private: bool


@fact("updates.channel_opened")
class ChannelOpened(Fact):
    sentence = _("The channel #{channel_name} is open.")
    icon = "message"
    channel: str
    channel_name: str
    address: str
    is_private: bool


@fact("updates.channel_held")
class ChannelHeld(Fact):
    """A drill or a demo: everything was done but the last step out of the house."""

    sentence = _("The channel #{channel_name} was not opened: nothing leaves the house ({reason}).")
    said_as = {"reason": HELD_WORDS}
    icon = "hold"
    channel: str
    channel_name: str
    reason: str


@fact("updates.posts_dropped")
class PostsDropped(Fact):
    sentence = _("The incident is restricted. Posts that waited for the status channel and are not sent: {n}")
    icon = "hold"
    n: int


@fact("updates.people_invited")
class PeopleInvited(Fact):
    sentence = _("Invited to the channel: {names}")
    personal = frozenset({"names"})
    icon = "person"
    on_timeline = False
    channel: str
    people: list[str]
    names: str


@fact("updates.standing_channel_set")
class StandingChannelSet(Fact):
    """`address` empty: nothing is sent there."""

    sentence = _("{actor} set the standing channel {key} to “{address}”.")
    icon = "message"
    key: str
    address: str


@fact("updates.sent")
class UpdateSent(Fact):
    sentence = _("{actor} sent status update #{number}: {summary}")
    personal = frozenset({"summary"})
    icon = "message"
    number: int
    state: str
    summary: str
    text_hash: str
    next_due_at: datetime | None


@fact("updates.due_moved")
class UpdateDueMoved(Fact):
    sentence = _("Status update #{number} is due at another time: {old} → {new}")
    icon = "clock"
    number: int
    old: datetime
    new: datetime


@fact("updates.late")
class UpdateLate(Fact):
    sentence = _("Status update #{number} is late: it was due {due_at}")
    icon = "warning"
    number: int
    due_at: datetime


@fact("updates.notice_written")
class NoticeWritten(Fact):
    sentence = _("{actor} wrote customer notice #{number} for {recipients} recipients: {title}")
    personal = frozenset({"title"})
    icon = "message"
    notice: str
    number: int
    title: str
    language: str
    text_hash: str
    recipients: int


@fact("updates.notice_released")
class NoticeReleased(Fact):
    sentence = _("Customer notice #{number} goes out to {recipients} recipients.")
    icon = "message"
    notice: str
    number: int
    recipients: int


@fact("updates.notice_refused")
class NoticeRefused(Fact):
    sentence = _("Customer notice #{number} was not approved: {reason}")
    personal = frozenset({"reason"})
    icon = "warning"
    notice: str
    number: int
    reason: str


@fact("updates.notice_delivered")
class NoticeDelivered(Fact):
    """The last recipient has an outcome."""

    sentence = _("Customer notice #{number}: {sent} delivered to the mail server, {failed} failed, {held} held.")
    icon = "check"
    notice: str
    number: int
    sent: int
    failed: int
    held: int

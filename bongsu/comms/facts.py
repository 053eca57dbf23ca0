"""What happened to messages. Names and reasons are personal; texts stay on the message row."""

from bongsu.integrations.rules import DROPPED_WORDS, HELD_WORDS
from bongsu.kernel.facts import Fact, fact
from bongsu.kernel.text import gettext_noop as _

# What messages are written for, as the modules above name it; a purpose without a word shows its key.
PURPOSES = {
    "approval": _("approval asked"),
    "broadcast": _("state broadcast"),
    "channel": _("incident channel"),
    "containment": _("containment"),
    "escalation": _("escalation matrix"),
    "failure": _("failure"),
    "break-glass": _("glass broken"),
    "needed": _("needed for the response"),
    "notice": _("customer notice"),
    "overdue": _("overdue duty"),
    "reminder": _("reminder"),
    "report_review": _("review of the report"),
    "restriction": _("review of the restriction"),
    "role": _("role in the incident"),
    "severity": _("severity changed"),
    "triage": _("triage"),
    "status update": _("status update"),
    "late update": _("status update late"),
}

WAYS = {"email": _("e-mail"), "slack": _("chat"), "pager": _("pager"), "channel": _("chat channel")}


@fact("comms.message_written")
class MessageWritten(Fact):
    sentence = _("A message to {recipient_name} was written ({purpose}).")
    said_as = {"purpose": PURPOSES}
    personal = frozenset({"recipient_name"})
    icon = "message"
    on_timeline = False
    message: str
    recipient: str
    recipient_name: str
    purpose: str
    template: str
    template_version: int
    language: str
    text_hash: str


@fact("comms.message_sent")
class MessageSent(Fact):
    sentence = _("{recipient_name} was sent a message by {way} ({purpose}).")
    together = _("{count} messages were sent by {way}: {recipient_name} ({purpose}).")
    alike_in = ("way",)
    said_as = {"purpose": PURPOSES, "way": WAYS}
    personal = frozenset({"recipient_name"})
    icon = "message"
    message: str
    recipient: str
    recipient_name: str
    purpose: str
    way: str
    may_have_been_sent_twice: bool


@fact("comms.message_failed")
class MessageFailed(Fact):
    sentence = _("{recipient_name} could not be reached ({purpose}): {why}")
    together = _("{count} messages reached nobody: {recipient_name} ({purpose}). {why}")
    said_as = {"purpose": PURPOSES}
    personal = frozenset({"recipient_name", "why"})
    icon = "warning"
    message: str
    recipient: str
    recipient_name: str
    purpose: str
    why: str | dict[str, str]


@fact("comms.message_held")
class MessageHeld(Fact):
    sentence = _("The message to {recipient_name} did not leave the house: {reason} ({purpose}).")
    together = _("{count} messages did not leave the house ({recipient_name}): {reason} ({purpose}).")
    alike_in = ("reason",)
    said_as = {"purpose": PURPOSES, "reason": HELD_WORDS}
    personal = frozenset({"recipient_name"})
    icon = "hold"
    message: str
    recipient: str
    recipient_name: str
    purpose: str
    reason: str


@fact("comms.message_dropped")
class MessageDropped(Fact):
    """Withdrawn before it was sent; its words stay with the message."""

    sentence = _("The message to {recipient_name} was withdrawn and is not sent ({purpose}): {reason}.")
    said_as = {"purpose": PURPOSES, "reason": DROPPED_WORDS}
    personal = frozenset({"recipient_name"})
    icon = "hold"
    message: str
    recipient: str
    recipient_name: str
    purpose: str
    reason: str
    may_have_been_sent: bool


@fact("comms.message_acknowledged")
class MessageAcknowledged(Fact):
    sentence = _("{recipient_name} acknowledged the message ({purpose}).")
    together = _("{count} messages were acknowledged: {recipient_name} ({purpose}).")
    said_as = {"purpose": PURPOSES}
    personal = frozenset({"recipient_name"})
    icon = "check"
    message: str
    recipient: str
    recipient_name: str
    purpose: str
    via: str


@fact("comms.unreached_seen")
class UnreachedSeen(Fact):
    """Somebody has looked at urgent messages that reached nobody; the alarm falls silent."""

    sentence = _("{actor} has seen that urgent messages did not reach: {names}.")
    personal = frozenset({"names"})
    icon = "warning"
    messages: list[str]
    names: str


@fact("comms.messages_refused")
class MessagesRefused(Fact):
    sentence = _("A message was not approved and will not be sent ({purpose}): {reason}")
    said_as = {"purpose": PURPOSES}
    personal = frozenset({"reason"})
    icon = "warning"
    batch: str
    purpose: str
    reason: str

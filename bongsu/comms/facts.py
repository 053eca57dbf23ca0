"""What happened to messages. Names and reasons are personal; texts stay on the message row."""

from bongsu.kernel.facts import Fact, fact
from bongsu.kernel.text import gettext_noop as _


@fact("comms.message_written")
class MessageWritten(Fact):
    sentence = _("A message to {recipient_name} was written ({purpose}).")
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
    personal = frozenset({"recipient_name", "why"})
    icon = "warning"
    message: str
    recipient: str
    recipient_name: str
    purpose: str
    why: str


@fact("comms.message_held")
class MessageHeld(Fact):
    sentence = _("The message to {recipient_name} did not leave the house: {reason} ({purpose}).")
    personal = frozenset({"recipient_name"})
    icon = "hold"
    message: str
    recipient: str
    recipient_name: str
    purpose: str
    reason: str


@fact("comms.message_acknowledged")
class MessageAcknowledged(Fact):
    sentence = _("{recipient_name} acknowledged the message ({purpose}).")
    personal = frozenset({"recipient_name"})
    icon = "check"
    message: str
    recipient: str
    recipient_name: str
    purpose: str
    via: str


@fact("comms.messages_refused")
class MessagesRefused(Fact):
    sentence = _("A message was not approved and will not be sent ({purpose}): {reason}")
    personal = frozenset({"reason"})
    icon = "warning"
    batch: str
    purpose: str
    reason: str

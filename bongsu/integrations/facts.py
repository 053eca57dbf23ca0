"""What happens with connections and with what leaves the house."""

from typing import Any

from bongsu.kernel.facts import Fact, fact
from bongsu.kernel.text import gettext_noop as _

from . import rules


@fact("integrations.connection_created")
class ConnectionCreated(Fact):
    sentence = _("{actor} created the connection “{connection_name}” ({plugin}).")
    icon = "plug"
    connection_name: str
    plugin: str
    allowed_targets: list[str]


@fact("integrations.connection_changed")
class ConnectionChanged(Fact):
    sentence = _("{actor} changed the connection “{connection_name}”: {changed}.")
    icon = "plug"
    connection_name: str
    changed: list[str]
    allowed_targets: list[str]


@fact("integrations.connection_switched")
class ConnectionSwitched(Fact):
    sentence = _("{actor} switched the connection “{connection_name}” {is_enabled}.")
    said_as = {"is_enabled": {True: _("on"), False: _("off")}}
    icon = "plug"
    connection_name: str
    is_enabled: bool
    reason: str


@fact("integrations.connection_tested")
class ConnectionTested(Fact):
    sentence = _("{actor} tested the connection “{connection_name}”: {health}.")
    said_as = {"health": rules.HEALTH}
    icon = "plug"
    connection_name: str
    health: str
    said: str


@fact("integrations.health_changed")
class HealthChanged(Fact):
    sentence = _("The connection “{connection_name}” is now {health}.")
    said_as = {"health": rules.HEALTH}
    icon = "plug"
    connection_name: str
    health: str
    said: str


@fact("integrations.in_token_rotated")
class InTokenRotated(Fact):
    sentence = _("{actor} issued a new intake address for “{connection_name}”.")
    icon = "key"
    connection_name: str
    slot: int


@fact("integrations.in_token_ended")
class InTokenEnded(Fact):
    sentence = _("{actor} ended an intake address of “{connection_name}”.")
    icon = "key"
    connection_name: str
    slot: int


@fact("integrations.call_asked")
class CallAsked(Fact):
    sentence = _("{operation} was asked of “{connection_name}”.")
    said_as = {"operation": rules.OPERATIONS}
    icon = "out"
    on_timeline = False
    call: str
    connection: str
    connection_name: str
    operation: str
    target: str
    key: str


@fact("integrations.call_done")
class CallDone(Fact):
    """`receipt` holds the short values only; the whole is `Call.receipt`."""

    sentence = _("{operation} was carried out by “{connection_name}”.")
    said_as = {"operation": rules.OPERATIONS}
    icon = "out"
    on_timeline = False
    call: str
    connection: str
    connection_name: str
    operation: str
    key: str
    external_id: str
    receipt: dict[str, Any]
    may_have_been_sent_twice: bool


@fact("integrations.call_failed")
class CallFailed(Fact):
    sentence = _("{operation} at “{connection_name}” failed: {error}")
    said_as = {"operation": rules.OPERATIONS}
    icon = "warning"
    call: str
    connection: str
    connection_name: str
    operation: str
    key: str
    error: str
    attempts: int
    receipt: dict[str, Any]


@fact("integrations.call_held")
class CallHeld(Fact):
    """`reason`: drill, demo, held (after a restore or by an administrator) or disabled."""

    sentence = _("{operation} at “{connection_name}” was held and did not leave the house ({reason}).")
    said_as = {"operation": rules.OPERATIONS, "reason": rules.HELD_WORDS}
    icon = "hold"
    on_timeline = False
    call: str
    connection: str
    connection_name: str
    operation: str
    key: str
    reason: str
    receipt: dict[str, Any]


@fact("integrations.call_dropped")
class CallDropped(Fact):
    """Withdrawn: it will not be sent (again). `may_have_been_sent`: an attempt before that may have gone through."""

    sentence = _("{operation} at “{connection_name}” was withdrawn and does not leave the house: {reason}.")
    said_as = {"operation": rules.OPERATIONS, "reason": rules.DROPPED_WORDS}
    icon = "hold"
    on_timeline = False
    call: str
    connection: str
    connection_name: str
    operation: str
    key: str
    reason: str
    may_have_been_sent: bool


@fact("integrations.call_retried")
class CallRetried(Fact):
    sentence = _("{actor} had {operation} at “{connection_name}” tried again.")
    said_as = {"operation": rules.OPERATIONS}
    icon = "out"
    call: str
    connection: str
    connection_name: str
    operation: str


@fact("integrations.everything_held")
class EverythingHeld(Fact):
    sentence = _("{actor} holds everything that would leave the house: {reason}")
    icon = "hold"
    reason: str | dict[str, str]


@fact("integrations.everything_released")
class EverythingReleased(Fact):
    sentence = _("{actor} released what leaves the house. Calls that waited: {waiting}, of these let go: {released}.")
    icon = "out"
    waiting: int
    released: int


@fact("integrations.waiting_settled")
class WaitingSettled(Fact):
    """What a hold had left waiting was let go or discarded by a person, with the reason."""

    sentence = _("{actor} {is_letting_go} what waited after the hold, {count} in all: {reason}")
    said_as = {"is_letting_go": {True: _("let go"), False: _("discarded")}}
    personal = frozenset({"reason"})
    icon = "out"
    count: int
    is_letting_go: bool
    reason: str

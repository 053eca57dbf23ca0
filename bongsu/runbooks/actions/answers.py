"""What the gate says of our calls finds its row again by the key of the call. An answer that comes twice changes nothing."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from bongsu.events.actions import action
from bongsu.integrations.models import Call
from bongsu.kernel.actors import Actor
from bongsu.kernel.text import gettext_noop as _
from bongsu.kernel.text import text

from ..models import Containment, Snapshot
from ..rules import containing as rules
from . import containing, executing, verifying
from .calling import owner_of
from .moving import MOVE, TAG, end, fail, let_go, locked_row
from .snapshots import NEEDED, receive_part

NOT_ASKED = (TAG,)  # its failure stands on the timeline by itself


@action
def receive_answer(actor: Actor, *, call: UUID, key: str) -> None:
    """The service did it. The whole receipt is read from the call."""
    owner = owner_of(key)
    if owner is None:
        return
    kind, row, purpose = owner
    receipt: dict[str, Any] = Call.objects.get(pk=call).receipt
    if kind == "snapshot":
        receive_part(actor, row, purpose, receipt=receipt)
    elif kind == "verification":
        verifying.receive(actor, row, purpose, receipt=receipt)
    elif kind == "containment":
        _answered(actor, let_go(actor, locked_row(row)), purpose, receipt)


def _answered(actor: Actor, row: Containment, purpose: str, receipt: dict[str, Any]) -> None:
    if purpose.startswith("poll-"):
        executing.reported(actor, row, receipt)
        return
    if purpose == MOVE:
        if row.state in executing.WRITING:
            executing.moved(actor, row)
        return
    reactions: dict[str, Callable[..., None]] = {"reread": executing.reread, "why": executing.explained}
    if purpose in reactions:
        reactions[purpose](actor, row, receipt)
    elif purpose in ("alias", "versions", "serving"):
        containing.read_part(actor, row, purpose, receipt)


@action
def receive_failure(actor: Actor, *, key: str, error: str) -> None:
    """The service did not do it, for good."""
    owner = owner_of(key)
    if owner is None:
        return
    kind, row, purpose = owner
    if kind == "snapshot":
        receive_part(actor, row, purpose, receipt=None, error=error)
    elif kind == "verification":
        verifying.receive(actor, row, purpose, receipt=None, error=error)
    elif kind == "containment":
        _failed(actor, let_go(actor, locked_row(row)), purpose, error)


def _failed(actor: Actor, row: Containment, purpose: str, error: str) -> None:
    if purpose.startswith("poll-"):
        if row.state == rules.MOVED:
            executing.ask_later(row)
    elif purpose == MOVE:
        executing.not_moved(actor, row, error)
    elif purpose in ("alias", "versions") and row.state == rules.READING:
        fail(actor, row, rules.FAILED, text(_("The registry cannot be read: {error}"), error=error))
    elif purpose == "reread" and row.state == rules.EXECUTING:
        why = _("The alias could not be read again, so nothing was written: {error}")
        fail(actor, row, rules.FAILED, text(why, error=error))
    elif purpose == "why" and row.state == rules.EXECUTING:
        why = _("The registry did not do it, and where the alias is now is not known: {error}")
        fail(actor, row, rules.FAILED, text(why, error=row.error))


@action
def receive_drop(actor: Actor, *, key: str) -> None:
    """A write was withdrawn, but an earlier attempt may have gone through all the same: see where the alias is."""
    owner = owner_of(key)
    if owner is None or owner[0] != "containment" or owner[2] != MOVE:
        return
    row = locked_row(owner[1])
    executing.not_moved(actor, row, row.error)


@action
def receive_hold(actor: Actor, *, key: str, reason: str) -> None:
    """The gate let nothing leave: a drill, a demo, a hold. Shown as held; when it is let go it goes on."""
    owner = owner_of(key)
    if owner is None:
        return
    kind, row, purpose = owner
    if kind == "snapshot" and purpose not in NEEDED:
        receive_part(actor, row, purpose, receipt=None, error=f"held at the gate: {reason}")
    elif kind == "snapshot":
        Snapshot.objects.filter(pk=row, state="collecting").update(state="held")
        for waiting in Containment.objects.filter(snapshot=row, state=rules.SNAPSHOT):
            _hold(actor, locked_row(waiting.pk), reason)
    elif kind == "verification":
        verifying.hold(actor, row, purpose)
    elif kind == "containment" and purpose not in NOT_ASKED:
        _hold(actor, locked_row(row), reason)


def _hold(actor: Actor, row: Containment, reason: str) -> None:
    if rules.may_move(row.state, rules.HELD):
        end(actor, row, rules.HELD, reason, held_from=row.state)

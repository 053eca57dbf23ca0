"""What the gate and the approvers say becomes the state of messages."""

from uuid import UUID

from bongsu.approvals.facts import ApprovalGranted, ApprovalRefused, ApprovalVoided
from bongsu.events.facts import Restricted
from bongsu.events.listening import on
from bongsu.events.models import Event
from bongsu.integrations.facts import CallDone, CallDropped, CallFailed, CallHeld

from .actions import COMMS, cancel_batch, leave_out_strangers, note_outcome, release_batch


@on(CallDone)
def call_done(event: Event, fact: CallDone) -> None:
    note_outcome(
        COMMS, call=UUID(fact.call), state="sent", external_id=fact.external_id, receipt=fact.receipt,
        may_be_twice=fact.may_have_been_sent_twice,
    )  # fmt: skip


@on(CallFailed)
def call_failed(event: Event, fact: CallFailed) -> None:
    note_outcome(COMMS, call=UUID(fact.call), state="failed", why=fact.error)


@on(CallHeld)
def call_held(event: Event, fact: CallHeld) -> None:
    note_outcome(COMMS, call=UUID(fact.call), state="held", why=fact.reason)


@on(CallDropped)
def call_dropped(event: Event, fact: CallDropped) -> None:
    note_outcome(COMMS, call=UUID(fact.call), state="dropped", why=fact.reason, may_be_twice=fact.may_have_been_sent)


@on(Restricted)
def record_restricted(event: Event, fact: Restricted) -> None:
    leave_out_strangers(COMMS, subject=event.subject_id)


@on(ApprovalGranted)
def text_approved(event: Event, fact: ApprovalGranted) -> None:
    kind, _separator, batch = fact.about_ref.partition(":")
    if kind == "batch":
        release_batch(COMMS, batch=batch)


@on(ApprovalRefused, ApprovalVoided)
def text_not_approved(event: Event, fact: ApprovalRefused | ApprovalVoided) -> None:
    kind, _separator, batch = fact.about_ref.partition(":")
    if kind == "batch":
        cancel_batch(COMMS, batch=batch, reason=fact.reason)

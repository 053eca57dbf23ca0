"""What the house says when something happens to an incident."""

from uuid import UUID

from bongsu.approvals.facts import ApprovalGranted, ApprovalRefused, ApprovalVoided
from bongsu.comms.facts import MessageDropped, MessageFailed
from bongsu.events.facts import Restricted
from bongsu.events.listening import names_of, on, on_timer
from bongsu.events.models import Event, Timer
from bongsu.incidents.facts import (
    BreakGlassUsed,
    CommandAccepted,
    CommandOffered,
    DutyOverdue,
    IncidentOpened,
    RestrictionReviewDue,
    RoleAssigned,
    SeverityChanged,
    StateMoved,
)
from bongsu.incidents.rules import IC
from bongsu.integrations.facts import CallDone, CallDropped, CallFailed, CallHeld
from bongsu.kernel.actors import system
from bongsu.kernel.refs import split_ref

from .actions import channels, noticing, paging, posting, telling, updating
from .facts import NoticeDelivered

ME = system("updates")


def _id(event: Event) -> UUID:
    return UUID(split_ref(event.subject_id)[1])


def _who(event: Event) -> str:
    return names_of([event.actor])[event.actor]


@on(IncidentOpened, before_close=True)
def incident_opened(event: Event, fact: IncidentOpened) -> None:
    updating.begin_rhythm(ME, incident=_id(event), at=event.occurred_at)
    channels.open_for(ME, incident=_id(event))
    posting.say_declared(ME, incident=_id(event))


@on(StateMoved)
def state_moved(event: Event, fact: StateMoved) -> None:
    incident = _id(event)
    if fact.restarts_clocks:
        updating.begin_rhythm(ME, incident=incident, at=event.occurred_at)
    updating.stop_rhythm(ME, incident=incident)
    posting.say_state(ME, incident=incident, key=str(event.event), at=event.occurred_at, state=fact.new)
    channels.refresh_topic(ME, incident=incident, key=str(event.event))


@on(StateMoved)
def pages_end(event: Event, fact: StateMoved) -> None:
    if fact.new in ("resolved", "false_positive"):
        paging.end_pages(ME, incident=_id(event))


@on(SeverityChanged)
def severity_changed(event: Event, fact: SeverityChanged) -> None:
    incident, key = _id(event), str(event.event)
    updating.recompute_due(ME, incident=incident)
    values = telling.tell_severity(ME, incident=incident, old=fact.old, new=fact.new, reason=fact.reason, key=key)
    posting.say_severity(ME, incident=incident, key=key, values=values, at=event.occurred_at)
    channels.invite_people(ME, incident=incident)
    channels.refresh_topic(ME, incident=incident, key=key)


@on(CommandOffered)
def command_offered(event: Event, fact: CommandOffered) -> None:
    telling.offer_role(
        ME, incident=_id(event), role=IC, person=UUID(fact.person), offered_by=_who(event), key=str(event.event)
    )  # fmt: skip
    channels.invite_people(ME, incident=_id(event))


@on(CommandAccepted)
def command_accepted(event: Event, fact: CommandAccepted) -> None:
    paging.acknowledge_pages(ME, incident=_id(event))
    updating.hand_over_due(ME, incident=_id(event))
    channels.invite_people(ME, incident=_id(event))
    channels.invite_commander(ME, incident=_id(event))
    channels.refresh_topic(ME, incident=_id(event), key=str(event.event))


@on(RoleAssigned)
def role_assigned(event: Event, fact: RoleAssigned) -> None:
    telling.tell_role(
        ME, incident=_id(event), role=fact.role, person=UUID(fact.person), assigned_by=_who(event), key=str(event.event)
    )  # fmt: skip
    channels.invite_people(ME, incident=_id(event))


@on(BreakGlassUsed)
def glass_broken(event: Event, fact: BreakGlassUsed) -> None:
    telling.tell_broken_glass(
        ME, incident=_id(event), person=UUID(fact.person), reason=fact.reason, key=str(event.event)
    )  # fmt: skip


@on(RestrictionReviewDue)
def restriction_review_due(event: Event, fact: RestrictionReviewDue) -> None:
    telling.tell_restriction_review(
        ME, incident=_id(event), approver=UUID(fact.approver), review_on=fact.review_on, key=str(event.event)
    )  # fmt: skip


@on(Restricted)
def record_restricted(event: Event, fact: Restricted) -> None:
    """A public channel is left behind: an incident that is restricted later goes on in a private one."""
    if event.subject_id.startswith("incident:"):
        channels.leave_public(ME, incident=_id(event))
        posting.drop_broadcasts(ME, incident=_id(event))
        channels.open_for(ME, incident=_id(event))


@on(DutyOverdue)
def duty_overdue(event: Event, fact: DutyOverdue) -> None:
    telling.tell_overdue(ME, incident=_id(event), duty=fact.duty, key=str(event.event))


@on(CallDone)
def call_done(event: Event, fact: CallDone) -> None:
    channels.note_call(ME, call=UUID(fact.call), state="done")
    noticing.note_receipt(ME, call=UUID(fact.call), state="sent", external_id=fact.external_id)


@on(CallFailed)
def call_failed(event: Event, fact: CallFailed) -> None:
    channels.note_call(ME, call=UUID(fact.call), state="failed", why=fact.error)
    noticing.note_receipt(ME, call=UUID(fact.call), state="failed", why=fact.error)
    telling.tell_call_failed(ME, call=UUID(fact.call), error=fact.error)


@on(CallHeld)
def call_held(event: Event, fact: CallHeld) -> None:
    channels.note_call(ME, call=UUID(fact.call), state="held", why=fact.reason)
    noticing.note_receipt(ME, call=UUID(fact.call), state="held", why=fact.reason)


@on(CallDropped)
def call_dropped(event: Event, fact: CallDropped) -> None:
    channels.note_call(ME, call=UUID(fact.call), state="dropped", why=fact.reason)


@on(MessageDropped)
def message_dropped(event: Event, fact: MessageDropped) -> None:
    posting.say_in_private(ME, message=UUID(fact.message))


@on(MessageFailed)
def message_failed(event: Event, fact: MessageFailed) -> None:
    telling.tell_message_failed(ME, message=UUID(fact.message), why=fact.why)


@on(NoticeDelivered)
def notice_delivered(event: Event, fact: NoticeDelivered) -> None:
    telling.tell_notice_failed(ME, notice=UUID(fact.notice), failed=fact.failed)


@on(ApprovalGranted)
def notice_approved(event: Event, fact: ApprovalGranted) -> None:
    kind, _separator, notice = fact.about_ref.partition(":")
    if kind == "notice":
        noticing.release_notice(ME, notice=UUID(notice))


@on(ApprovalRefused, ApprovalVoided)
def notice_not_approved(event: Event, fact: ApprovalRefused | ApprovalVoided) -> None:
    kind, _separator, notice = fact.about_ref.partition(":")
    if kind == "notice":
        noticing.refuse_notice(ME, notice=UUID(notice), reason=fact.reason)


@on_timer(updating.DUE)
def update_is_due(timer: Timer) -> None:
    updating.note_late(ME, incident=UUID(timer.data["incident"]))


@on_timer(updating.LATE)
def reminder_is_due(timer: Timer) -> None:
    updating.note_late(ME, incident=UUID(timer.data["incident"]))

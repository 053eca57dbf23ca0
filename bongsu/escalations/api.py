"""The ladder for machines: steps with receipts, silence for oneself, escalating now."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Router, Schema

from bongsu.comms.models import Message
from bongsu.incidents import queries as incidents
from bongsu.incidents.models import Incident
from bongsu.kernel.actors import Actor
from bongsu.ui.doors import Body

from . import actions, queries

router = Router(tags=["escalations"])


class WayOut(Schema):
    way: str
    state: str
    ended_at: datetime | None


class ReceiptOut(Schema):
    """One per person and step. `state`: waiting, queued, sent, failed, held."""

    message: UUID
    person: str
    told_at: datetime
    sent_at: datetime | None
    acknowledged_at: datetime | None
    state: str
    ways: list[WayOut]


class StepOut(Schema):
    """`state`: waiting, done (fired) or cancelled. `reached`, once done: told, written (to), unreached, none. `round` counts the
    burnings of the incident."""

    key: str
    round: int
    severity: str
    posts: list[str]
    titles: list[str]
    due_at: datetime
    fired_at: datetime | None
    cancelled_at: datetime | None
    state: str
    reached: str
    receipts: list[ReceiptOut]


class SnoozeIn(Body):
    until_at: datetime
    reason: str = Field(min_length=1, max_length=300)


class SnoozeOut(Schema):
    until_at: datetime
    reason: str


class NowIn(Body):
    reason: str = Field(min_length=1, max_length=2000)


def _actor(request: HttpRequest) -> Actor:
    return request.actor  # type: ignore[attr-defined, no-any-return]


def _found(request: HttpRequest, number: str) -> Incident:
    return incidents.incident(_actor(request), number)


@router.get("/incidents/{number}/escalation", response=list[StepOut], operation_id="get_escalation")
def get_escalation(request: HttpRequest, number: str) -> list[dict[str, Any]]:
    """Fired, waiting and called-off steps, and who was told how."""
    return [_step(one) for one in queries.shown_ladder(_actor(request), _found(request, number))]


@router.post("/incidents/{number}/escalation", response={201: StepOut}, operation_id="escalate_now")
def escalate_now(request: HttpRequest, number: str, body: NowIn) -> tuple[int, dict[str, Any]]:
    """Bring the next step forward. The IC does, or a commander."""
    found = _found(request, number)
    step = actions.escalate_now(_actor(request), incident=found.id, reason=body.reason)
    return 201, next(_step(one) for one in queries.shown_ladder(_actor(request), found) if one.step.id == step.id)


@router.post("/incidents/{number}/snooze", response={201: SnoozeOut}, operation_id="snooze")
def snooze(request: HttpRequest, number: str, body: SnoozeIn) -> tuple[int, dict[str, Any]]:
    """No reminders to the caller until then, eight hours at most; the steps come all the same."""
    row = actions.snooze(_actor(request), incident=_found(request, number).id, until_at=body.until_at, reason=body.reason)
    return 201, {"until_at": row.until_at, "reason": row.reason}


def _step(one: queries.ShownStep) -> dict[str, Any]:
    names = ("key", "round", "severity", "posts", "due_at", "fired_at", "cancelled_at")
    receipts = [_receipt(message) for message in one.receipts]
    return {
        **{n: getattr(one.step, n) for n in names},
        "titles": one.titles,
        "state": one.state,
        "reached": one.reached,
        "receipts": receipts,
    }


def _receipt(row: Message) -> dict[str, Any]:
    ways = [{"way": s.way, "state": s.state, "ended_at": s.ended_at} for s in row.sendings.all()]
    return {
        "message": row.id, "person": row.name, "told_at": row.created_at, "sent_at": row.sent_at,
        "acknowledged_at": row.acknowledged_at, "state": row.state, "ways": ways,
    }  # fmt: skip

"""The ledger and the dead letters for machines."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Schema

from bongsu.ui.doors import Page, Paging, page_of
from bongsu.ui.frame import actor_of

from . import actions, queries, sealing
from .models import Delivery, Seal, Timer

router = Router(tags=["ledger"])


class SealOut(Schema):
    """`text` is what is signed; keep text, hash and signature somewhere else."""

    number: int
    made_at: datetime
    text: str
    hash: str
    signature: str


class SealsOut(Schema):
    public_key: str
    items: list[SealOut]


class VerificationOut(Schema):
    checked_at: datetime
    is_whole: bool
    rows: int
    seals: int
    erased: int
    failures: int
    first: str


class DeadDelivery(Schema):
    """`error` is empty for those who may not try again."""

    id: int
    listener: str
    fact: str
    attempts: int
    dead_at: datetime
    error: str


class DeadTimer(Schema):
    id: UUID
    kind: str
    due_at: datetime
    attempts: int
    dead_at: datetime
    error: str


@router.get("/ledger/seals", response=SealsOut)
def list_seals(request: HttpRequest, limit: int = Query(20, ge=1, le=200)) -> Any:
    """The newest seals and the public key they are checked with."""
    return {"items": queries.seals(actor_of(request))[:limit], "public_key": queries.public_key()}


@router.post("/ledger/seals", response={201: SealOut})
def make_seal(request: HttpRequest) -> tuple[int, Seal | None]:
    """Seal now what has changed, and put the seal outside the database."""
    made = sealing.seal(actor_of(request))
    sealing.deliver_seals(actor_of(request))
    return 201, made


@router.get("/ledger/verification", response=VerificationOut | None)
def show_verification(request: HttpRequest) -> Any:
    """What the last check of the whole ledger found; null before the first one."""
    actor_of(request).require("ledger.verify")
    last = queries.last_verification()
    return {"checked_at": last.recorded_at, "is_whole": not last.data["failures"], **last.data} if last else None


@router.get("/dead-letters/deliveries", response=Page[DeadDelivery])
def list_dead_deliveries(request: HttpRequest, paging: Query[Paging]) -> Any:
    """Reactions that failed again and again."""
    actor = actor_of(request)
    actor.require("see")

    def shape(row: Delivery) -> dict[str, Any]:
        kept = {"id": row.pk, "listener": row.listener, "fact": row.event.name, "attempts": row.attempts, "dead_at": row.dead_at}
        return kept | {"error": row.error if actor.may("connections.manage") else ""}

    return page_of(queries.dead_deliveries(actor), paging, sort="-dead_at", shape=shape)


@router.get("/dead-letters/timers", response=Page[DeadTimer])
def list_dead_timers(request: HttpRequest, paging: Query[Paging]) -> Any:
    """Timers whose firing failed again and again."""
    actor = actor_of(request)
    actor.require("see")

    def shape(row: Timer) -> dict[str, Any]:
        kept = {"id": row.pk, "kind": row.kind, "due_at": row.due_at, "attempts": row.attempts, "dead_at": row.dead_at}
        return kept | {"error": row.error if actor.may("connections.manage") else ""}

    return page_of(queries.dead_timers(actor), paging, sort="-dead_at", shape=shape)


@router.post("/dead-letters/deliveries/{int:delivery}/retry", response={204: None})
def retry_delivery(request: HttpRequest, delivery: int) -> tuple[int, None]:
    actions.retry_delivery(actor_of(request), delivery=delivery)
    return 204, None


@router.post("/dead-letters/timers/{timer}/retry", response={204: None})
def retry_timer(request: HttpRequest, timer: UUID) -> tuple[int, None]:
    actions.retry_timer(actor_of(request), timer=timer)
    return 204, None

"""The ledger, legal hold and erasure, and the dead letters, for machines."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from bongsu.ui.doors import Body, Page, Paging, page_of
from bongsu.ui.frame import actor_of
from bongsu.ui.language import say

from . import actions, queries, sealing
from .models import Delivery, Seal, Timer

router = Router(tags=["ledger"])
MOST = 2**31 - 1


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


class RecordOut(Schema):
    """`seq` and `hash` are of the newest entry."""

    subject: str = Field(alias="ref")
    seq: int = Field(alias="head.seq")
    hash: str = Field(alias="head.hash")
    is_restricted: bool = Field(alias="restricted")
    has_legal_hold: bool


class EntryOut(Schema):
    """`personal` names what can be erased, `erased` what was; the sentence says by whom and why."""

    event: UUID
    seq: int
    name: str
    actor: str
    actor_name: str
    occurred_at: datetime
    recorded_at: datetime
    hash: str
    sentence: str
    personal: list[str]
    erased: list[str]


class EntriesOut(Schema):
    """`next` goes into `before` for the page after; null: nothing is left."""

    items: list[EntryOut]
    next: int | None


class ReasonIn(Body):
    reason: str = Field(max_length=2000)


class EraseIn(ReasonIn):
    field: str = Field(max_length=60)


def _entry(row: queries.Entry) -> dict[str, Any]:
    plain = {name: getattr(row, name) for name in EntryOut.model_fields if name != "sentence"}
    return {**plain, "sentence": say(row.sentence)}


@router.get("/ledger/records/{subject}", response=RecordOut)
def show_record(request: HttpRequest, subject: str) -> Any:
    """Whether a record (`incident:<id>`, `person:<id>`, ...) is under legal hold, and its newest entry's hash."""
    return queries.standing(actor_of(request), subject)


@router.get("/ledger/records/{subject}/entries", response=EntriesOut)
def list_entries(
    request: HttpRequest, subject: str, before: int = Query(0, ge=0, le=MOST), limit: int = Query(50, ge=1, le=200)
) -> Any:
    """All that the ledger holds of a record, the newest first."""
    found, following = queries.entries(actor_of(request), subject, before=before, limit=limit)
    return {"items": [_entry(row) for row in found], "next": following}


@router.post("/ledger/records/{subject}/hold", response=RecordOut)
def set_hold(request: HttpRequest, subject: str, body: ReasonIn) -> Any:
    """Nothing of the record may be erased from now on."""
    queries.standing(actor_of(request), subject)  # who may not have the answer does not act either
    actions.set_legal_hold(actor_of(request), subject=subject, reason=body.reason)
    return queries.standing(actor_of(request), subject)


@router.post("/ledger/records/{subject}/hold/lift", response=RecordOut)
def lift_hold(request: HttpRequest, subject: str, body: ReasonIn) -> Any:
    queries.standing(actor_of(request), subject)
    actions.lift_legal_hold(actor_of(request), subject=subject, reason=body.reason)
    return queries.standing(actor_of(request), subject)


@router.post("/ledger/entries/{uuid:event}/erase", response=EntryOut)
def erase(request: HttpRequest, event: UUID, body: EraseIn) -> Any:
    """Erase a personal value of an entry on the record. Refused under legal hold."""
    actions.erase_personal(actor_of(request), event=event, field=body.field, reason=body.reason)
    return _entry(queries.entry(actor_of(request), event)[0])


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

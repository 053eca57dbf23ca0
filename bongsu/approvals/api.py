"""Approvals for machines; deciding stays with people, also through the API."""

from datetime import datetime
from uuid import UUID

from ninja import Field, Query, Router, Schema

from bongsu.events.reading import listing
from bongsu.people.queries import ActorRequest
from bongsu.ui.doors import Body, Page, Paging, page_of

from . import actions, queries

router = Router(tags=["approvals"])


class ApprovalOut(Schema):
    id: UUID
    subject: str = Field(alias="subject_id")
    about_ref: str
    purpose: str
    title: str
    text: str
    text_hash: str
    post_key: str
    grant: str
    state: str
    requested_by: str
    requested_at: datetime
    decided_by: str
    decided_at: datetime | None
    reason: str


class DecisionIn(Body):
    is_approved: bool
    text_hash: str = Field(min_length=64, max_length=64)
    reason: str = Field("", max_length=2000)


@router.get("/approvals", response=Page[ApprovalOut])
def list_approvals(request: ActorRequest, paging: Query[Paging], about_ref: str = "", subject: str = "") -> dict:
    rows = queries.approvals(request.actor, about_ref=about_ref, subject=subject)
    return page_of(rows, paging, sort="-requested_at", shown=listing(request.actor))


@router.get("/approvals/waiting", response=list[ApprovalOut])
def list_waiting(request: ActorRequest) -> list:
    rows = queries.waiting_for(request.actor)
    listing(request.actor)(rows)
    return rows


@router.get("/approvals/{uuid:approval_id}", response=ApprovalOut)
def get_approval(request: ActorRequest, approval_id: UUID) -> object:
    return queries.approval(request.actor, approval_id)


@router.post("/approvals/{uuid:approval_id}/decision", response=ApprovalOut)
def decide_approval(request: ActorRequest, approval_id: UUID, data: DecisionIn) -> object:
    return actions.decide(
        request.actor, approval=approval_id, is_approved=data.is_approved, text_hash=data.text_hash, reason=data.reason
    )

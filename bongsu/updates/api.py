"""Channel, status updates and notices for machines: every act of the pages."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from bongsu.incidents import queries as incidents
from bongsu.incidents.models import Incident
from bongsu.kernel.actors import Actor
from bongsu.kernel.errors import NotFound
from bongsu.kernel.text import gettext_noop as _
from bongsu.ui.doors import Body, Page, Paging, page_of

from . import queries
from .actions import channels, noticing, updating
from .models import IncidentChannel, Notice, StatusUpdate
from .rules import MOST_RECIPIENTS, Item

router = Router(tags=["updates"])
LINE = r"^[^\x00]*$"


class InvitedOut(Schema):
    person: str
    state: str


class ChannelOut(Schema):
    """`state`: asked, open, held (a drill or a demo) or failed."""

    name: str
    address: str
    is_private: bool
    state: str
    error: str
    opened_at: datetime | None
    invited: list[InvitedOut]


class ItemOut(Schema):
    state: str = Field(description="done, in_progress or waiting")
    text: str


class ItemIn(Body):
    state: str = Field("in_progress", pattern="^(done|in_progress|waiting)$")
    text: str = Field(max_length=300, pattern=LINE)


class UpdateIn(Body):
    items: list[ItemIn] = Field(min_length=1, max_length=30)


class UpdateOut(Schema):
    """`text_ko` and `text_en` are the exact texts as they were sent."""

    number: int
    state: str
    items: list[ItemOut]
    sent_at: datetime
    next_due_at: datetime | None
    author: str | None
    text_ko: str
    text_en: str


class NextOut(Schema):
    """What the next update begins with, and until when it is due."""

    number: int
    due_at: datetime | None
    items: list[ItemOut]


class NoticeIn(Body):
    language: str = Field("ko", pattern="^(ko|en)$")
    service: str = Field(max_length=160, pattern=LINE)
    company: str = Field(max_length=160, pattern=LINE)
    date: str = Field(max_length=40, pattern=LINE)
    clock_time: str = Field(max_length=40, pattern=LINE)
    problem: str = Field(max_length=300, pattern=LINE)
    cause: str = Field("", max_length=2000, pattern=LINE)
    measures: str = Field("", max_length=2000, pattern=LINE)
    recovery: str = Field("", max_length=2000, pattern=LINE)
    contact: str = Field(max_length=300, pattern=LINE)
    recipients: list[str] = Field([], max_length=MOST_RECIPIENTS)


class NoticeOut(Schema):
    """`state`: waiting (for approval), released or refused. Counts are of recipients."""

    id: UUID
    number: int
    language: str
    title: str
    text: str
    text_hash: str
    state: str
    reason: str
    approval: UUID | None
    written_at: datetime
    released_at: datetime | None
    delivered_at: datetime | None
    recipients: int
    sent: int
    failed: int
    held: int


class RecipientOut(Schema):
    address: str
    state: str
    error: str
    external_id: str
    ended_at: datetime | None


class StandingOut(Schema):
    connection: UUID
    connection_name: str
    key: str
    address: str
    state: str


class StandingIn(Body):
    key: str = Field(pattern="^(incident-command|incident-status)$")
    address: str = Field("", max_length=200, pattern=LINE)


def _actor(request: HttpRequest) -> Actor:
    return request.actor  # type: ignore[attr-defined, no-any-return]


def _found(request: HttpRequest, number: str) -> Incident:
    return incidents.incident(_actor(request), number)


# --- channel --------------------------------------------------------------------------------------------------------------


@router.get("/incidents/{number}/channel", response=ChannelOut, operation_id="get_channel")
def get_channel(request: HttpRequest, number: str) -> dict[str, Any]:
    channel = queries.channel(_actor(request), _found(request, number))
    if channel is None:
        raise NotFound(_("This incident has no channel yet."))
    return _channel(channel)


@router.post("/incidents/{number}/channel", response={202: ChannelOut}, operation_id="open_channel")
def open_channel(request: HttpRequest, number: str) -> tuple[int, dict[str, Any]]:
    """Ask for the channel when it is not there yet; the worker opens it."""
    return 202, _channel(channels.open_channel(_actor(request), incident=_found(request, number).id))


def _channel(row: IncidentChannel) -> dict[str, Any]:
    names = ("name", "address", "is_private", "state", "error", "opened_at")
    invited = [{"person": i.person.name, "state": i.state} for i in row.invitations.select_related("person")]
    return {**{name: getattr(row, name) for name in names}, "invited": invited}


@router.get("/channels", response=list[StandingOut], operation_id="list_standing_channels")
def list_standing(request: HttpRequest) -> list[dict[str, Any]]:
    """Where incident-command and incident-status are, per chat connection."""
    return [
        {"connection": c.id, "connection_name": c.name, "key": key, "address": row.address if row else f"#{key}",
         "state": row.state if row else "asked"}
        for c, keys in queries.standing_channels(_actor(request)) for key, row in keys
    ]  # fmt: skip


@router.put("/connections/{connection_id}/channels", response={204: None}, operation_id="set_standing_channel")
def set_standing(request: HttpRequest, connection_id: UUID, body: StandingIn) -> tuple[int, None]:
    """An empty address: nothing is sent there."""
    channels.set_standing_channel(_actor(request), connection=connection_id, **body.dict())
    return 204, None


# --- status updates ---------------------------------------------------------------------------------------------------------


@router.get("/incidents/{number}/updates", response=Page[UpdateOut], operation_id="list_updates")
def list_updates(request: HttpRequest, number: str, paging: Query[Paging]) -> dict[str, Any]:
    return page_of(queries.updates(_actor(request), _found(request, number)), paging, sort="-number", shape=_update)


@router.post("/incidents/{number}/updates", response={201: UpdateOut}, operation_id="send_update")
def send_update(request: HttpRequest, number: str, body: UpdateIn) -> tuple[int, dict[str, Any]]:
    """Send the next status update; done items are not carried over to the one after."""
    items = [Item(item.state, item.text) for item in body.items]
    return 201, _update(updating.send_update(_actor(request), incident=_found(request, number).id, items=items))


@router.get("/incidents/{number}/updates/next", response=NextOut, operation_id="next_update")
def next_update(request: HttpRequest, number: str) -> dict[str, Any]:
    found = _found(request, number)
    items = [{"state": item.state, "text": item.text} for item in queries.first_items(found)]
    return {"number": queries.next_number(found), "due_at": queries.due_at(found), "items": items}


@router.get("/incidents/{number}/updates/{update_number}", response=UpdateOut, operation_id="get_update")
def get_update(request: HttpRequest, number: str, update_number: int) -> dict[str, Any]:
    if not 0 < update_number < 2**31:
        raise NotFound(_("There is no such status update."))
    return _update(queries.update(_actor(request), _found(request, number), update_number))


def _update(row: StatusUpdate) -> dict[str, Any]:
    names = ("number", "state", "items", "sent_at", "next_due_at", "text_ko", "text_en")
    return {**{name: getattr(row, name) for name in names}, "author": row.author.name if row.author else None}


# --- notices ----------------------------------------------------------------------------------------------------------------


@router.get("/incidents/{number}/notices", response=list[NoticeOut], operation_id="list_notices")
def list_notices(request: HttpRequest, number: str) -> list[dict[str, Any]]:
    return [_notice(row) for row in queries.notices(_actor(request), _found(request, number))]


@router.post("/incidents/{number}/notices", response={201: NoticeOut}, operation_id="write_notice")
def write_notice(request: HttpRequest, number: str, body: NoticeIn) -> tuple[int, dict[str, Any]]:
    """Keep the exact text and ask for its approval; it goes out when it is approved."""
    values = body.dict()
    language, recipients = values.pop("language"), values.pop("recipients")
    found = _found(request, number)
    row = noticing.write_notice(_actor(request), incident=found.id, language=language, values=values, recipients=recipients)
    return 201, _notice(queries.notice(_actor(request), found, row.id))


@router.get("/incidents/{number}/notices/{notice_id}", response=NoticeOut, operation_id="get_notice")
def get_notice(request: HttpRequest, number: str, notice_id: UUID) -> dict[str, Any]:
    return _notice(queries.notice(_actor(request), _found(request, number), notice_id))


@router.get("/incidents/{number}/notices/{notice_id}/recipients", response=Page[RecipientOut], operation_id="list_recipients")
def list_recipients(request: HttpRequest, number: str, notice_id: UUID, paging: Query[Paging]) -> dict[str, Any]:
    """Personal data: only for those who may send messages."""
    row = queries.notice(_actor(request), _found(request, number), notice_id)
    return page_of(queries.recipients(_actor(request), row), paging, sort="address")


@router.post("/incidents/{number}/notices/{notice_id}/send", response=NoticeOut, operation_id="send_notice")
def send_notice(request: HttpRequest, number: str, notice_id: UUID) -> dict[str, Any]:
    """To whom nothing could be sent yet, because no mail server was connected."""
    found = _found(request, number)
    row = queries.notice(_actor(request), found, notice_id)
    noticing.send_waiting(_actor(request), notice=row.id)
    return _notice(queries.notice(_actor(request), found, row.id))


def _notice(row: Notice) -> dict[str, Any]:
    names = ("id", "number", "language", "title", "text", "text_hash", "state", "reason", "written_at", "released_at",
             "delivered_at")  # fmt: skip
    counts = {name: getattr(row, f"n_{key}") for name, key in (
        ("recipients", "all"), ("sent", "sent"), ("failed", "failed"), ("held", "held"))}  # fmt: skip
    return {**{name: getattr(row, name) for name in names}, **counts, "approval": row.approval_id}

"""Messages for machines."""

from datetime import datetime
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Schema

from bongsu.events.reading import listing
from bongsu.ui.doors import Page, Paging, page_of

from . import actions, queries

router = Router(tags=["messages"])


class SendingOut(Schema):
    way: str
    state: str
    external_id: str
    error: str
    ended_at: datetime | None
    may_have_been_sent_twice: bool


class MessageOut(Schema):
    """`text` is what was sent without its last line, the recipient's own link to acknowledge. `seen_at`: when somebody looked at
    what was urgent and reached nobody."""

    id: UUID
    subject: str
    recipient: str
    name: str
    purpose: str
    template: str
    template_version: int
    language: str
    title: str
    text: str
    text_hash: str
    state: str
    created_at: datetime
    sent_at: datetime | None
    is_urgent: bool
    acknowledged_at: datetime | None
    seen_at: datetime | None
    sendings: list[SendingOut]

    @staticmethod
    def resolve_subject(row: object) -> str:
        return str(row.subject_id)  # type: ignore[attr-defined]

    @staticmethod
    def resolve_sendings(row: object) -> list[object]:
        return list(row.sendings.all())  # type: ignore[attr-defined]


class MessageFilter(Schema):
    subject: str = ""
    state: str = ""


@router.get("/messages", response=Page[MessageOut], operation_id="list_messages")
def list_messages(request: HttpRequest, paging: Query[Paging], wanted: Query[MessageFilter]) -> object:
    """Messages as they were sent, newest first."""
    rows = queries.messages(request.actor, subject=wanted.subject, state=wanted.state)  # type: ignore[attr-defined]
    return page_of(rows, paging, sort="-created_at", shown=listing(request.actor))  # type: ignore[attr-defined]


class SeenOut(Schema):
    count: int


@router.post("/messages/unreached/seen", response=SeenOut, operation_id="note_unreached_seen")
def note_unreached_seen(request: HttpRequest) -> object:
    """The caller has looked at every urgent message that reached nobody: the alarm falls silent, and it stands on the record."""
    return {"count": actions.note_unreached_seen(request.actor)}  # type: ignore[attr-defined]


@router.get("/messages/{message_id}", response=MessageOut, operation_id="get_message")
def get_message(request: HttpRequest, message_id: UUID) -> object:
    return queries.message(request.actor, message_id)  # type: ignore[attr-defined]


@router.post("/messages/{message_id}/acknowledge", response=MessageOut, operation_id="acknowledge_message")
def acknowledge_message(request: HttpRequest, message_id: UUID) -> object:
    """Only the recipient may."""
    return actions.acknowledge(request.actor, message=message_id, via="api")  # type: ignore[attr-defined]

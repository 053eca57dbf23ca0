"""Connections and outgoing calls for machines. Secrets never come out."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Schema

from bongsu.events.reading import listing
from bongsu.ui.doors import Body, Page, Paging, page_of

from . import actions, queries

router = Router(tags=["connections"])


class ConnectionOut(Schema):
    id: UUID
    plugin: str
    name: str
    is_enabled: bool
    health: str
    health_text: str
    health_at: datetime | None
    allowed_targets: list[str]
    signature: str


class ConnectionIn(Body):
    plugin: str
    name: str
    values: dict[str, Any] = {}
    allowed_targets: list[str] = []
    signature: str = "none"
    signature_header: str = ""
    signature_secrets: list[str] = []


class ConnectionChange(Body):
    """What is left out stays; `values` replaces all settings, an empty secret keeps the kept one."""

    name: str | None = None
    values: dict[str, Any] | None = None
    allowed_targets: list[str] | None = None
    signature: str | None = None
    signature_header: str | None = None
    signature_secrets: list[str] | None = None


class SwitchIn(Body):
    is_enabled: bool
    reason: str = ""


class TokenOut(Schema):
    """Shown once."""

    token: str
    path: str


class CallOut(Schema):
    id: UUID
    subject: str
    connection_id: UUID
    operation: str
    target: str
    recipient: str
    about: str
    state: str
    attempts: int
    may_have_been_sent_twice: bool
    held_because: str
    dropped_because: str
    error: str
    external_id: str
    created_at: datetime
    ended_at: datetime | None

    @staticmethod
    def resolve_subject(row: Any) -> str:
        return str(row.subject_id)


class CallFilter(Schema):
    subject: str = ""
    state: str = ""


def _actor(request: HttpRequest) -> Any:
    return request.actor  # type: ignore[attr-defined]


@router.get("/connections", response=Page[ConnectionOut], operation_id="list_connections")
def list_connections(request: HttpRequest, paging: Query[Paging]) -> object:
    return page_of(queries.all_connections(_actor(request)), paging, sort="name")


@router.post("/connections", response={201: ConnectionOut}, operation_id="create_connection")
def create_connection(request: HttpRequest, body: ConnectionIn) -> object:
    given = body.dict()
    return 201, actions.create_connection(_actor(request), plugin_slug=given.pop("plugin"), **given)


@router.get("/connections/{connection_id}", response=ConnectionOut, operation_id="get_connection")
def get_connection(request: HttpRequest, connection_id: UUID) -> object:
    return queries.connection(_actor(request), connection_id)


@router.patch("/connections/{connection_id}", response=ConnectionOut, operation_id="change_connection")
def change_connection(request: HttpRequest, connection_id: UUID, body: ConnectionChange) -> object:
    return actions.change_connection(_actor(request), connection=connection_id, **body.dict())


@router.post("/connections/{connection_id}/switch", response=ConnectionOut, operation_id="switch_connection")
def switch_connection(request: HttpRequest, connection_id: UUID, body: SwitchIn) -> object:
    return actions.switch_connection(_actor(request), connection=connection_id, is_enabled=body.is_enabled, reason=body.reason)


@router.post("/connections/{connection_id}/test", response={202: CallOut}, operation_id="test_connection")
def test_connection(request: HttpRequest, connection_id: UUID) -> object:
    """The worker tries it; read the call or the connection's health."""
    return 202, actions.test_connection(_actor(request), connection=connection_id)


@router.post("/connections/{connection_id}/tokens", response={201: TokenOut}, operation_id="rotate_in_token")
def rotate_in_token(request: HttpRequest, connection_id: UUID) -> object:
    token = actions.rotate_in_token(_actor(request), connection=connection_id)
    return 201, {"token": token, "path": f"/in/{token}/"}


@router.delete("/connections/{connection_id}/tokens/{slot}", response={204: None}, operation_id="end_in_token")
def end_in_token(request: HttpRequest, connection_id: UUID, slot: int) -> object:
    """The sender has moved to the newer address: the one of this slot (0 or 1) is closed."""
    actions.end_in_token(_actor(request), connection=connection_id, slot=slot)
    return 204, None


class ReleaseIn(Body):
    """`is_letting_go`: what waited is sent; else it stays until it is settled."""

    is_letting_go: bool


@router.post("/calls/release", response={204: None}, operation_id="release_calls")
def release_calls(request: HttpRequest, body: ReleaseIn) -> object:
    """End the hold on everything outgoing (after a restore, or one a person made)."""
    actions.release_everything(_actor(request), is_letting_go=body.is_letting_go)
    return 204, None


@router.get("/calls", response=Page[CallOut], operation_id="list_calls")
def list_calls(request: HttpRequest, paging: Query[Paging], wanted: Query[CallFilter]) -> object:
    """What was asked of outside services, newest first; `state=failed` are the dead letters."""
    rows = queries.calls(_actor(request), subject=wanted.subject, state=wanted.state)
    return page_of(rows, paging, sort="-created_at", shown=listing(_actor(request)))


class SettleIn(Body):
    """`is_letting_go`: send it; else it is discarded for good."""

    is_letting_go: bool
    reason: str


class SettledOut(Schema):
    count: int


@router.post("/calls/settle", response=SettledOut, operation_id="settle_waiting_calls")
def settle_waiting(request: HttpRequest, body: SettleIn) -> object:
    """Let go, or discard, everything that a hold (after a restore, say) has left waiting."""
    return {"count": actions.settle_waiting(_actor(request), **body.dict())}


@router.get("/calls/{call_id}", response=CallOut, operation_id="get_call")
def get_call(request: HttpRequest, call_id: UUID) -> object:
    return queries.call(_actor(request), call_id)


@router.post("/calls/{call_id}/retry", response=CallOut, operation_id="retry_call")
def retry_call(request: HttpRequest, call_id: UUID) -> object:
    return actions.retry_call(_actor(request), call=call_id)

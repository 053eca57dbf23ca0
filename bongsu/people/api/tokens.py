"""API tokens: one's own."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from ninja import Router, Schema, Status
from pydantic import Field

from bongsu.ui.doors import Body

from .. import actions, queries
from ..models import ApiToken
from ..queries import ActorRequest

router = Router(tags=["tokens"])


class TokenOut(Schema):
    id: UUID
    name: str
    hint: str
    scopes: list[str]
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None


class NewTokenOut(TokenOut):
    """`token` is shown this once."""

    token: str


class TokenIn(Body):
    """`expires_at` without a zone is read as UTC."""

    name: str = Field(max_length=120)
    scopes: list[str]
    expires_at: datetime | None = None


class WhyIn(Body):
    reason: str = Field("", max_length=1000)


@router.get("/tokens", response=list[TokenOut])
def list_tokens(request: ActorRequest) -> list[ApiToken]:
    """One's own tokens, revoked ones too."""
    return queries.profile(request.actor, queries.oneself(request.actor)).tokens or []


@router.post("/tokens", response={201: NewTokenOut})
def create_token(request: ActorRequest, data: TokenIn) -> Status[dict[str, Any]]:
    """Only with a session: a token makes no tokens."""
    ends = data.expires_at if data.expires_at is None or data.expires_at.tzinfo else data.expires_at.replace(tzinfo=UTC)
    token, raw = actions.create_token(
        request.actor, person=queries.oneself(request.actor), name=data.name, scopes=data.scopes, expires_at=ends
    )
    plain = {name: getattr(token, name) for name in TokenOut.model_fields}
    return Status(201, {**plain, "token": raw})


@router.post("/tokens/{uuid:token_id}/revoke", response={204: None})
def revoke_token(request: ActorRequest, token_id: UUID, data: WhyIn) -> Status[None]:
    actions.revoke_token(request.actor, token=token_id, reason=data.reason)
    return Status(204, None)

"""API tokens: one's own."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from bongsu.kernel.errors import Forbidden
from bongsu.kernel.text import gettext_noop as _

from .. import actions, queries
from ..models import ApiToken

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


class TokenIn(Schema):
    """`expires_at` without a zone is read as UTC."""

    name: str = Field(max_length=120)
    scopes: list[str]
    expires_at: datetime | None = None


class WhyIn(Schema):
    reason: str = Field("", max_length=1000)


def _own(request: HttpRequest) -> UUID:
    person_id: UUID | None = request.actor.person_id
    if person_id is None:
        raise Forbidden(_("This is for people."))
    return person_id


@router.get("/tokens", response=list[TokenOut])
def list_tokens(request: HttpRequest) -> list[ApiToken]:
    """One's own tokens, revoked ones too."""
    return queries.profile(request.actor, _own(request)).tokens or []


@router.post("/tokens", response={201: NewTokenOut})
def create_token(request: HttpRequest, data: TokenIn) -> Status[dict[str, Any]]:
    """Only with a session: a token makes no tokens."""
    ends = data.expires_at if data.expires_at is None or data.expires_at.tzinfo else data.expires_at.replace(tzinfo=UTC)
    token, raw = actions.create_token(request.actor, person=_own(request), name=data.name, scopes=data.scopes, expires_at=ends)
    plain = {name: getattr(token, name) for name in TokenOut.model_fields}
    return Status(201, {**plain, "token": raw})


@router.post("/tokens/{uuid:token_id}/revoke", response={204: None})
def revoke_token(request: HttpRequest, token_id: UUID, data: WhyIn) -> Status[None]:
    actions.revoke_token(request.actor, token=token_id, reason=data.reason)
    return Status(204, None)

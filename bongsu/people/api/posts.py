"""Posts, who holds them, and the standing check (D8)."""

from typing import Any
from uuid import UUID

from ninja import Router, Schema, Status

from bongsu.ui.doors import Body
from bongsu.ui.language import say

from .. import actions, queries
from ..models import Holding, Person
from ..queries import ActorRequest
from .persons import ReasonIn

router = Router(tags=["posts"])


class NameOut(Schema):
    id: UUID
    name: str


class HoldingOut(Schema):
    id: UUID
    person: NameOut
    is_deputy: bool


class ProblemOut(Schema):
    """`kind`: empty, inactive, unreachable (no way), unconnected (nothing is connected behind the ways), asleep (nothing wakes
    the person). One without a post is about the whole house."""

    kind: str
    post: str
    scope_ref: str
    person_id: UUID | None
    is_grave: bool
    text: str


class SeatOut(Schema):
    """A post in one scope. `asked` is who answers now, by `via`: holder, deputy, fallback, nobody."""

    post: str
    title_ko: str
    title_en: str
    is_per_system: bool
    scope_ref: str
    scope_name: str
    holdings: list[HoldingOut]
    asked: list[NameOut]
    via: str
    problems: list[ProblemOut]


class ResolutionOut(Schema):
    post: str
    people: list[NameOut]
    via: str
    problem: str


class CheckOut(Schema):
    is_in_order: bool
    problems: list[ProblemOut]


class HolderIn(Body):
    person: UUID
    scope_ref: str = ""
    is_deputy: bool = False
    rank: int | None = None


def _name(person: Person) -> dict[str, Any]:
    return {"id": person.id, "name": person.name}


def _problem(problem: queries.Problem) -> dict[str, Any]:
    return {**problem.__dict__, "text": say(problem.text)}


def _holding(row: Holding) -> dict[str, Any]:
    return {"id": row.id, "person": _name(row.person), "is_deputy": row.is_deputy}


def _seat(seat: queries.Seat) -> dict[str, Any]:
    post, found = seat.post, seat.resolution
    return {
        "post": post.key,
        "title_ko": post.title_ko,
        "title_en": post.title_en,
        "is_per_system": post.is_per_system,
        "scope_ref": seat.scope_ref,
        "scope_name": seat.scope_name,
        "holdings": [_holding(h) for h in seat.holdings],
        "asked": [_name(p) for p in found.people] if found else [],
        "via": found.via if found else "nobody",
        "problems": [_problem(p) for p in seat.problems],
    }


@router.get("/posts", response=list[SeatOut])
def list_posts(request: ActorRequest) -> list[dict[str, Any]]:
    """The whole board: every post in every scope."""
    request.actor.require("see")
    return [_seat(seat) for seat in queries.board()]


@router.get("/posts/check", response=CheckOut)
def check(request: ActorRequest) -> dict[str, Any]:
    """The standing check: every empty, unreachable or badly held post, grave ones first."""
    request.actor.require("see")
    found = queries.standing_check()
    return {"is_in_order": not any(p.is_grave for p in found), "problems": [_problem(p) for p in found]}


@router.get("/posts/{slug:post}/people", response=ResolutionOut)
def resolve(request: ActorRequest, post: str, scope_ref: str = "") -> dict[str, Any]:
    """Who answers for a post now, for the whole organisation or for one system."""
    request.actor.require("see")
    found = queries.resolve_post(post, scope_ref)
    return {"post": post, "people": [_name(p) for p in found.people], "via": found.via, "problem": say(found.problem)}


@router.post("/posts/{slug:post}/holders", response={201: HoldingOut})
def set_holder(request: ActorRequest, post: str, data: HolderIn) -> Status[dict[str, Any]]:
    return Status(201, _holding(actions.set_post_holder(request.actor, post=post, **data.dict())))


@router.post("/posts/holdings/{uuid:holding_id}/end", response={204: None})
def end_holding(request: ActorRequest, holding_id: UUID, data: ReasonIn) -> Status[None]:
    actions.remove_post_holder(request.actor, holding=holding_id, reason=data.reason)
    return Status(204, None)

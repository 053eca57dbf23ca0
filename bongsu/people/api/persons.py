"""People, their access roles and the ways they are reached."""

from typing import Any
from uuid import UUID

from ninja import Query, Router, Schema, Status
from pydantic import Field

from bongsu.ui.doors import Body, Page, Paging, page_of

from .. import actions, queries
from ..models import Person
from ..queries import ActorRequest

router = Router(tags=["people"])


class WayOut(Schema):
    id: UUID
    channel: str
    address: str
    rank: int


class PersonOut(Schema):
    id: UUID
    name: str
    email: str
    language: str
    zone: str
    is_active: bool
    roles: list[str]


class HeldOut(Schema):
    id: UUID
    post: str
    scope_ref: str
    is_deputy: bool


class ProfileOut(PersonOut):
    """`ways` is null for whom they are not."""

    ways: list[WayOut] | None
    holdings: list[HeldOut]
    teams: list[str]


class PersonIn(Body):
    email: str = Field(max_length=254)
    name: str = Field(max_length=120)
    language: str = "ko"
    zone: str = "Asia/Seoul"
    roles: list[str] = []


class PersonChanges(Body):
    email: str | None = Field(None, max_length=254)
    name: str | None = Field(None, max_length=120)
    language: str | None = None
    zone: str | None = None


class RoleIn(Body):
    role: str


class ReasonIn(Body):
    reason: str = Field(max_length=1000)


class WayIn(Body):
    channel: str
    address: str = Field(max_length=254)


class OrderIn(Body):
    order: list[UUID]


class LinkOut(Schema):
    """The path at which the person sets a password, once."""

    path: str


def person_out(person: Person) -> dict[str, Any]:
    plain = {name: getattr(person, name) for name in ("id", "name", "email", "language", "zone", "is_active")}
    return {**plain, "roles": sorted(access.role for access in person.current_access)}  # type: ignore[attr-defined]


def profile_out(request: ActorRequest, person_id: UUID) -> dict[str, Any]:
    found = queries.profile(request.actor, person_id)
    holdings = [{"id": h.id, "post": h.post.key, "scope_ref": h.scope_ref, "is_deputy": h.is_deputy} for h in found.holdings]
    return {**person_out(found.person), "ways": found.ways, "holdings": holdings, "teams": [t.key for t in found.teams]}


@router.get("/people", response=Page[PersonOut])
def list_people(
    request: ActorRequest, paging: Query[Paging], q: str = "", role: str = "", is_active: bool | None = None
) -> dict[str, Any]:
    """Strangers find only themselves."""
    rows = queries.people(request.actor, search=q[:100], role=role, is_active=is_active)
    return page_of(rows, paging, sort="name", shape=person_out)


@router.post("/people", response={201: ProfileOut})
def create_person(request: ActorRequest, data: PersonIn) -> Status[dict[str, Any]]:
    """Add a person without a password; make a sign-in link next."""
    person = actions.create_person(request.actor, **data.dict())
    return Status(201, profile_out(request, person.id))


@router.get("/people/me", response=ProfileOut)
def me(request: ActorRequest) -> dict[str, Any]:
    """Who the token or session acts for."""
    return profile_out(request, queries.oneself(request.actor))


@router.get("/people/{uuid:person_id}", response=ProfileOut)
def get_person(request: ActorRequest, person_id: UUID) -> dict[str, Any]:
    return profile_out(request, person_id)


@router.patch("/people/{uuid:person_id}", response=ProfileOut)
def change_person(request: ActorRequest, person_id: UUID, data: PersonChanges) -> dict[str, Any]:
    actions.change_person(request.actor, person=person_id, **data.dict())
    return profile_out(request, person_id)


@router.post("/people/{uuid:person_id}/roles", response=ProfileOut)
def grant_role(request: ActorRequest, person_id: UUID, data: RoleIn) -> dict[str, Any]:
    actions.grant_role(request.actor, person=person_id, role=data.role)
    return profile_out(request, person_id)


@router.post("/people/{uuid:person_id}/roles/{role}/revoke", response=ProfileOut)
def revoke_role(request: ActorRequest, person_id: UUID, role: str, data: ReasonIn) -> dict[str, Any]:
    actions.revoke_role(request.actor, person=person_id, role=role, reason=data.reason)
    return profile_out(request, person_id)


@router.post("/people/{uuid:person_id}/deactivate", response=ProfileOut)
def deactivate(request: ActorRequest, person_id: UUID, data: ReasonIn) -> dict[str, Any]:
    actions.deactivate_person(request.actor, person=person_id, reason=data.reason)
    return profile_out(request, person_id)


@router.post("/people/{uuid:person_id}/reactivate", response=ProfileOut)
def reactivate(request: ActorRequest, person_id: UUID, data: ReasonIn) -> dict[str, Any]:
    actions.reactivate_person(request.actor, person=person_id, reason=data.reason)
    return profile_out(request, person_id)


@router.post("/people/{uuid:person_id}/sign-in-link", response=LinkOut)
def sign_in_link(request: ActorRequest, person_id: UUID) -> dict[str, str]:
    """Hand it over yourself; it works once and for a few days."""
    return {"path": actions.make_sign_in_link(request.actor, person=person_id)}


@router.post("/people/{uuid:person_id}/reset-second-factor", response=ProfileOut)
def reset_second_factor(request: ActorRequest, person_id: UUID, data: ReasonIn) -> dict[str, Any]:
    actions.reset_second_factor(request.actor, person=person_id, reason=data.reason)
    return profile_out(request, person_id)


@router.post("/people/{uuid:person_id}/ways", response={201: ProfileOut})
def add_way(request: ActorRequest, person_id: UUID, data: WayIn) -> Status[dict[str, Any]]:
    actions.add_contact_way(request.actor, person=person_id, **data.dict())
    return Status(201, profile_out(request, person_id))


@router.put("/people/{uuid:person_id}/ways/order", response=ProfileOut)
def order_ways(request: ActorRequest, person_id: UUID, data: OrderIn) -> dict[str, Any]:
    actions.order_contact_ways(request.actor, person=person_id, order=data.order)
    return profile_out(request, person_id)


@router.post("/people/ways/{uuid:way_id}/end", response={204: None})
def end_way(request: ActorRequest, way_id: UUID) -> Status[None]:
    actions.end_contact_way(request.actor, way=way_id)
    return Status(204, None)

"""Teams and legal entities (M8)."""

from typing import Any
from uuid import UUID

from ninja import Router, Schema, Status
from pydantic import Field

from bongsu.ui.doors import Body

from .. import actions, queries
from ..models import LegalEntity, Team
from ..queries import ActorRequest
from .posts import NameOut

router = Router(tags=["organisation"])


class EntityOut(Schema):
    id: UUID
    key: str
    name: str
    country: str
    zone: str
    is_active: bool


class EntityIn(Body):
    key: str
    name: str = Field(max_length=160)
    country: str = "KR"
    zone: str = "Asia/Seoul"


class EntityChanges(Body):
    name: str | None = Field(None, max_length=160)
    country: str | None = None
    zone: str | None = None
    is_active: bool | None = None


class TeamOut(Schema):
    id: UUID
    key: str
    name: str
    entity: str
    is_active: bool
    members: list[NameOut]


class TeamIn(Body):
    key: str
    name: str = Field(max_length=160)
    entity: UUID


class TeamChanges(Body):
    name: str | None = Field(None, max_length=160)
    is_active: bool | None = None


class MemberIn(Body):
    person: UUID


def _team(team: Team) -> dict[str, Any]:
    members = [{"id": m.person_id, "name": m.person.name} for m in team.members]  # type: ignore[attr-defined]
    plain = {name: getattr(team, name) for name in ("id", "key", "name", "is_active")}
    return {**plain, "entity": team.entity.key, "members": members}


@router.get("/entities", response=list[EntityOut])
def list_entities(request: ActorRequest) -> list[LegalEntity]:
    request.actor.require("see")
    return list(queries.entities(request.actor))


@router.post("/entities", response={201: EntityOut})
def create_entity(request: ActorRequest, data: EntityIn) -> Status[LegalEntity]:
    return Status(201, actions.create_entity(request.actor, **data.dict()))


@router.patch("/entities/{uuid:entity_id}", response=EntityOut)
def change_entity(request: ActorRequest, entity_id: UUID, data: EntityChanges) -> LegalEntity:
    return actions.change_entity(request.actor, entity=entity_id, **data.dict())


@router.get("/teams", response=list[TeamOut])
def list_teams(request: ActorRequest) -> list[dict[str, Any]]:
    request.actor.require("see")
    return [_team(team) for team in queries.teams(request.actor)]


@router.post("/teams", response={201: TeamOut})
def create_team(request: ActorRequest, data: TeamIn) -> Status[dict[str, Any]]:
    team = actions.create_team(request.actor, **data.dict())
    return Status(201, _team(queries.team(request.actor, team.id)))


@router.patch("/teams/{uuid:team_id}", response=TeamOut)
def change_team(request: ActorRequest, team_id: UUID, data: TeamChanges) -> dict[str, Any]:
    actions.change_team(request.actor, team=team_id, **data.dict())
    return _team(queries.team(request.actor, team_id))


@router.post("/teams/{uuid:team_id}/members", response=TeamOut)
def join_team(request: ActorRequest, team_id: UUID, data: MemberIn) -> dict[str, Any]:
    actions.join_team(request.actor, team=team_id, person=data.person)
    return _team(queries.team(request.actor, team_id))


@router.post("/teams/{uuid:team_id}/members/{uuid:person_id}/leave", response=TeamOut)
def leave_team(request: ActorRequest, team_id: UUID, person_id: UUID) -> dict[str, Any]:
    actions.leave_team(request.actor, team=team_id, person=person_id)
    return _team(queries.team(request.actor, team_id))

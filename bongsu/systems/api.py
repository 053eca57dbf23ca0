"""AI systems for machines."""

from typing import Any
from uuid import UUID

from ninja import Query, Router, Schema, Status
from pydantic import Field

from bongsu.people.queries import ActorRequest
from bongsu.ui.doors import Body, Page, Paging, page_of

from . import actions, queries
from .models import AISystem

router = Router(tags=["systems"])


class SystemOut(Schema):
    """`ref` is what posts, incidents and signals name the system by."""

    id: UUID
    ref: str
    key: str
    name: str
    description: str
    entity: UUID = Field(alias="entity_id")
    owner: UUID | None = Field(alias="owner_id")
    stage: str
    regions: list[str]
    is_high_risk: bool
    users_estimate: int | None
    registry_model: str
    registry_alias: str
    serving_url: str
    good_version: str
    labels: dict[str, str]


class SystemIn(Body):
    key: str
    name: str = Field(max_length=160)
    entity: UUID
    description: str = ""
    owner: UUID | None = None
    stage: str = "production"
    regions: list[str] = []
    is_high_risk: bool = False
    users_estimate: int | None = None
    registry_model: str = ""
    registry_alias: str = ""
    serving_url: str = ""
    good_version: str = ""
    labels: dict[str, str] = {}


class SystemChanges(Body):
    """What is left out stays; `owner` and `users_estimate` may be set to null."""

    name: str = Field("", max_length=160)
    entity: UUID | None = None
    description: str = ""
    owner: UUID | None = None
    stage: str = ""
    regions: list[str] = []
    is_high_risk: bool = False
    users_estimate: int | None = None
    registry_model: str = ""
    registry_alias: str = ""
    serving_url: str = ""
    good_version: str = ""
    labels: dict[str, str] = {}


class VersionIn(Body):
    version: str


class LabelsIn(Body):
    labels: dict[str, str]


class MatchOut(Schema):
    system: SystemOut | None


@router.get("/systems", response=Page[SystemOut], by_alias=False)
def list_systems(
    request: ActorRequest, paging: Query[Paging], q: str = "", stage: str = "", is_high_risk: bool | None = None
) -> dict[str, Any]:
    request.actor.require("see")
    rows = queries.systems(request.actor, search=q[:100], stage=stage, is_high_risk=is_high_risk)
    return page_of(rows, paging, sort="name")


@router.post("/systems", response={201: SystemOut}, by_alias=False)
def register_system(request: ActorRequest, data: SystemIn) -> Status[AISystem]:
    return Status(201, actions.register_system(request.actor, **data.dict()))


@router.post("/systems/match", response=MatchOut, by_alias=False)
def match(request: ActorRequest, data: LabelsIn) -> dict[str, Any]:
    """Which system a signal with these labels would be about; null rather than a guess."""
    request.actor.require("see")
    return {"system": queries.by_labels(data.labels)}


@router.get("/systems/{uuid:system_id}", response=SystemOut, by_alias=False)
def get_system(request: ActorRequest, system_id: UUID) -> AISystem:
    return queries.system(request.actor, system_id)


@router.patch("/systems/{uuid:system_id}", response=SystemOut, by_alias=False)
def change_system(request: ActorRequest, system_id: UUID, data: SystemChanges) -> AISystem:
    return actions.change_system(request.actor, system=system_id, changes=data.dict(exclude_unset=True))


@router.post("/systems/{uuid:system_id}/good-version", response=SystemOut, by_alias=False)
def mark_good_version(request: ActorRequest, system_id: UUID, data: VersionIn) -> AISystem:
    """The version a roll-back goes to."""
    return actions.mark_good_version(request.actor, system=system_id, version=data.version)

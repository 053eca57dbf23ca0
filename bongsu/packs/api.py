"""Packs for machines: versions, the taxonomy in force, runbooks, activation."""

from datetime import datetime
from typing import Any
from uuid import UUID

from ninja import Router, Schema

from bongsu.people.queries import ActorRequest

from . import actions, queries
from .rules import plain

router = Router(tags=["packs"])


class PackOut(Schema):
    id: UUID
    pack_id: str
    version: str
    kind: str
    extends: str
    sha256: str
    is_active: bool
    imported_at: datetime
    activated_at: datetime | None


class ChangeOut(Schema):
    path: str
    kind: str
    before: str
    after: str


@router.get("/packs", response=list[PackOut])
def list_packs(request: ActorRequest) -> Any:
    request.actor.require("see")
    return queries.versions()


@router.get("/packs/{version_id}", response=PackOut)
def get_pack(request: ActorRequest, version_id: UUID) -> Any:
    request.actor.require("see")
    return queries.version(version_id)


@router.get("/packs/{version_id}/changes", response=list[ChangeOut])
def list_changes(request: ActorRequest, version_id: UUID, since: UUID) -> Any:
    """What changed from the version `since` to this one."""
    request.actor.require("see")
    return queries.changes(since, version_id)


@router.post("/packs/{version_id}/activate", response=PackOut)
def activate_pack(request: ActorRequest, version_id: UUID) -> Any:
    return actions.activate_pack(request.actor, version_id=version_id)


@router.get("/taxonomy", response=dict[str, Any])
def get_taxonomy(request: ActorRequest, version: UUID | None = None) -> Any:
    """The taxonomy in force, or of a pinned version; durations in minutes."""
    request.actor.require("see")
    return plain(queries.taxonomy(version))


@router.get("/runbooks", response=list[dict[str, Any]])
def list_runbooks(request: ActorRequest, version: UUID | None = None) -> Any:
    request.actor.require("see")
    return [plain(runbook) for runbook in queries.pack(version).runbooks]


@router.get("/runbooks/{runbook_id}", response=dict[str, Any])
def get_runbook(request: ActorRequest, runbook_id: str, version: UUID | None = None) -> Any:
    request.actor.require("see")
    return plain(queries.runbook(runbook_id, version))

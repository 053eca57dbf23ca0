"""Files for machines: store with a record, read, label, reveal, supersede (B2)."""

from datetime import datetime
from uuid import UUID

from django.http import HttpResponse
from ninja import Field, File, Form, Query, Router, Schema, Status
from ninja.files import UploadedFile

from bongsu.events.reading import listing
from bongsu.people.queries import ActorRequest
from bongsu.ui.doors import Body, Page, Paging, page_of

from . import actions, queries
from .rules import LARGEST, headers

router = Router(tags=["files"])


class FileOut(Schema):
    id: UUID
    subject: str = Field(alias="subject_id")
    sha256: str
    size: int
    name: str
    media_type: str
    kind: str
    labels: list[str]
    stored_by: str
    stored_at: datetime
    superseded_by: UUID | None = Field(None, alias="superseded_by_id")


class FileIn(Schema):
    subject: str = Field(max_length=120)
    kind: str = Field("evidence", max_length=40, pattern=r"^[a-z_]+$")
    labels: list[str] = []


class ReasonIn(Body):
    reason: str = Field(max_length=500)


class LabelsIn(ReasonIn):
    labels: list[str]


class SupersedeIn(ReasonIn):
    by: UUID


class RevealOut(Schema):
    file: UUID = Field(alias="file_id")
    until_at: datetime


@router.get("/files", response=Page[FileOut])
def list_files(request: ActorRequest, subject: str, paging: Query[Paging], is_complete: bool = False) -> dict:
    rows = queries.files(request.actor, subject, is_complete=is_complete)
    return page_of(rows, paging, sort="stored_at", shown=listing(request.actor))


@router.post("/files", response={201: FileOut})
def store_file(request: ActorRequest, data: Form[FileIn], file: File[UploadedFile]) -> Status:
    return Status(
        201,
        actions.store(
            request.actor,
            subject=data.subject,
            name=file.name or "",
            content=file.read(LARGEST + 1),
            media_type=file.content_type or "",
            kind=data.kind,
            labels=data.labels,
        ),
    )


@router.get("/files/{uuid:file_id}", response=FileOut)
def get_file(request: ActorRequest, file_id: UUID) -> object:
    return queries.file(request.actor, file_id)


@router.get("/files/{uuid:file_id}/content", openapi_extra={"responses": {200: {"content": {"application/octet-stream": {}}}}})
def get_content(request: ActorRequest, file_id: UUID) -> HttpResponse:
    stored, content = actions.read_file(request.actor, file_id=file_id)
    return HttpResponse(content, headers=headers(stored.name, stored.media_type))


@router.post("/files/{uuid:file_id}/reveal", response=RevealOut)
def reveal_file(request: ActorRequest, file_id: UUID, data: ReasonIn) -> object:
    return actions.reveal(request.actor, file_id=file_id, reason=data.reason)


@router.put("/files/{uuid:file_id}/labels", response=FileOut)
def label_file(request: ActorRequest, file_id: UUID, data: LabelsIn) -> object:
    return actions.label(request.actor, file_id=file_id, labels=data.labels, reason=data.reason)


@router.post("/files/{uuid:file_id}/supersede", response=FileOut)
def supersede_file(request: ActorRequest, file_id: UUID, data: SupersedeIn) -> object:
    return actions.supersede(request.actor, file_id=file_id, by=data.by, reason=data.reason)

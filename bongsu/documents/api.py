"""Documents for machines: read, edit with a version, comment, submit, decide, sign, take out (E3, E4)."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from django.http import HttpResponse
from ninja import Field, Query, Router, Schema, Status

from bongsu.events.reading import listing
from bongsu.people.queries import ActorRequest
from bongsu.ui.doors import Body, Page, Paging, page_of

from . import actions, queries
from .models import Document, Revision

router = Router(tags=["documents"])


class DocumentOut(Schema):
    id: UUID
    subject: str = Field(alias="subject_id")
    about_ref: str
    kind: str
    number: str
    title: str
    language: str
    state: str
    version: int
    created_by: str
    created_at: datetime


class DecisionOut(Schema):
    """What was decided on a revision at a step (`legal_review`, `board_approval`), by whom and why."""

    revision: int
    step: str
    is_approved: bool
    by: str
    name: str
    at: datetime
    reason: str


class DocumentWhole(DocumentOut):
    """`changes_asked`: why it is a draft again. `unwritten`: how many places of which part wait for a person's words.
    `deciders`: who may decide the present step now."""

    changes_asked: DecisionOut | None
    unwritten: dict[str, int]
    deciders: list[str]

    @staticmethod
    def resolve_changes_asked(row: Document) -> queries.Decision | None:
        return queries.changes_asked(row)

    @staticmethod
    def resolve_unwritten(row: Document) -> dict[str, int]:
        return queries.unwritten(row)

    @staticmethod
    def resolve_deciders(row: Document) -> list[str]:
        return queries.deciders(row)


class PartOut(Schema):
    id: UUID
    key: str
    title: str
    text: str
    generated: str
    is_persons: bool
    has_news: bool
    version: int
    edited_by: str
    edited_at: datetime | None

    @staticmethod
    def resolve_is_persons(row: object) -> bool:
        return row.person_text is not None  # type: ignore[attr-defined]


class SignatureOut(Schema):
    person: UUID = Field(alias="person_id")
    role: str
    text_hash: str
    signed_at: datetime


class RevisionOut(Schema):
    number: int
    hash: str
    made_by: str
    made_at: datetime
    authors: list[str]
    signatures: list[SignatureOut]
    decisions: list[DecisionOut]

    @staticmethod
    def resolve_decisions(row: Revision) -> list[queries.Decision]:
        return [one for one in queries.decisions(row.document) if one.revision == row.number]

    @staticmethod
    def resolve_signatures(row: object) -> list:
        return list(row.signatures.all())  # type: ignore[attr-defined]


class CommentOut(Schema):
    id: UUID
    part: UUID | None = Field(None, alias="part_id")
    text: str
    made_by: str
    made_at: datetime
    resolved_at: datetime | None


class PartIn(Body):
    """`text` null goes back to the machine's text; `version` is the one you read."""

    text: str | None = Field(max_length=200_000)
    version: int


class CommentIn(Body):
    text: str = Field(max_length=5000)
    part: UUID | None = None


class SubmitIn(Body):
    """`with_open_places`: it goes although places still wait for a person's words; refused without, naming them. `version` is
    the document's that you read."""

    with_open_places: bool = False
    version: int | None = None


class ReviewIn(Body):
    is_approved: bool
    text_hash: str = Field(min_length=64, max_length=64)
    reason: str = Field("", max_length=2000)


class ReasonIn(Body):
    reason: str = Field(max_length=2000)


class SignIn(Body):
    text_hash: str = Field(min_length=64, max_length=64)


class DistributeIn(Body):
    to: str = Field(max_length=2000)


@router.get("/documents", response=Page[DocumentOut])
def list_documents(request: ActorRequest, paging: Query[Paging], subject: str = "", kind: str = "") -> dict:
    rows = queries.documents(request.actor, subject=subject, kind=kind)
    return page_of(rows, paging, sort="-created_at", shown=listing(request.actor))


@router.get("/documents/{uuid:document_id}", response=DocumentWhole)
def get_document(request: ActorRequest, document_id: UUID) -> object:
    return queries.document(request.actor, document_id)


@router.get("/documents/{uuid:document_id}/parts", response=list[PartOut])
def list_parts(request: ActorRequest, document_id: UUID) -> list:
    return list(queries.document(request.actor, document_id).parts.all())


@router.put("/documents/parts/{uuid:part_id}", response=PartOut)
def put_part(request: ActorRequest, part_id: UUID, data: PartIn) -> object:
    return actions.edit_part(request.actor, part=part_id, text=data.text, version=data.version)


@router.get("/documents/{uuid:document_id}/comments", response=list[CommentOut])
def list_comments(request: ActorRequest, document_id: UUID) -> list:
    return [made for made, _name in queries.comments(queries.document(request.actor, document_id))]


@router.post("/documents/{uuid:document_id}/comments", response={201: CommentOut})
def post_comment(request: ActorRequest, document_id: UUID, data: CommentIn) -> Status:
    return Status(201, actions.add_comment(request.actor, document=document_id, text=data.text, part=data.part))


@router.post("/documents/comments/{uuid:comment_id}/resolve", response=CommentOut)
def resolve(request: ActorRequest, comment_id: UUID) -> object:
    return actions.resolve_comment(request.actor, comment=comment_id)


@router.get("/documents/{uuid:document_id}/revisions", response=list[RevisionOut])
def list_revisions(request: ActorRequest, document_id: UUID) -> list:
    return queries.revisions(request.actor, document_id)


@router.post("/documents/{uuid:document_id}/submit", response=RevisionOut)
def submit(request: ActorRequest, document_id: UUID, data: SubmitIn | None = None) -> object:
    wants = data or SubmitIn()
    return actions.submit_for_review(request.actor, document=document_id, **wants.dict())


@router.post("/documents/{uuid:document_id}/decision", response=DocumentOut)
def decide(request: ActorRequest, document_id: UUID, data: ReviewIn) -> object:
    return actions.decide_review(
        request.actor, document=document_id, is_approved=data.is_approved, text_hash=data.text_hash, reason=data.reason
    )


@router.post("/documents/{uuid:document_id}/withdraw", response=DocumentOut)
def withdraw(request: ActorRequest, document_id: UUID, data: ReasonIn) -> object:
    return actions.withdraw(request.actor, document=document_id, reason=data.reason)


@router.post("/documents/{uuid:document_id}/signatures", response={201: SignatureOut})
def sign(request: ActorRequest, document_id: UUID, data: SignIn) -> Status:
    return Status(201, actions.sign(request.actor, document=document_id, text_hash=data.text_hash))


@router.post("/documents/{uuid:document_id}/distribute", response=DocumentOut)
def distribute(request: ActorRequest, document_id: UUID, data: DistributeIn) -> object:
    return actions.distribute(request.actor, document=document_id, to=data.to)


@router.post("/documents/{uuid:document_id}/archive", response=DocumentOut)
def archive(request: ActorRequest, document_id: UUID) -> object:
    return actions.archive(request.actor, document=document_id)


@router.get("/documents/{uuid:document_id}/as/{form}", openapi_extra={"responses": {200: {"content": {"application/pdf": {}}}}})
def take_out(
    request: ActorRequest, document_id: UUID, form: Literal["md", "html", "pdf"], revision: int | None = None
) -> HttpResponse:
    row, made = actions.read_out(request.actor, document=document_id, form=form, revision=revision)
    return HttpResponse(made, headers=queries.headers(row, form, revision))

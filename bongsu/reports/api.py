"""The report on an incident, and the whole record, for machines."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from ninja import Router, Schema

from bongsu.documents import actions as documents
from bongsu.documents import queries as rendering
from bongsu.documents.models import Document
from bongsu.incidents import queries as incidents
from bongsu.people.queries import ActorRequest
from bongsu.ui.doors import Body

from . import actions, queries
from .queries import packing

router = Router(tags=["reports"])
Language = Literal["", "ko", "en"]


class ReportOut(Schema):
    """`edited` is per cent of the parts in people's words, `prompts` how many places wait for some, `news` how many parts'
    record has changed since, `file` what it is called when it is taken out. Edit, review and sign it as the document `id`."""

    id: UUID
    number: str
    language: str
    state: str
    title: str
    basics: list[list[str]]
    version: int
    created_at: datetime
    edited: int
    prompts: int
    news: int
    file: str


class ReportPart(Schema):
    id: UUID
    key: str
    title: str
    text: str
    generated: str
    is_persons: bool
    has_news: bool
    version: int


class DraftIn(Body):
    """Empty: the house's own language."""

    language: Language = ""


class ExportIn(Body):
    """Privileged evidence is left out unless asked for by somebody who may."""

    is_privileged_included: bool = False


def _out(row: Document) -> dict[str, Any]:
    kept = ("id", "number", "language", "state", "title", "basics", "version", "created_at")
    return {name: getattr(row, name) for name in kept} | queries.progress(row) | {"file": rendering.file_stem(row)}


@router.get("/incidents/{number}/report", response=ReportOut)
def show_report(request: ActorRequest, number: str, language: Language = "") -> dict[str, Any]:
    return _out(queries.report(request.actor, number, language))


@router.post("/incidents/{number}/report", response=ReportOut)
def write_report(request: ActorRequest, number: str, data: DraftIn) -> dict[str, Any]:
    """Draft the report from the record, or write the machine's parts again; people's words stay."""
    incident = incidents.incident(request.actor, number)
    return _out(actions.draft(request.actor, incident=incident.id, language=data.language))


@router.get("/incidents/{number}/report/parts", response=list[ReportPart])
def list_report_parts(request: ActorRequest, number: str, language: Language = "") -> list[dict[str, Any]]:
    parts = queries.report(request.actor, number, language).parts.all()
    kept = ("id", "key", "title", "text", "generated", "has_news", "version")
    return [{name: getattr(part, name) for name in kept} | {"is_persons": part.person_text is not None} for part in parts]


@router.get("/incidents/{number}/report/as/{form}", openapi_extra={"responses": {200: {"content": {"application/pdf": {}}}}})
def take_report(request: ActorRequest, number: str, form: Literal["md", "html", "pdf"], language: Language = "") -> HttpResponse:
    found = queries.report(request.actor, number, language)
    row, made = documents.read_out(request.actor, document=found.id, form=form)
    return HttpResponse(made, headers=rendering.headers(row, form))


@router.post("/incidents/{number}/export", openapi_extra={"responses": {200: {"content": {"application/zip": {}}}}})
def export_incident(request: ActorRequest, number: str, data: ExportIn) -> HttpResponseBase:
    """The whole record as a ZIP that can be verified offline. Needs `export`, and readership when it is restricted."""
    return packing.answer(actions.take_export(request.actor, number=number, is_privileged_included=data.is_privileged_included))

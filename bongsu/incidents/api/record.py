"""The timeline and the evidence."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import File, Form, Query
from ninja.files import UploadedFile

from bongsu.ui.language import say

from .. import actions, queries
from ..models import Evidence
from .base import actor_of, found_for, router
from .shapes import EvidenceIn, EvidenceOut, LabelsIn, LineOut, NoteIn, Reason


@router.get("/incidents/{number}/timeline", response=list[LineOut])
def timeline(request: HttpRequest, number: str, limit: int = Query(200, ge=1, le=1000)) -> list[dict[str, Any]]:  # type: ignore[type-arg]
    incident = found_for(request, number)
    lines = queries.timeline(actor_of(request), incident, limit=limit)
    words = queries.wording(actor_of(request), incident)
    return [_line(line, words) for line in lines]


def _line(line: queries.Line, words: queries.Wording) -> dict[str, Any]:
    entry = line.entry
    values = {
        name: getattr(entry, name) for name in ("event", "name", "actor", "actor_name", "occurred_at", "recorded_at", "hash")
    }
    return {
        **values,
        "is_backdated": entry.is_backdated,
        "sentence": "" if line.is_retracted else say(queries.sentence_of(line, words), words.language),
        "retracted_by": line.retracted_by,
        "retraction_reason": line.retraction_reason,
    }


@router.post("/incidents/{number}/notes", response={201: UUID})
def note(request: HttpRequest, number: str, body: NoteIn) -> tuple[int, UUID]:
    return 201, actions.add_note(actor_of(request), incident=found_for(request, number).id, **body.dict())


@router.post("/incidents/{number}/notes/{event}/retract", response={204: None})
def retract(request: HttpRequest, number: str, event: UUID, body: Reason) -> tuple[int, None]:
    actions.retract_entry(actor_of(request), incident=found_for(request, number).id, event=event, reason=body.reason)
    return 204, None


@router.get("/incidents/{number}/evidence", response=list[EvidenceOut])
def list_evidence(request: HttpRequest, number: str) -> list[dict[str, Any]]:
    return [_evidence(e) for e in queries.evidence(actor_of(request), found_for(request, number))]


def _evidence(row: Evidence) -> dict[str, Any]:
    """Harmful content is not in the answer: it is revealed with a reason."""
    values = {name: getattr(row, name) for name in EvidenceOut.model_fields}
    return {**values, "quote": "", "url": ""} if row.is_harmful else values


@router.post("/incidents/{number}/evidence", response={201: EvidenceOut})
def add_evidence(request: HttpRequest, number: str, body: EvidenceIn) -> tuple[int, dict[str, Any]]:
    row = actions.add_evidence(actor_of(request), incident=found_for(request, number).id, **body.dict())
    return 201, _evidence(row)


@router.post("/incidents/{number}/evidence/file", response={201: EvidenceOut})
def add_file(
    request: HttpRequest,
    number: str,
    file: UploadedFile = File(...),  # type: ignore[type-arg]  # noqa: B008
    title: str = Form("", max_length=200),  # type: ignore[type-arg]
    is_harmful: bool = Form(False),  # type: ignore[type-arg]
    is_privileged: bool = Form(False),  # type: ignore[type-arg]
) -> tuple[int, dict[str, Any]]:
    upload = actions.Upload(file.name or "file", file.content_type or "", file)
    rows = actions.add_files(
        actor_of(request), incident=found_for(request, number).id, uploads=[upload], title=title, is_harmful=is_harmful,
        is_privileged=is_privileged,
    )  # fmt: skip
    return 201, _evidence(rows[0])


@router.patch("/incidents/{number}/evidence/{evidence}", response=EvidenceOut)
def label(request: HttpRequest, number: str, evidence: UUID, body: LabelsIn) -> dict[str, Any]:
    labels = {k: v for k, v in body.dict(exclude_unset=True).items() if v is not None}
    return _evidence(
        actions.label_evidence(actor_of(request), incident=found_for(request, number).id, evidence=evidence, **labels)
    )


@router.post("/incidents/{number}/evidence/{evidence}/reveal", response=EvidenceOut)
def reveal(request: HttpRequest, number: str, evidence: UUID, body: Reason) -> Evidence:
    return actions.reveal_evidence(
        actor_of(request), incident=found_for(request, number).id, evidence=evidence, reason=body.reason
    )

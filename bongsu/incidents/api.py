"""Incidents for machines: every act of the pages."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, File, Form, Query, Router, Schema
from ninja.files import UploadedFile

from bongsu.events.actions import note_reading
from bongsu.files import actions as files
from bongsu.kernel.actors import Actor
from bongsu.systems import queries as systems
from bongsu.ui.doors import Page, Paging, page_of
from bongsu.ui.language import say

from . import actions, queries
from .models import Duty, Evidence, Incident

router = Router(tags=["incidents"])


class IncidentOut(Schema):
    id: UUID
    number: str
    title: str
    description: str
    type: str
    subtype: str
    severity: str
    state: str
    is_open: bool
    is_drill: bool
    is_restricted: bool
    system: str | None
    commander: str | None
    occurred_at: datetime | None
    detected_at: datetime
    aware_at: datetime | None
    declared_at: datetime
    responded_at: datetime | None
    resolved_at: datetime | None
    closed_at: datetime | None
    affected_users: int | None
    affected_scope: str
    regions: list[str]
    loss: Decimal | None
    currency: str
    regulatory_risk: str
    status_page_url: str
    details: dict[str, Any]


class DutyOut(Schema):
    key: str
    title: dict[str, str]
    is_legal: bool
    is_optional: bool
    authority: str
    due_at: datetime | None
    zone: str
    met_at: datetime | None
    proof: str
    waived_at: datetime | None
    reason: str


class EvidenceOut(Schema):
    id: UUID
    kind: str
    title: str
    url: str
    quote: str
    sha256: str
    is_harmful: bool
    has_legal_hold: bool
    is_privileged: bool
    added_by: str
    added_at: datetime


class LineOut(Schema):
    """`sentence` is in the caller's language; a retracted entry keeps its place and says by whom and why."""

    event: UUID
    name: str
    actor: str
    actor_name: str
    occurred_at: datetime
    recorded_at: datetime
    is_backdated: bool
    sentence: str
    hash: str
    retracted_by: str
    retraction_reason: str


class Declaration(Schema):
    title: str = Field(max_length=200)
    type: str
    subtype: str
    severity: str
    description: str = Field("", max_length=20_000)
    system: UUID | None = None
    occurred_at: datetime | None = None
    detected_at: datetime | None = None
    affected_scope: str = Field("", max_length=300)
    commander: UUID | None = None
    is_drill: bool = False
    restriction: str = Field("", max_length=1000)
    readers: list[UUID] = Field([], max_length=200)


class Reason(Schema):
    reason: str = Field(max_length=2000)


class SeverityIn(Reason):
    severity: str


class ClassificationIn(Reason):
    type: str
    subtype: str


class StateIn(Schema):
    state: str
    reason: str = Field("", max_length=2000)


class NoteIn(Schema):
    text: str
    kind: str = "note"
    occurred_at: datetime | None = None


class EvidenceIn(Schema):
    title: str = Field("", max_length=200)
    url: str = Field("", max_length=2000)
    quote: str = Field("", max_length=100_000)
    is_harmful: bool = False
    is_privileged: bool = False


class LabelsIn(Schema):
    is_harmful: bool | None = None
    has_legal_hold: bool | None = None
    is_privileged: bool | None = None


class PersonIn(Schema):
    person: UUID


class LetInIn(Reason):
    person: UUID


class RoleIn(PersonIn):
    role: str


class AwarenessIn(Schema):
    aware_at: datetime
    how: str = Field(max_length=2000)
    person: UUID | None = None
    evidence: UUID | None = None


class AwarenessChangeIn(Reason):
    aware_at: datetime
    how: str = Field(max_length=2000)


class DecisionIn(Schema):
    is_approved: bool


class ImpactIn(Schema):
    affected_users: int | None = Field(None, ge=0, le=2_000_000_000)
    affected_scope: str | None = Field(None, max_length=300)
    regions: list[str] | None = Field(None, max_length=250)
    loss: Decimal | None = Field(None, ge=0, max_digits=18, decimal_places=2)
    currency: str | None = Field(None, min_length=3, max_length=3)
    regulatory_risk: str | None = Field(None, max_length=500)


class DetailsIn(Schema):
    title: str | None = Field(None, max_length=200)
    description: str | None = Field(None, max_length=20_000)
    status_page_url: str | None = Field(None, max_length=200)
    details: dict[str, Any] | None = None


class DeadlineIn(Schema):
    title: str = Field(max_length=200)
    authority: str = Field("", max_length=200)
    due_at: datetime
    zone: str
    is_legal: bool = True


class ProofIn(Schema):
    proof: str = Field(max_length=2000)


class RestrictIn(Reason):
    readers: list[UUID] = Field([], max_length=200)


class Filters(Schema):
    state: str = Field("", max_length=40)
    severity: str = Field("", max_length=8)
    type: str = Field("", max_length=40)
    system: str = Field("", max_length=100)
    text: str = Field("", max_length=100)
    is_open: bool | None = None
    is_drill: bool | None = None


def _actor(request: HttpRequest) -> Actor:
    return request.actor  # type: ignore[attr-defined, no-any-return]


def _found(request: HttpRequest, number: str) -> Incident:
    found = queries.incident(_actor(request), number)
    if found.subject.restricted:
        note_reading(_actor(request), subject=found.subject_id, door="api")
    return found


def _out(incident: Incident, commander: str | None) -> dict[str, Any]:
    values = {name: getattr(incident, name) for name in IncidentOut.model_fields if hasattr(incident, name)}
    return {
        **values,
        "system": incident.system.key if incident.system else None,
        "is_restricted": incident.subject.restricted,
        "commander": commander,
    }


def _answer(request: HttpRequest, number: str) -> dict[str, Any]:
    incident = queries.incident(_actor(request), number)
    chief = queries.commander(incident)
    return _out(incident, chief.person.name if chief else None)


@router.get("/incidents", response=Page[IncidentOut])
def list_incidents(request: HttpRequest, filters: Query[Filters], paging: Query[Paging]) -> dict[str, Any]:
    _actor(request).require("see")
    found = page_of(queries.incidents(_actor(request), **filters.dict()), paging, sort="-declared_at")
    chiefs = queries.commanders_of(found["items"])
    return {"items": [_out(i, chiefs.get(i.id)) for i in found["items"]], "next": found["next"]}


@router.post("/incidents", response={201: IncidentOut})
def declare(request: HttpRequest, body: Declaration) -> tuple[int, dict[str, Any]]:
    values = body.dict()
    values["system"] = systems.system(_actor(request), body.system) if body.system else None
    incident = actions.open_incident(_actor(request), origin="api", **values)
    return 201, _answer(request, incident.number)


@router.get("/incidents/{number}", response=IncidentOut)
def show(request: HttpRequest, number: str) -> dict[str, Any]:
    return _answer(request, _found(request, number).number)


@router.patch("/incidents/{number}/details", response=IncidentOut)
def details(request: HttpRequest, number: str, body: DetailsIn) -> dict[str, Any]:
    values = {k: v for k, v in body.dict(exclude_unset=True).items() if v is not None}
    actions.change_details(_actor(request), incident=_found(request, number).id, **values)
    return _answer(request, number)


@router.patch("/incidents/{number}/impact", response=IncidentOut)
def impact(request: HttpRequest, number: str, body: ImpactIn) -> dict[str, Any]:
    given = body.dict(exclude_unset=True)
    values = {k: v for k, v in given.items() if v is not None or k in ("affected_users", "loss")}
    actions.change_impact(_actor(request), incident=_found(request, number).id, **values)
    return _answer(request, number)


@router.post("/incidents/{number}/severity", response=IncidentOut)
def severity(request: HttpRequest, number: str, body: SeverityIn) -> dict[str, Any]:
    actions.change_severity(_actor(request), incident=_found(request, number).id, **body.dict())
    return _answer(request, number)


@router.post("/incidents/{number}/classification", response=IncidentOut)
def classification(request: HttpRequest, number: str, body: ClassificationIn) -> dict[str, Any]:
    actions.classify(_actor(request), incident=_found(request, number).id, **body.dict())
    return _answer(request, number)


@router.post("/incidents/{number}/state", response=IncidentOut)
def state(request: HttpRequest, number: str, body: StateIn) -> dict[str, Any]:
    actions.move_state(_actor(request), incident=_found(request, number).id, **body.dict())
    return _answer(request, number)


@router.get("/incidents/{number}/timeline", response=list[LineOut])
def timeline(request: HttpRequest, number: str, limit: int = Query(200, ge=1, le=1000)) -> list[dict[str, Any]]:  # type: ignore[type-arg]
    lines = queries.timeline(_actor(request), _found(request, number), limit=limit)
    return [_line(line, _actor(request).language) for line in lines]


def _line(line: queries.Line, language: str) -> dict[str, Any]:
    entry = line.entry
    values = {
        name: getattr(entry, name) for name in ("event", "name", "actor", "actor_name", "occurred_at", "recorded_at", "hash")
    }
    return {
        **values,
        "is_backdated": entry.is_backdated,
        "sentence": "" if line.is_retracted else say(entry.sentence, language),
        "retracted_by": line.retracted_by,
        "retraction_reason": line.retraction_reason,
    }


@router.post("/incidents/{number}/notes", response={201: UUID})
def note(request: HttpRequest, number: str, body: NoteIn) -> tuple[int, UUID]:
    return 201, actions.add_note(_actor(request), incident=_found(request, number).id, **body.dict())


@router.post("/incidents/{number}/notes/{event}/retract", response={204: None})
def retract(request: HttpRequest, number: str, event: UUID, body: Reason) -> tuple[int, None]:
    actions.retract_entry(_actor(request), incident=_found(request, number).id, event=event, reason=body.reason)
    return 204, None


@router.get("/incidents/{number}/evidence", response=list[EvidenceOut])
def list_evidence(request: HttpRequest, number: str) -> list[dict[str, Any]]:
    return [_evidence(e) for e in queries.evidence(_actor(request), _found(request, number))]


def _evidence(row: Evidence) -> dict[str, Any]:
    """Harmful content is not in the answer: it is revealed with a reason."""
    values = {name: getattr(row, name) for name in EvidenceOut.model_fields}
    return {**values, "quote": "", "url": ""} if row.is_harmful else values


@router.post("/incidents/{number}/evidence", response={201: EvidenceOut})
def add_evidence(request: HttpRequest, number: str, body: EvidenceIn) -> tuple[int, dict[str, Any]]:
    row = actions.add_evidence(_actor(request), incident=_found(request, number).id, **body.dict())
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
    incident = _found(request, number)
    labels = [name for name, is_set in (("harmful", is_harmful), ("privileged", is_privileged)) if is_set]
    stored = files.store(
        _actor(request), subject=incident.subject_id, name=file.name or "file", content=file.read(),
        media_type=file.content_type or "application/octet-stream", kind="evidence", labels=labels,
    )  # fmt: skip
    row = actions.add_evidence(
        _actor(request), incident=incident.id, title=title, file=stored, is_harmful=is_harmful, is_privileged=is_privileged
    )
    return 201, _evidence(row)


@router.patch("/incidents/{number}/evidence/{evidence}", response=EvidenceOut)
def label(request: HttpRequest, number: str, evidence: UUID, body: LabelsIn) -> dict[str, Any]:
    labels = {k: v for k, v in body.dict(exclude_unset=True).items() if v is not None}
    return _evidence(actions.label_evidence(_actor(request), incident=_found(request, number).id, evidence=evidence, **labels))


@router.post("/incidents/{number}/evidence/{evidence}/reveal", response=EvidenceOut)
def reveal(request: HttpRequest, number: str, evidence: UUID, body: Reason) -> Evidence:
    return actions.reveal_evidence(_actor(request), incident=_found(request, number).id, evidence=evidence, reason=body.reason)


@router.post("/incidents/{number}/command/offer", response=IncidentOut)
def offer_command(request: HttpRequest, number: str, body: PersonIn) -> dict[str, Any]:
    actions.offer_command(_actor(request), incident=_found(request, number).id, person=body.person)
    return _answer(request, number)


@router.post("/incidents/{number}/command/accept", response=IncidentOut)
def accept_command(request: HttpRequest, number: str) -> dict[str, Any]:
    actions.accept_command(_actor(request), incident=_found(request, number).id)
    return _answer(request, number)


@router.post("/incidents/{number}/command/decline", response=IncidentOut)
def decline_command(request: HttpRequest, number: str, body: Reason) -> dict[str, Any]:
    actions.decline_command(_actor(request), incident=_found(request, number).id, reason=body.reason)
    return _answer(request, number)


@router.post("/incidents/{number}/roles", response=IncidentOut)
def role(request: HttpRequest, number: str, body: RoleIn) -> dict[str, Any]:
    actions.assign_role(_actor(request), incident=_found(request, number).id, **body.dict())
    return _answer(request, number)


@router.post("/incidents/{number}/awareness", response=IncidentOut)
def awareness(request: HttpRequest, number: str, body: AwarenessIn) -> dict[str, Any]:
    actions.set_awareness(_actor(request), incident=_found(request, number).id, **body.dict())
    return _answer(request, number)


@router.post("/incidents/{number}/awareness/change", response=IncidentOut)
def awareness_change(request: HttpRequest, number: str, body: AwarenessChangeIn) -> dict[str, Any]:
    actions.ask_awareness_change(_actor(request), incident=_found(request, number).id, **body.dict())
    return _answer(request, number)


@router.post("/incidents/{number}/awareness/decision", response=IncidentOut)
def awareness_decision(request: HttpRequest, number: str, body: DecisionIn) -> dict[str, Any]:
    actions.decide_awareness_change(_actor(request), incident=_found(request, number).id, is_approved=body.is_approved)
    return _answer(request, number)


@router.get("/incidents/{number}/duties", response=list[DutyOut])
def duties(request: HttpRequest, number: str) -> list[Duty]:
    return queries.duties(_actor(request), _found(request, number))


@router.post("/incidents/{number}/duties", response={201: DutyOut})
def deadline(request: HttpRequest, number: str, body: DeadlineIn) -> tuple[int, Duty]:
    return 201, actions.enter_deadline(_actor(request), incident=_found(request, number).id, **body.dict())


@router.post("/incidents/{number}/duties/{key}/meet", response=DutyOut)
def meet(request: HttpRequest, number: str, key: str, body: ProofIn) -> Duty:
    return actions.meet_by_hand(_actor(request), incident=_found(request, number).id, key=key, proof=body.proof)


@router.post("/incidents/{number}/duties/{key}/waive", response=DutyOut)
def waive(request: HttpRequest, number: str, key: str, body: Reason) -> Duty:
    return actions.waive(_actor(request), incident=_found(request, number).id, key=key, reason=body.reason)


@router.post("/incidents/{number}/restrict", response=IncidentOut)
def restrict(request: HttpRequest, number: str, body: RestrictIn) -> dict[str, Any]:
    actions.restrict_incident(_actor(request), incident=_found(request, number).id, reason=body.reason, readers=body.readers)
    return _answer(request, number)


@router.post("/incidents/{number}/readers", response={204: None})
def let_in(request: HttpRequest, number: str, body: LetInIn) -> tuple[int, None]:
    actions.let_in(_actor(request), incident=_found(request, number).id, person=body.person, reason=body.reason)
    return 204, None


@router.post("/incidents/{number}/break-glass", response=IncidentOut)
def break_glass(request: HttpRequest, number: str, body: Reason) -> dict[str, Any]:
    incident = actions.break_glass(_actor(request), number=number.upper(), reason=body.reason)
    return _answer(request, incident.number)

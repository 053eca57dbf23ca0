"""The runbook run, measures, containment and verification for machines."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router

from bongsu.events.reading import listing
from bongsu.incidents import queries as incidents
from bongsu.incidents.models import Incident
from bongsu.kernel.actors import Actor
from bongsu.kernel.errors import NotFound
from bongsu.kernel.text import gettext_noop as _
from bongsu.ui.doors import Page, Paging, page_of
from bongsu.ui.language import say

from .. import actions, queries
from ..models import Check, Containment, Run, Verification
from .shapes import (
    AskIn,
    ContainmentOut,
    LessonIn,
    LessonOut,
    ListOut,
    MeasureIn,
    MeasureOut,
    ProposalIn,
    ReasonIn,
    RunbookIn,
    RunOut,
    StepIn,
    VerificationIn,
    VerificationOut,
)

router = Router(tags=["runbooks"])


def _actor(request: HttpRequest) -> Actor:
    return request.actor  # type: ignore[attr-defined, no-any-return]


def _found(request: HttpRequest, number: str) -> Incident:
    return incidents.incident(_actor(request), number)


# ---- the run --------------------------------------------------------------------------------------------------------


def _run(request: HttpRequest, incident: Incident) -> dict[str, Any]:
    run = queries.run_of(incident)
    if run is None:
        raise NotFound(_("This incident's runbook has not started yet. Try again in a moment."))
    language = _actor(request).language
    own = {name: getattr(run, name) for name in ("id", "runbook", "version", "started_at", "offered", "offered_why", "lesson")}
    return {
        **own, "pack": run.pack_id, "owner": run.owner_id, "reviewed_at": run.reviewed_at,
        "question": queries.runbook_of(run).closing_question.say(language),
        "steps": [_step(view, language) for view in queries.step_views(run)],
    }  # fmt: skip


def _step(view: queries.StepView, language: str) -> dict[str, Any]:
    row = view.row
    own = {name: getattr(row, name) for name in ("step", "phase", "state", "note", "reason", "link", "done_at", "done_by")}
    own |= {"title": view.step.title.say(language), "is_next": view.is_next}
    return {**own, "person": row.person_id, "evidence": row.evidence_id}


@router.get("/incidents/{number}/runbook", response=RunOut)
def show_run(request: HttpRequest, number: str) -> dict[str, Any]:
    return _run(request, _found(request, number))


@router.post("/incidents/{number}/runbook", response=RunOut)
def change_runbook(request: HttpRequest, number: str, body: RunbookIn) -> dict[str, Any]:
    found = _found(request, number)
    actions.change_runbook(_actor(request), incident=found.id, **body.dict())
    return _run(request, found)


@router.post("/incidents/{number}/runbook/lesson", response=RunOut)
def answer_question(request: HttpRequest, number: str, body: LessonIn) -> dict[str, Any]:
    found = _found(request, number)
    actions.review_run(_actor(request), incident=found.id, lesson=body.lesson)
    return _run(request, found)


@router.post("/incidents/{number}/steps/{step}", response=RunOut)
def move_step(request: HttpRequest, number: str, step: str, body: StepIn) -> dict[str, Any]:
    found, values = _found(request, number), body.dict()
    person = values.pop("person")
    if person:
        actions.assign_step(_actor(request), incident=found.id, step=step, person=person)
    if body.state or not person:
        actions.move_step(_actor(request), incident=found.id, step=step, **values)
    return _run(request, found)


@router.get("/incidents/{number}/checklists", response=list[ListOut])
def checklists(request: HttpRequest, number: str) -> list[dict[str, Any]]:
    language = _actor(request).language
    return [
        {
            "id": view.checklist.id, "title": view.checklist.title.say(language),
            "items": [_item(item, language) for item in view.items],
        }
        for view in queries.checklists(_actor(request), _found(request, number))
    ]  # fmt: skip


def _item(item: queries.Item, language: str) -> dict[str, Any]:
    said = item.item.text.say(language)
    return {"key": item.item.key, "text": said, "state": item.state, "is_where_needed": item.item.is_where_needed}


@router.get("/runbook-lessons", response=Page[LessonOut])
def lessons(request: HttpRequest, paging: Query[Paging], runbook: str = Query("", max_length=60)) -> dict[str, Any]:  # type: ignore[type-arg]
    actor = _actor(request)
    actor.require("see")
    found = page_of(queries.lessons(actor, runbook=runbook), paging, sort="-reviewed_at", shown=listing(actor))
    return {"items": [_lesson(run) for run in found["items"]], "next": found["next"]}


def _lesson(run: Run) -> dict[str, Any]:
    own = {name: getattr(run, name) for name in ("runbook", "version", "lesson", "reviewed_at")}
    return {**own, "incident": run.incident.number}


# ---- measures -------------------------------------------------------------------------------------------------------


@router.get("/incidents/{number}/measures", response=list[MeasureOut])
def list_measures(request: HttpRequest, number: str) -> Any:
    return queries.measures(_actor(request), _found(request, number))


@router.post("/incidents/{number}/measures", response={201: MeasureOut})
def set_measure(request: HttpRequest, number: str, body: MeasureIn) -> Any:
    return 201, actions.set_measure(_actor(request), incident=_found(request, number).id, **body.dict())


@router.post("/incidents/{number}/measures/{measure}/done", response=MeasureOut)
def finish_measure(request: HttpRequest, number: str, measure: UUID) -> Any:
    return actions.finish_measure(_actor(request), incident=_found(request, number).id, measure=measure)


# ---- containment ----------------------------------------------------------------------------------------------------


def _contained(row: Containment) -> dict[str, Any]:
    kept = row.snapshot.evidence_id if row.snapshot else None
    return {**{name: getattr(row, name) for name in ContainmentOut.model_fields if name != "snapshot"}, "snapshot": kept}


@router.get("/incidents/{number}/containments", response=list[ContainmentOut])
def list_containments(request: HttpRequest, number: str) -> list[dict[str, Any]]:
    return [_contained(row) for row in queries.containments(_actor(request), _found(request, number))]


@router.post("/incidents/{number}/containments", response={201: ContainmentOut})
def propose(request: HttpRequest, number: str, body: ProposalIn) -> tuple[int, dict[str, Any]]:
    found, actor = _found(request, number), _actor(request)
    lasts = timedelta(hours=body.expires_after_hours) if body.expires_after_hours else None
    if body.text:
        return 201, _contained(
            actions.note_by_hand(
                actor, incident=found.id, kind=body.kind, text=body.text, way_back=body.way_back, expires_after=lasts
            )
        )
    row = actions.propose_containment(actor, incident=found.id, kind=body.kind, version=body.version, expires_after=lasts)
    return 201, _contained(row)


@router.post("/incidents/{number}/containments/{containment}/ask", response=ContainmentOut)
def ask(request: HttpRequest, number: str, containment: UUID, body: AskIn) -> dict[str, Any]:
    found = _found(request, number)
    return _contained(
        actions.ask_for_containment(_actor(request), incident=found.id, containment=containment, approver=body.approver)
    )


@router.post("/incidents/{number}/containments/{containment}/withdraw", response=ContainmentOut)
def withdraw(request: HttpRequest, number: str, containment: UUID, body: ReasonIn) -> dict[str, Any]:
    found = _found(request, number)
    return _contained(
        actions.withdraw_containment(_actor(request), incident=found.id, containment=containment, reason=body.reason)
    )


@router.post("/incidents/{number}/containments/{containment}/undo", response=ContainmentOut)
def undo(request: HttpRequest, number: str, containment: UUID, body: ReasonIn) -> dict[str, Any]:
    found = _found(request, number)
    return _contained(actions.undo_containment(_actor(request), incident=found.id, containment=containment, reason=body.reason))


@router.post("/incidents/{number}/containments/{containment}/again", response=ContainmentOut)
def again(request: HttpRequest, number: str, containment: UUID) -> dict[str, Any]:
    found = _found(request, number)
    return _contained(actions.check_again(_actor(request), incident=found.id, containment=containment))


# ---- verification ---------------------------------------------------------------------------------------------------


def _verified(row: Verification, language: str) -> dict[str, Any]:
    own = {name: getattr(row, name) for name in VerificationOut.model_fields if name not in ("step", "checks")}
    return {**own, "step": row.step.step, "checks": [_check(check, language) for check in row.checks.all()]}


def _check(check: Check, language: str) -> dict[str, Any]:
    own = {name: getattr(check, name) for name in ("id", "number", "asked_at", "verdict", "values")}
    return {**own, "reason": say(queries.text_of(check), language), "evidence": check.evidence_id}


@router.get("/incidents/{number}/verifications", response=list[VerificationOut])
def list_verifications(request: HttpRequest, number: str) -> list[dict[str, Any]]:
    actor = _actor(request)
    return [_verified(row, actor.language) for row in queries.verifications(actor, _found(request, number))]


@router.post("/incidents/{number}/verifications/{verification}/check", response=VerificationOut)
def check(request: HttpRequest, number: str, verification: UUID) -> dict[str, Any]:
    found = _found(request, number)
    actions.check_recovery(_actor(request), incident=found.id, verification=verification)
    return _again(request, found, verification)


@router.patch("/incidents/{number}/verifications/{verification}", response=VerificationOut)
def change(request: HttpRequest, number: str, verification: UUID, body: VerificationIn) -> dict[str, Any]:
    found = _found(request, number)
    values = {k: v for k, v in body.dict(exclude_unset=True).items() if v is not None}
    actions.change_verification(_actor(request), incident=found.id, verification=verification, **values)
    return _again(request, found, verification)


@router.post("/incidents/{number}/verifications/{verification}/override", response=VerificationOut)
def override(request: HttpRequest, number: str, verification: UUID, body: ReasonIn) -> dict[str, Any]:
    found = _found(request, number)
    actions.override_verification(_actor(request), incident=found.id, verification=verification, reason=body.reason)
    return _again(request, found, verification)


def _again(request: HttpRequest, incident: Incident, verification: UUID) -> dict[str, Any]:
    return _verified(queries.verification(_actor(request), incident, verification), _actor(request).language)

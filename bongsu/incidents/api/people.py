"""Command, roles, awareness, duties, and who may read."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest

from bongsu.people.models import Person

from .. import actions, queries
from ..models import Duty, Restriction
from .base import actor_of, answer, found_for, router
from .shapes import (
    AwarenessChangeIn,
    AwarenessIn,
    DeadlineIn,
    DecisionIn,
    DutyOut,
    IncidentOut,
    KeepIn,
    LetInIn,
    PersonIn,
    ProofIn,
    Reason,
    RestrictIn,
    RestrictionOut,
    RoleIn,
    RoleOut,
)


@router.post("/incidents/{number}/command/offer", response=IncidentOut)
def offer_command(request: HttpRequest, number: str, body: PersonIn) -> dict[str, Any]:
    actions.offer_command(actor_of(request), incident=found_for(request, number).id, person=body.person)
    return answer(request, number)


@router.post("/incidents/{number}/command/accept", response=IncidentOut)
def accept_command(request: HttpRequest, number: str) -> dict[str, Any]:
    actions.accept_command(actor_of(request), incident=found_for(request, number).id)
    return answer(request, number)


@router.post("/incidents/{number}/command/decline", response=IncidentOut)
def decline_command(request: HttpRequest, number: str, body: Reason) -> dict[str, Any]:
    actions.decline_command(actor_of(request), incident=found_for(request, number).id, reason=body.reason)
    return answer(request, number)


@router.get("/incidents/{number}/roles", response=list[RoleOut])
def roles(request: HttpRequest, number: str) -> list[dict[str, Any]]:
    """Who holds which role now; the offer of the command that waits is among them, not accepted."""
    incident = found_for(request, number)
    held = queries.roles(actor_of(request), incident)
    offer = queries.open_offer(incident)
    rows = [_role(a.role, a.person, a.began_at, a.accepted_at) for a in held.values()]
    return [*rows, _role("ic (offered)", offer.person, offer.offered_at, None)] if offer else rows


def _role(role: str, person: Person, since: datetime, accepted_at: datetime | None) -> dict[str, Any]:
    return {"role": role, "person": person.id, "name": person.name, "since": since, "accepted_at": accepted_at}


@router.post("/incidents/{number}/roles", response=IncidentOut)
def role(request: HttpRequest, number: str, body: RoleIn) -> dict[str, Any]:
    actions.assign_role(actor_of(request), incident=found_for(request, number).id, **body.dict())
    return answer(request, number)


@router.post("/incidents/{number}/awareness", response=IncidentOut)
def awareness(request: HttpRequest, number: str, body: AwarenessIn) -> dict[str, Any]:
    actions.set_awareness(actor_of(request), incident=found_for(request, number).id, **body.dict())
    return answer(request, number)


@router.post("/incidents/{number}/awareness/change", response=IncidentOut)
def awareness_change(request: HttpRequest, number: str, body: AwarenessChangeIn) -> dict[str, Any]:
    actions.ask_awareness_change(actor_of(request), incident=found_for(request, number).id, **body.dict())
    return answer(request, number)


@router.post("/incidents/{number}/awareness/decision", response=IncidentOut)
def awareness_decision(request: HttpRequest, number: str, body: DecisionIn) -> dict[str, Any]:
    actions.decide_awareness_change(actor_of(request), incident=found_for(request, number).id, is_approved=body.is_approved)
    return answer(request, number)


@router.get("/incidents/{number}/duties", response=list[DutyOut])
def duties(request: HttpRequest, number: str) -> list[Duty]:
    return queries.duties(actor_of(request), found_for(request, number))


@router.post("/incidents/{number}/duties", response={201: DutyOut})
def deadline(request: HttpRequest, number: str, body: DeadlineIn) -> tuple[int, Duty]:
    return 201, actions.enter_deadline(actor_of(request), incident=found_for(request, number).id, **body.dict())


@router.post("/incidents/{number}/duties/{key}/meet", response=DutyOut)
def meet(request: HttpRequest, number: str, key: str, body: ProofIn) -> Duty:
    return actions.meet_by_hand(actor_of(request), incident=found_for(request, number).id, key=key, proof=body.proof)


@router.post("/incidents/{number}/duties/{key}/waive", response=DutyOut)
def waive(request: HttpRequest, number: str, key: str, body: Reason) -> Duty:
    return actions.waive(actor_of(request), incident=found_for(request, number).id, key=key, reason=body.reason)


@router.post("/incidents/{number}/restrict", response=IncidentOut)
def restrict(request: HttpRequest, number: str, body: RestrictIn) -> dict[str, Any]:
    actions.restrict_incident(actor_of(request), incident=found_for(request, number).id, **body.dict())
    return answer(request, number)


@router.get("/incidents/{number}/restriction", response=RestrictionOut | None)
def restriction(request: HttpRequest, number: str) -> Restriction | None:
    """Why, by whom, and when it is looked at again; null when it is not restricted."""
    return queries.restriction(actor_of(request), found_for(request, number))


@router.post("/incidents/{number}/restriction/keep", response=RestrictionOut)
def keep_restricted(request: HttpRequest, number: str, body: KeepIn) -> Restriction:
    """Reviewed: it stays restricted until another day."""
    return actions.keep_restricted(actor_of(request), incident=found_for(request, number).id, **body.dict())


@router.post("/incidents/{number}/restriction/lift", response={202: UUID})
def ask_to_lift(request: HttpRequest, number: str, body: Reason) -> tuple[int, UUID]:
    """Reviewed: ask somebody of legal to approve that it ends; answers the approval that waits."""
    asked = actions.ask_to_lift(actor_of(request), incident=found_for(request, number).id, reason=body.reason)
    return 202, asked.id


@router.post("/incidents/{number}/readers", response={204: None})
def let_in(request: HttpRequest, number: str, body: LetInIn) -> tuple[int, None]:
    actions.let_in(actor_of(request), incident=found_for(request, number).id, person=body.person, reason=body.reason)
    return 204, None


@router.post("/incidents/{number}/break-glass", response=IncidentOut)
def break_glass(request: HttpRequest, number: str, body: Reason) -> dict[str, Any]:
    incident = actions.break_glass(actor_of(request), number=number.upper(), reason=body.reason)
    return answer(request, incident.number)

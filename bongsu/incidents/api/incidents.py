"""Declaring, listing, showing and changing."""

from typing import Any

from django.http import HttpRequest
from ninja import Query

from bongsu.events.reading import listing
from bongsu.systems import queries as systems
from bongsu.ui.doors import Page, Paging, page_of

from .. import actions, queries
from .base import actor_of, answer, found_for, out, router
from .shapes import ClassificationIn, Declaration, DetailsIn, Filters, ImpactIn, IncidentOut, SeverityIn, StateIn


@router.get("/incidents", response=Page[IncidentOut])
def list_incidents(request: HttpRequest, filters: Query[Filters], paging: Query[Paging]) -> dict[str, Any]:
    actor_of(request).require("see")
    rows = queries.incidents(actor_of(request), **filters.dict())
    found = page_of(rows, paging, sort="-declared_at", shown=listing(actor_of(request)))
    chiefs = queries.commanders_of(found["items"])
    return {"items": [out(i, chiefs.get(i.id)) for i in found["items"]], "next": found["next"]}


@router.post("/incidents", response={201: IncidentOut})
def declare(request: HttpRequest, body: Declaration) -> tuple[int, dict[str, Any]]:
    values = body.dict()
    values["system"] = systems.named(actor_of(request), body.system) if body.system else None
    incident = actions.open_incident(actor_of(request), origin="api", **values)
    chief = queries.commander(incident)
    return 201, out(incident, chief.person.name if chief else None)


@router.get("/incidents/{number}", response=IncidentOut)
def show(request: HttpRequest, number: str) -> dict[str, Any]:
    return answer(request, number)


@router.patch("/incidents/{number}/details", response=IncidentOut)
def details(request: HttpRequest, number: str, body: DetailsIn) -> dict[str, Any]:
    values = {k: v for k, v in body.dict(exclude_unset=True).items() if v is not None}
    actions.change_details(actor_of(request), incident=found_for(request, number).id, **values)
    return answer(request, number)


@router.patch("/incidents/{number}/impact", response=IncidentOut)
def impact(request: HttpRequest, number: str, body: ImpactIn) -> dict[str, Any]:
    given = body.dict(exclude_unset=True)
    values = {k: v for k, v in given.items() if v is not None or k in ("affected_users", "loss")}
    actions.change_impact(actor_of(request), incident=found_for(request, number).id, **values)
    return answer(request, number)


@router.post("/incidents/{number}/severity", response=IncidentOut)
def severity(request: HttpRequest, number: str, body: SeverityIn) -> dict[str, Any]:
    actions.change_severity(actor_of(request), incident=found_for(request, number).id, **body.dict())
    return answer(request, number)


@router.post("/incidents/{number}/classification", response=IncidentOut)
def classification(request: HttpRequest, number: str, body: ClassificationIn) -> dict[str, Any]:
    actions.classify(actor_of(request), incident=found_for(request, number).id, **body.dict())
    return answer(request, number)


@router.post("/incidents/{number}/state", response=IncidentOut)
def state(request: HttpRequest, number: str, body: StateIn) -> dict[str, Any]:
    actions.move_state(actor_of(request), incident=found_for(request, number).id, **body.dict())
    return answer(request, number)

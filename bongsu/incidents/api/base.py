"""The router, who asks, and how an incident is answered."""

from typing import Any

from django.http import HttpRequest
from ninja import Router

from bongsu.kernel.actors import Actor

from .. import queries
from ..models import Incident
from .shapes import IncidentOut

router = Router(tags=["incidents"])


def actor_of(request: HttpRequest) -> Actor:
    return request.actor  # type: ignore[attr-defined, no-any-return]


def found_for(request: HttpRequest, number: str) -> Incident:
    return queries.incident(actor_of(request), number)


def out(incident: Incident, commander: str | None) -> dict[str, Any]:
    values = {name: getattr(incident, name) for name in IncidentOut.model_fields if hasattr(incident, name)}
    return {
        **values,
        "system": incident.system.key if incident.system else None,
        "is_restricted": incident.subject.restricted,
        "commander": commander,
    }


def answer(request: HttpRequest, number: str) -> dict[str, Any]:
    incident = queries.incident(actor_of(request), number)
    chief = queries.commander(incident)
    return out(incident, chief.person.name if chief else None)

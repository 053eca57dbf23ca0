"""The ladder on the incident's page, silence for oneself, and escalating now."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from bongsu.incidents import queries as incidents
from bongsu.incidents.models import Incident
from bongsu.kernel.errors import Invalid
from bongsu.people.queries import ActorRequest
from bongsu.ui import acts
from bongsu.ui.forms import ActForm

from . import actions, forms, queries


def in_panel(request: HttpRequest, incident: Incident) -> dict[str, Any]:
    """What the panel shows: steps with receipts, the actor's own silence, whether he may escalate."""
    actor = request.actor  # type: ignore[attr-defined]
    steps = queries.shown_ladder(actor, incident)
    return {
        "incident": incident,
        "steps": steps,
        "snooze": queries.own_snooze(actor, incident) if actor.person_id else None,
        "may_escalate": incident.is_open and actor.may("incident.respond") and any(s.state == "waiting" for s in steps),
        "is_open": incident.is_open,
    }


@login_required
@require_http_methods(["GET", "POST"])
def snooze(request: ActorRequest, number: str) -> HttpResponse:
    return _answered(request, number, forms.SnoozeForm, actions.snooze)


@login_required
@require_http_methods(["GET", "POST"])
def escalate(request: ActorRequest, number: str) -> HttpResponse:
    request.actor.require("incident.respond")
    return _answered(request, number, forms.EscalateForm, actions.escalate_now)


def _answered(request: ActorRequest, number: str, kind: type[ActForm], run: Callable[..., Any]) -> HttpResponse:
    incident = incidents.incident(request.actor, number)
    home = incidents.act_home(incident)
    form = kind(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            run(request.actor, incident=incident.id, **form.values())
        except Invalid as error:
            form.refuse(error)
        else:
            return acts.done(request, home)
    return acts.shown(request, form, home)

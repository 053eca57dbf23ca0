"""Drafting a report and taking the record along; the report itself is edited on the documents' page."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from bongsu.incidents import queries as incidents
from bongsu.people.queries import ActorRequest

from . import actions
from .queries import packing


@login_required
@require_POST
def draft(request: ActorRequest, number: str) -> HttpResponse:
    incident = incidents.incident(request.actor, number)
    row = actions.draft(request.actor, incident=incident.id, language=request.POST.get("language", ""))
    return redirect("documents:detail", document_id=row.id)


@login_required
@require_http_methods(["GET", "POST"])
def export(request: ActorRequest, number: str) -> HttpResponseBase:
    """GET says what is in it; POST takes it along, and puts that on the record."""
    if request.method == "GET":
        request.actor.require("export")
        incident = incidents.incident(request.actor, number)
        return render(
            request, "reports/export.html", {"incident": incident, "may_see_privileged": request.actor.may("report.review")}
        )
    taken = actions.take_export(request.actor, number=number, is_privileged_included=request.POST.get("privileged") == "1")
    return packing.answer(taken)

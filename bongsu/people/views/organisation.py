"""Teams and legal entities."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from .. import actions, queries
from ..forms import ZONES, EntityForm, MemberForm, NewEntityForm, NewTeamForm, TeamForm
from ..queries import ActorRequest


@login_required
@require_GET
def teams(request: ActorRequest) -> HttpResponse:
    return _page(request)


def _page(request: ActorRequest, **forms: Any) -> HttpResponse:
    request.actor.require("see")
    entities = list(queries.entities(request.actor))
    context = {
        "entities": entities,
        "teams": list(queries.teams(request.actor)),
        "may_manage": request.actor.may("people.manage"),
        "entity_form": NewEntityForm(auto_id="entity_%s"),
        "team_form": NewTeamForm(entities=[e for e in entities if e.is_active], auto_id="team_%s"),
        "people": list(queries.people(request.actor, is_active=True)) if request.actor.may("people.manage") else [],
        "zones": ZONES,
        "then": _then(request),
        **forms,
    }
    return render(request, "people/teams.html", context, status=422 if forms else 200)


@login_required
@require_POST
def create_entity(request: ActorRequest) -> HttpResponse:
    form = NewEntityForm(request.POST, auto_id="entity_%s")
    if form.attempt(lambda values: actions.create_entity(request.actor, **values)):
        return redirect(_then(request) or "people:teams")
    return _page(request, entity_form=form)


def _then(request: ActorRequest) -> str:
    """The page that wanted the legal entity first, when it is one of ours."""
    wanted = request.POST.get("then") or request.GET.get("then") or ""
    return wanted if wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None) else ""


@login_required
@require_http_methods(["GET", "POST"])
def edit_entity(request: ActorRequest, entity: UUID) -> HttpResponse:
    request.actor.require("people.manage")
    row = queries.entity(request.actor, entity)
    initial = {"name": row.name, "country": row.country, "zone": row.zone, "is_active": row.is_active}
    form = EntityForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.attempt(lambda values: actions.change_entity(request.actor, entity=entity, **values)):
        return redirect("people:teams")
    context = {"form": form, "title": row.name, "button": _("Save"), "back": "people:teams", "zones": ZONES}
    return render(request, "people/form.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def create_team(request: ActorRequest) -> HttpResponse:
    entities = queries.entities(request.actor).filter(is_active=True)
    form = NewTeamForm(request.POST, entities=entities, auto_id="team_%s")
    if form.attempt(lambda values: actions.create_team(request.actor, **{**values, "entity": UUID(values["entity"])})):
        return redirect("people:teams")
    return _page(request, team_form=form)


@login_required
@require_http_methods(["GET", "POST"])
def edit_team(request: ActorRequest, team: UUID) -> HttpResponse:
    request.actor.require("people.manage")
    row = queries.team(request.actor, team)
    form = TeamForm(request.POST or None, initial={"name": row.name, "is_active": row.is_active})
    if request.method == "POST" and form.attempt(lambda values: actions.change_team(request.actor, team=team, **values)):
        return redirect("people:teams")
    context = {"form": form, "title": row.name, "button": _("Save"), "back": "people:teams"}
    return render(request, "people/form.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def join_team(request: ActorRequest, team: UUID) -> HttpResponse:
    form = MemberForm(request.POST, people=queries.people(request.actor, is_active=True))
    if form.is_valid():
        actions.join_team(request.actor, team=team, person=UUID(form.cleaned_data["person"]))
    else:
        messages.error(request, _("Choose somebody who is active."))
    return redirect("people:teams")


@login_required
@require_POST
def leave_team(request: ActorRequest, team: UUID, person: UUID) -> HttpResponse:
    actions.leave_team(request.actor, team=team, person=person)
    return redirect("people:teams")

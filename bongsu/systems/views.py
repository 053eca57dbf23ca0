"""AI systems: the list, one system with its posts, adding and changing."""

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from bongsu.people import queries as people
from bongsu.people.queries import ActorRequest
from bongsu.ui import panels
from bongsu.ui.components import Column, Table
from bongsu.ui.paging import page

from . import actions, queries
from .forms import NewSystemForm, SystemForm
from .models import AISystem
from .rules import STAGE_TITLES


@login_required
@require_GET
def systems(request: ActorRequest) -> HttpResponse:
    request.actor.require("see")
    search, stage = request.GET.get("q", "")[:100], request.GET.get("stage", "")
    high = True if request.GET.get("risk") == "high" else None
    rows = queries.systems(request.actor, search=search, stage=stage if stage in STAGE_TITLES else "", is_high_risk=high)
    found = page(rows, sort=request.GET.get("sort", "name"), allowed=("name", "key"), cursor=request.GET.get("cursor", ""))
    columns = [
        Column("name", _("Name"), cell="systems/cells/name.html", sort="name"),
        Column("stage", _("Stage"), cell="systems/cells/stage.html"),
        Column("entity", _("Legal entity"), "entity.name", is_wide_only=True),
        Column("owner", _("Owner"), cell="systems/cells/owner.html", is_wide_only=True),
        Column("users_estimate", _("Users, roughly"), is_number=True, is_wide_only=True),
    ]
    empty = _("No AI system like this.")
    table = Table(columns, found.items, _("AI systems"), found.sort, found.next_cursor, found.is_first, empty=empty)
    context = {"table": table, "search": search, "stage": stage, "stages": STAGE_TITLES, "is_high": bool(high)}
    return render(request, "systems/list.html", {**context, "may_manage": request.actor.may("people.manage")})


@login_required
@require_GET
def detail(request: ActorRequest, system: UUID) -> HttpResponse:
    row = queries.system(request.actor, system)
    language = translation.get_language() or "ko"
    seats = [seat for seat in people.board() if seat.scope_ref == row.ref]
    context = {
        "system": row,
        "stage": STAGE_TITLES[row.stage],
        "lines": [{"title": seat.post.title(language), "seat": seat} for seat in seats],
        "may_manage": request.actor.may("people.manage"),
        "may_mark": request.actor.may("containment.execute"),
        "panels_url": f"{request.path}panels/",
    }
    return render(request, "systems/detail.html", context)


@login_required
@require_GET
def panel(request: ActorRequest, system: UUID, key: str) -> HttpResponse:
    row = queries.system(request.actor, system)
    url = request.path.removesuffix(f"{key}/")
    return panels.respond(request, "system", key, row, url=url, live=row.ref)


def _choices(request: ActorRequest) -> dict[str, Any]:
    return {
        "entities": people.entities(request.actor).filter(is_active=True),
        "people": people.people(request.actor, is_active=True),
    }


@login_required
@require_http_methods(["GET", "POST"])
def create(request: ActorRequest) -> HttpResponse:
    request.actor.require("people.manage")
    form = NewSystemForm(request.POST or None, **_choices(request))
    made = form.attempt(lambda values: actions.register_system(request.actor, **values)) if request.method == "POST" else None
    if made:
        return redirect("systems:detail", made.id)
    context = {"form": form, "title": _("Register an AI system"), "button": _("Register")}
    context["needs_entity"] = not form.fields["entity"].choices  # type: ignore[attr-defined]
    return render(request, "systems/form.html", context, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "POST"])
def edit(request: ActorRequest, system: UUID) -> HttpResponse:
    request.actor.require("people.manage")
    row = queries.system(request.actor, system)
    form = SystemForm(request.POST or None, initial=_typed(row), **_choices(request))
    if request.method == "POST" and form.attempt(
        lambda values: actions.change_system(request.actor, system=system, changes=values)
    ):
        return redirect("systems:detail", system)
    context = {"form": form, "title": row.name, "button": _("Save"), "system": row}
    return render(request, "systems/form.html", context, status=422 if form.errors else 200)


def _typed(row: AISystem) -> dict[str, Any]:
    """The system as its form shows it."""
    typed = {field: getattr(row, field) for field in actions.CHANGEABLE if field not in ("entity", "owner", "regions", "labels")}
    labels = "\n".join(f"{name}={value}" for name, value in row.labels.items())
    return {**typed, "entity": row.entity_id, "owner": row.owner_id, "regions": ", ".join(row.regions), "labels": labels}


@login_required
@require_POST
def mark_good(request: ActorRequest, system: UUID) -> HttpResponse:
    actions.mark_good_version(request.actor, system=system, version=request.POST.get("version", ""))
    return redirect("systems:detail", system)

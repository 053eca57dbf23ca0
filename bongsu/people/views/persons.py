"""People: the list, one person, and what those who keep people do."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from bongsu.events.queries import timeline
from bongsu.kernel.actors import system
from bongsu.ui.components import Column, Entry, Table
from bongsu.ui.paging import page

from .. import actions, queries
from ..forms import ZONES, NewPersonForm, PersonForm, WayForm
from ..models import Person
from ..queries import ActorRequest
from ..rules import ROLE_TITLES, ROLES


@login_required
@require_GET
def people(request: ActorRequest) -> HttpResponse:
    search, role = request.GET.get("q", "")[:100], request.GET.get("role", "")
    is_active = {"active": True, "gone": False}.get(request.GET.get("state", "active"))
    rows = queries.people(request.actor, search=search, role=role if role in ROLES else "", is_active=is_active)
    found = page(rows, sort=request.GET.get("sort", "name"), allowed=("name", "email"), cursor=request.GET.get("cursor", ""))
    columns = [
        Column("name", _("Name"), cell="people/cells/name.html", sort="name"),
        Column("email", _("E-mail"), sort="email", is_wide_only=True),
        Column("roles", _("Access roles"), cell="people/cells/roles.html"),
        Column("language", _("Language"), is_wide_only=True),
    ]
    table = Table(columns, found.items, _("People"), found.sort, found.next_cursor, found.is_first, empty=_("Nobody like this."))
    context = {"table": table, "search": search, "role": role, "roles": ROLE_TITLES, "state": request.GET.get("state", "active")}
    return render(request, "people/list.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def create(request: ActorRequest) -> HttpResponse:
    request.actor.require("people.manage")
    form = NewPersonForm(request.POST or None)
    made = form.attempt(lambda values: actions.create_person(request.actor, **values)) if request.method == "POST" else None
    if isinstance(made, Person):
        messages.success(request, _("%(name)s is here. Now make a sign-in link and hand it over.") % {"name": made.name})
        return redirect("people:detail", made.id)
    context = {"form": form, "title": _("Add a person"), "button": _("Add"), "back": "people:list", "zones": ZONES}
    return render(request, "people/form.html", context, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "POST"])
def edit(request: ActorRequest, person: UUID) -> HttpResponse:
    request.actor.require("people.manage")
    row = queries.person(person)
    initial = {"name": row.name, "email": row.email, "language": row.language, "zone": row.zone}
    form = PersonForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.attempt(lambda values: actions.change_person(request.actor, person=person, **values)):
        return redirect("people:detail", person)
    context = {"form": form, "title": row.name, "button": _("Save"), "back": "people:list", "zones": ZONES}
    return render(request, "people/form.html", context, status=422 if form.errors else 200)


def history(person: Person) -> list[Entry]:
    """The newest access history of a person; the caller has checked who asks."""
    entries = timeline(system("people"), person.ref, limit=20, is_complete=True)
    return [Entry(at=e.occurred_at, text=e.sentence, icon=e.icon, is_system=not e.actor_name) for e in entries]


def detail_context(request: ActorRequest, person: UUID) -> dict[str, Any]:
    profile = queries.profile(request.actor, person)
    knows_more = queries.may_know_more(request.actor, person)
    return {
        "profile": profile,
        "person": profile.person,
        "may_manage": request.actor.may("people.manage"),
        "is_self": request.actor.person_id == person,
        "role_titles": [(role, title) for role, title in ROLE_TITLES.items() if role in profile.roles],
        "roles_free": [(role, title) for role, title in ROLE_TITLES.items() if role not in profile.roles],
        "history": history(profile.person) if knows_more else None,
        "scopes": queries.scope_names() if profile.holdings else {},
    }


@login_required
@require_GET
def detail(request: ActorRequest, person: UUID) -> HttpResponse:
    return render(request, "people/detail.html", {**detail_context(request, person), "way_form": WayForm()})


@login_required
@require_POST
def grant(request: ActorRequest, person: UUID) -> HttpResponse:
    actions.grant_role(request.actor, person=person, role=request.POST.get("role", ""))
    return redirect("people:detail", person)


@login_required
@require_POST
def revoke(request: ActorRequest, person: UUID, role: str) -> HttpResponse:
    actions.revoke_role(request.actor, person=person, role=role, reason=request.POST.get("reason", ""))
    return redirect("people:detail", person)


@login_required
@require_POST
def deactivate(request: ActorRequest, person: UUID) -> HttpResponse:
    actions.deactivate_person(request.actor, person=person, reason=request.POST.get("reason", ""))
    return redirect("people:detail", person)


@login_required
@require_POST
def reactivate(request: ActorRequest, person: UUID) -> HttpResponse:
    actions.reactivate_person(request.actor, person=person, reason=request.POST.get("reason", ""))
    return redirect("people:detail", person)


@login_required
@require_POST
def sign_in_link(request: ActorRequest, person: UUID) -> HttpResponse:
    """Shows the link once; it is kept nowhere."""
    path = actions.make_sign_in_link(request.actor, person=person)
    context = {"person": queries.person(person), "secret": request.build_absolute_uri(path), "kind": "link"}
    return _once(render(request, "people/secret.html", context))


@login_required
@require_POST
def reset_second_factor(request: ActorRequest, person: UUID) -> HttpResponse:
    actions.reset_second_factor(request.actor, person=person, reason=request.POST.get("reason", ""))
    return redirect("people:detail", person)


def _once(response: HttpResponse) -> HttpResponse:
    """A page with a secret is kept by no cache."""
    response["Cache-Control"] = "no-store"
    return response

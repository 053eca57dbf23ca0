"""One's own page: language, zone, ways, tokens, second factor."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from .. import actions, queries
from ..forms import ZONES, ProfileForm, TokenForm, WayForm
from ..queries import ActorRequest
from .persons import detail_context


@login_required
@require_http_methods(["GET", "POST"])
def me(request: ActorRequest) -> HttpResponse:
    """POST changes one's own name, language and zone."""
    row = queries.person(queries.oneself(request.actor))
    form = ProfileForm(request.POST or None, initial={"name": row.name, "language": row.language, "zone": row.zone})
    if request.method == "POST" and form.attempt(lambda values: actions.change_person(request.actor, person=row.id, **values)):
        messages.success(request, _("Saved."))
        return redirect("people:me")
    return _page(request, form=form)


def _page(request: ActorRequest, **forms: object) -> HttpResponse:
    actor = request.actor
    row = queries.person(queries.oneself(actor))
    context = {
        **detail_context(request, row.id),
        "form": ProfileForm(initial={"name": row.name, "language": row.language, "zone": row.zone}),
        "way_form": WayForm(),
        "token_form": TokenForm(scopes=actor.grants),
        "zones": ZONES,
        **forms,
    }
    is_wrong = any(getattr(form, "errors", None) for form in forms.values())
    return render(request, "people/me.html", context, status=422 if is_wrong else 200)


@login_required
@require_POST
def add_way(request: ActorRequest, person: UUID) -> HttpResponse:
    form = WayForm(request.POST)
    if form.attempt(lambda values: actions.add_contact_way(request.actor, person=person, **values)):
        return _back(request, person)
    if request.actor.person_id == person:
        return _page(request, way_form=form)
    return render(request, "people/detail.html", {**detail_context(request, person), "way_form": form}, status=422)


def _back(request: ActorRequest, person: UUID) -> HttpResponse:
    return redirect("people:me") if request.actor.person_id == person else redirect("people:detail", person)


@login_required
@require_POST
def end_way(request: ActorRequest, person: UUID, way: UUID) -> HttpResponse:
    actions.end_contact_way(request.actor, way=way)
    return _back(request, person)


@login_required
@require_POST
def first_way(request: ActorRequest, person: UUID, way: UUID) -> HttpResponse:
    """Try this way first."""
    others = [w.id for w in queries.ways_of([person])[person] if w.id != way]
    actions.order_contact_ways(request.actor, person=person, order=[way, *others])
    return _back(request, person)


@login_required
@require_POST
def create_token(request: ActorRequest) -> HttpResponse:
    """Shows the token once."""
    actor = request.actor
    form = TokenForm(request.POST, scopes=actor.grants)
    made = form.attempt(lambda _values: actions.create_token(actor, person=queries.oneself(actor), **form.values()))
    if not made:
        return _page(request, token_form=form)
    response = render(
        request, "people/secret.html", {"person": queries.person(queries.oneself(actor)), "secret": made[1], "kind": "token"}
    )
    response["Cache-Control"] = "no-store"
    return response


@login_required
@require_POST
def revoke_token(request: ActorRequest, token: UUID) -> HttpResponse:
    actions.revoke_token(request.actor, token=token, reason=request.POST.get("reason", ""))
    messages.success(request, _("The token opens nothing any more."))
    return redirect(request.POST["next"]) if request.POST.get("next", "").startswith("/people/") else redirect("people:me")

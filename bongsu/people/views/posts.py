"""The posts board: who holds what, for whom, and what is wrong."""

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.views.decorators.http import require_GET, require_POST

from .. import actions, queries
from ..forms import HolderForm
from ..queries import ActorRequest


def _context(request: ActorRequest, form: HolderForm | None = None, wrong: str = "") -> dict[str, Any]:
    request.actor.require("see")
    language = translation.get_language() or "ko"
    seats = queries.board()
    lines = [{"seat": seat, "title": seat.post.title(language)} for seat in seats]
    context: dict[str, Any] = {
        "lines": lines,
        "problems": queries.standing_check(seats),
        "may_manage": request.actor.may("people.manage"),
        "wrong": wrong,
    }
    if context["may_manage"]:
        context["people"] = list(queries.people(request.actor, is_active=True))
        context["form"] = form
    return context


@login_required
@require_GET
def posts(request: ActorRequest) -> HttpResponse:
    return render(request, "people/posts.html", _context(request))


@login_required
@require_POST
def add_holder(request: ActorRequest, post: str) -> HttpResponse:
    people = queries.people(request.actor, is_active=True)
    form = HolderForm(request.POST, people=people, scopes=queries.scope_names())
    if form.attempt(lambda values: actions.set_post_holder(request.actor, post=post, **_named(values))):
        return redirect("people:posts")
    return render(request, "people/posts.html", _context(request, form, post), status=422)


def _named(values: dict[str, Any]) -> dict[str, Any]:
    return {**values, "person": UUID(values["person"])}


@login_required
@require_POST
def end_holding(request: ActorRequest, holding: UUID) -> HttpResponse:
    actions.remove_post_holder(request.actor, holding=holding, reason=request.POST.get("reason", ""))
    return redirect("people:posts")

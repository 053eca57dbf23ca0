"""Sending files. Always as an attachment in a sandbox; a picture may be shown when it is one and is not blurred."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from bongsu.kernel.errors import Refused
from bongsu.kernel.text import gettext_noop
from bongsu.people.queries import ActorRequest

from . import actions, queries
from .forms import RevealForm
from .rules import headers, is_picture


@require_GET
def download(request: ActorRequest, file_id: UUID) -> HttpResponse:
    stored = queries.file(request.actor, file_id)
    if not queries.may_open(request.actor, stored):
        return redirect("files:reveal", file_id=file_id)
    stored, content = actions.read_file(request.actor, file_id=file_id)
    return HttpResponse(content, headers=headers(stored.name, stored.media_type))


@require_GET
def picture(request: ActorRequest, file_id: UUID) -> HttpResponse:
    stored, content = actions.read_file(request.actor, file_id=file_id)
    if not is_picture(stored.media_type, content):
        raise Refused(gettext_noop("This file is not a picture that can be shown. Download it."))
    return HttpResponse(content, headers=headers(stored.name, stored.media_type, is_inline=True))


@require_http_methods(["GET", "POST"])
def reveal(request: ActorRequest, file_id: UUID) -> HttpResponse:
    stored = queries.file(request.actor, file_id)
    form = RevealForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        actions.reveal(request.actor, file_id=file_id, reason=form.cleaned_data["reason"])
        return redirect("files:reveal", file_id=file_id)
    is_open = queries.may_open(request.actor, stored)
    context = {"file": stored, "form": form, "is_open": is_open, "is_picture": stored.media_type.startswith("image/")}
    return render(request, "files/reveal.html", context, status=422 if form.errors else 200)

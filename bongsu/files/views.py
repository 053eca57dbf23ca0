"""Sending files. Always as an attachment in a sandbox; a picture may be shown when it is one and is not blurred."""

from urllib.parse import quote
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from bongsu.kernel.errors import Refused
from bongsu.kernel.text import gettext_noop
from bongsu.people.queries import ActorRequest

from . import actions, queries
from .forms import RevealForm
from .models import StoredFile
from .rules import is_picture, sent_type


@require_GET
def download(request: ActorRequest, file_id: UUID) -> HttpResponse:
    stored = queries.file(request.actor, file_id)
    if not queries.may_open(request.actor, stored):
        return redirect("files:reveal", file_id=file_id)
    return sent(*actions.read_file(request.actor, file_id=file_id))


@require_GET
def picture(request: ActorRequest, file_id: UUID) -> HttpResponse:
    stored, content = actions.read_file(request.actor, file_id=file_id)
    if not is_picture(stored.media_type, content):
        raise Refused(gettext_noop("This file is not a picture that can be shown. Download it."))
    return sent(stored, content, is_inline=True)


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


def sent(stored: StoredFile, content: bytes, *, is_inline: bool = False) -> HttpResponse:
    """The bytes as an answer that no browser will run."""
    way = "inline" if is_inline else "attachment"
    response = HttpResponse(content, content_type=sent_type(stored.media_type))
    plain = stored.name.encode("ascii", "replace").decode().replace("?", "_").replace('"', "_")
    response["Content-Disposition"] = f"{way}; filename=\"{plain}\"; filename*=UTF-8''{quote(stored.name, safe='')}"
    response["X-Content-Type-Options"] = "nosniff"
    # django-csp leaves a policy alone that is already set.
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "private, no-store"
    return response

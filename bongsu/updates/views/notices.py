"""Customer notices: written beside their preview, approved, followed to each receipt."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from bongsu.incidents.models import Incident
from bongsu.kernel.errors import Invalid
from bongsu.people.queries import ActorRequest

from .. import forms, queries
from ..actions import noticing
from .pages import found

SHOWN = 200


@login_required
@require_http_methods(["GET", "POST"])
def new_notice(request: ActorRequest, number: str) -> HttpResponse:
    incident = found(request, number)
    request.actor.require("message.send")
    language = request.actor.language
    first = {"language": language, **queries.first_notice_values(incident, language)}
    form = forms.NoticeForm(request.POST or None, request.FILES or None, initial=first)
    if request.method == "POST" and form.is_valid():
        try:
            notice = noticing.write_notice(request.actor, incident=incident.id, **form.values())
        except Invalid as error:
            form.refuse(error)
        else:
            messages.success(request, _("The notice is kept; it goes out when its text is approved."))
            return redirect("updates:notice", incident.number, notice.id)
    given = request.POST.dict() if request.method == "POST" else first
    shown = {"form": form, "incident": incident, **_preview(incident, given)}
    return render(request, "updates/notice_new.html", shown, status=422 if form.errors else 200)


@login_required
@require_POST
def preview_notice(request: ActorRequest, number: str) -> HttpResponse:
    incident = found(request, number)
    request.actor.require("message.send")
    return render(request, "updates/notice_preview.html", _preview(incident, request.POST.dict()))


def _preview(incident: Incident, given: dict[str, Any]) -> dict[str, Any]:
    """The text as it would be; what is not filled in yet keeps its name."""
    language = "en" if given.get("language") == "en" else "ko"
    fields = forms.NoticeForm.base_fields
    values = {name: str(given.get(name, "")).strip() or f"[{fields[name].label}]" for name in queries.NOTICE_VALUES}
    return {"made": queries.rendered_notice(incident, language, values)}


@login_required
@require_GET
def notice(request: ActorRequest, number: str, notice_id: UUID) -> HttpResponse:
    incident = found(request, number)
    row = queries.notice(request.actor, incident, notice_id)
    may_send = request.actor.may("message.send")
    addresses = queries.recipients(request.actor, row)[:SHOWN] if may_send else []
    waiting = row.state == "released" and row.recipients.filter(call=None).exists()
    shown = {"incident": incident, "notice": row, "may_send": may_send, "addresses": addresses, "is_waiting": waiting}
    return render(request, "updates/notice.html", shown)


@login_required
@require_POST
def send_waiting(request: ActorRequest, number: str, notice_id: UUID) -> HttpResponse:
    row = queries.notice(request.actor, found(request, number), notice_id)
    if not noticing.send_waiting(request.actor, notice=row.id):
        messages.warning(request, _("No mail server is connected yet."))
    return redirect("updates:notice", number, row.id)

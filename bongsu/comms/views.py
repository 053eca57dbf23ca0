"""Messages as they were sent (but for the recipient's own link), and the page behind the link that says "I have read this"."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _

from bongsu.kernel.actors import ANONYMOUS
from bongsu.ui.components import Column, Table
from bongsu.ui.paging import page

from . import actions, queries

COLUMNS = [
    Column("created_at", _("Written"), cell="comms/cell_at.html", sort="created_at"),
    Column("name", _("To"), value="name"),
    Column("purpose", _("What for"), value="purpose_word", is_wide_only=True),
    Column("state", _("State"), cell="comms/cell_state.html"),
]


def message_list(request: HttpRequest) -> HttpResponse:
    actor = request.actor  # type: ignore[attr-defined]
    actor.require("see")
    rows = queries.messages(actor, state=request.GET.get("state", ""))
    found = page(rows, sort=request.GET.get("sort", "-created_at"), allowed=["-created_at"], cursor=request.GET.get("cursor", ""))
    for row in found.items:
        row.url = f"/messages/{row.id}/"
    table = Table(
        COLUMNS, found.items, _("Messages"), sort=found.sort, next_cursor=found.next_cursor, is_first=found.is_first,
        row_url="url", empty=_("Nothing was sent yet."),
    )  # fmt: skip
    return render(request, "comms/list.html", {"table": table})


def unreached(request: HttpRequest) -> HttpResponse:
    """What was urgent and reached nobody; who looks says so, and the alarm falls silent."""
    actor = request.actor  # type: ignore[attr-defined]
    if request.method == "POST":
        actions.note_unreached_seen(actor)
        return redirect("comms:unreached")
    actor.require("see")
    may_answer = queries.may_answer_for_unreached(actor)
    rows = queries.unreached(actor).prefetch_related("sendings")[:200]
    return render(request, "comms/unreached.html", {"unreached": rows, "may_answer": may_answer})


def detail(request: HttpRequest, message_id: UUID) -> HttpResponse:
    actor = request.actor  # type: ignore[attr-defined]
    if request.method == "POST":
        actions.acknowledge(actor, message=message_id)
        return redirect("comms:message", message_id)
    row = queries.message(actor, message_id)
    return render(request, "comms/detail.html", {"message": row, "is_mine": row.person_id == actor.person_id})


def acknowledge(request: HttpRequest, message_id: UUID, token: str) -> HttpResponse:
    """GET only shows the button: link scanners open links, they press nothing."""
    row = queries.message_of_link(message_id, token)
    if request.method == "POST":
        row = actions.acknowledge_by_link(ANONYMOUS, message=message_id, token=token)
    return render(request, "comms/acknowledge.html", {"message": row})

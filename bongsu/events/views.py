"""Pages of the ground floor: the ledger and its seals, and what failed inside the house."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from bongsu.ui.frame import actor_of, url_or_none
from bongsu.ui.paging import page

from . import actions, queries, sealing
from .reading import shows

SHOWN = 50


@login_required
@require_GET
def ledger(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    cursor = queries.Cursor.parse(f"0-{request.GET.get('before', '')}").position
    rows = queries.recent(actor)
    events = list((rows.filter(position__lt=cursor) if cursor else rows)[: SHOWN + 1])
    shows(actor, *(event.subject for event in events[:SHOWN]))
    context = {
        "entries": queries.entries_of(events[:SHOWN]),
        "before": events[SHOWN - 1].position if len(events) > SHOWN else None,
        "is_first": not cursor,
        "seals": queries.seals(actor)[:10],
        "verification": queries.last_verification(),
        "key": queries.public_key(),
    }
    return render(request, "events/ledger.html", context)


@login_required
@require_POST
def seal(request: HttpRequest) -> HttpResponse:
    made = sealing.seal(actor_of(request))
    sealing.deliver_seals(actor_of(request))
    messages.success(request, _("Seal {number} is made.").format(number=made.number if made else ""))
    return redirect("events:ledger")


@login_required
@require_GET
def dead_letters(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    actor.require("see")
    found = page(queries.dead_deliveries(actor), sort="-dead_at", allowed=["-dead_at"], cursor=request.GET.get("cursor", ""))
    context = {
        "deliveries": found.items,
        "next": found.next_cursor,
        "timers": queries.dead_timers(actor)[:SHOWN],
        "may_manage": actor.may("connections.manage"),
        "outgoing": url_or_none("integrations:dead-letters"),
    }
    return render(request, "events/dead_letters.html", context)


@login_required
@require_POST
def retry_delivery(request: HttpRequest, delivery: int) -> HttpResponse:
    actions.retry_delivery(actor_of(request), delivery=delivery)
    messages.success(request, _("It is tried again now."))
    return redirect("events:dead-letters")


@login_required
@require_POST
def retry_timer(request: HttpRequest, timer: UUID) -> HttpResponse:
    actions.retry_timer(actor_of(request), timer=timer)
    messages.success(request, _("It is tried again now."))
    return redirect("events:dead-letters")

"""Pages of the ground floor: the ledger and its seals, and what failed inside the house."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from bongsu.kernel.errors import Invalid
from bongsu.ui.frame import actor_of, url_or_none
from bongsu.ui.paging import page

from . import actions, queries, sealing
from .forms import EraseForm, ReasonForm
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
def record(request: HttpRequest, subject: str) -> HttpResponse:
    """Everything the ledger holds of one record; where it is put under legal hold, and where one erases from it."""
    actor = actor_of(request)
    before = queries.Cursor.parse(f"0-{request.GET.get('before', '')}").position
    entries, following = queries.entries(actor, subject, before=before, limit=SHOWN)
    context = {
        "record": queries.standing(actor, subject),
        "entries": entries,
        "before": following,
        "is_first": not before,
        "may_hold": actor.may("record.hold"),
        "may_erase": actor.may("record.erase"),
    }
    return render(request, "events/record.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def hold(request: HttpRequest, subject: str, is_lifted: bool = False) -> HttpResponse:
    """Put a record under legal hold, or lift it; both with a reason."""
    actor = actor_of(request)
    row = queries.standing(actor, subject)
    actor.require("record.hold")
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        act = actions.lift_legal_hold if is_lifted else actions.set_legal_hold
        act(actor, subject=subject, reason=form.cleaned_data["reason"])
        messages.success(request, _("Recorded."))
        return redirect("events:record", subject)
    context = {"record": row, "form": form, "is_lifted": is_lifted}
    return render(request, "events/hold.html", context, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "POST"])
def erase(request: HttpRequest, event: UUID) -> HttpResponse:
    """Erase one personal value of an entry: what goes is shown first, it does not come back."""
    actor = actor_of(request)
    actor.require("record.erase")
    entry, row = queries.entry(actor, event)
    form = EraseForm(request.POST if request.method == "POST" else None, entry=entry)
    if request.method == "POST" and form.is_valid():
        try:
            actions.erase_personal(actor, event=event, **form.cleaned_data)
        except Invalid as error:
            form.refuse(error)
        else:
            messages.success(request, _("Erased on the record."))
            return redirect("events:record", row.ref)
    return render(request, "events/erase.html", {"entry": entry, "record": row, "form": form}, status=422 if form.errors else 200)


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
        "unreadable": url_or_none("signals:letters"),
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

"""What waits for me, and the decision."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from bongsu.events.listening import names_of
from bongsu.kernel.errors import Invalid
from bongsu.people.queries import ActorRequest

from . import actions, queries
from .forms import DecisionForm
from .rules import STATES


@require_GET
def approval_list(request: ActorRequest) -> HttpResponse:
    waiting, asked = queries.waiting_for(request.actor), list(queries.asked_by(request.actor)[:30])
    names = names_of({row.requested_by for row in waiting})
    context = {
        "waiting": [(row, names[row.requested_by]) for row in waiting],
        "asked": [(row, STATES[row.state]) for row in asked],
    }
    return render(request, "approvals/list.html", context)


@require_http_methods(["GET", "POST"])
def detail(request: ActorRequest, approval_id: UUID) -> HttpResponse:
    row = queries.approval(request.actor, approval_id)
    form = DecisionForm(request.POST or None, initial={"text_hash": row.text_hash})
    if request.method == "POST" and form.is_valid():
        try:
            actions.decide(request.actor, approval=approval_id, **form.cleaned_data)
            return redirect("approvals:list")
        except Invalid as refusal:
            form.refuse(refusal)
    names = names_of({row.requested_by, row.decided_by} - {""})
    context = {
        "approval": row,
        "state": STATES[row.state],
        "requester": names[row.requested_by],
        "decider": names.get(row.decided_by, ""),
        "form": form,
        "why_not": queries.why_not(request.actor, row),
        "may_decide": queries.is_entitled(request.actor, row),
    }
    return render(request, "approvals/detail.html", context, status=422 if form.errors else 200)

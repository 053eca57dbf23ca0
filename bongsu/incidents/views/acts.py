"""One address per act: its form, and the one call of its action."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST

from bongsu.kernel.errors import Invalid, NotFound
from bongsu.people.queries import ActorRequest
from bongsu.ui import acts

from .. import actions, queries
from ..forms import acting as forms


@dataclass(frozen=True)
class Act:
    """A form and the action it leads to."""

    form: type[forms.IncidentForm]
    run: Callable[..., Any]
    grant: str = "incident.respond"


ACTS: dict[str, Act] = {
    "severity": Act(forms.SeverityForm, actions.change_severity),
    "classification": Act(forms.ClassifyForm, actions.classify),
    "state": Act(forms.StateForm, actions.move_state),
    "note": Act(forms.NoteForm, actions.add_note),
    "retract": Act(forms.RetractForm, actions.retract_entry),
    "offer": Act(forms.OfferForm, actions.offer_command),
    "accept": Act(forms.AcceptForm, actions.accept_command),
    "decline": Act(forms.DeclineForm, actions.decline_command),
    "role": Act(forms.RoleForm, actions.assign_role),
    "awareness": Act(forms.AwarenessForm, actions.set_awareness),
    "awareness-change": Act(forms.AwarenessChangeForm, actions.ask_awareness_change),
    "awareness-decision": Act(forms.DecideAwarenessForm, actions.decide_awareness_change),
    "impact": Act(forms.ImpactForm, actions.change_impact),
    "details": Act(forms.DetailsForm, actions.change_details),
    "deadline": Act(forms.DeadlineForm, actions.enter_deadline),
    "met": Act(forms.MeetForm, actions.meet_by_hand),
    "waived": Act(forms.WaiveForm, actions.waive),
    "restrict": Act(forms.RestrictForm, actions.restrict_incident),
    "keep-restricted": Act(forms.KeepRestrictedForm, actions.keep_restricted),
    "lift-restriction": Act(forms.LiftForm, actions.ask_to_lift),
    "let-in": Act(forms.LetInForm, actions.let_in),
    "labels": Act(forms.LabelForm, actions.label_evidence),
}


@login_required
@require_http_methods(["GET", "POST"])
def act(request: ActorRequest, number: str, name: str) -> HttpResponse:
    """One act on an incident: GET shows its form (a fragment for htmx, a page without), POST does it."""
    if name not in ACTS:
        raise NotFound(queries.NO_SUCH)
    actor, chosen = request.actor, ACTS[name]
    incident = queries.incident(actor, number)
    home = queries.act_home(incident)
    actor.require(chosen.grant)
    first = {key: request.GET[key] for key in request.GET if key in chosen.form.base_fields}
    form = chosen.form(request.POST if request.method == "POST" else None, incident=incident, actor=actor, initial=first)
    if request.method == "POST" and form.is_valid():
        try:
            chosen.run(actor, incident=incident.id, **form.values())
        except Invalid as error:
            form.refuse(error)
        else:
            return acts.done(request, home)
    return acts.shown(request, form, home)


@login_required
@require_http_methods(["GET", "POST"])
def evidence(request: ActorRequest, number: str) -> HttpResponse:
    """Add evidence: files (several at once), a link or quoted lines."""
    actor = request.actor
    incident = queries.incident(actor, number)
    home = queries.act_home(incident)
    actor.require("incident.respond")
    sent = {"data": request.POST, "files": request.FILES} if request.method == "POST" else {}
    form = forms.EvidenceForm(**sent, incident=incident, actor=actor)
    if request.method == "POST" and form.is_valid():
        try:
            actions.add_together(actor, incident=incident.id, uploads=_uploads(request), **form.values())
        except Invalid as error:
            form.refuse(error)
        else:
            return acts.done(request, home)
    return acts.shown(request, form, home)


def _uploads(request: ActorRequest) -> list[actions.Upload]:
    return [actions.Upload(f.name or "file", f.content_type or "", f) for f in request.FILES.getlist("file")]


@login_required
@require_POST
def compose(request: ActorRequest, number: str) -> HttpResponse:
    """The composer: a note or a decision, files beside it; as evidence a web address is a link, other words a quote."""
    actor = request.actor
    incident = queries.incident(actor, number)
    home = queries.act_home(incident)
    actor.require("incident.respond")
    form = forms.ComposeForm(request.POST, request.FILES, incident=incident, actor=actor)
    if form.is_valid():
        try:
            actions.compose(actor, incident=incident.id, uploads=_uploads(request), **form.values())
        except Invalid as error:
            form.refuse(error)
        else:
            return acts.done(request, home, is_quiet=True)
    return acts.shown(request, form, home)


@login_required
@require_POST
def reveal(request: ActorRequest, number: str, evidence: UUID) -> HttpResponse:
    """Show harmful quoted lines after a reason; the reason and the look are on the record."""
    incident = queries.incident(request.actor, number)
    reason = request.POST.get("reason") or request.headers.get("HX-Prompt", "")
    row = actions.reveal_evidence(request.actor, incident=incident.id, evidence=evidence, reason=reason)
    template = "incidents/parts/revealed.html"
    page = template if request.headers.get("HX-Request") else "incidents/part.html"
    return render(request, page, {"evidence": row, "incident": incident, "part": template})

"""One address per act of the run: its form, and the one call of its action."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods

from bongsu.events.reading import listing
from bongsu.incidents import queries as incidents
from bongsu.incidents.models import Incident
from bongsu.kernel.actors import Actor
from bongsu.kernel.errors import Invalid, NotFound
from bongsu.kernel.text import gettext_noop as noop
from bongsu.ui import acts
from bongsu.ui.paging import page

from .. import actions, forms, queries


@dataclass(frozen=True)
class Act:
    """A form, the action it leads to, and the right it takes."""

    form: type[forms.RunForm]
    run: Callable[..., Any]
    grant: str = "runbook.run"


EXECUTE = "containment.execute"
ACTS: dict[tuple[str, str], Act] = {
    ("run", "runbook"): Act(forms.RunbookForm, actions.change_runbook),
    ("run", "lesson"): Act(forms.LessonForm, actions.review_run),
    ("run", "measure"): Act(forms.MeasureForm, actions.set_measure),
    ("run", "snapshot"): Act(forms.SnapshotForm, actions.take_snapshot, EXECUTE),
    ("run", "propose"): Act(forms.ProposeForm, actions.propose_containment, EXECUTE),
    ("run", "by-hand"): Act(forms.ByHandForm, actions.note_by_hand, EXECUTE),
    ("step", "begin"): Act(forms.BeginForm, actions.move_step),
    ("step", "tick"): Act(forms.TickForm, actions.move_step),
    ("step", "skip"): Act(forms.SkipForm, actions.move_step),
    ("step", "not-applicable"): Act(forms.NotApplicableForm, actions.move_step),
    ("step", "back"): Act(forms.BackForm, actions.move_step),
    ("step", "assign"): Act(forms.AssignForm, actions.assign_step),
    ("measure", "done"): Act(forms.FinishForm, actions.finish_measure),
    ("containment", "ask"): Act(forms.AskForm, actions.ask_for_containment, EXECUTE),
    ("containment", "withdraw"): Act(forms.WithdrawForm, actions.withdraw_containment, EXECUTE),
    ("containment", "undo"): Act(forms.UndoForm, actions.undo_containment, EXECUTE),
    ("containment", "again"): Act(forms.AgainForm, actions.check_again, EXECUTE),
    ("verification", "check"): Act(forms.CheckForm, actions.check_recovery),
    ("verification", "change"): Act(forms.VerificationForm, actions.change_verification),
    ("verification", "override"): Act(forms.OverrideForm, actions.override_verification),
}


@login_required
@require_http_methods(["GET", "POST"])
def act(request: HttpRequest, number: str, kind: str, name: str, key: str = "") -> HttpResponse:
    """One act: GET shows its form (a dialog for htmx, a page without), POST does it."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    incident = incidents.incident(actor, number)
    chosen = ACTS.get((kind, name))
    if chosen is None or bool(key) == (kind == "run"):
        raise NotFound(noop("There is no such act."))
    actor.require(chosen.grant)
    home = incidents.act_home(incident)
    about = _about(actor, incident, kind, key)
    first = {one: request.GET[one] for one in request.GET if one in chosen.form.base_fields}
    data = request.POST if request.method == "POST" else None
    form = chosen.form(data, incident=incident, actor=actor, row=about.pop("row", None), initial=first)
    if request.method == "POST" and form.is_valid():
        try:
            chosen.run(actor, incident=incident.id, **about, **form.values())
        except Invalid as error:
            form.refuse(error)
        else:
            return acts.done(request, home)
    return acts.shown(request, form, home)


def _about(actor: Actor, incident: Incident, kind: str, key: str) -> dict[str, Any]:
    """The argument that names the row, and the row where its form shows it."""
    if kind == "run":
        return {}
    if kind == "step":
        return {"step": key, "row": queries.step_view(incident, key)}
    try:
        identity = UUID(key)
    except ValueError:
        raise NotFound(noop("There is no such act.")) from None
    if kind == "containment":
        return {"containment": identity, "row": queries.containment(actor, incident, identity)}
    if kind == "verification":
        return {"verification": identity, "row": queries.verification(actor, incident, identity)}
    return {"measure": identity}


@login_required
@require_GET
def lessons(request: HttpRequest) -> HttpResponse:
    """What people said should change in the runbooks: for whoever writes the next version."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    actor.require("see")
    rows = queries.lessons(actor, runbook=request.GET.get("runbook", ""))
    found = page(rows, sort="-reviewed_at", allowed=("-reviewed_at",), cursor=request.GET.get("cursor", ""))
    listing(actor)(found.items)  # the words of a restricted incident are read here
    return render(request, "runbooks/lessons.html", {"found": found, "runs": found.items})

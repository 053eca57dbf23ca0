"""What the cockpit is given: the next step, the whole run, containment, verification, measures."""

from typing import Any

from django.http import HttpRequest

from bongsu.incidents.models import Incident
from bongsu.incidents.queries import taxonomy_of
from bongsu.kernel.actors import Actor
from bongsu.kernel.text import Text, text
from bongsu.kernel.text import gettext_noop as _
from bongsu.packs import queries as packs
from bongsu.ui import frame, panels

from .. import queries
from ..models import Containment, Verification
from ..rules import containing, steps, verifying

# states of ours -> marks of `{% state %}`
MARKS = {
    steps.WAITING: "waiting", steps.DOING: "running", steps.DONE: "done", steps.SKIPPED: "draft", steps.NOT_APPLICABLE: "draft",
    containing.READING: "running", containing.PROPOSED: "waiting", containing.SNAPSHOT: "running",
    containing.APPROVAL: "waiting", containing.EXECUTING: "running", containing.MOVED: "running", containing.STALE: "failed",
    containing.FAILED: "failed", containing.TIMED_OUT: "failed", containing.REFUSED: "failed", containing.WITHDRAWN: "draft",
    containing.HELD: "held", containing.UNDONE: "draft", verifying.RECOVERED: "done", verifying.NOT_RECOVERED: "failed",
    verifying.NO_DATA: "failed", verifying.NOT_ENOUGH_TRAFFIC: "waiting", verifying.QUERY_FAILED: "failed",
    verifying.OVERRIDDEN: "held",
}  # fmt: skip


def _actor(request: HttpRequest) -> Actor:
    return request.actor  # type: ignore[attr-defined, no-any-return]


def next_step(request: HttpRequest, incident: Incident) -> dict[str, Any] | None:
    actor, run = _actor(request), queries.run_of(incident)
    if run is None:
        return None
    views = queries.step_views(run)
    view, book = next((v for v in views if v.is_next), None), queries.runbook_of(run)
    if incident.closed_at and (view or run.lesson):
        return None
    values: dict[str, Any] = {
        "run": run, "n_done": sum(not v.is_open for v in views), "n_all": len(views), "may_run": actor.may("runbook.run"),
        "offered": _title(incident, run.offered, actor.language) if run.offered else "", "book": book.title.say(actor.language),
    }  # fmt: skip
    if view is None:
        return {**values, "question": book.closing_question.say(actor.language)}
    return {**values, **_shown(view, actor), "main": _main(incident, view, actor)}


def _title(incident: Incident, runbook: str, language: str) -> str:
    return packs.runbook(runbook, incident.pack_id).title.say(language)


def _shown(view: queries.StepView, actor: Actor) -> dict[str, Any]:
    return {
        "view": view, "title": view.step.title.say(actor.language), "text": view.step.text.say(actor.language),
        "proofs": [one.say(actor.language) for one in view.step.evidence], "mark": MARKS[view.row.state],
        "label": text(steps.STATES[view.row.state]),
    }  # fmt: skip


def _main(incident: Incident, view: queries.StepView, actor: Actor) -> dict[str, Any]:
    """The one main button of a step: what the machine can do for it, else ticking it."""
    automation = view.step.automation
    if view.step.kind == "verification":
        row = Verification.objects.filter(step=view.row).first()
        if row:
            return {"kind": "verification", "key": str(row.id), "name": "check", "label": text(_("Check now"))}
    if automation and queries.registry_for(incident):
        if automation.action == queries.SNAPSHOT:
            return {"kind": "run", "key": "", "name": "snapshot", "label": text(_("Take the snapshot"))}
        if automation.action == queries.ROLLBACK:
            waiting = incident.containments.filter(kind=automation.containment, state=containing.PROPOSED).first()
            if waiting:
                return {"kind": "containment", "key": str(waiting.id), "name": "ask", "label": text(_("Ask for approval"))}
            return {"kind": "run", "key": "", "name": "propose", "label": text(_("Dry run"))}
    if automation and automation.containment:
        return {"kind": "run", "key": "", "name": "by-hand", "label": text(_("Done by hand"))}
    return {"kind": "step", "key": view.row.step, "name": "tick", "label": text(_("Tick the step"))}


def whole_run(request: HttpRequest, incident: Incident) -> dict[str, Any] | None:
    actor, run = _actor(request), queries.run_of(incident)
    if run is None:
        return None
    book, views, may_run = queries.runbook_of(run), queries.step_views(run), actor.may("runbook.run")
    lists = {c.id: c for c in taxonomy_of(incident).checklists}
    phases = [
        {
            "label": phase.label.say(actor.language),
            "steps": [_with_list(_shown(v, actor), v, lists, actor) for v in views if v.row.phase == phase.key],
        }
        for phase in book.phases
    ]
    return {
        "run": run, "phases": phases, "book": book.title.say(actor.language), "version": book.version,
        "question": book.closing_question.say(actor.language), "may_answer": may_run,
        "may_run": may_run and not incident.closed_at, "old_runs": [r for r in queries.runs(actor, incident) if r.replaced_at],
    }  # fmt: skip


def _with_list(shown: dict[str, Any], view: queries.StepView, lists: dict[str, Any], actor: Actor) -> dict[str, Any]:
    checklist = lists.get(view.step.checks)
    return {**shown, "checklist": [i.text.say(actor.language) for i in checklist.items] if checklist else []}


def containment(request: HttpRequest, incident: Incident) -> dict[str, Any]:
    actor, taxonomy = _actor(request), taxonomy_of(incident)
    rows = [
        {
            "row": row, "kind": taxonomy.containment(row.kind).label.say(actor.language), "mark": MARKS[row.state],
            "label": text(containing.STATES[row.state]), "effect": _effect(row, actor), "acts": _acts(row),
            "undo": row.way_back or taxonomy.containment(row.kind).undo.say(actor.language),
        }
        for row in queries.containments(actor, incident)
    ]  # fmt: skip
    has_registry = queries.registry_for(incident) is not None
    may_execute = actor.may("containment.execute") and not incident.closed_at
    return {"rows": rows, "may_execute": may_execute, "has_registry": has_registry}


def _effect(row: Containment, actor: Actor) -> str:
    if row.is_by_hand:
        return row.text
    parts = row.text.split("\n\n")
    return parts[-1] if actor.language.startswith("en") else parts[0]


def _acts(row: Containment) -> list[tuple[str, Text]]:
    found: list[tuple[str, Text]] = []
    if row.state == containing.PROPOSED:
        found.append(("ask", text(_("Ask for approval"))))
    if row.moved_at and row.state in (containing.MOVED, containing.TIMED_OUT):
        found.append(("again", text(_("Look again"))))
    is_undo = row.undoes_id is not None
    by_hand = row.is_by_hand and row.state == containing.DONE
    if by_hand or containing.can_undo(row.state, is_moved=row.moved_at is not None, is_undo=is_undo):
        found.append(("undo", text(_("Undo"))))
    if containing.may_move(row.state, containing.WITHDRAWN):
        found.append(("withdraw", text(_("Take it back"))))
    return found


def verification(request: HttpRequest, incident: Incident) -> dict[str, Any]:
    actor = _actor(request)
    rows = []
    for row in queries.verifications(actor, incident):
        checks = [c for c in row.checks.all() if c.verdict]
        last = checks[-1] if checks else None
        rows.append({
            "row": row, "mark": MARKS[row.state], "label": text(verifying.STATES[row.state]), "last": last,
            "reason": queries.text_of(last) if last else None, "compare": text(verifying.COMPARE[row.compare]),
            "values": _values(last), "bound": last.values.get("bound") if last else None,
            "baseline": row.baseline.normalize() if row.baseline is not None else None, "limit": row.limit.normalize(),
            "is_asking": any(not c.verdict for c in row.checks.all()),
        })  # fmt: skip
    may_run = actor.may("runbook.run") and not incident.closed_at
    return {"rows": rows, "may_run": may_run, "has_metrics": queries.metrics() is not None}


def _values(check: Any) -> list[float | None]:
    """The first series of a check, for the small line."""
    series = verifying.read_samples(check.series or {}) if check else []
    return [value for _at, value in series[0]] if series else []


def measures(request: HttpRequest, incident: Incident) -> dict[str, Any]:
    actor = _actor(request)
    kinds = {k.key: k.label.say(actor.language) for k in taxonomy_of(incident).measures}
    usual = queries.usual_measures(incident)
    return {
        "rows": [(m, kinds.get(m.kind, m.kind)) for m in queries.measures(actor, incident)], "may_run": actor.may("runbook.run"),
        "usual": (usual.temporary.say(actor.language), usual.permanent.say(actor.language)) if usual else None,
    }  # fmt: skip


def register() -> None:
    """Put the panels on the incident page."""
    panels.register(
        page="incident", key="next-step", title=_("Next step"), order=10, template="runbooks/next_step.html", context=next_step,
        place="left", comes_late=True,
    )  # fmt: skip
    for key, title, order, template, context, question in (
        ("runbook", _("Runbook"), 20, "run", whole_run, _("What is done, and what comes next?")),
        ("containment", _("Containment"), 30, "containment", containment, _("What was done, and what would undo it?")),
        ("verification", _("Verification"), 40, "verification", verification, _("Is it back? No data is not recovery.")),
        ("measures", _("Measures"), 50, "measures", measures, _("What holds for now, and what lasts?")),
    ):
        panels.register(
            page="incident", key=key, title=title, order=order, template=f"runbooks/{template}.html", context=context,
            question=question,
        )  # fmt: skip
    frame.register_command(
        "containment", _("Propose containment"), order=28, grant="containment.execute", words="봉쇄 격리 롤백 rollback contain",
        url=frame.of_this_record("runbooks:run-act", "run", "propose"),
    )  # fmt: skip
    frame.register_command(
        "runbook-lessons", _("What to change in the runbooks"), "runbooks:lessons", order=60, grant="see", words="런북 lessons"
    )

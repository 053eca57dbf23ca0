"""Reading runs, measures, containments and verifications, limited to what the actor may see."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet

from bongsu.events.models import Event
from bongsu.events.queries import must_see, visible
from bongsu.incidents.facts import SeverityChanged
from bongsu.incidents.models import Duty, Evidence, Incident
from bongsu.incidents.queries import taxonomy_of
from bongsu.integrations.models import Connection
from bongsu.integrations.queries import connections
from bongsu.kernel.actors import Actor
from bongsu.kernel.errors import NotFound
from bongsu.kernel.text import Text
from bongsu.kernel.text import gettext_noop as _
from bongsu.packs import queries as packs
from bongsu.packs.rules.conduct import Mitigation
from bongsu.packs.rules.playbooks import Checklist, ChecklistItem, Runbook, Step

from .models import Check, Containment, Measure, Run, StepRun, Verification
from .rules import steps as rules
from .rules.containing import DONE
from .rules.verifying import read_samples

OWED = ("initial", "impact", "verification")  # checklists whose items stand between now and closing
ROLLBACK, SNAPSHOT = "registry.rollback", "evidence.snapshot"  # automations there is a connector for


# ---- the run --------------------------------------------------------------------------------------------------------


def run_of(incident: Incident) -> Run | None:
    """The run at work now."""
    return Run.objects.filter(incident=incident, replaced_at=None).first()


def runs(actor: Actor, incident: Incident) -> list[Run]:
    """All runs of an incident, the one at work last."""
    must_see(actor, incident.subject_id)
    return list(incident.runs.order_by(F("replaced_at").asc(nulls_last=True), "started_at").select_related("owner"))


def runbook_of(run: Run) -> Runbook:
    """The runbook as it was when the incident began."""
    return packs.runbook(run.runbook, run.pack_id)


@dataclass(frozen=True)
class StepView:
    """A step of the pack with what became of it."""

    row: StepRun
    step: Step
    is_next: bool = False

    @property
    def is_open(self) -> bool:
        return self.row.state not in rules.SETTLED


def step_views(run: Run) -> list[StepView]:
    """The steps in their order; `is_next` marks the one that must happen next."""
    book = runbook_of(run)
    known = {step.id: step for step in book.steps}
    rows = [row for row in run.steps.select_related("person", "evidence") if row.step in known]
    coming = rules.next_step([rules.Place(r.step, r.state, known[r.step].requires) for r in rows])
    return [StepView(row, known[row.step], row.step == coming) for row in rows]


def next_step(run: Run) -> StepView | None:
    return next((view for view in step_views(run) if view.is_next), None)


def step_view(incident: Incident, step_id: str) -> StepView:
    """A step of the run at work, as its forms name it."""
    run = run_of(incident)
    found = next((view for view in step_views(run) if view.row.step == step_id), None) if run else None
    if found is None:
        raise NotFound(_("This runbook has no such step."))
    return found


def open_before(run: Run, step: Step, language: str) -> list[str]:
    """Titles of the steps it builds on that are not settled."""
    known = {one.step: one.state for one in run.steps.all()}
    book = runbook_of(run)
    waiting = [key for key in step.requires if known.get(key, rules.DONE) not in rules.SETTLED]
    return [book.step(key).title.say(language) for key in waiting]


def is_shown(incident: Incident, step: Step) -> bool:
    """Whether the record shows that it was done; of a step that no fact shows, nothing is asked."""
    return not step.shown_by or Event.objects.filter(subject=incident.subject_id, name=f"{step.shown_by}@1").exists()


def step_row(run: Run, step_id: str) -> StepRun:
    found = StepRun.objects.select_for_update(of=("self",)).filter(run=run, step=step_id).first()
    if found is None:
        raise NotFound(_("This runbook has no such step."))
    return found


def lessons(actor: Actor, *, runbook: str = "") -> QuerySet[Run]:
    """What people said should change in the runbooks, newest first."""
    rows = Run.objects.filter(visible(actor), reviewed_at__isnull=False).select_related("incident")
    return (rows.filter(runbook=runbook) if runbook else rows).order_by("-reviewed_at", "-id")


# ---- checklists -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Item:
    """An item of a checklist with its duty; `duty` None: it is not owed by this incident."""

    item: ChecklistItem
    duty: Duty | None

    @property
    def state(self) -> str:
        """met, waived, open or not_owed."""
        if self.duty is None:
            return "not_owed"
        return "met" if self.duty.met_at else "waived" if self.duty.waived_at else "open"


@dataclass(frozen=True)
class ListView:
    checklist: Checklist
    items: tuple[Item, ...]

    @property
    def n_met(self) -> int:
        return sum(item.state == "met" for item in self.items)


def duty_key(checklist: str, item: ChecklistItem) -> str:
    """Items that a fact meets have the fact's own key, so that whoever knows it can meet them."""
    return item.met_by or f"{checklist}.{item.key}"


def checklists(actor: Actor, incident: Incident) -> list[ListView]:
    """The five-point initial, five-point impact and four-point verification checklists, item for item (C2, C5, C8)."""
    must_see(actor, incident.subject_id)
    duties = {duty.key: duty for duty in incident.duties.all()}
    return [
        ListView(one, tuple(Item(item, duties.get(duty_key(one.id, item))) for item in one.items))
        for one in owed_checklists(incident)
    ]


def owed_checklists(incident: Incident) -> list[Checklist]:
    known = taxonomy_of(incident).checklists
    return [one for key in OWED for one in known if one.id == key]


# ---- measures -------------------------------------------------------------------------------------------------------


def measures(actor: Actor, incident: Incident) -> list[Measure]:
    """Temporary measures first, then permanent fixes."""
    must_see(actor, incident.subject_id)
    return list(incident.measures.select_related("owner"))


def usual_measures(incident: Incident) -> Mitigation | None:
    """What the pack's table says is usual for this sub-type (C6)."""
    return taxonomy_of(incident).mitigation_for(incident.subtype)


# ---- containment ----------------------------------------------------------------------------------------------------


def containments(actor: Actor, incident: Incident) -> list[Containment]:
    must_see(actor, incident.subject_id)
    rows = incident.containments.select_related("approver", "snapshot", "snapshot__evidence", "connection")
    return list(rows.order_by("-proposed_at", "-id"))


def containment(actor: Actor, incident: Incident, containment_id: UUID) -> Containment:
    must_see(actor, incident.subject_id)
    found = incident.containments.filter(pk=containment_id).first()
    if found is None:
        raise NotFound(_("There is no such containment in this incident."))
    return found


def registry_for(incident: Incident) -> Connection | None:
    """The connection through which the model of the incident's system can be rolled back, if all it takes is known."""
    system = incident.system
    if system is None or not (system.registry_model and system.registry_alias):
        return None
    return next(iter(connections("registry")), None)


def metrics() -> Connection | None:
    return next(iter(connections("metrics")), None)


def is_severity_confirmed(incident: Incident) -> bool:
    """A person declared the incident or set its severity; a machine's own word confirms nothing."""
    if incident.declared_by.startswith("person:"):
        return True
    changes = Event.objects.filter(subject=incident.subject_id, name=SeverityChanged.name)
    return changes.filter(actor__startswith="person:").exists()


def containment_step(run: Run, kind: str) -> StepView | None:
    """The automation step of the run that carries out a containment of this kind."""
    views = (v for v in step_views(run) if v.step.automation and v.step.automation.containment == kind)
    return next(views, None)


def next_containment(incident: Incident) -> str:
    """The kind of containment that the run asks for next; empty when it asks for none."""
    run = run_of(incident)
    views = sorted((v for v in step_views(run) if v.is_open), key=lambda v: not v.is_next) if run else []
    kinds = (v.step.automation.containment for v in views if v.step.automation)
    return next((kind for kind in kinds if kind), "")


def is_done(incident: Incident) -> bool:
    """Whether any containment of this incident is in effect."""
    return incident.containments.filter(state=DONE, undoes=None).exists()


# ---- verification ---------------------------------------------------------------------------------------------------


def verifications(actor: Actor, incident: Incident) -> list[Verification]:
    """Those of the run at work."""
    must_see(actor, incident.subject_id)
    rows = incident.verifications.filter(step__run__replaced_at=None)
    return list(rows.select_related("step").prefetch_related("checks"))


def verification(actor: Actor, incident: Incident, verification_id: UUID) -> Verification:
    must_see(actor, incident.subject_id)
    found = incident.verifications.filter(pk=verification_id).first()
    if found is None:
        raise NotFound(_("There is no such verification in this incident."))
    return found


def text_of(check: Check) -> Text:
    """Why a check came to its verdict."""
    kept = check.reason.get("values", {}).items()
    values = {k: Text(v["message"], v.get("values", {})) if isinstance(v, dict) else v for k, v in kept}
    return Text(check.reason.get("message", ""), values)


def reason_as_json(reason: Text) -> dict[str, Any]:
    """The other way round."""
    values = {k: {"message": v.message, "values": v.values} if isinstance(v, Text) else v for k, v in reason.values.items()}
    return {"message": reason.message, "values": values}


@dataclass(frozen=True)
class EvidenceSeries:
    """A kept series for the report: `points` are (moment, value or None), worst-of-all-series is left to the reader."""

    title: str
    query: str
    verdict: str
    asked_at: datetime
    bound: float | None
    baseline: float | None
    labels: Sequence[dict[str, str]]
    points: Sequence[Sequence[tuple[float, float | None]]]
    evidence: Evidence | None


def series_of(incident: Incident) -> list[EvidenceSeries]:
    """The series behind the verdicts of an incident that are kept as evidence, oldest first."""
    rows = Check.objects.filter(verification__incident=incident, evidence__isnull=False)
    kept = rows.select_related("verification", "verification__step", "evidence").order_by("asked_at", "number")
    return [_series(check) for check in kept]


def _series(check: Check) -> EvidenceSeries:
    owner, receipt = check.verification, check.series or {}
    return EvidenceSeries(
        title=check.evidence.title if check.evidence else "",
        query=str(receipt.get("query", owner.query)),
        verdict=check.verdict,
        asked_at=check.asked_at,
        bound=float(check.values["bound"]) if check.values.get("bound") else None,
        baseline=float(owner.baseline) if owner.baseline is not None else None,
        labels=[dict(one.get("labels", {})) for one in receipt.get("series", [])],
        points=read_samples(receipt),
        evidence=check.evidence,
    )

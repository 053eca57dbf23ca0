"""Starting a run and its duties, changing the runbook, and the question at the end (C1, C2)."""

from uuid import UUID

from bongsu.events.actions import action, record
from bongsu.incidents import actions as incidents
from bongsu.incidents.actions.duties import Owed, require_all
from bongsu.incidents.models import Incident
from bongsu.incidents.queries import commander, roles
from bongsu.incidents.rules import IC
from bongsu.kernel.actors import Actor
from bongsu.kernel.clock import now
from bongsu.kernel.errors import Invalid, Refused
from bongsu.kernel.text import gettext_noop as _
from bongsu.packs import queries as packs
from bongsu.packs.rules.playbooks import Runbook

from .. import queries
from ..facts import OtherRunbookOffered, RunbookChanged, RunReviewed, RunStarted
from ..models import Run, StepRun, Verification
from ..rules import steps as rules
from ..rules.verifying import WAITING
from .phases import forget_phases, watch_phases
from .stepping import REVIEWED, current, settle, take_back

DECLARED, SUMMONED = "incident.declared", "roles.assigned"


@action
def start_run(actor: Actor, *, incident: UUID) -> Run:
    """At declaration: the runbook for its type, and the checklists as duties. Starting twice leaves one."""
    found = Incident.objects.select_for_update(of=("self",)).get(pk=incident)
    run = queries.run_of(found)
    if run is not None:
        return run
    owed = [
        Owed(queries.duty_key(checklist.id, item), item.text.both, item.is_where_needed)
        for checklist in queries.owed_checklists(found)
        for item in checklist.items
    ]
    require_all(actor, incident=found, owed=owed)
    run = _begin(actor, found, packs.runbook_for(found.type, found.subtype, found.pack_id))
    incidents.meet(actor, incident=found, key=DECLARED, proof=found.number)
    meet_shown(actor, incident=found.id)
    return run


def _begin(actor: Actor, incident: Incident, book: Runbook) -> Run:
    chief = commander(incident)
    run = Run.objects.create(
        subject=incident.subject, incident=incident, runbook=book.id, version=book.version, pack_id=incident.pack_id,
        owner=chief.person if chief else None,
    )  # fmt: skip
    placed = [(phase, step) for phase in book.phases for step in phase.steps]
    StepRun.objects.bulk_create(
        [StepRun(run=run, step=step.id, phase=phase.key, position=n) for n, (phase, step) in enumerate(placed)]
    )
    watch_phases(run)
    _prepare_verifications(run, book)
    record(actor, RunStarted(
        subject=incident.subject_id, run=run.id, runbook=book.id, title=book.title.both, version=book.version
    ))  # fmt: skip
    owed = [Owed(step.meets, step.title.both) for step in book.steps if step.meets]
    require_all(actor, incident=incident, owed=owed)
    return run


def _prepare_verifications(run: Run, book: Runbook) -> None:
    rows = {row.step: row for row in run.steps.all()}
    until = run.incident.occurred_at or run.incident.detected_at
    for step in book.steps:
        if (wanted := step.verification) is not None:
            Verification.objects.create(
                subject=run.subject, incident=run.incident, step=rows[step.id], query=wanted.query, traffic=wanted.traffic,
                compare=wanted.compare, against=wanted.against, limit=wanted.limit, window=wanted.window.total_seconds(),
                dwell=wanted.dwell.total_seconds(), minimum_traffic=wanted.minimum_traffic,
                baseline_from_at=until - (wanted.dwell + wanted.window), baseline_until_at=until,
            )  # fmt: skip


@action
def meet_shown(actor: Actor, *, incident: UUID) -> None:
    """Meet what the rows show: the commander has accepted and another role is held."""
    found = Incident.objects.select_for_update(of=("self",)).get(pk=incident)
    held = roles(actor, found)
    chief = held.get(IC)
    if rules.are_people_summoned(has_ic_accepted=bool(chief and chief.accepted_at), roles=held, ic=IC):
        names = ", ".join(a.person.name for a in held.values())
        incidents.meet(actor, incident=found, key=SUMMONED, proof=names)


# ---- another runbook ------------------------------------------------------------------------------------------------


@action
def offer_runbook(actor: Actor, *, incident: UUID, reason: str) -> None:
    """The classification changed: when another runbook fits now, offer it. People change it, not the machine."""
    found = Incident.objects.select_for_update(of=("self",)).get(pk=incident)
    run = queries.run_of(found)
    if run is None:
        return
    book = packs.runbook_for(found.type, found.subtype, found.pack_id)
    offered = "" if book.id == run.runbook else book.id
    if offered == run.offered:
        return
    run.offered, run.offered_why = offered, reason if offered else ""
    run.save(update_fields=["offered", "offered_why"])
    if offered:
        record(actor, OtherRunbookOffered(
            subject=found.subject_id, run=run.id, runbook=offered, title=book.title.both, reason=reason
        ))  # fmt: skip


@action
def change_runbook(actor: Actor, *, incident: UUID, runbook: str, reason: str) -> Run:
    """Go on with another runbook of the pinned pack. The old run stays on the record; duties that are met stay met."""
    found, run = current(actor, incident)
    if not reason.strip():
        raise Invalid(_("A reason is needed."), fields={"reason": _("Say why.")})
    if runbook not in [book.id for book in packs.pack(found.pack_id).runbooks]:
        raise Invalid(_("The pack has no such runbook."), fields={"runbook": _("Choose one of the pack's runbooks.")})
    if runbook == run.runbook:
        raise Refused(_("This runbook is at work already."))
    forget_phases(run)
    run.replaced_at, run.replaced_why = now(), reason.strip()
    run.save(update_fields=["replaced_at", "replaced_why"])
    before, book = queries.runbook_of(run), packs.runbook(runbook, found.pack_id)
    record(actor, RunbookChanged(
        subject=found.subject_id, run=run.id, old=before.id, new=book.id, old_title=before.title.both,
        new_title=book.title.both, reason=reason,
    ))  # fmt: skip
    return _begin(actor, found, book)


# ---- the end --------------------------------------------------------------------------------------------------------


@action
def review_run(actor: Actor, *, incident: UUID, lesson: str) -> Run:
    """The answer to “what to change in this runbook”; “nothing” is an answer too."""
    found, run = current(actor, incident)
    if not lesson.strip():
        why = _("Say what to change; if nothing, say so.")
        raise Invalid(why, fields={"lesson": why})
    run.lesson, run.reviewed_at, run.reviewed_by = lesson.strip(), now(), actor.key
    run.save(update_fields=["lesson", "reviewed_at", "reviewed_by"])
    record(actor, RunReviewed(subject=found.subject_id, run=run.id, runbook=run.runbook, lesson=run.lesson))
    incidents.meet(actor, incident=found, key=REVIEWED, proof=run.lesson)
    for view in queries.step_views(run):
        if view.step.meets == REVIEWED:
            settle(actor, found, view.row, run.lesson)
    return run


@action
def owe_again(actor: Actor, *, incident: UUID, reason: str) -> None:
    """The incident burns again: what proved the recovery proves it no longer (A6, C8)."""
    found = Incident.objects.select_for_update(of=("self",)).get(pk=incident)
    run = queries.run_of(found)
    for checklist in queries.owed_checklists(found):
        if checklist.id == "verification":
            for item in checklist.items:
                incidents.open_again(actor, incident=found, key=queries.duty_key(checklist.id, item), reason=reason)
    for view in queries.step_views(run) if run else []:
        if view.step.kind == "verification":
            take_back(actor, found, view.row, reason)
            Verification.objects.filter(step=view.row).update(state=WAITING, reason="")
    if run:
        watch_phases(run)

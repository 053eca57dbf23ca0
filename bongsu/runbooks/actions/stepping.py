"""Working through the steps: assign, begin, tick, skip, take back."""

from uuid import UUID

from bongsu.events.actions import action, record
from bongsu.incidents import actions as incidents
from bongsu.incidents.actions.locking import locked
from bongsu.incidents.models import Evidence, Incident
from bongsu.kernel.actors import Actor
from bongsu.kernel.clock import now
from bongsu.kernel.errors import Invalid, NotFound, Refused
from bongsu.kernel.text import Text
from bongsu.kernel.text import gettext_noop as _
from bongsu.packs.rules.playbooks import Step
from bongsu.people import queries as people

from .. import queries
from ..facts import StepAssigned, StepMoved
from ..models import Run, StepRun
from ..rules import steps as rules
from ..rules.verifying import PASSED
from .measures import RUN
from .phases import follow_phase


@action
def assign_step(actor: Actor, *, incident: UUID, step: str, person: UUID) -> StepRun:
    """Give a step to somebody; it stays where it is."""
    found, run = current(actor, incident)
    row = queries.step_row(run, step)
    somebody = people.person(person)
    if not somebody.is_active:
        raise NotFound(_("This person is no longer active."))
    row.person = somebody
    row.save(update_fields=["person"])
    title = queries.runbook_of(run).step(step).title.both
    record(actor, StepAssigned(
        subject=found.subject_id, run=run.id, step=step, title=title, person=str(somebody.id), person_name=somebody.name
    ))  # fmt: skip
    return row


@action
def move_step(
    actor: Actor, *, incident: UUID, step: str, state: str, note: str = "", reason: str = "", link: str = "",
    evidence: UUID | None = None,
) -> StepRun:  # fmt: skip
    """Begin, tick, skip or take back a step. Refuses a tick without the proof the runbook asks for, a skip without reason,
    and a verification step that no query and no override has passed."""
    found, run = current(actor, incident)
    row = queries.step_row(run, step)
    wanted = queries.runbook_of(run).step(step)
    proof = Evidence.objects.filter(pk=evidence, incident=found).first() if evidence else None
    if evidence and proof is None:
        raise Invalid(_("This evidence is not of this incident."), fields={"evidence": _("Choose evidence of this incident.")})
    if link and not link.startswith(("http://", "https://")):
        raise Invalid(_("A link begins with http:// or https://."), fields={"link": _("Only web addresses.")})
    given = rules.Ticking(
        reason=reason,
        has_proof=bool(note.strip() or link or proof),
        wants_proof=bool(wanted.evidence) or wanted.kind != "manual" or not queries.is_shown(found, wanted),
        open_before=queries.open_before(run, wanted, actor.language),
    )
    if refusal := rules.why_not(row.state, state, given):
        field = "note" if "proof" in rules.TRANSITIONS.get((row.state, state), ()) and not reason.strip() else "reason"
        raise Invalid(refusal, fields={field: refusal})
    if state == rules.DONE and wanted.kind == "verification" and not _has_passed(row):
        raise Refused(_("A query decides this step. Check it, or the incident commander decides without it and says why."))
    row.note, row.reason, row.link, row.evidence = note.strip(), reason.strip(), link, proof
    _move(actor, found, row, wanted, state)
    return row


def settle(actor: Actor, incident: Incident, row: StepRun, note: str, evidence: Evidence | None = None) -> None:
    """Inside other actions: a fact shows that the step is done. A settled step stays as it is."""
    if row.state in rules.SETTLED:
        return
    row.note, row.evidence = note, evidence
    _move(actor, incident, row, queries.runbook_of(row.run).step(row.step), rules.DONE)


def take_back(actor: Actor, incident: Incident, row: StepRun, reason: str) -> None:
    """Inside other actions: what showed that the step is done no longer holds."""
    if row.state == rules.DONE:
        row.reason = reason
        _move(actor, incident, row, queries.runbook_of(row.run).step(row.step), rules.WAITING)


def _move(actor: Actor, incident: Incident, row: StepRun, step: Step, state: str) -> None:
    old, row.state = row.state, state
    is_done = state == rules.DONE
    row.done_at, row.done_by = (now(), actor.key) if state in rules.SETTLED else (None, "")
    row.save()
    record(actor, StepMoved(
        subject=incident.subject_id, run=row.run_id, step=row.step, title=step.title.both, old=old, new=state,
        note=" ".join(part for part in (row.note, row.reason, row.link) if part),
        evidence=str(row.evidence_id or ""),
    ))  # fmt: skip
    if (old in rules.SETTLED) != (state in rules.SETTLED):
        follow_phase(row.run, row.phase, is_taken_back=old in rules.SETTLED)
    if step.meets and is_done and step.meets != REVIEWED:
        incidents.meet(actor, incident=incident, key=step.meets, proof=row.note or step.title.say("ko"))
    if step.meets and old == rules.DONE and not is_done:
        incidents.open_again(actor, incident=incident, key=step.meets, reason=row.reason)


REVIEWED = "runbook.reviewed"  # met by the answer to the closing question, not by a tick


def _has_passed(row: StepRun) -> bool:
    verification = getattr(row, "verification", None)
    return verification is not None and verification.state in PASSED


def current(actor: Actor, incident: UUID) -> tuple[Incident, Run]:
    """The incident, locked, and its run; refuses who may not run runbooks."""
    found = locked(actor, incident, grant=RUN)
    run = queries.run_of(found)
    if run is None:
        raise Refused(Text(_("This incident's runbook has not started yet. Try again in a moment.")))
    return found, run

"""What the runbook run, measures, containment and verification state."""

from uuid import UUID

from bongsu.integrations.rules import HELD_WORDS
from bongsu.kernel.facts import Fact, fact
from bongsu.kernel.text import gettext_noop as _

from .rules import containing, steps, verifying

# What of a verification can be changed, as a person calls it.
PARTS = {
    "query": _("query"), "traffic": _("query for the traffic"), "compare": _("comparison"), "against": _("measured against"),
    "limit": _("limit"), "window": _("window"), "dwell": _("dwell time"), "minimum_traffic": _("least traffic"),
}  # fmt: skip


@fact("runbooks.started")
class RunStarted(Fact):
    sentence = _("The runbook “{title}” (version {version}) was started")
    icon = "book"
    run: UUID
    runbook: str
    title: dict[str, str]
    version: int


@fact("runbooks.other_offered")
class OtherRunbookOffered(Fact):
    """The classification changed and another runbook fits; the present one runs until a person changes it."""

    sentence = _("The runbook “{title}” fits better now: {reason}")
    personal = frozenset({"reason"})
    icon = "book"
    run: UUID
    runbook: str
    title: dict[str, str]
    reason: str


@fact("runbooks.changed")
class RunbookChanged(Fact):
    sentence = _("{actor} changed the runbook {old_title} → {new_title}: {reason}")
    personal = frozenset({"reason"})
    icon = "book"
    run: UUID
    old: str
    new: str
    old_title: dict[str, str]
    new_title: dict[str, str]
    reason: str


@fact("runbooks.step_moved")
class StepMoved(Fact):
    sentence = _("Step “{title}”: {old} → {new}. {note}")
    together = _("{count} steps: {new}. {note}")
    alike_in = ("new", "note")
    said_as = {"old": steps.STATES, "new": steps.STATES}
    personal = frozenset({"note"})
    icon = "check"
    run: UUID
    step: str
    title: dict[str, str]
    old: str
    new: str
    note: str
    evidence: str


@fact("runbooks.step_assigned")
class StepAssigned(Fact):
    sentence = _("{actor} gave the step “{title}” to {person_name}")
    personal = frozenset({"person_name"})
    icon = "person"
    run: UUID
    step: str
    title: dict[str, str]
    person: str
    person_name: str


@fact("runbooks.phase_over")
class PhaseOver(Fact):
    sentence = _("The time of the phase “{title}” is over; steps still open: {n}")
    icon = "warning"
    run: UUID
    phase: str
    title: dict[str, str]
    n: int


@fact("runbooks.reviewed")
class RunReviewed(Fact):
    """The answer to the closing question: what to change in this runbook."""

    sentence = _("{actor} said what to change in the runbook: {lesson}")
    personal = frozenset({"lesson"})
    icon = "book"
    run: UUID
    runbook: str
    lesson: str


@fact("runbooks.measure_set")
class MeasureSet(Fact):
    sentence = _("{actor} set a measure ({is_permanent}): {text}")
    said_as = {"is_permanent": {True: _("permanent fix"), False: _("temporary measure")}}
    personal = frozenset({"text"})
    icon = "wrench"
    measure: UUID
    is_permanent: bool
    kind: str
    text: str
    owner: str


@fact("runbooks.measure_done")
class MeasureDone(Fact):
    sentence = _("{actor} finished the measure: {text}")
    personal = frozenset({"text"})
    icon = "wrench"
    measure: UUID
    text: str


@fact("runbooks.snapshot_asked")
class SnapshotAsked(Fact):
    sentence = _("An evidence snapshot of {model} is being taken")
    icon = "clip"
    on_timeline = False
    snapshot: UUID
    model: str


@fact("runbooks.snapshot_taken")
class SnapshotTaken(Fact):
    sentence = _("The evidence snapshot of {model} is kept (SHA-256 {sha256}); missing: {missing}")
    icon = "clip"
    snapshot: UUID
    model: str
    sha256: str
    missing: list[str]


@fact("runbooks.snapshot_failed")
class SnapshotFailed(Fact):
    sentence = _("The evidence snapshot of {model} failed: {error}")
    icon = "warning"
    snapshot: UUID
    model: str
    error: str


@fact("runbooks.dry_run_asked")
class DryRunAsked(Fact):
    sentence = _("{actor} asked for a dry run of a containment: {kind}")
    icon = "shield"
    containment: UUID
    kind: str
    model: str
    alias: str


@fact("runbooks.containment_proposed")
class ContainmentProposed(Fact):
    sentence = _("Containment proposed: {model}@{alias} version {before} → {after}")
    icon = "shield"
    containment: UUID
    model: str
    alias: str
    before: str
    after: str
    is_undo: bool


@fact("runbooks.containment_asked")
class ContainmentAsked(Fact):
    sentence = _("{actor} asked to carry out the containment {model}@{alias} {before} → {after}")
    icon = "shield"
    containment: UUID
    model: str
    alias: str
    before: str
    after: str


@fact("runbooks.containment_waits")
class ContainmentWaits(Fact):
    sentence = _("The containment of {model} waits for the approval of another person")
    icon = "approval"
    containment: UUID
    model: str
    why: str


@fact("runbooks.containment_began")
class ContainmentBegan(Fact):
    """`approved_by` is the actor key of the approver; `policy` when the pack's policy let the machine act alone."""

    sentence = _("The containment of {model} is carried out ({before} → {after}), approved by {approver_name}")
    said_as = {"approver_name": {"policy": _("the policy of the pack")}}
    personal = frozenset({"approver_name"})
    icon = "shield"
    containment: UUID
    model: str
    before: str
    after: str
    approved_by: str
    approver_name: str


@fact("runbooks.alias_moved")
class AliasMoved(Fact):
    sentence = _("{model}@{alias} moved {before} → {after}. Not loaded yet: the serving process has not reported it")
    icon = "shield"
    containment: UUID
    model: str
    alias: str
    before: str
    after: str


@fact("runbooks.containment_done")
class ContainmentDone(Fact):
    sentence = _("Containment done: {what} ({proof})")
    personal = frozenset({"what"})
    icon = "shield"
    containment: UUID
    kind: str
    what: str
    proof: str
    is_undo: bool


@fact("runbooks.containment_failed")
class ContainmentFailed(Fact):
    """`state`: failed, stale or timed_out. A person takes over."""

    sentence = _("CONTAINMENT {state}: {model}. {error} A person has to take over")
    said_as = {"state": containing.STATES}
    icon = "warning"
    containment: UUID
    state: str
    model: str
    error: dict[str, str]


@fact("runbooks.containment_ended")
class ContainmentEnded(Fact):
    """Withdrawn, not approved, held or undone."""

    sentence = _("Containment of {model}: {state}. {reason}")
    personal = frozenset({"reason"})
    said_as = {"state": containing.STATES, "reason": HELD_WORDS}
    icon = "shield"
    containment: UUID
    state: str
    model: str
    reason: str


@fact("runbooks.containment_checked")
class ContainmentChecked(Fact):
    sentence = _("{actor} has the serving process of {model} looked at again")
    icon = "shield"
    containment: UUID
    model: str


@fact("runbooks.containment_expired")
class ContainmentExpired(Fact):
    sentence = _("The temporary containment “{what}” has had its time: {next}")
    said_as = {"next": {"undo": _("it is undone"), "remind": _("a person has to undo it")}}
    personal = frozenset({"what"})
    icon = "warning"
    containment: UUID
    what: str
    next: str


@fact("runbooks.baseline_asked")
class BaselineAsked(Fact):
    sentence = _("The baseline before the incident is asked for")
    icon = "chart"
    on_timeline = False
    verification: UUID


@fact("runbooks.baseline_frozen")
class BaselineFrozen(Fact):
    """`baseline` is empty when there was no data before the incident."""

    sentence = _("The baseline before the incident is frozen: {baseline}")
    icon = "chart"
    verification: UUID
    baseline: str
    query: str


@fact("runbooks.verification_changed")
class VerificationChanged(Fact):
    sentence = _("{actor} changed the verification ({changed}): {reason}")
    said_as = {"changed": PARTS}
    personal = frozenset({"reason"})
    icon = "chart"
    verification: UUID
    changed: list[str]
    reason: str


@fact("runbooks.check_asked")
class CheckAsked(Fact):
    sentence = _("{actor} asks whether it is back (check {number})")
    icon = "chart"
    on_timeline = False
    verification: UUID
    number: int


@fact("runbooks.verdict_given")
class VerdictGiven(Fact):
    """`verdict`: recovered, not_recovered, no_data, not_enough_traffic, query_failed or held. Only the first is a pass."""

    sentence = _("Verification: {verdict}. {reason}")
    said_as = {"verdict": verifying.STATES}
    icon = "chart"
    verification: UUID
    check: UUID
    verdict: str
    reason: dict[str, str]


@fact("runbooks.verdict_repeated")
class VerdictRepeated(Fact):
    """A later look came to the same verdict; not worth a line of the timeline."""

    sentence = _("Verification, looked at again: {verdict}")
    said_as = {"verdict": verifying.STATES}
    icon = "chart"
    on_timeline = False
    verification: UUID
    check: UUID
    verdict: str


@fact("runbooks.verification_overridden")
class VerificationOverridden(Fact):
    sentence = _("{actor} decided without the query that it is back (the query said “{verdict}”): {reason}")
    personal = frozenset({"reason"})
    said_as = {"verdict": verifying.STATES}
    icon = "warning"
    verification: UUID
    verdict: str
    reason: str

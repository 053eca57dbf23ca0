"""What happens to an incident."""

from datetime import datetime
from uuid import UUID

from bongsu.kernel.facts import Fact, fact
from bongsu.kernel.text import gettext_noop as _


@fact("incidents.opened")
class IncidentOpened(Fact):
    sentence = _("{actor} declared {number} as {severity}: {title}")
    personal = frozenset({"title", "description"})
    icon = "fire"
    number: str
    title: str
    description: str
    type: str
    subtype: str
    severity: str
    system: str
    origin: str
    source: str
    is_drill: bool
    declared_at: datetime


@fact("incidents.severity_changed")
class SeverityChanged(Fact):
    sentence = _("{actor} changed the severity {old} → {new}: {reason}")
    personal = frozenset({"reason"})
    icon = "severity"
    old: str
    new: str
    reason: str


@fact("incidents.classified")
class Classified(Fact):
    sentence = _("{actor} changed the classification {old_type}/{old_subtype} → {type}/{subtype}: {reason}")
    personal = frozenset({"reason"})
    icon = "signal"
    old_type: str
    old_subtype: str
    type: str
    subtype: str
    reason: str


@fact("incidents.state_moved")
class StateMoved(Fact):
    sentence = _("{actor} moved the state {old} → {new}. {reason}")
    personal = frozenset({"reason"})
    icon = "arrow"
    old: str
    new: str
    reason: str
    restarts_clocks: bool


@fact("incidents.role_assigned")
class RoleAssigned(Fact):
    sentence = _("{actor} made {person_name} {role}")
    personal = frozenset({"person_name"})
    icon = "person"
    role: str
    person: str
    person_name: str


@fact("incidents.command_offered")
class CommandOffered(Fact):
    sentence = _("{actor} offered the command to {person_name}")
    personal = frozenset({"person_name"})
    icon = "person"
    offer: UUID
    person: str
    person_name: str


@fact("incidents.command_accepted")
class CommandAccepted(Fact):
    sentence = _("{person_name} took the command (before: {before_name})")
    said_as = {"before_name": {"": _("nobody")}}
    personal = frozenset({"person_name", "before_name"})
    icon = "person"
    person: str
    person_name: str
    before_name: str
    is_first: bool


@fact("incidents.commander_left")
class CommanderLeft(Fact):
    sentence = _("{person_name} is no longer active. {stand_in_name} stands in as commander and is asked to accept")
    personal = frozenset({"person_name", "stand_in_name"})
    icon = "warning"
    person: str
    person_name: str
    stand_in: str
    stand_in_name: str


@fact("incidents.command_declined")
class CommandDeclined(Fact):
    sentence = _("{person_name} did not take the command: {reason}")
    personal = frozenset({"person_name", "reason"})
    icon = "person"
    person: str
    person_name: str
    reason: str


@fact("incidents.noted")
class Noted(Fact):
    """A note or a decision; `kind` is note or decision."""

    sentence = _("{text}")
    personal = frozenset({"text"})
    icon = "note"
    kind: str
    text: str


@fact("incidents.entry_retracted")
class EntryRetracted(Fact):
    sentence = _("{actor} retracted an entry: {reason}")
    personal = frozenset({"reason"})
    icon = "note"
    on_timeline = False
    event: str
    reason: str


@fact("incidents.evidence_added")
class EvidenceAdded(Fact):
    sentence = _("{actor} added evidence: {title}")
    personal = frozenset({"title"})
    icon = "evidence"
    evidence: UUID
    kind: str
    title: str
    sha256: str
    is_harmful: bool


@fact("incidents.evidence_labelled")
class EvidenceLabelled(Fact):
    sentence = _("{actor} changed the labels of the evidence “{title}”: {labels}")
    personal = frozenset({"title"})
    icon = "evidence"
    evidence: UUID
    title: str
    labels: str


@fact("incidents.evidence_revealed")
class EvidenceRevealed(Fact):
    sentence = _("{actor} revealed the harmful evidence “{title}”: {reason}")
    personal = frozenset({"title", "reason"})
    icon = "evidence"
    evidence: UUID
    title: str
    reason: str


@fact("incidents.awareness_set")
class AwarenessSet(Fact):
    """Who became aware, how they knew, and the evidence (its id) where there is some."""

    sentence = _("{actor} set the moment of awareness: {aware_at}, {person_name} ({how})")
    personal = frozenset({"person_name", "how"})
    icon = "clock"
    aware_at: datetime
    how: str
    person: str
    person_name: str
    evidence: str


@fact("incidents.awareness_change_asked")
class AwarenessChangeAsked(Fact):
    sentence = _("{actor} asks to move the moment of awareness to {aware_at}: {reason}")
    personal = frozenset({"reason"})
    icon = "clock"
    change: UUID
    aware_at: datetime
    reason: str


@fact("incidents.awareness_moved")
class AwarenessMoved(Fact):
    sentence = _("{actor} approved to move the moment of awareness {old} → {new}")
    icon = "clock"
    change: UUID
    old: datetime
    new: datetime


@fact("incidents.awareness_change_refused")
class AwarenessChangeRefused(Fact):
    sentence = _("{actor} refused to move the moment of awareness")
    icon = "clock"
    change: UUID


@fact("incidents.impact_changed")
class ImpactChanged(Fact):
    sentence = _("{actor} described the impact: {summary}")
    personal = frozenset({"summary"})
    icon = "chart"
    summary: str
    changed: list[str]


@fact("incidents.details_changed")
class DetailsChanged(Fact):
    sentence = _("{actor} changed {changed}")
    icon = "note"
    changed: list[str]


@fact("incidents.duty_required")
class DutyRequired(Fact):
    sentence = _("New duty: {title}")
    personal = frozenset({"title"})
    icon = "open"
    on_timeline = False
    duty: str
    title: dict[str, str]
    due_at: datetime | None
    is_legal: bool


@fact("incidents.deadline_entered")
class DeadlineEntered(Fact):
    """A deadline entered by hand."""

    sentence = _("{actor} entered a deadline: {title}, {authority}, due {due_at}")
    personal = frozenset({"title"})
    icon = "open"
    duty: str
    title: str
    authority: str
    due_at: datetime


@fact("incidents.duty_met")
class DutyMet(Fact):
    sentence = _("Duty met: {title}. {proof}")
    personal = frozenset({"title", "proof"})
    icon = "open"
    duty: str
    title: dict[str, str]
    proof: str


@fact("incidents.duty_reopened")
class DutyReopened(Fact):
    sentence = _("Duty open again: {title}. {reason}")
    personal = frozenset({"title", "reason"})
    icon = "open"
    duty: str
    title: dict[str, str]
    reason: str


@fact("incidents.duty_overdue")
class DutyOverdue(Fact):
    sentence = _("Overdue: {title}, was due {due_at}")
    personal = frozenset({"title"})
    icon = "open"
    duty: str
    title: dict[str, str]
    due_at: datetime
    is_legal: bool


@fact("incidents.duty_waived")
class DutyWaived(Fact):
    sentence = _("{actor} waived the duty “{title}”: {reason}")
    personal = frozenset({"title", "reason"})
    icon = "open"
    duty: str
    title: dict[str, str]
    reason: str


@fact("incidents.break_glass_used")
class BreakGlassUsed(Fact):
    sentence = _("{actor} broke the glass and may now read this restricted record: {reason}")
    personal = frozenset({"reason"})
    icon = "lock"
    person: str
    reason: str


@fact("incidents.restriction_review_due")
class RestrictionReviewDue(Fact):
    """The day has come on which somebody looks again whether the restriction is still needed; `approver` is a person's id."""

    sentence = _("The restriction of this record is due for review since {review_on}")
    icon = "lock"
    review_on: str
    approver: str


@fact("incidents.restriction_kept")
class RestrictionKept(Fact):
    sentence = _("{actor} reviewed the restriction and kept it until {review_on}: {reason}")
    personal = frozenset({"reason"})
    icon = "lock"
    reason: str
    review_on: str

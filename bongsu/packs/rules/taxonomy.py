"""The taxonomy: everything of a pack but its runbooks, templates and classification rules."""

from dataclasses import dataclass

from .conduct import Act, Channels, Containment, ItemMark, MeasureKind, Mitigation, Mode, Numbering
from .parts import (
    Cell,
    DetailField,
    EscalationStep,
    IncidentType,
    Post,
    Role,
    Ruling,
    Severity,
    State,
    Subtype,
    Transition,
    Triage,
    TriageStep,
)
from .playbooks import Checklist
from .words import Bilingual, PostRef, SeverityRef, one


@dataclass(frozen=True)
class Taxonomy:
    """Everything but runbooks and templates, with the look-ups others need."""

    severities: tuple[Severity, ...]
    types: tuple[IncidentType, ...]
    matrix: tuple[Cell, ...]
    rulings: tuple[Ruling, ...]
    posts: tuple[Post, ...]
    roles: tuple[Role, ...]
    executives: PostRef
    executives_told_of: tuple[SeverityRef, ...]
    escalation: tuple[EscalationStep, ...]
    triage: Triage
    states: tuple[State, ...]
    transitions: tuple[Transition, ...]
    measures: tuple[MeasureKind, ...]
    mitigations: tuple[Mitigation, ...]
    containments: tuple[Containment, ...]
    acts: tuple[Act, ...]
    channels: Channels
    update_items: tuple[ItemMark, ...]
    numbering: Numbering
    details: tuple[DetailField, ...] = ()
    checklists: tuple[Checklist, ...] = ()

    def severity(self, key: str) -> Severity:
        return one(self.severities, "key", key, "severity")

    def type(self, key: str) -> IncidentType:
        return one(self.types, "key", key, "incident type")

    def subtype(self, key: str) -> Subtype:
        return one([s for t in self.types for s in t.subtypes], "key", key, "sub-type")

    def type_of(self, subtype: str) -> IncidentType:
        """The type a sub-type belongs to."""
        self.subtype(subtype)
        return next(t for t in self.types if any(s.key == subtype for s in t.subtypes))

    def cell(self, type: str, severity: str) -> Cell:
        self.type(type), self.severity(severity)
        return next(c for c in self.matrix if (c.type, c.severity) == (type, severity))

    def cell_words(self, type: str, severity: str) -> Bilingual:
        """The cell of the matrix as people say it: its place and its example."""
        kind, example = self.type(type).label, self.cell(type, severity).example
        return Bilingual(ko=f"{kind.ko} × {severity}: {example.ko}", en=f"{kind.en} × {severity}: {example.en}")

    def post(self, key: str) -> Post:
        return one(self.posts, "key", key, "post")

    def role(self, key: str) -> Role:
        return one(self.roles, "key", key, "role")

    def state(self, key: str) -> State:
        return one(self.states, "key", key, "state")

    def transition(self, source: str, target: str) -> Transition | None:
        return next((t for t in self.transitions if (t.source, t.target) == (source, target)), None)

    def transitions_from(self, source: str) -> tuple[Transition, ...]:
        return tuple(t for t in self.transitions if t.source == source)

    def steps_for(self, severity: str) -> tuple[EscalationStep, ...]:
        return tuple(sorted((s for s in self.escalation if s.severity == severity), key=lambda s: s.after))

    def triage_for(self, severity: str) -> TriageStep:
        return one(self.triage.steps, "severity", severity, "severity")

    def containment(self, key: str) -> Containment:
        return one(self.containments, "key", key, "containment")

    def mitigation_for(self, subtype: str) -> Mitigation | None:
        return next((m for m in self.mitigations if subtype in m.subtypes), None)

    def act(self, key: str) -> Act:
        return one(self.acts, "key", key, "act")

    def mode(self, act: str, severity: str) -> Mode:
        """Who does this act at this severity: `person`, `propose` or `machine` (M7)."""
        mode: Mode = getattr(self.act(act).modes, severity, "person")
        return mode

    def checklist(self, checklist_id: str) -> Checklist:
        return one(self.checklists, "id", checklist_id, "checklist")

    def graver(self, one: str, other: str) -> str:
        """The graver of two severities; unsure goes up."""
        return max(one, other, key=lambda key: self.severity(key).fires)

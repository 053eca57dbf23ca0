"""Packs, pure: schema, loading, checking, classification, templates, names. This is the face other modules import."""

from .cases import Outcome, run_cases
from .classification import Proposal, Rule, Verdict, classify
from .comparing import Change, compare
from .conditions import evaluate
from .conduct import Act, Channels, Containment, ItemMark, MeasureKind, Mitigation, Numbering
from .figures import figures
from .loading import extended_id, parse_content, parse_files
from .naming import channel_name, clean_name, incident_number
from .pack import Case, Header, Pack
from .parts import (
    Cell,
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
from .plain import in_language, plain
from .playbooks import Automation, Checklist, ChecklistItem, Phase, Runbook, Step, Template, Verification
from .reading import PackError, Problem
from .taxonomy import Taxonomy
from .templates import ID_PLACES, PLACES, Rendered, places, render, render_template, update_items
from .words import Bilingual

__all__ = [
    "ID_PLACES",
    "PLACES",
    "Act",
    "Automation",
    "Bilingual",
    "Case",
    "Cell",
    "Change",
    "Channels",
    "Checklist",
    "ChecklistItem",
    "Containment",
    "EscalationStep",
    "Header",
    "IncidentType",
    "ItemMark",
    "MeasureKind",
    "Mitigation",
    "Numbering",
    "Outcome",
    "Pack",
    "PackError",
    "Phase",
    "Post",
    "Problem",
    "Proposal",
    "Rendered",
    "Role",
    "Rule",
    "Ruling",
    "Runbook",
    "Severity",
    "State",
    "Step",
    "Subtype",
    "Taxonomy",
    "Template",
    "Transition",
    "Triage",
    "TriageStep",
    "Verdict",
    "Verification",
    "channel_name",
    "classify",
    "clean_name",
    "compare",
    "evaluate",
    "extended_id",
    "figures",
    "in_language",
    "incident_number",
    "parse_content",
    "parse_files",
    "places",
    "plain",
    "render",
    "render_template",
    "run_cases",
    "update_items",
]

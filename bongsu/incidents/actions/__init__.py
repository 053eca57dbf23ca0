"""The only writers of incidents. Split by verb; others import from here."""

from .awareness import ask_awareness_change, decide_awareness_change, set_awareness
from .changing import change_details, change_impact, change_severity, classify, move_state, situation
from .command import accept_command, assign_role, decline_command, offer_command, replace_commander
from .duties import enter_deadline, meet, meet_by_hand, note_overdue, open_again, require, waive
from .noting import (
    Upload,
    add_evidence,
    add_files,
    add_note,
    add_together,
    compose,
    label_evidence,
    retract_entry,
    reveal_evidence,
)
from .opening import open_in_group, open_incident
from .restricting import ask_to_lift, keep_restricted, lift_approved, remind_of_review, restrict_incident
from .visibility import break_glass, let_in

__all__ = [
    "Upload", "accept_command", "add_evidence", "add_files", "add_note", "add_together", "ask_awareness_change", "ask_to_lift",
    "assign_role", "break_glass", "change_details", "change_impact", "change_severity", "classify", "compose",
    "decide_awareness_change", "decline_command", "enter_deadline", "keep_restricted", "label_evidence", "let_in",
    "lift_approved", "meet", "meet_by_hand", "move_state", "note_overdue", "offer_command", "open_again", "open_in_group",
    "open_incident", "remind_of_review", "replace_commander", "require", "restrict_incident", "retract_entry", "reveal_evidence",
    "set_awareness", "situation", "waive",
]  # fmt: skip

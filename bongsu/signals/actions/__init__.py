"""The only writers of signals, reports and proposals. Split by verb; others import from here."""

from .answering import attach_proposal, confirm_proposal, declare_proposal, merge_proposal, reject_proposal
from .draining import drain_receipts
from .following import ask_triage, follow_up, hide_proposals
from .letters import dismiss_dead_letter, retry_dead_letter
from .receiving import receive
from .reporting import file_report, judge, push_signal

__all__ = [
    "ask_triage",
    "attach_proposal",
    "confirm_proposal",
    "declare_proposal",
    "dismiss_dead_letter",
    "drain_receipts",
    "file_report",
    "follow_up",
    "hide_proposals",
    "judge",
    "merge_proposal",
    "push_signal",
    "receive",
    "reject_proposal",
    "retry_dead_letter",
]

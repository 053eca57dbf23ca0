"""The way of a document: who may move it from where to where (E3). Nobody approves what they wrote."""

from dataclasses import dataclass

from bongsu.kernel.text import gettext_noop as _

DRAFT, LEGAL, BOARD, FINAL, DISTRIBUTED, ARCHIVED = "draft", "legal_review", "board_approval", "final", "distributed", "archived"

STATES = {
    DRAFT: _("Draft"),
    LEGAL: _("Legal and compliance review"),
    BOARD: _("Approval by the governance board"),
    FINAL: _("Final"),
    DISTRIBUTED: _("Distributed"),
    ARCHIVED: _("Archived"),
}
# How a document stands, where it is said of the document itself: a name of a step would claim what is not given yet.
STANDS = {
    **STATES,
    LEGAL: _("Waits for legal and compliance review"),
    BOARD: _("Waits for approval by the governance board"),
}
ROLES = {
    "author": _("Author"),
    "legal": _("Legal and compliance"),
    "board": _("Governance board"),
    "witness": _("Read and acknowledged"),
}
SEALED = frozenset({FINAL, DISTRIBUTED, ARCHIVED})
IN_REVIEW = frozenset({LEGAL, BOARD})


@dataclass(frozen=True)
class Move:
    """One row of the table: from a state by an act to a state, and the right it needs."""

    start: str
    act: str
    end: str
    grant: str


MOVES = (
    Move(DRAFT, "submit", LEGAL, "report.edit"),
    Move(LEGAL, "approve", BOARD, "report.review"),
    Move(LEGAL, "request_changes", DRAFT, "report.review"),
    Move(LEGAL, "withdraw", DRAFT, "report.edit"),
    Move(BOARD, "approve", FINAL, "report.approve"),
    Move(BOARD, "request_changes", DRAFT, "report.approve"),
    Move(BOARD, "withdraw", DRAFT, "report.edit"),
    Move(FINAL, "distribute", DISTRIBUTED, "report.edit"),
    Move(DISTRIBUTED, "archive", ARCHIVED, "report.edit"),
)
# Who signs by approving in which state, and under which purpose the approval is asked for.
SIGNS_AS = {LEGAL: "legal", BOARD: "board"}
PURPOSES = {LEGAL: "documents.legal_review", BOARD: "documents.board_approval"}


def move(state: str, act: str) -> Move | None:
    """The row of the table, or None when the act does not start in this state."""
    return next((m for m in MOVES if (m.start, m.act) == (state, act)), None)


def why_not_edit(state: str) -> str | None:
    """Why the text may not be changed in this state, or None."""
    if state in SEALED:
        return _("This document is final and sealed. Write a new one that supersedes it.")
    if state in IN_REVIEW:
        return _("This document is under review. Take it back or wait for the decision before you change it.")
    return None

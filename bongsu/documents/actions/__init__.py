"""The only writers of documents: `writing` (parts, words, comments) and `reviewing` (the way to the seal)."""

from .reviewing import apply_decision, archive, decide_review, distribute, read_out, sign, submit_for_review, withdraw
from .writing import EditConflict, add_comment, create_document, edit_part, resolve_comment, set_generated_parts

__all__ = [
    "EditConflict",
    "add_comment",
    "apply_decision",
    "archive",
    "create_document",
    "decide_review",
    "distribute",
    "edit_part",
    "read_out",
    "resolve_comment",
    "set_generated_parts",
    "sign",
    "submit_for_review",
    "withdraw",
]

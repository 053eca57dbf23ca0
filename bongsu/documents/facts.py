"""What documents state. Titles, texts and reasons are free text and can be erased; the hashes stay."""

from dataclasses import dataclass

from bongsu.kernel.facts import Fact, fact
from bongsu.kernel.text import gettext_noop as _


@fact("documents.created")
class DocumentCreated(Fact):
    sentence = _("{actor} began the document {number}: {title}")
    personal = frozenset({"title"})
    icon = "document"
    document: str
    kind: str
    number: str
    title: str
    language: str


@fact("documents.generated")
class PartsGenerated(Fact):
    """The machine wrote or rewrote its parts; parts a person wrote were left alone."""

    sentence = _("{actor} built the document {number} from the record. Changed: {changed}. A person’s words kept: {kept}")
    icon = "document"
    on_timeline = False
    document: str
    number: str
    changed: list[str]
    kept: list[str]
    hashes: dict[str, str]


@fact("documents.part_edited")
class PartEdited(Fact):
    """A person's words, whole, so that no earlier wording is lost. Empty `text` with `is_dropped`: the machine's text again."""

    sentence = _("{actor} edited “{title}” in {number}")
    personal = frozenset({"text"})
    icon = "document"
    document: str
    number: str
    part: str
    title: str
    text: str
    is_dropped: bool


@fact("documents.commented")
class DocumentCommented(Fact):
    sentence = _("{actor} commented on {number}: {text}")
    personal = frozenset({"text"})
    icon = "comment"
    document: str
    number: str
    comment: str
    part: str
    text: str


@fact("documents.comment_resolved")
class CommentResolved(Fact):
    sentence = _("{actor} settled a comment on {number}")
    icon = "comment"
    document: str
    number: str
    comment: str


@dataclass(frozen=True, kw_only=True)
class Step(Fact):
    """What every step on a document's way states."""

    document: str
    number: str
    revision: int
    text_hash: str
    reason: str


@fact("documents.submitted")
class DocumentSubmitted(Step):
    sentence = _("{actor} submitted {number} for legal review (revision {revision})")
    personal = frozenset({"reason"})
    icon = "document"


@fact("documents.passed_legal")
class LegalReviewPassed(Step):
    sentence = _("{actor} passed {number} in legal and compliance review. {reason}")
    personal = frozenset({"reason"})
    icon = "document"


@fact("documents.passed_board")
class BoardApproved(Step):
    sentence = _("{actor} approved {number} for the governance board. {reason}")
    personal = frozenset({"reason"})
    icon = "document"


@fact("documents.changes_requested")
class ChangesRequested(Step):
    sentence = _("{actor} asked for changes to {number}: {reason}")
    personal = frozenset({"reason"})
    icon = "document"


@fact("documents.withdrawn")
class DocumentWithdrawn(Step):
    sentence = _("{actor} took {number} back from review: {reason}")
    personal = frozenset({"reason"})
    icon = "document"


@fact("documents.distributed")
class DocumentDistributed(Step):
    sentence = _("{actor} put on record that {number} was given to: {reason}")
    personal = frozenset({"reason"})
    icon = "send"


@fact("documents.archived")
class DocumentArchived(Step):
    sentence = _("{actor} archived {number}. {reason}")
    personal = frozenset({"reason"})
    icon = "document"


@fact("documents.signed")
class DocumentSigned(Fact):
    sentence = _("{actor} signed {number}, revision {revision}")
    icon = "signature"
    document: str
    number: str
    revision: int
    text_hash: str
    role: str


@fact("documents.sealed")
class DocumentSealed(Fact):
    """Final: this text, by its hash, and no other."""

    sentence = _("{number} is final and sealed: revision {revision}, SHA-256 {text_hash}")
    icon = "seal"
    document: str
    number: str
    kind: str
    revision: int
    text_hash: str
    signatures: list[str]


@fact("documents.read_out")
class DocumentExported(Fact):
    sentence = _("{actor} took {number} out as {form}")
    icon = "document"
    on_timeline = False
    document: str
    number: str
    form: str
    text_hash: str

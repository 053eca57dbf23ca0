"""What documents state. Titles, texts and reasons are free text and can be erased; the hashes stay."""

from dataclasses import dataclass

from bongsu.kernel.facts import Fact, fact
from bongsu.kernel.text import gettext_noop as _

from .rules.kinds import NAMES


@dataclass(frozen=True, kw_only=True)
class OfDocument(Fact):
    """Which document a fact speaks of: `number` is the record's, `kind` what the document is."""

    said_as = {"kind": NAMES}
    icon = "document"
    document: str
    number: str
    kind: str


@fact("documents.created")
class DocumentCreated(OfDocument):
    sentence = _("{actor} began the {kind} of {number}: {title}")
    personal = frozenset({"title"})
    title: str
    language: str


@fact("documents.generated")
class PartsGenerated(OfDocument):
    """The machine wrote or rewrote its parts; parts a person wrote were left alone."""

    sentence = _("{actor} built the {kind} of {number} from the record. Changed: {changed}. A person’s words kept: {kept}")
    on_timeline = False
    changed: list[str]
    kept: list[str]
    hashes: dict[str, str]


@fact("documents.part_edited")
class PartEdited(OfDocument):
    """A person's words, whole, so that no earlier wording is lost. Empty `text` with `is_dropped`: the machine's text again."""

    sentence = _("{actor} edited “{title}” in the {kind} of {number}")
    personal = frozenset({"text"})
    part: str
    title: str
    text: str
    is_dropped: bool


@fact("documents.commented")
class DocumentCommented(OfDocument):
    sentence = _("{actor} commented on the {kind} of {number}: {text}")
    personal = frozenset({"text"})
    icon = "comment"
    comment: str
    part: str
    text: str


@fact("documents.comment_resolved")
class CommentResolved(OfDocument):
    sentence = _("{actor} settled a comment on the {kind} of {number}")
    icon = "comment"
    comment: str


@dataclass(frozen=True, kw_only=True)
class Step(OfDocument):
    """What every step on a document's way states."""

    revision: int
    text_hash: str
    reason: str


@fact("documents.submitted")
class DocumentSubmitted(Step):
    """`open_places`: what nobody had written yet, in the parts `open_parts`, as the author confirmed."""

    sentence = _("{actor} submitted the {kind} of {number} for legal review (revision {revision}, open places: {open_places})")
    personal = frozenset({"reason"})
    open_places: int
    open_parts: list[str]


@fact("documents.passed_legal")
class LegalReviewPassed(Step):
    sentence = _("{actor} passed the {kind} of {number} in legal and compliance review. {reason}")
    personal = frozenset({"reason"})


@fact("documents.passed_board")
class BoardApproved(Step):
    sentence = _("{actor} approved the {kind} of {number} for the governance board. {reason}")
    personal = frozenset({"reason"})


@fact("documents.changes_requested")
class ChangesRequested(Step):
    sentence = _("{actor} asked for changes to the {kind} of {number}, revision {revision}: {reason}")
    personal = frozenset({"reason"})


@fact("documents.withdrawn")
class DocumentWithdrawn(Step):
    sentence = _("{actor} took the {kind} of {number} back from review: {reason}")
    personal = frozenset({"reason"})


@fact("documents.distributed")
class DocumentDistributed(Step):
    sentence = _("{actor} put on record that the {kind} of {number} was given to: {reason}")
    personal = frozenset({"reason"})
    icon = "send"


@fact("documents.archived")
class DocumentArchived(Step):
    sentence = _("{actor} archived the {kind} of {number}. {reason}")
    personal = frozenset({"reason"})


@fact("documents.signed")
class DocumentSigned(OfDocument):
    sentence = _("{actor} signed the {kind} of {number}, revision {revision}")
    icon = "signature"
    revision: int
    text_hash: str
    role: str


@fact("documents.sealed")
class DocumentSealed(OfDocument):
    """Final: this text, by its hash, and no other."""

    sentence = _("The {kind} of {number} is final and sealed: revision {revision}, SHA-256 {text_hash}")
    icon = "seal"
    revision: int
    text_hash: str
    signatures: list[str]


@fact("documents.read_out")
class DocumentExported(OfDocument):
    sentence = _("{actor} took the {kind} of {number} out as {form}")
    on_timeline = False
    form: str
    text_hash: str

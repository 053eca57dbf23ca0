"""What documents state. Titles, texts and reasons are free text and can be erased; the hashes stay."""

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


@fact("documents.moved")
class DocumentMoved(Fact):
    """The document went one step of its way."""

    sentence = _("{actor} moved {number}: {was} → {now}. {reason}")
    personal = frozenset({"reason"})
    icon = "document"
    document: str
    number: str
    act: str
    was: str
    now: str
    revision: int
    text_hash: str
    reason: str


@fact("documents.signed")
class DocumentSigned(Fact):
    sentence = _("{actor} signed {number}, revision {revision} ({role})")
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

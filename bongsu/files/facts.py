"""What files state. Names and reasons are free text and can be erased; the hash stays."""

from bongsu.kernel.facts import Fact, fact
from bongsu.kernel.text import gettext_noop as _


@fact("files.stored")
class FileStored(Fact):
    sentence = _("{actor} stored the file {file_name} ({size} bytes, SHA-256 {sha256})")
    personal = frozenset({"file_name"})
    icon = "file"
    on_timeline = False
    file: str
    file_name: str
    sha256: str
    size: int
    media_type: str
    kind: str
    is_harmful: bool
    is_legal_hold: bool
    is_privileged: bool


@fact("files.superseded")
class FileSuperseded(Fact):
    sentence = _("{actor} superseded the file {file_name}: {reason}")
    personal = frozenset({"file_name", "reason"})
    icon = "file"
    file: str
    file_name: str
    by_file: str
    reason: str


@fact("files.labelled")
class FileLabelled(Fact):
    sentence = _("{actor} changed the labels of {file_name} to: {labels}. {reason}")
    personal = frozenset({"file_name", "reason"})
    icon = "label"
    file: str
    file_name: str
    labels: list[str]
    before: list[str]
    reason: str


@fact("files.evidence_revealed")
class EvidenceRevealed(Fact):
    """Blurred content was shown to a person who gave a reason."""

    sentence = _("{actor} revealed the blurred file {file_name}: {reason}")
    personal = frozenset({"file_name", "reason"})
    icon = "eye"
    file: str
    file_name: str
    sha256: str
    reason: str

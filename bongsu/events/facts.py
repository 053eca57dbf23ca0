"""What the ground floor itself states."""

from bongsu.kernel.facts import Fact, fact
from bongsu.kernel.text import gettext_noop as _


@fact("events.installed")
class Installed(Fact):
    sentence = _("This installation began. Demo: {is_demo}")
    installation: str
    is_demo: bool
    key: str  # the public half of the sealing key, base64


@fact("events.personal_erased")
class PersonalErased(Fact):
    """A personal value was deleted on the record; the chain stays whole."""

    sentence = _("{actor} erased the field {field} of an earlier entry: {reason}")
    event: str
    field: str
    reason: str


@fact("events.restricted")
class Restricted(Fact):
    sentence = _("{actor} restricted this record: {reason}")
    personal = frozenset({"reason"})
    icon = "lock"
    reason: str
    readers: list[str]


@fact("events.restriction_lifted")
class RestrictionLifted(Fact):
    sentence = _("{actor} lifted the restriction of this record: {reason}")
    personal = frozenset({"reason"})
    icon = "lock"
    reason: str


@fact("events.reader_added")
class ReaderAdded(Fact):
    sentence = _("{actor} let {person_name} read this restricted record: {reason}")
    personal = frozenset({"person_name", "reason"})
    icon = "lock"
    person: str
    person_name: str
    reason: str


@fact("events.record_read")
class RecordRead(Fact):
    """Reading a restricted record, revealing, exporting: kept for the access log, not shown on the timeline."""

    sentence = _("{actor} read this record ({door})")
    on_timeline = False
    door: str


@fact("events.legal_hold_set")
class LegalHoldSet(Fact):
    sentence = _("{actor} put this record under legal hold: {reason}")
    icon = "lock"
    reason: str


@fact("events.legal_hold_lifted")
class LegalHoldLifted(Fact):
    sentence = _("{actor} lifted the legal hold on this record: {reason}")
    icon = "lock"
    reason: str


@fact("events.linked")
class Linked(Fact):
    sentence = _("{actor} linked this record to {to_ref} ({kind})")
    to_ref: str
    kind: str


@fact("events.dead_letter_retried")
class DeadLetterRetried(Fact):
    sentence = _("{actor} started {what} again after it had failed")
    on_timeline = False
    what: str


@fact("events.sealed")
class Sealed(Fact):
    """A seal was made; whoever can carries it outside the database."""

    sentence = _("{actor} sealed the ledger: seal {number} over {entries} records")
    on_timeline = False
    icon = "lock"
    number: int
    hash: str
    entries: int


@fact("events.seal_delivered")
class SealDelivered(Fact):
    sentence = _("Seal {number} was put outside the database: {place}")
    on_timeline = False
    icon = "lock"
    number: int
    place: str


@fact("events.verified")
class Verified(Fact):
    """What a check of the whole ledger found. `first` names the first bad row."""

    sentence = _("{actor} checked the ledger: {failures} failures in {rows} entries. {first}")
    on_timeline = False
    icon = "lock"
    rows: int
    seals: int
    erased: int
    failures: int
    first: str

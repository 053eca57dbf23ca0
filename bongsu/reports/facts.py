"""What reports state. The document's own life is stated by `documents`."""

from bongsu.documents.rules.review import STATES
from bongsu.kernel.facts import Fact, fact
from bongsu.kernel.text import gettext_noop as _


@fact("reports.drafted")
class ReportDrafted(Fact):
    """The report was written from the record, or written again; `changed` and `kept` name its parts."""

    sentence = _("{actor} wrote the report on {number} from the record ({language})")
    said_as = {"language": {"ko": _("Korean"), "en": _("English")}}
    icon = "document"
    document: str
    number: str
    language: str
    is_new: bool
    changed: list[str]


@fact("reports.review_asked")
class ReviewAsked(Fact):
    """Who was told that the report waits for review."""

    sentence = _("Review of the report on {number} was asked for ({step}); people told: {count}")
    said_as = {"step": STATES}
    icon = "document"
    document: str
    number: str
    step: str
    count: int


@fact("reports.exported")
class IncidentExported(Fact):
    """The whole record was taken along. `sha256` is of the ZIP; `harmful` and `privileged` count what was put in of these."""

    sentence = _("{actor} exported the whole record of {number} (SHA-256 {sha256})")
    icon = "document"
    on_timeline = False
    number: str
    sha256: str
    size: int
    entries: int
    files: int
    harmful: int
    privileged: int

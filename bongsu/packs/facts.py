"""What packs state: which version came in, and which one is in force."""

from bongsu.kernel.facts import Fact, fact
from bongsu.kernel.text import gettext_noop as _


@fact("packs.version_imported")
class VersionImported(Fact):
    sentence = _("{actor} imported the pack {pack} {version}")
    icon = "book"
    pack: str
    version: str
    sha256: str
    extends: str


@fact("packs.version_activated")
class VersionActivated(Fact):
    sentence = _("{actor} put the pack {pack} {version} in force")
    icon = "book"
    pack: str
    version: str
    sha256: str
    replaced: str

"""What the roof itself states."""

from bongsu.kernel.facts import Fact, fact
from bongsu.kernel.text import gettext_noop as _


@fact("site.demo_told")
class DemoTold(Fact):
    """A step of the demo's history was acted out, in the transaction of what it did: it is never told twice.

    `made` is the record it made; `refused` says why the step could not be done (a visitor was faster).
    """

    sentence = _("The demo's history was told: {scene}, step {step}")
    on_timeline = False
    scene: str
    step: int
    act: str
    made: str
    refused: str


@fact("site.backed_up")
class BackupMade(Fact):
    sentence = _("{actor} made a backup: {files} files, SHA-256 of its manifest {sha256}")
    icon = "document"
    sha256: str
    files: int
    size: int
    has_keys_beside: bool


@fact("site.restored")
class BackupRestored(Fact):
    """This database is a backup that was brought back; nothing outgoing moves until a person releases it."""

    sentence = _("{actor} restored the backup of {made_at} (SHA-256 of its manifest {sha256})")
    icon = "document"
    sha256: str
    made_at: str

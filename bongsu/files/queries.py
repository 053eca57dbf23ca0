"""Files an actor may see, and their bytes."""

from uuid import UUID

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.core.files.storage import default_storage
from django.db.models import QuerySet

from bongsu.events.queries import must_see, visible
from bongsu.events.reading import opened
from bongsu.kernel.actors import Actor
from bongsu.kernel.canonical import digest
from bongsu.kernel.clock import now
from bongsu.kernel.errors import BongsuError, NotFound, Refused
from bongsu.kernel.text import gettext_noop as _

from .models import Reveal, StoredFile
from .rules import path_of


class Damaged(BongsuError):
    """The stored bytes are missing or are not those that were stored: never sent out as if they were."""

    code, status = "damaged", 500


def files(actor: Actor, subject: str, *, is_complete: bool = False) -> QuerySet[StoredFile]:
    """The files of a record, oldest first; `is_complete` includes superseded ones."""
    must_see(actor, subject)
    found = StoredFile.objects.filter(visible(actor), subject=subject)
    return found if is_complete else found.filter(superseded_by=None)


def file(actor: Actor, file_id: UUID) -> StoredFile:
    """NotFound when there is none or the actor must not know of it."""
    found = opened(actor, StoredFile.objects.filter(visible(actor), pk=file_id))
    if found is None:
        raise NotFound(_("There is no such file."))
    return found


def for_export(actor: Actor, subject: str, *, is_privileged_included: bool = False) -> list[StoredFile]:
    """What goes into an export: everything, superseded too; privileged only when asked for."""
    found = files(actor, subject, is_complete=True)
    return list(found if is_privileged_included else found.filter(is_privileged=False))


def may_open(actor: Actor, stored: StoredFile) -> bool:
    """Whether the content may be sent: not blurred, or revealed by this person a moment ago; the machine always."""
    if not stored.is_harmful or actor.is_all_seeing:
        return True
    return Reveal.objects.filter(file=stored, person=actor.person_id, until_at__gt=now()).exists()


def open_file(actor: Actor, file_id: UUID) -> tuple[StoredFile, bytes]:
    """The file and its bytes as they came; refuses blurred content that was not revealed."""
    stored = file(actor, file_id)
    if not may_open(actor, stored):
        raise Refused(_("This file is blurred because its content may be harmful. Reveal it with a reason first."))
    return stored, bytes_of(stored.sha256)


def bytes_of(sha256: str) -> bytes:
    """The bytes behind a hash, checked against it; `Damaged` when they are missing or not the same."""
    path = path_of(sha256)
    try:
        with default_storage.open(path) as kept:
            content = settings.KEYS.box.decrypt(kept.read())
    except FileNotFoundError:
        raise Damaged(_("The content of this file is missing from the storage.")) from None
    except InvalidToken:
        raise Damaged(_("The content of this file cannot be decrypted with the keys of this installation.")) from None
    if digest(content) != sha256:
        raise Damaged(_("The content of this file is not what was stored."))
    return content


def is_kept(sha256: str) -> bool:
    """Whether the bytes lie whole in the storage; a write cut short by a crash does not count."""
    try:
        bytes_of(sha256)
    except Damaged:
        return False
    return True

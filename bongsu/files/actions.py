"""Storing, labelling, superseding, revealing files. The bytes are on the disk before the transaction commits."""

import os
from collections.abc import Iterable
from datetime import UTC
from typing import IO
from uuid import UUID

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from bongsu.events.actions import action, note_reading, record
from bongsu.events.queries import must_see
from bongsu.kernel.actors import Actor
from bongsu.kernel.canonical import digest
from bongsu.kernel.clock import now
from bongsu.kernel.errors import Conflict, Forbidden, Invalid, Refused
from bongsu.kernel.text import Text
from bongsu.kernel.text import gettext_noop as _

from . import queries
from .facts import EvidenceRevealed, FileLabelled, FileStored, FileSuperseded
from .models import Reveal, StoredFile
from .rules import LABELS, LARGEST, ORPHAN_AFTER, REVEALED_FOR, grants_to_label, path_of, safe_media_type, safe_name, why_not


@action
def store(
    actor: Actor,
    *,
    subject: str,
    name: str,
    content: bytes | IO[bytes],
    media_type: str = "",
    kind: str = "evidence",
    labels: Iterable[str] = (),
) -> StoredFile:
    """Keep a file with a record. `content`: bytes or an open binary file, at most 25 MB; labels: harmful, legal_hold,
    privileged. Refuses empty, too large and self-starting files."""
    _must_store(actor, subject)
    marked = _known(labels)
    raw = content if isinstance(content, bytes) else _read(content)
    name = safe_name(name)
    if refusal := why_not(name=name, size=len(raw)):
        raise Invalid(refusal[1], fields={refusal[0]: refusal[1]})
    stored = StoredFile(subject_id=subject, sha256=digest(raw), size=len(raw), name=name, kind=kind, stored_by=actor.key)
    stored.media_type = safe_media_type(media_type)
    _mark(stored, marked)
    _keep(stored.sha256, raw)
    stored.save()
    record(
        actor,
        FileStored(
            subject=subject,
            file=str(stored.id),
            file_name=name,
            sha256=stored.sha256,
            size=stored.size,
            media_type=stored.media_type,
            kind=kind,
            is_harmful=stored.is_harmful,
            is_legal_hold=stored.is_legal_hold,
            is_privileged=stored.is_privileged,
        ),
    )
    return stored


@action
def supersede(actor: Actor, *, file_id: UUID, by: UUID, reason: str) -> StoredFile:
    """Put another file of the same record in a file's place; the old one stays readable. Needs a reason."""
    old, new = _locked(actor, file_id), _locked(actor, by)
    _must_store(actor, old.subject_id)
    if not reason.strip():
        raise Invalid(_("Say why."), fields={"reason": _("Say why.")})
    if old.subject_id != new.subject_id or old.id == new.id:
        raise Invalid(_("A file is superseded by another file of the same record."), fields={"by": _("Choose another file.")})
    if old.superseded_by_id:
        raise Conflict(_("This file was superseded already."))
    if new.superseded_by_id:
        raise Conflict(_("The file that should take its place is superseded itself."))
    old.superseded_by, old.superseded_at = new, now()
    old.save(update_fields=["superseded_by", "superseded_at"])
    record(
        actor,
        FileSuperseded(subject=old.subject_id, file=str(old.id), file_name=old.name, by_file=str(new.id), reason=reason.strip()),
    )
    return old


@action
def label(actor: Actor, *, file_id: UUID, labels: Iterable[str], reason: str) -> StoredFile:
    """Set exactly these labels. Taking off legal hold or privilege is legal's right; unblurring needs the right to reveal."""
    stored = _locked(actor, file_id)
    before, after = set(stored.labels), _known(labels)
    for grant in sorted(grants_to_label(before, after)):
        actor.require(grant)
    if not reason.strip():
        raise Invalid(_("Say why."), fields={"reason": _("Say why.")})
    if before == after:
        return stored
    _mark(stored, after)
    stored.save(update_fields=["is_harmful", "is_legal_hold", "is_privileged"])
    record(
        actor,
        FileLabelled(
            subject=stored.subject_id,
            file=str(stored.id),
            file_name=stored.name,
            labels=stored.labels,
            before=sorted(before),
            reason=reason.strip(),
        ),
    )
    return stored


@action
def reveal(actor: Actor, *, file_id: UUID, reason: str) -> Reveal:
    """Let the actor see a blurred file for ten minutes; who, when and why stand in the ledger."""
    stored = queries.file(actor, file_id)
    actor.require("evidence.reveal")
    if actor.person_id is None:
        raise Forbidden(_("Only a person can reveal blurred content."))
    if not stored.is_harmful:
        raise Refused(_("This file is not blurred."))
    if not reason.strip():
        raise Invalid(_("Say why you need to see it."), fields={"reason": _("Say why you need to see it.")})
    at = now()
    shown = Reveal.objects.create(
        subject_id=stored.subject_id,
        file=stored,
        person_id=actor.person_id,
        reason=reason.strip(),
        revealed_at=at,
        until_at=at + REVEALED_FOR,
    )
    record(
        actor,
        EvidenceRevealed(
            subject=stored.subject_id, file=str(stored.id), file_name=stored.name, sha256=stored.sha256, reason=reason.strip()
        ),
    )
    return shown


def read_file(actor: Actor, *, file_id: UUID) -> tuple[StoredFile, bytes]:
    """`queries.open_file`, put on the record when the file belongs to a restricted record. Nothing is locked while the file
    is read and deciphered; the bytes are handed out only once the reading stands there."""
    stored, content = queries.open_file(actor, file_id)
    if stored.subject.restricted:
        note_reading(actor, subject=stored.subject_id, door="evidence")
    return stored, content


def sweep_orphans(actor: Actor) -> int:
    """Delete stored bytes that no row names (their transaction never committed) after an hour; returns how many."""
    actor.require("connections.manage")
    removed = 0
    for path in list(_paths()):
        sha256 = path.rsplit("/", 1)[-1]
        old = default_storage.get_modified_time(path).astimezone(UTC) < now() - ORPHAN_AFTER
        if old and not StoredFile.objects.filter(sha256=sha256).exists():
            default_storage.delete(path)
            removed += 1
    return removed


def _read(content: IO[bytes]) -> bytes:
    """From its beginning: an action that ran into a deadlock runs, and reads, again."""
    if content.seekable():
        content.seek(0)
    return content.read(LARGEST + 1)


def _must_store(actor: Actor, subject: str) -> None:
    must_see(actor, subject)
    if not (actor.is_all_seeing or actor.may("report.edit")):
        actor.require("incident.respond")


def _locked(actor: Actor, file_id: UUID) -> StoredFile:
    queries.file(actor, file_id)
    return StoredFile.objects.select_for_update().get(pk=file_id)


def _known(labels: Iterable[str]) -> set[str]:
    wanted = set(labels)
    if unknown := wanted - LABELS.keys():
        raise Invalid(
            Text(_("Unknown label: {label}."), {"label": sorted(unknown)[0]}),
            fields={"labels": _("harmful, legal_hold, privileged")},
        )
    return wanted


def _mark(stored: StoredFile, labels: set[str]) -> None:
    stored.is_harmful, stored.is_legal_hold = "harmful" in labels, "legal_hold" in labels
    stored.is_privileged = "privileged" in labels


def _keep(sha256: str, content: bytes) -> None:
    """Write the encrypted bytes unless they lie there whole; an orphan is made young again, so that no sweep takes it."""
    path = path_of(sha256)
    if queries.is_kept(sha256) and _touch(path):
        return
    default_storage.delete(path)  # cut short by a crash, or unreadable
    kept = default_storage.save(path, ContentFile(settings.KEYS.box.encrypt(content)))
    if kept != path:  # another process wrote the same bytes in between: its copy stands
        default_storage.delete(kept)
        return
    _to_disk(path)


def _touch(path: str) -> bool:
    try:
        os.utime(default_storage.path(path))
    except (NotImplementedError, FileNotFoundError):
        return False
    return True


def _to_disk(path: str) -> None:
    """A power cut after the commit must not take the bytes; remote storages see to that themselves."""
    try:
        local = default_storage.path(path)
    except NotImplementedError:
        return
    for place in (local, os.path.dirname(local)):
        handle = os.open(place, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _paths(folder: str = "") -> Iterable[str]:
    try:
        folders, names = default_storage.listdir(folder)
    except FileNotFoundError:
        return
    yield from (f"{folder}/{name}".lstrip("/") for name in names)
    for inner in folders:
        yield from _paths(f"{folder}/{inner}".lstrip("/"))

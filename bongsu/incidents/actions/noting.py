"""Notes, decisions, retractions and evidence."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import IO
from uuid import UUID

from bongsu.events.actions import action, record
from bongsu.events.models import Event
from bongsu.files import actions as files
from bongsu.files.models import StoredFile
from bongsu.files.rules import grants_to_label
from bongsu.kernel.actors import Actor
from bongsu.kernel.canonical import digest
from bongsu.kernel.clock import now
from bongsu.kernel.errors import Invalid, NotFound, Refused
from bongsu.kernel.text import gettext_noop as _

from ..facts import EntryRetracted, EvidenceAdded, EvidenceLabelled, EvidenceRevealed, Noted
from ..models import Evidence
from ..rules import EVIDENCE, FILE, LINK, LONGEST_NOTE, LONGEST_QUOTE, NOTE_KINDS, QUOTE
from .locking import is_ic, locked

LABELS = ("is_harmful", "has_legal_hold", "is_privileged")
FILE_LABEL = {"is_harmful": "harmful", "has_legal_hold": "legal_hold", "is_privileged": "privileged"}


@action
def add_note(actor: Actor, *, incident: UUID, text: str, kind: str = "note", occurred_at: datetime | None = None) -> UUID:
    """A note or a decision; `occurred_at` before now marks it as back-dated. Returns the entry's id."""
    found = locked(actor, incident)
    wrong: dict[str, str] = {}
    if kind not in NOTE_KINDS:
        wrong["kind"] = _("Choose note or decision.")
    if not text.strip():
        wrong["text"] = _("Write something.")
    if len(text) > LONGEST_NOTE:
        wrong["text"] = _("A note has at most 20,000 characters; add the rest as evidence.")
    if occurred_at and (occurred_at.tzinfo is None or occurred_at > now()):
        wrong["occurred_at"] = _("A moment with its zone, not in the future.")
    if wrong:
        raise Invalid(_("This note cannot be kept as it stands."), fields=dict(wrong))
    return record(actor, Noted(subject=found.subject_id, kind=kind, text=text.strip()), occurred_at=occurred_at)


@action
def retract_entry(actor: Actor, *, incident: UUID, event: UUID, reason: str) -> None:
    """Take an entry back with a reason: its tombstone stays. Who wrote it may, or the IC."""
    found = locked(actor, incident)
    row = Event.objects.filter(subject=found.subject_id, event=event).first()
    if row is None:
        raise NotFound(_("There is no such entry in this incident."))
    if row.name != Noted.name:
        raise Refused(_("Only notes and decisions are retracted; what was done stays."))
    if row.actor != actor.key and not is_ic(actor, found):
        raise Refused(_("Who wrote an entry retracts it, or the incident commander."))
    if not reason.strip():
        raise Invalid(_("A retraction needs a reason."), fields={"reason": _("Say why.")})
    record(actor, EntryRetracted(subject=found.subject_id, event=str(event), reason=reason))


@action
def add_evidence(
    actor: Actor,
    *,
    incident: UUID,
    title: str,
    file: StoredFile | None = None,
    url: str = "",
    quote: str = "",
    is_harmful: bool = False,
    is_privileged: bool = False,
) -> Evidence:
    """Exactly one of a stored file, a link (http or https) or quoted lines. The hash is of the file, address or text."""
    found = locked(actor, incident)
    if sum(map(bool, (file, url, quote))) != 1:
        raise Invalid(_("Evidence is one thing: a file, a link or quoted lines."))
    if url and not url.startswith(("http://", "https://")):
        raise Invalid(_("A link begins with http:// or https://."), fields={"url": _("Only web addresses.")})
    if file and file.subject_id != found.subject_id:
        raise Invalid(_("This file belongs to another record."), fields={"file": _("Upload it here.")})
    if len(quote) > LONGEST_QUOTE:
        long = _("A quote has at most 20,000 characters; put what is longer into a file.")
        raise Invalid(long, fields={"quote": long})
    kind, sha256 = FILE if file else LINK if url else QUOTE, file.sha256 if file else digest(url or quote)
    # What is harmful must not speak through its own title.
    spoken = f"{kind} {sha256[:12]}" if is_harmful and not file else file.name if file else url or quote[:80]
    evidence = Evidence.objects.create(
        subject=found.subject,
        incident=found,
        kind=kind,
        title=(title.strip() or spoken.strip())[:200],
        file=file,
        url=url,
        quote=quote,
        sha256=sha256,
        is_harmful=is_harmful,
        is_privileged=is_privileged,
        added_by=actor.key,
        added_at=now(),
    )
    record(
        actor,
        EvidenceAdded(
            subject=found.subject_id, evidence=evidence.id, kind=evidence.kind, title=evidence.title,
            sha256=evidence.sha256, is_harmful=is_harmful,
        ),
    )  # fmt: skip
    return evidence


@dataclass(frozen=True)
class Upload:
    """A file on its way in."""

    name: str
    media_type: str
    content: IO[bytes]


@action
def add_files(
    actor: Actor,
    *,
    incident: UUID,
    uploads: Sequence[Upload],
    title: str = "",
    is_harmful: bool = False,
    is_privileged: bool = False,
) -> list[Evidence]:
    """Files as evidence, all or none; a title belongs to one file, several keep their names."""
    found = locked(actor, incident)
    marks = [name for name, is_set in (("harmful", is_harmful), ("privileged", is_privileged)) if is_set]
    rows = []
    for upload in uploads:
        stored = files.store(
            actor, subject=found.subject_id, name=upload.name, content=upload.content, media_type=upload.media_type,
            kind="evidence", labels=marks,
        )  # fmt: skip
        name = title if len(uploads) == 1 else ""
        rows.append(
            add_evidence(actor, incident=found.id, title=name, file=stored, is_harmful=is_harmful, is_privileged=is_privileged)
        )
    return rows


@action
def add_together(
    actor: Actor, *, incident: UUID, title: str = "", uploads: Sequence[Upload] = (), url: str = "", quote: str = "",
    is_harmful: bool = False, is_privileged: bool = False,
) -> list[Evidence]:  # fmt: skip
    """Files, and a link or quoted lines beside them, as evidence: all or none."""
    rows: list[Evidence] = []
    if uploads:
        rows += add_files(
            actor, incident=incident, uploads=uploads, title=title, is_harmful=is_harmful, is_privileged=is_privileged
        )
    if url or quote or not uploads:
        rows.append(
            add_evidence(
                actor, incident=incident, title=title, url=url, quote=quote, is_harmful=is_harmful, is_privileged=is_privileged
            )
        )
    return rows


@action
def compose(
    actor: Actor, *, incident: UUID, text: str, kind: str, occurred_at: datetime | None = None, uploads: Sequence[Upload] = ()
) -> None:
    """What the composer sends, all or none: words as a note or a decision, files beside them. As evidence the words are the
    title of the file, or by themselves a link when they are a web address, else a quote."""
    words = text.strip()
    if kind == EVIDENCE and uploads:
        add_files(actor, incident=incident, uploads=uploads, title=words[:200])
    elif kind == EVIDENCE:
        is_link = words.startswith(("http://", "https://")) and " " not in words
        add_evidence(actor, incident=incident, title="", url=words if is_link else "", quote="" if is_link else words)
    else:
        if uploads:
            add_files(actor, incident=incident, uploads=uploads)
        if words or not uploads:
            add_note(actor, incident=incident, text=words, kind=kind, occurred_at=occurred_at)


@action
def label_evidence(actor: Actor, *, incident: UUID, evidence: UUID, **labels: bool) -> Evidence:
    """Set is_harmful, has_legal_hold, is_privileged. Legal takes off its own two; unblurring needs the right to reveal."""
    found = locked(actor, incident)
    if unknown := labels.keys() - set(LABELS):
        raise Invalid(_("Unknown fields."), fields=dict.fromkeys(unknown, _("Unknown field.")))
    row = found.evidence.select_for_update().filter(pk=evidence).first()
    if row is None:
        raise NotFound(_("There is no such evidence in this incident."))
    changed = [name for name, value in labels.items() if getattr(row, name) != value]
    before = {FILE_LABEL[name] for name in LABELS if getattr(row, name)}
    after = {FILE_LABEL[name] for name in LABELS if labels.get(name, getattr(row, name))}
    for grant in sorted(grants_to_label(before, after)):
        actor.require(grant)
    if row.file_id and after != before:  # the file is what is sent: it must know that it is blurred
        files.label(actor, file_id=row.file_id, labels=after, reason=row.title)
    for name in changed:
        setattr(row, name, labels[name])
    if changed:
        row.save(update_fields=changed)
        said = ", ".join(f"{name}={labels[name]}" for name in changed)
        record(actor, EvidenceLabelled(subject=found.subject_id, evidence=row.id, title=row.title, labels=said))
    return row


@action
def reveal_evidence(actor: Actor, *, incident: UUID, evidence: UUID, reason: str) -> Evidence:
    """Look at harmful evidence: needs the right to, and a reason; both stand in the ledger."""
    found = locked(actor, incident, grant="see")
    actor.require("evidence.reveal")
    row = found.evidence.filter(pk=evidence).first()
    if row is None:
        raise NotFound(_("There is no such evidence in this incident."))
    if not reason.strip():
        raise Invalid(_("Revealing needs a reason."), fields={"reason": _("Say why.")})
    record(actor, EvidenceRevealed(subject=found.subject_id, evidence=row.id, title=row.title, reason=reason))
    return row

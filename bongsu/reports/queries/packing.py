"""The whole record of an incident as a ZIP on disk, written piece by piece: no more than one evidence file is in memory."""

import hashlib
import json
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import IO, Any, cast

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Q
from django.http import FileResponse

import bongsu
from bongsu.comms import queries as comms
from bongsu.documents.facts import DocumentExported
from bongsu.documents.queries import file_stem, rendered
from bongsu.events import queries as events
from bongsu.events.exporting import SCRIPT_NAME, ledger_rows, script, seal_rows
from bongsu.events.facts import RecordRead
from bongsu.events.listening import names_of
from bongsu.events.models import Event, Head, Installation
from bongsu.files import queries as files
from bongsu.files.facts import EvidenceRevealed as FileRevealed
from bongsu.files.models import StoredFile
from bongsu.incidents import queries as incidents
from bongsu.incidents.facts import BreakGlassUsed, EvidenceRevealed
from bongsu.incidents.models import Evidence, Incident
from bongsu.kernel.actors import Actor
from bongsu.kernel.canonical import moment
from bongsu.kernel.clock import now

from ..facts import IncidentExported
from ..rules import export
from . import reports

READINGS = (
    RecordRead.name,
    IncidentExported.name,
    DocumentExported.name,
    EvidenceRevealed.name,
    FileRevealed.name,
    BreakGlassUsed.name,
)
PIECE = 1 << 16


@dataclass
class Taken:
    """An export that is ready to be sent: `content` is an open file that is gone once closed."""

    number: str
    content: IO[bytes]
    counts: dict[str, int] = field(default_factory=dict)
    sha256: str = ""
    size: int = 0


class Packer:
    """A ZIP being written; every file's SHA-256 is kept for the checksums."""

    def __init__(self, content: IO[bytes], folder: str) -> None:
        self.zip = zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED)
        self.folder, self.sums = folder, []  # type: tuple[str, list[tuple[str, str]]]
        self.at = now().timetuple()[:6]

    def write(self, name: str, pieces: Iterable[bytes]) -> None:
        found, info = hashlib.sha256(), zipfile.ZipInfo(f"{self.folder}/{name}", self.at)
        info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
        with self.zip.open(info, "w", force_zip64=True) as target:
            for piece in pieces:
                found.update(piece)
                target.write(piece)
        self.sums.append((name, found.hexdigest()))

    def lines(self, name: str, rows: Iterable[Any]) -> int:
        count = 0

        def counted() -> Iterator[bytes]:
            nonlocal count
            for row in rows:
                count += 1
                yield json.dumps(row, ensure_ascii=False, cls=DjangoJSONEncoder).encode() + b"\n"

        self.write(name, counted())
        return count

    def json(self, name: str, value: Any) -> None:
        self.write(name, [json.dumps(value, ensure_ascii=False, indent=1, cls=DjangoJSONEncoder).encode() + b"\n"])


@dataclass
class Chosen:
    """Which evidence goes along, under which name, and which is held back and why."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    files: list[tuple[str, str]] = field(default_factory=list)  # name in the export, hash
    words: list[tuple[str, str]] = field(default_factory=list)  # name in the export, harmful lines or address
    hidden: set[str] = field(default_factory=set)  # ids whose words are kept out of the ledger slice too
    harmful: int = 0
    privileged: int = 0

    @property
    def withheld(self) -> int:
        return sum("withheld" in row for row in self.rows)


def pack(actor: Actor, incident: Incident, *, is_privileged_included: bool) -> Taken:
    """Everything the record has, in a temporary file. Reads only; the caller has checked the right to."""
    chosen = choose(actor, incident, is_privileged_included=is_privileged_included)
    with ExitStack() as unfinished:
        content = cast(IO[bytes], unfinished.enter_context(tempfile.TemporaryFile(prefix="bongsu-export-")))
        counts = _packed(actor, incident, chosen, Packer(content, incident.number))
        size, found = content.tell(), hashlib.sha256()
        content.seek(0)
        while piece := content.read(PIECE):
            found.update(piece)
        content.seek(0)
        unfinished.pop_all()  # whoever sends it closes it
    return Taken(incident.number, content, counts, found.hexdigest(), size)


def _packed(actor: Actor, incident: Incident, chosen: Chosen, packer: Packer) -> dict[str, int]:
    head = Head.objects.get(pk=incident.subject_id)
    counts = {"files": len(chosen.rows) - chosen.withheld, "harmful": chosen.harmful, "privileged": chosen.privileged}
    counts["withheld"] = chosen.withheld
    rows = ledger_rows(
        actor, incident.subject_id, last=head.seq, is_withheld=lambda event: _stays_back(event, chosen.hidden)
    )  # fmt: skip
    counts["entries"] = packer.lines("ledger.jsonl", rows)
    counts["seals"] = packer.lines("seals.jsonl", seal_rows(incident.subject_id))
    packer.json("heads.json", {"is_complete": False, "heads": {incident.subject_id: {"seq": head.seq, "hash": head.hash}}})
    packer.write("public-key.txt", [f"{events.public_key()}\n".encode()])
    packer.json("incident.json", described(actor, incident))
    packer.json("evidence.json", chosen.rows)
    for name, sha256 in chosen.files:
        packer.write(name, [files.bytes_of(sha256)])
    for name, words in chosen.words:
        packer.write(name, [words.encode()])
    counts["messages"] = packer.lines("messages.jsonl", messages(actor, incident))
    packer.write("messages.txt", _spoken(messages(actor, incident)))
    for row in reports(actor, incident):
        for form in ("md", "html", "pdf"):
            packer.write(f"report/{file_stem(row)}.{form}", [rendered(row, form)])
    packer.lines("access.jsonl", access(incident, head.seq))
    packer.write(SCRIPT_NAME, [script()])
    _finish(packer, incident, counts)
    return counts


def _finish(packer: Packer, incident: Incident, counts: dict[str, int]) -> None:
    home = Installation.objects.first()
    values = {"number": incident.number, "made_at": f"{now():%Y-%m-%d %H:%M:%S}", "version": bongsu.__version__, **counts}
    values |= {"installation": str(home.id) if home else "-", "is_demo": bool(home and home.is_demo)}
    for language in ("ko", "en"):
        packer.write(f"README.{language}.md", [export.readme(language, values).encode()])
    packer.write(export.CHECKSUMS, [export.checksums(packer.sums).encode()])
    packer.zip.close()


def choose(actor: Actor, incident: Incident, *, is_privileged_included: bool) -> Chosen:
    """Files and quotes; privileged ones only when asked for, harmful ones only for those who may reveal them."""
    chosen, of_evidence = Chosen(), set()
    for piece in incidents.evidence(actor, incident):
        of_evidence.add(piece.file_id)
        _add(chosen, actor, piece, piece.file, is_privileged_included)
    for stored in files.files(actor, incident.subject_id, is_complete=True):
        if stored.id not in of_evidence:
            _add(chosen, actor, None, stored, is_privileged_included)
    return chosen


def _add(chosen: Chosen, actor: Actor, piece: Evidence | None, stored: StoredFile | None, is_privileged_included: bool) -> None:
    is_harmful = bool((piece and piece.is_harmful) or (stored and stored.is_harmful))
    is_privileged = bool((piece and piece.is_privileged) or (stored and stored.is_privileged))
    ids = [str(row.id) for row in (piece, stored) if row]
    row: dict[str, Any] = {"ids": ids, "is_harmful": is_harmful, "is_privileged": is_privileged}
    row["sha256"] = piece.sha256 if piece else stored.sha256 if stored else ""
    chosen.rows.append(row)
    if is_privileged and not is_privileged_included:
        row["withheld"] = "privileged"
        chosen.hidden.update(ids)
        return
    row |= _told(piece, stored)
    # Harmful lines and addresses stand nowhere in clear: they lie apart like a file, known by their hash.
    words = row.pop("quote", "") + row.pop("url", "") if is_harmful else ""
    if is_harmful and not actor.may("evidence.reveal"):
        row["withheld"] = "harmful"
        return
    chosen.harmful += is_harmful
    chosen.privileged += is_privileged
    if stored:
        row["file"] = export.evidence_name(len(chosen.rows), stored.sha256, stored.name, is_harmful=is_harmful)
        chosen.files.append((row["file"], stored.sha256))
    elif words:
        row["file"] = export.evidence_name(len(chosen.rows), row["sha256"], "words.txt", is_harmful=True)
        chosen.words.append((row["file"], words))


def _told(piece: Evidence | None, stored: StoredFile | None) -> dict[str, Any]:
    told: dict[str, Any] = {"name": stored.name, "size": stored.size, "media_type": stored.media_type} if stored else {}
    if piece:
        told |= {"kind": piece.kind, "title": piece.title, "url": piece.url, "quote": piece.quote}
        told |= {"added_by": piece.added_by, "added_at": piece.added_at, "has_legal_hold": piece.has_legal_hold}
    elif stored:
        told |= {"kind": stored.kind, "added_by": stored.stored_by, "added_at": stored.stored_at}
    return told


def _stays_back(event: Event, hidden: set[str]) -> bool:
    """Words about evidence that stays back are kept out of the ledger slice too."""
    data = json.loads(event.text)["data"] if hidden else {}
    return bool(hidden & {str(data.get("evidence", "")), str(data.get("file", ""))})


def described(actor: Actor, incident: Incident) -> dict[str, Any]:
    skipped = {"subject", "pack", "id", "system", "aware_person", "aware_evidence"}
    values = {f.name: getattr(incident, f.name) for f in incident._meta.concrete_fields if f.name not in skipped}
    people = incident.assignments.select_related("person").order_by("began_at")
    return values | {
        "subject": incident.subject_id,
        "system": incident.system.name if incident.system else None,
        "roles": [
            {
                "role": a.role,
                "person": a.person.name,
                "began_at": a.began_at,
                "accepted_at": a.accepted_at,
                "ended_at": a.ended_at,
            }
            for a in people
        ],
        "duties": [
            {f.name: getattr(duty, f.name) for f in duty._meta.concrete_fields if f.name not in ("id", "incident")}
            for duty in incidents.duties(actor, incident)
        ],
    }


def messages(actor: Actor, incident: Incident) -> Iterator[dict[str, Any]]:
    """Messages with their text as it was sent but for the recipient's own link to acknowledge, and what came of each way."""
    kept = ("purpose", "template", "template_version", "language", "name", "title", "text", "text_hash", "state", "asked_by",
            "created_at", "sent_at", "acknowledged_at", "acknowledged_via")  # fmt: skip
    for row in comms.messages(actor, subject=incident.subject_id).order_by("created_at", "id").iterator(chunk_size=200):
        ways = ("way", "address", "state", "external_id", "error", "ended_at")
        sendings = [{name: getattr(sending, name) for name in ways} for sending in row.sendings.all()]
        yield {name: getattr(row, name) for name in kept} | {"sendings": sendings}


def _spoken(rows: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    for row in rows:
        at = moment(row["sent_at"]) if row["sent_at"] else row["state"]
        yield f"--- {at} · {row['name']} · {row['purpose']}\n{row['title']}\n\n{row['text']}\n\n".encode()


def access(incident: Incident, last: int) -> Iterator[dict[str, Any]]:
    """Who has read the record, revealed what was blurred, and taken things along."""
    rows = Event.objects.filter(Q(name__in=READINGS), subject=incident.subject_id, seq__lte=last).order_by("seq")
    names: dict[str, str] = {}
    for event in rows.prefetch_related("personal").iterator(chunk_size=200):
        if event.actor not in names:
            names |= names_of([event.actor])
        data = events.values_of(event)[0]
        told: dict[str, Any] = {name: data[name] for name in ("door", "form", "reason", "sha256") if name in data}
        yield {"at": event.occurred_at, "who": event.actor, "name": names[event.actor], "what": event.name, **told}


def answer(taken: Taken) -> FileResponse:
    """Streamed from the disk; the name carries only the ID."""
    return FileResponse(
        taken.content,
        as_attachment=True,
        filename=export.zip_name(taken.number),
        content_type="application/zip",
        headers={"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff", "X-Content-SHA256": taken.sha256},
    )

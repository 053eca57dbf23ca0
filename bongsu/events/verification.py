"""Checking the live ledger: the database is streamed through the same functions as the stand-alone script."""

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef

from bongsu.kernel.actors import Actor, system
from bongsu.kernel.refs import ref

from .actions import action, record
from .facts import Verified
from .models import Event, Head, Installation, Seal
from .schedules import every
from .sealing import folder
from .verify_ledger import Report, check_rows, check_seals, read_outside

DAY = 24 * 3600
FIELDS = (
    "position", "event", "subject_id", "seq", "name", "actor", "text", "hash",
    "subject__head__seq", "subject__head__hash", "personal__field", "personal__salt", "personal__value",
)  # fmt: skip


def verify(outside: list[dict[str, Any]] | None = None) -> Report:
    """Check everything. `outside`: seals from outside; left out: those in the folder they are put into."""
    report = Report()
    seals = [{"text": s.text, "hash": s.hash, "signature": s.signature} for s in Seal.objects.order_by("number").iterator()]
    handed_out = read_outside(sorted(folder().glob(_own_seals()))) if outside is None else outside
    marks = check_seals(seals, handed_out, [settings.KEYS.public], report)
    return check_rows(_groups(), marks, report, heads=_bare_heads())


def _own_seals() -> str:
    home = Installation.objects.first()
    return f"seal-{home.id if home else 'none'}-*.json"


def _groups() -> Iterator[tuple[str, Iterator[dict[str, Any]]]]:
    """One statement, so that rows, heads and personal values are of one moment while others go on writing."""
    found = Event.objects.order_by("subject_id", "seq", "position").values_list(*FIELDS).iterator(chunk_size=1000)
    for subject, rows in groupby(found, key=itemgetter(2)):
        yield subject, (_row(list(same)) for _position, same in groupby(rows, key=itemgetter(0)))


def _row(same: list[tuple[Any, ...]]) -> dict[str, Any]:
    position, event, subject, seq, name, actor, text, found, head_seq, head_hash = same[0][:10]
    return {
        "text": text,
        "hash": found,
        "position": position,
        "columns": {"event": str(event), "subject": subject, "seq": seq, "name": name, "actor": actor},
        "personal": [dict(zip(("field", "salt", "value"), row[10:], strict=True)) for row in same if row[10] is not None],
        **({} if head_seq is None else {"head": {"seq": head_seq, "hash": head_hash}}),
    }


def _bare_heads() -> dict[str, dict[str, Any]]:
    """Heads that say there are rows where there are none."""
    without = Head.objects.filter(~Exists(Event.objects.filter(subject=OuterRef("subject"))), seq__gt=0)
    return {head.subject_id: {"seq": head.seq, "hash": head.hash} for head in without}


def verify_on_record(actor: Actor, *, seals: list[Path] | None = None) -> Report:
    """Check everything and put on the record what was found. The check itself holds no transaction open for writing."""
    actor.require("ledger.verify")
    report = verify(None if seals is None else read_outside(seals))
    note_verification(actor, report=report)
    return report


@action
def note_verification(actor: Actor, *, report: Report) -> None:
    """Nothing is recorded in a database that is not installed."""
    home, first = Installation.objects.first(), report.first
    if home:
        record(
            actor,
            Verified(
                subject=ref("installation", home.id),
                rows=report.rows,
                seals=report.seals,
                erased=report.counts.get("erased", 0),
                failures=report.failed,
                first=f"{first.kind} {first.place}" if first else "",
            ),
        )


@every("events.verify", seconds=DAY)
def verify_nightly() -> None:
    if Installation.objects.exists():
        verify_on_record(system("verification"))

"""The parts of an export that prove it: the rows of some records, the seals that cover them, and the script that checks both.

The format is in docs/ledger.md. Who calls decides who may have it and puts the export on the record.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from django.db.models import Q

from bongsu.kernel.actors import Actor

from . import verify_ledger
from .models import Event, Seal
from .queries import must_see

SCRIPT_NAME = "verify_ledger.py"


def ledger_lines(
    actor: Actor, subjects: Iterable[str], *, is_withheld: Callable[[Event, str], bool] = lambda _event, _field: False
) -> Iterator[str]:
    """Lines of `ledger.jsonl`; `is_withheld(event, field)` leaves a personal value or free text out, and says so."""
    for subject in subjects:
        must_see(actor, subject)
        rows = Event.objects.filter(subject=subject).order_by("seq").prefetch_related("personal")
        for event in rows.iterator(chunk_size=500):
            held = [value.field for value in event.personal.all() if is_withheld(event, value.field)]
            given = [
                {"field": value.field, "salt": value.salt, "value": value.value}
                for value in event.personal.all()
                if value.field not in held
            ]
            row = {"text": event.text, "hash": event.hash, "personal": given, "withheld": held}
            yield json.dumps(row, ensure_ascii=False) + "\n"


def seal_lines(subjects: Iterable[str]) -> Iterator[str]:
    """Lines of `seals.jsonl`: the seals that name one of the records. Seals hold references and hashes only."""
    names = Q(pk__in=[])
    for subject in subjects:
        names |= Q(text__contains=json.dumps(subject))
    for made in Seal.objects.filter(names).order_by("number").iterator():
        yield json.dumps({"text": made.text, "hash": made.hash, "signature": made.signature}, ensure_ascii=False) + "\n"


def script() -> bytes:
    """The check itself, to be put beside the lines as `verify_ledger.py`."""
    return Path(verify_ledger.__file__).read_bytes()

"""The parts of an export that prove it: the rows of a record, the seals that cover it, and the script that checks both.

The format is in docs/ledger.md. Who calls decides who may have it and puts the export on the record.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bongsu.kernel.actors import Actor

from . import verify_ledger
from .models import Event, Seal
from .queries import must_see

SCRIPT_NAME = "verify_ledger.py"
Row = dict[str, Any]


def ledger_rows(
    actor: Actor, subject: str, *, last: int | None = None, is_withheld: Callable[[Event], bool] = lambda _event: False
) -> Iterator[Row]:
    """Lines of `ledger.jsonl`, up to the number `last`; of an entry that `is_withheld` the personal values and free texts are
    left out, and it says so."""
    must_see(actor, subject)
    found = Event.objects.filter(subject=subject).order_by("seq").prefetch_related("personal")
    for event in (found if last is None else found.filter(seq__lte=last)).iterator(chunk_size=500):
        row: Row = {"text": event.text, "hash": event.hash}
        if is_withheld(event):
            yield row | {"withheld": [value.field for value in event.personal.all()]}
        else:
            yield row | {"personal": [{"field": v.field, "salt": v.salt, "value": v.value} for v in event.personal.all()]}


def seal_rows(subject: str) -> Iterator[Row]:
    """Lines of `seals.jsonl`: the seals that name the record, each with its number and hash at that time, signed. They hold
    references and hashes only."""
    named = Seal.objects.filter(text__contains=json.dumps(subject)).order_by("number")
    for made in named.iterator(chunk_size=50):
        yield {"text": made.text, "hash": made.hash, "signature": made.signature}


def script() -> bytes:
    """The check itself, to be put beside the lines."""
    return Path(verify_ledger.__file__).read_bytes()

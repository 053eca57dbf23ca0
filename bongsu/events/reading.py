"""Queries say here which restricted records they hand out (`shows`, `opened`); `witness` puts on the record who has read them."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from typing import TypeVar

from django.db.models import Model, QuerySet

from bongsu.kernel.actors import Actor

from .models import Subject

M = TypeVar("M", bound=Model)
EVERY = timedelta(hours=1)
_shown: ContextVar[set[tuple[str, str]] | None] = ContextVar("shown", default=None)


def shows(actor: Actor, *subjects: Subject) -> None:
    """What stands in these records is handed out to the actor."""
    seen = _shown.get()
    if seen is not None and not actor.is_all_seeing:
        seen.update((actor.key, subject.ref) for subject in subjects if subject.restricted)


def listing(actor: Actor) -> Callable[[Sequence[Model]], None]:
    """For `page_of(..., shown=listing(actor))`: what stands in the records of these rows is handed out."""

    def note(rows: Sequence[Model]) -> None:
        refs = {row.subject_id for row in rows}  # type: ignore[attr-defined]
        shows(actor, *Subject.objects.filter(restricted=True, ref__in=refs))

    return note


def opened(actor: Actor, rows: QuerySet[M]) -> M | None:
    """The first of these rows, narrowed already to what the actor may see; one of a restricted record is read with it."""
    row = rows.select_related("subject").first()
    if row is not None:
        shows(actor, row.subject)  # type: ignore[attr-defined]
    return row


def is_noted(actor: Actor, subject: str) -> None:
    """This answer's reading stands in the ledger already, under a word of its own (evidence, export)."""
    seen = _shown.get()
    if seen is not None:
        seen.discard((actor.key, subject))


@contextmanager
def watching() -> Iterator[set[tuple[str, str]]]:
    """Collect (actor, subject) of what is shown inside the block."""
    seen: set[tuple[str, str]] = set()
    mark = _shown.set(seen)
    try:
        yield seen
    finally:
        _shown.reset(mark)

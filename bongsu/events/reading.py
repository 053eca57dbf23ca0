"""Reading a restricted record is put on the record, at every door (B6): once per person, door and hour.

Queries say which restricted records they hand out (`shows`, `opened`); behind every page and API answer that only reads, the
middleware writes down those of the one who asked. Who acts states a fact of his own. A part that is fetched again and again
costs nothing: this process remembers until when nothing more is due.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from typing import TypeVar

from django.core.cache import cache
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse

from bongsu.kernel.actors import Actor
from bongsu.kernel.clock import now

from .models import Subject

M = TypeVar("M", bound=Model)
EVERY = timedelta(hours=1)
READS = ("GET", "HEAD")
_shown: ContextVar[set[tuple[str, str]] | None] = ContextVar("shown", default=None)


def shows(actor: Actor, *subjects: Subject) -> None:
    """What stands in these records is handed out to the actor."""
    seen = _shown.get()
    if seen is not None and not actor.is_all_seeing:
        seen.update((actor.key, subject.ref) for subject in subjects if subject.restricted)


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


class ReadingMiddleware:
    """Behind `ActorMiddleware`. A reading that cannot be noted is not answered."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method not in READS:
            return self.get_response(request)
        with watching() as seen:
            response = self.get_response(request)
        if seen and response.status_code < 400:
            actor: Actor = request.actor  # type: ignore[attr-defined]  # a token's, when the API found one
            for key, subject in sorted(seen):
                if key == actor.key:
                    note(actor, subject=subject, door=door_of(request))
        return response


def door_of(request: HttpRequest) -> str:
    """`api`, or the module whose page it is; the parts of a page are the page."""
    if request.path.startswith("/api/"):
        return "api"
    return (request.resolver_match and request.resolver_match.app_name) or "page"


def note(actor: Actor, *, subject: str, door: str) -> None:
    from .actions import note_reading_of_the_hour  # queries stand on this module, actions on queries

    key = f"reading:{actor.key}:{subject}:{door}"
    noted_at = cache.get(key)
    if noted_at is None or now() - noted_at >= EVERY:
        cache.set(key, note_reading_of_the_hour(actor, subject=subject, door=door), EVERY.total_seconds())

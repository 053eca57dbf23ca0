"""Reading a restricted record is put on the record, at every door (B6): once per person, door and hour.

Behind every page and API answer that only reads, and every page that comes again with its errors, the middleware writes down
what `reading` has seen handed out to the one who asked. Who acts states a fact of his own. A part that is fetched again and
again costs nothing: this process remembers until when nothing more is due.
"""

from collections.abc import Callable

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse

from bongsu.kernel.actors import Actor
from bongsu.kernel.clock import now

from .actions import note_reading_of_the_hour
from .reading import EVERY, watching

READS = ("GET", "HEAD")


class ReadingMiddleware:
    """Behind `ActorMiddleware`. A reading that cannot be noted is not answered."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with watching() as seen:
            response = self.get_response(request)
        if seen and _is_page(request, response):
            actor: Actor = request.actor  # type: ignore[attr-defined]  # a token's, when the API found one
            for key, subject in sorted(seen):
                if key == actor.key:
                    note(actor, subject=subject, door=door_of(request))
        return response


def _is_page(request: HttpRequest, response: HttpResponse) -> bool:
    """Something to read: an answer to a reading, or the page once more because what was typed is wrong."""
    if request.method in READS:
        return response.status_code < 400
    return response.status_code == 422 and not request.path.startswith("/api/")


def door_of(request: HttpRequest) -> str:
    """`api`, or the module whose page it is; the parts of a page are the page."""
    if request.path.startswith("/api/"):
        return "api"
    return (request.resolver_match and request.resolver_match.app_name) or "page"


def note(actor: Actor, *, subject: str, door: str) -> None:
    key = f"reading:{actor.key}:{subject}:{door}"
    noted_at = cache.get(key)
    if noted_at is None or now() - noted_at >= EVERY:
        cache.set(key, note_reading_of_the_hour(actor, subject=subject, door=door), EVERY.total_seconds())

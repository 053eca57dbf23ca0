"""From a request to the one who acts."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from bongsu.kernel.actors import ANONYMOUS, Actor

from .queries import actor_of


def actor_of_session(request: HttpRequest) -> Actor:
    """The signed-in person; ANONYMOUS without a session cookie, and then no query is made."""
    if settings.SESSION_COOKIE_NAME not in request.COOKIES or not request.user.is_authenticated:
        return ANONYMOUS
    return actor_of(request.user)


class ActorMiddleware:
    """Puts `request.actor` on every request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.actor = actor_of_session(request)  # type: ignore[attr-defined]
        return self.get_response(request)

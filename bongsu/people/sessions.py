"""From a request to the one who acts."""

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url

from bongsu.kernel import clock
from bongsu.kernel.actors import ANONYMOUS, Actor

from .actions import change_person
from .actions.sign_in import note_token_refused, note_token_use
from .queries import actor_of, token_of, why_refused
from .rules import BadToken, is_use_due


def actor_of_session(request: HttpRequest) -> Actor:
    """The signed-in person; ANONYMOUS without a session cookie, and then no query is made."""
    if settings.SESSION_COOKIE_NAME not in request.COOKIES or not request.user.is_authenticated:
        return ANONYMOUS
    return actor_of(request.user)


def actor_of_bearer(request: HttpRequest, raw: str) -> Actor:
    """The one who acts by an API token, its use noted. BadToken (401) says why a token opens nothing."""
    token, address = token_of(raw), request.META.get("REMOTE_ADDR", "")
    if why := why_refused(token):
        if is_use_due(token.last_refused_at, clock.now()):
            note_token_refused(ANONYMOUS, token=token.id, why=why, address=address)
        raise BadToken(why)
    actor = actor_of(token.person, scopes=frozenset(token.scopes))
    if is_use_due(token.last_used_at, clock.now()):  # a plain read writes nothing
        note_token_use(actor, token=token.id, address=address)
    return actor


class ActorMiddleware:
    """Puts `request.actor` on every request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.actor = actor_of_session(request)  # type: ignore[attr-defined]
        response = self.get_response(request)
        is_sent_away = response.status_code == 302 and urlsplit(response["Location"]).path == resolve_url(settings.LOGIN_URL)
        if is_sent_away and request.headers.get("HX-Request"):
            return HttpResponse(status=401)  # htmx would follow, and put the sign-in page into a part of this one
        return response


def remember_language(request: HttpRequest, language: str) -> None:
    """A switch of the language on a page is kept with the person."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if actor.person_id and actor.language != language:
        change_person(actor, person=actor.person_id, language=language)

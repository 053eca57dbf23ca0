"""The reader's language and zone: chosen here for a request, spoken here for a `Text`."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.translation import gettext

from bongsu.kernel.particles import has_pair, settle
from bongsu.kernel.text import Text

from . import moments

COOKIE = "bongsu_language"
YEAR = 365 * 24 * 3600

Remember = Callable[[HttpRequest, str], None]
_remember: list[Remember] = []


def register_remember(keep: Remember) -> None:
    """`keep(request, language)` is called when a reader switches, so that his choice can be kept with the person."""
    _remember.append(keep)


def say(text: Text | str | Promise | None, language: str | None = None) -> str:
    """A catalogue message with its values in words of `language`; without one, in the reader's."""
    if not text:
        return ""
    with translation.override(language) if language else nullcontext():
        if isinstance(text, Text):
            message = gettext(text.message)
            spoken = message.format_map(Values({n: _spoken(v) for n, v in text.values.items()})) if text.values else message
            return settle(spoken) if has_pair(message) else spoken
        return gettext(str(text))


def both(text: Text | str) -> dict[str, str]:
    """In each language, as facts keep what every reader is told in their own."""
    return {code: say(text, code) for code in ("ko", "en")}


class Values(dict[str, Any]):
    """What a message says; a value that is gone shows as a gap, it does not take the page with it."""

    def __missing__(self, name: str) -> str:
        return "…"


def _spoken(value: Any) -> Any:
    match value:
        case Text():
            return say(value)
        case Promise():
            return str(value)
        case datetime():
            return moments.full(value)
        case timedelta():
            return moments.duration(value)
        case list() | tuple():
            return ", ".join(str(_spoken(one)) for one in value)
        case {"ko": ko, "en": en}:
            return en if translation.get_language() == "en" else ko
    return value


def is_offered(language: str | None) -> bool:
    return language in dict(settings.LANGUAGES)


def chosen(request: HttpRequest) -> str | None:
    """What the reader chose with the switch, in this session or this browser."""
    session = getattr(request, "session", None)
    for language in (session.get(COOKIE) if session is not None else None, request.COOKIES.get(COOKIE)):
        if is_offered(language):
            return language
    return None


def asked(request: HttpRequest) -> str:
    """The first offered language of `Accept-Language`, else the house's own."""
    for part in request.headers.get("accept-language", "").split(","):
        language = part.partition(";")[0].strip().lower().partition("-")[0]
        if is_offered(language):
            return language
    return settings.LANGUAGE_CODE


def switch(request: HttpRequest, response: HttpResponse, language: str) -> None:
    """Keep `language` for this session and this browser, and with the person."""
    request.session[COOKIE] = language
    response.set_cookie(COOKIE, language, max_age=YEAR, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE, httponly=True)
    for keep in _remember:
        keep(request, language)


class LanguageMiddleware:
    """Speaks the chosen language, else the person's, else the browser's; shows moments in the person's zone."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with translation.override(chosen(request) or asked(request)), timezone.override(_zone(settings.ORGANISATION_ZONE)):
            request.LANGUAGE_CODE = translation.get_language()
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", translation.get_language() or settings.LANGUAGE_CODE)
            return response

    def process_view(self, request: HttpRequest, *_args: Any) -> None:
        speak_to_person(request)


def speak_to_person(request: HttpRequest) -> None:
    """Once the actor is known: his language unless he chose another here, and his zone."""
    actor = getattr(request, "actor", None)
    if actor is None or actor.person_id is None:
        return
    if language := chosen(request):
        request.actor = replace(actor, language=language)  # type: ignore[attr-defined]  # for all that is said in this request
    elif is_offered(actor.language):
        translation.activate(actor.language)
        request.LANGUAGE_CODE = actor.language
    timezone.activate(_zone(actor.zone))


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo(settings.ORGANISATION_ZONE)

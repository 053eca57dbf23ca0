"""What stands around every page: navigation, alarms, banners, the palette. Upper modules register; nothing is imported."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import translation

from bongsu.kernel import clock
from bongsu.kernel.actors import ANONYMOUS, Actor
from bongsu.kernel.text import Text
from bongsu.kernel.text import gettext_noop as noop

from . import moments
from .language import say


@dataclass(frozen=True)
class NavEntry:
    key: str
    label: str
    url_name: str
    order: int
    grant: str = ""


@dataclass(frozen=True)
class Alarm:
    """A red bar on every page: something the house itself needs."""

    text: Text | str
    url: str = ""
    action: Text | str = ""


@dataclass(frozen=True)
class Banner:
    """A quiet bar: what kind of house this is (demo, drill, held). `tone`: drill, demo, held, calm."""

    text: Text | str
    tone: str = "calm"
    url: str = ""
    action: Text | str = ""


@dataclass(frozen=True)
class Command:
    """A line of the palette. `url` overrides `url_name` and may answer None: not on this page."""

    key: str
    label: str
    url_name: str = ""
    order: int = 100
    grant: str = ""
    words: str = ""
    url: Callable[[HttpRequest], str | None] | None = None


@dataclass(frozen=True)
class Record:
    """What a page is about; a closed one takes only few acts."""

    number: str
    is_closed: bool


@dataclass(frozen=True)
class Found:
    """A thing the palette found for what was typed."""

    label: str
    url: str
    note: str = ""


AlarmProvider = Callable[[HttpRequest], list[Alarm]]
BannerProvider = Callable[[HttpRequest], list[Banner]]
Finder = Callable[[HttpRequest, str], list[Found]]
_nav: dict[str, NavEntry] = {}
_commands: dict[str, Command] = {}
_alarms: list[AlarmProvider] = []
_banners: list[BannerProvider] = []
_record_providers: list[Callable[[HttpRequest], Record | None]] = []
_finders: list[Finder] = []
_stream_place: list[Callable[[HttpRequest], str]] = []


def register_nav(key: str, label: str, url_name: str, order: int = 100, grant: str = "") -> None:
    """An entry of the top line (label: English msgid); shown to actors who hold `grant`."""
    _nav[key] = NavEntry(key, label, url_name, order, grant)


def register_command(
    key: str,
    label: str,
    url_name: str = "",
    order: int = 100,
    grant: str = "",
    words: str = "",
    url: Callable[[HttpRequest], str | None] | None = None,
) -> None:
    """A line of the palette; `words` are more words to find it by, in any language."""
    _commands[key] = Command(key, label, url_name, order, grant, words, url)


def register_record(provider: Callable[[HttpRequest], Record | None]) -> None:
    """Who knows which record a page is about; the one registered last is asked, once a page."""
    _record_providers.append(provider)


def of_this_record(route: str, *more: str, when_closed: bool = False) -> Callable[[HttpRequest], str | None]:
    """For `register_command(url=...)`: an act on the record whose page this is, nowhere else. `more`: other arguments."""

    def url(request: HttpRequest) -> str | None:
        record = _record_of(request)
        if record is None or (record.is_closed and not when_closed):
            return None
        return reverse(route, args=[record.number, *more])

    return url


def _record_of(request: HttpRequest) -> Record | None:
    if not hasattr(request, "record_in_palette"):
        request.record_in_palette = _record_providers[-1](request) if _record_providers else None  # type: ignore[attr-defined]
    return request.record_in_palette  # type: ignore[attr-defined, no-any-return]


def register_alarm(provider: AlarmProvider) -> None:
    """`provider(request)` is asked once on every full page."""
    if provider not in _alarms:
        _alarms.append(provider)


def register_banner(provider: BannerProvider) -> None:
    if provider not in _banners:
        _banners.append(provider)


def register_finder(finder: Finder) -> None:
    """`finder(request, query)` answers what the actor may see, a handful at most."""
    if finder not in _finders:
        _finders.append(finder)


def register_stream_place(provider: Callable[[HttpRequest], str]) -> None:
    """`provider(request)` answers the id of the last event of the stream, asked before the page is drawn."""
    _stream_place[:] = [provider]


def find(request: HttpRequest, query: str) -> list[Found]:
    return [found for finder in _finders for found in finder(request, query)][:12] if query.strip() else []


def actor_of(request: HttpRequest) -> Actor:
    return getattr(request, "actor", None) or ANONYMOUS


def url_or_none(name: str) -> str | None:
    """The address behind a URL name, None when its module is not installed."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return None


ACCOUNT = (
    (noop("My profile"), "people:me"),
    (noop("Second factor"), "mfa_index"),
    (noop("Change password"), "account_change_password"),
)


class Frame:
    """Built lazily: a fragment that does not draw the frame asks nothing."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.actor = actor_of(request)

    @property
    def is_signed_in(self) -> bool:
        return self.actor.person_id is not None

    def _may(self, grant: str) -> bool:
        return self.is_signed_in and (not grant or self.actor.may(grant))

    @cached_property
    def nav(self) -> list[dict[str, object]]:
        entries = []
        for entry in sorted(_nav.values(), key=lambda e: (e.order, e.key)):
            url = url_or_none(entry.url_name) if self._may(entry.grant) else None
            if url:
                path = self.request.path
                is_current = path == url or (url != "/" and path.startswith(url))
                entries.append(
                    {"label": say(entry.label), "url": url, "is_current": is_current, "words": _every_word(entry.label)}
                )
        return entries

    @cached_property
    def commands(self) -> list[dict[str, str]]:
        lines = []
        for command in sorted(_commands.values(), key=lambda c: (c.order, c.key)):
            if not self._may(command.grant):
                continue
            url = command.url(self.request) if command.url else url_or_none(command.url_name)
            if url:
                lines.append({"label": say(command.label), "url": url, "words": _every_word(command.label, command.words)})
        return lines

    @cached_property
    def alarms(self) -> list[Alarm]:
        return [alarm for provider in _alarms for alarm in provider(self.request)]

    @cached_property
    def banners(self) -> list[Banner]:
        return [banner for provider in _banners for banner in provider(self.request)]

    @property
    def other_language(self) -> tuple[str, str]:
        """The code and own name of the language to switch to."""
        here = translation.get_language()
        return next((code, str(name)) for code, name in settings.LANGUAGES if code != here)

    @property
    def theme(self) -> str:
        theme = self.request.COOKIES.get("bongsu_theme", "")
        return theme if theme in ("light", "dark") else ""

    @property
    def account(self) -> list[tuple[str, str]]:
        return [(say(label), url) for label, name in ACCOUNT if (url := url_or_none(name))]

    @property
    def logout_url(self) -> str | None:
        return url_or_none("account_logout")

    @property
    def login_url(self) -> str | None:
        return url_or_none("account_login")

    @property
    def home_url(self) -> str:
        return "/"

    @cached_property
    def stream_url(self) -> str:
        """Where the live stream is; with the place in it where this page was drawn, so that nothing falls between."""
        if not self.is_signed_in:
            return ""
        return f"/stream/?after={quote(_stream_place[-1](self.request))}" if _stream_place else "/stream/"

    @property
    def now(self) -> str:
        return clock.now().isoformat()

    @property
    def units(self) -> str:
        return moments.units()


def _every_word(label: str, more: str = "") -> str:
    """The label in every language: one may type either."""
    return " ".join([*(say(label, code) for code, _name in settings.LANGUAGES), more]).lower()


def frame(request: HttpRequest) -> dict[str, Frame]:
    """Context processor: `frame` in every template."""
    return {"frame": Frame(request)}

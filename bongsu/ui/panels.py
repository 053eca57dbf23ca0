"""Panels: upper modules put their part on a page below them by registering a provider; the page imports nobody."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from bongsu.kernel.errors import NotFound
from bongsu.kernel.text import Text
from bongsu.kernel.text import gettext_noop as noop

from .frame import actor_of
from .language import say

Place = Literal["top", "left", "middle", "right", "below"]
Context = Callable[[HttpRequest, Any], dict[str, Any] | None]
Badge = Callable[[HttpRequest, Any], Text | str | int | None]


@dataclass(frozen=True)
class Panel:
    page: str
    key: str
    title: str
    order: int
    template: str
    context: Context
    badge: Badge | None
    place: Place
    question: str
    grant: str
    is_bare: bool
    comes_late: bool


_panels: dict[tuple[str, str], Panel] = {}


def register(
    *,
    page: str,
    key: str,
    title: str,
    order: int,
    template: str,
    context: Context,
    badge: Badge | None = None,
    place: Place = "below",
    question: str = "",
    grant: str = "",
    is_bare: bool = False,
    comes_late: bool = False,
) -> None:
    """Put a panel on `page`. `context(request, obj)` answers the template's values or None: nothing to show here.

    `question` stands at the top: what the panel answers. `is_bare` leaves out the card and heading. `comes_late`: one that has
    nothing to show yet keeps its place on a live page. `badge` must be cheap: it is asked for every tab. Titles and questions
    are English msgids.
    """
    _panels[page, key] = Panel(page, key, title, order, template, context, badge, place, question, grant, is_bare, comes_late)


def registered(page: str, place: Place, request: HttpRequest) -> list[Panel]:
    """The panels of one place, in order, that the actor may see."""
    may = actor_of(request).may
    mine = [p for p in _panels.values() if p.page == page and p.place == place and (not p.grant or may(p.grant))]
    return sorted(mine, key=lambda p: (p.order, p.key))


def badge_of(panel: Panel, request: HttpRequest, obj: Any) -> str:
    value = panel.badge(request, obj) if panel.badge else None
    return str(value) if isinstance(value, int) else say(value)


def rendered(panel: Panel, request: HttpRequest, obj: Any, url: str, live: str) -> SafeString | str:
    """One panel with its frame; with nothing to show it is empty, or only its place."""
    values = panel.context(request, obj)
    if values is None:
        place = {"panel": panel, "url": f"{url}{panel.key}/", "live": live}
        return render_to_string("ui/panel_place.html", place, request=request) if panel.comes_late and live else ""
    # A tab's badge stands on the tab.
    badge = "" if panel.place == "below" else badge_of(panel, request, obj)
    body = render_to_string(panel.template, {"object": obj, "panel_url": f"{url}{panel.key}/", **values}, request=request)
    frame = {
        "panel": panel, "title": say(panel.title), "question": say(panel.question), "badge": badge,
        "body": body, "url": f"{url}{panel.key}/", "live": live,
    }  # fmt: skip
    return render_to_string("ui/panel.html", frame, request=request)


def respond(request: HttpRequest, page: str, key: str, obj: Any, *, url: str, live: str = "") -> HttpResponse:
    """The fragment of one panel, for the page's own panel view; `NotFound` when there is none for this actor."""
    panel = _panels.get((page, key))
    if panel is None or (panel.grant and not actor_of(request).may(panel.grant)):
        raise NotFound(noop("There is no such panel."))
    return HttpResponse(rendered(panel, request, obj, url, live))

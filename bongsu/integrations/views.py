"""Connections, their health and settings, what waits and what failed on its way out."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from markdown_it import MarkdownIt

from bongsu.kernel.errors import Invalid, TransportError
from bongsu.ui.language import say

from . import actions, queries
from .actions import MANAGE
from .catalogue import plugin, plugins
from .contract import Received, Source, Unreadable, as_json
from .forms import ConnectionForm, TryMappingForm, words
from .models import Connection
from .rules import HELD_WORDS

SHOWN = 100
MARKDOWN = MarkdownIt("commonmark", {"html": False})  # the plug-in folder's own setup.md


def connection_list(request: HttpRequest) -> HttpResponse:
    actor = request.actor  # type: ignore[attr-defined]
    actor.require("see")
    offered = [{"plugin": p, "title": words(p.title), "summary": words(p.summary)} for p in plugins().values()]
    known = plugins()
    rows: list[Any] = list(queries.all_connections(actor))
    sources = [row.id for row in rows if row.plugin in known and set(known[row.plugin].kinds) == {"source"}]
    intakes = queries.intakes(sources)
    for row in rows:  # for the page
        row.title = words(known[row.plugin].title) if row.plugin in known else row.plugin
        row.is_source, row.intake = row.id in sources, intakes.get(row.id)
    context = {"connections": rows, "offered": offered, "may_manage": actor.may(MANAGE)}
    return render(request, "integrations/list.html", context | {"hold": queries.open_hold()})


def create(request: HttpRequest, slug: str) -> HttpResponse:
    request.actor.require(MANAGE)  # type: ignore[attr-defined]
    return _form(request, plugin(slug), None)


def detail(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    actor = request.actor  # type: ignore[attr-defined]
    actor.require(MANAGE)
    row = queries.connection(actor, connection_id)
    return _form(request, plugin(row.plugin), row)


def _form(request: HttpRequest, found: Any, row: Connection | None) -> HttpResponse:
    actor = request.actor  # type: ignore[attr-defined]
    form = ConnectionForm(request.POST or None, plugin=found, connection=row)
    if request.method == "POST" and form.is_valid():
        try:
            if row is None:
                kept = actions.create_connection(actor, plugin_slug=found.slug, **form.asked())
            else:
                kept = actions.change_connection(actor, connection=row.id, **form.asked())
        except Invalid as refused:
            form.refuse({name: say(text) for name, text in refused.fields.items()})
        else:
            if row is None and "source" in found.kinds:
                return _with_new_address(request, kept)
            messages.success(request, _("The connection is kept."))
            return redirect("integrations:connection", kept.id)
    return render(request, "integrations/connection.html", _shown(found, row, form), status=422 if form.errors else 200)


def _shown(found: Any, row: Connection | None, form: ConnectionForm) -> dict[str, Any]:
    language = "en" if (get_language() or "ko").startswith("en") else "ko"
    shown: dict[str, Any] = {"plugin": found, "title": words(found.title), "form": form, "connection": row}
    shown |= {"setup": mark_safe(MARKDOWN.render(found.setup(language))), "is_source": "source" in found.kinds}
    shown["is_asked"] = set(found.kinds) != {"source"}
    if row is not None:
        shown["tokens"] = list(row.in_tokens.filter(ended_at=None).order_by("created_at"))
        shown["last_calls"] = list(row.calls.order_by("-created_at")[:10])
        shown["try_form"] = TryMappingForm()
        shown["intake"] = queries.intakes([row.id]).get(row.id)
    return shown


@require_POST
def test(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    actions.test_connection(request.actor, connection=connection_id)  # type: ignore[attr-defined]
    messages.info(request, _("The worker is trying the connection; its health shows here in a moment."))
    return redirect("integrations:connection", connection_id)


test.__test__ = False  # type: ignore[attr-defined]  # not a test of pytest


@require_POST
def switch(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    actor, is_enabled = request.actor, request.POST.get("is_enabled") == "1"  # type: ignore[attr-defined]
    actions.switch_connection(actor, connection=connection_id, is_enabled=is_enabled, reason=request.POST.get("reason", ""))
    return redirect("integrations:connection", connection_id)


@require_POST
def rotate(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    return _with_new_address(request, queries.connection(request.actor, connection_id))  # type: ignore[attr-defined]


def _with_new_address(request: HttpRequest, row: Connection) -> HttpResponse:
    """The only answer that ever shows the token."""
    token = actions.rotate_in_token(request.actor, connection=row.id)  # type: ignore[attr-defined]
    found = plugin(row.plugin)
    shown = _shown(found, row, ConnectionForm(plugin=found, connection=row))
    return render(request, "integrations/connection.html", shown | {"address": f"{settings.BASE_URL}/in/{token}/"})


@require_POST
def end_token(request: HttpRequest, connection_id: UUID, slot: int) -> HttpResponse:
    actions.end_in_token(request.actor, connection=connection_id, slot=slot)  # type: ignore[attr-defined]
    return redirect("integrations:connection", connection_id)


@require_POST
def try_sample(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """What the kept settings make of a pasted sample; nothing is stored."""
    actor = request.actor  # type: ignore[attr-defined]
    actor.require(MANAGE)
    row = queries.connection(actor, connection_id)
    form = TryMappingForm(request.POST)
    found, wrong = [], ""
    if form.is_valid():
        try:
            code = queries.loaded(row)
            if isinstance(code, Source):
                found = [as_json(s) for s in code.parse(Received(form.cleaned_data["sample"].encode()))]
        except (Unreadable, TransportError) as error:
            wrong = str(error)
    shown = _shown(plugin(row.plugin), row, ConnectionForm(plugin=plugin(row.plugin), connection=row))
    return render(request, "integrations/connection.html", shown | {"try_form": form, "signals": found, "wrong": wrong})


def dead_letters(request: HttpRequest) -> HttpResponse:
    actor = request.actor  # type: ignore[attr-defined]
    actor.require("see")
    hold = queries.open_hold()
    dead, held = queries.dead_calls(actor), queries.calls(actor, state="held").exclude(held_because__in=("drill", "demo"))
    shown = {"dead": list(dead[:SHOWN]), "held": list(held[:SHOWN])}
    records = queries.named_records({row.subject_id for rows in shown.values() for row in rows})
    for row in [*shown["dead"], *shown["held"]]:
        row.record = records.get(row.subject_id)  # type: ignore[attr-defined]
        row.why = say(HELD_WORDS.get(row.held_because, row.held_because))  # type: ignore[attr-defined]
    waiting = queries.waiting_after_hold()
    context = shown | {
        "dead_count": dead.count(),
        "held_count": held.count(),
        "waiting_count": waiting.count(),
        "unseen_count": waiting.count() - waiting.filter(pk__in=queries.calls(actor, state="held").values("pk")).count(),
        "may_manage": actor.may(MANAGE),
        "hold": hold,
    }
    return render(request, "integrations/dead_letters.html", context)


@require_POST
def retry(request: HttpRequest, call_id: UUID) -> HttpResponse:
    actions.retry_call(request.actor, call=call_id)  # type: ignore[attr-defined]
    messages.success(request, _("It is tried again."))
    return redirect(reverse("integrations:dead-letters"))


@require_POST
def release(request: HttpRequest) -> HttpResponse:
    is_letting_go = request.POST.get("is_letting_go") == "1"
    actions.release_everything(request.actor, is_letting_go=is_letting_go)  # type: ignore[attr-defined]
    return redirect(reverse("integrations:dead-letters"))


@require_POST
def settle(request: HttpRequest) -> HttpResponse:
    """What a hold has left waiting: all of it goes, or all of it is discarded."""
    is_letting_go = request.POST.get("is_letting_go") == "1"
    reason = request.POST.get("reason", "")
    count = actions.settle_waiting(request.actor, is_letting_go=is_letting_go, reason=reason)  # type: ignore[attr-defined]
    said = _("On their way: {count}.") if is_letting_go else _("Discarded: {count}.")
    messages.success(request, said.format(count=count))
    return redirect(reverse("integrations:dead-letters"))

"""The page of what is said about an incident, its updates, and the standing channels."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from bongsu.incidents import queries as incidents
from bongsu.incidents.models import Incident
from bongsu.incidents.queries import taxonomy_of
from bongsu.integrations.rules import HELD_WORDS
from bongsu.kernel.clock import now
from bongsu.kernel.errors import Invalid
from bongsu.people.queries import ActorRequest
from bongsu.ui.language import say
from bongsu.ui.templatetags.ui import icon

from .. import forms, queries, rules
from ..actions import channels, updating

MARKS = {"✅": "done", "🔄": "running", "⏳": "waiting"}


def found(request: ActorRequest, number: str) -> Incident:
    return incidents.incident(request.actor, number)


def drawn(text: str) -> SafeString:
    """A text as it is sent, its marks drawn: not every machine has a font for them."""
    shown: str = escape(text)
    for mark, name in MARKS.items():
        shown = shown.replace(mark, icon(name, mark))
    return mark_safe(shown)


def in_panel(request: HttpRequest, incident: Incident) -> dict[str, Any]:
    """What the cockpit shows: the channel, the last update, what is due."""
    actor = request.actor  # type: ignore[attr-defined]
    return {
        "incident": incident,
        "channel": queries.channel_of(incident),
        "last": queries.last_update(incident),
        "due_at": queries.due_at(incident),
        "may_send": actor.may("message.send") and not incident.closed_at,
    }


@login_required
@require_GET
def update_list(request: ActorRequest, number: str) -> HttpResponse:
    incident, actor = found(request, number), request.actor
    channel = queries.channel(actor, incident)
    invitations = list(channel.invitations.select_related("person")) if channel else []
    shown = {
        **in_panel(request, incident),
        "channel_why": HELD_WORDS.get(channel.error, channel.error) if channel else "",
        "told": [(one, drawn(one.text)) for one in queries.told(queries.updates(actor, incident)[:100], actor.language)],
        "notices": queries.notices(actor, incident),
        "invited": [i for i in invitations if i.state in ("asked", "invited")],
        "not_reached": [i for i in invitations if i.state not in ("asked", "invited")],
        "may_respond": actor.may("incident.respond"),
    }
    return render(request, "updates/list.html", shown)


@login_required
@require_http_methods(["GET", "POST"])
def new_update(request: ActorRequest, number: str) -> HttpResponse:
    """The form with what is still under way, beside the very text that will be sent; `more` asks for more rows."""
    incident, wrong = found(request, number), ""
    request.actor.require("message.send")
    items = forms.items_from(request.POST) if request.method == "POST" else queries.first_items(incident)
    if request.method == "POST" and "more" not in request.POST:
        try:
            sent = updating.send_update(request.actor, incident=incident.id, items=items)
        except Invalid as error:
            wrong = say(error.fields.get("items", error.text))
        else:
            messages.success(request, _("Status update #{number} is on its way.").format(number=sent.number))
            return redirect("incidents:detail", incident.number)
    audience = queries.audience(request.actor, incident)
    shown = {
        "incident": incident,
        "number": queries.next_number(incident),
        "rows": forms.rows_of(rules.cleaned(items) if wrong else items),
        "zone": settings.ORGANISATION_ZONE if request.actor.zone != settings.ORGANISATION_ZONE else "",
        "limit": rules.LONGEST_ITEM,
        "audience": audience,
        "effect": _effect(audience, incident),
        "states": _states(),
        "wrong": wrong,
        **_preview(request, incident, items),
    }
    return render(request, "updates/new.html", shown, status=422 if wrong else 200)


def _effect(audience: queries.Audience, incident: Incident) -> str:
    """What sending does, for the last look."""
    told = [*audience.people, *([f"#{audience.channel}"] if audience.channel else [])]
    told += [_("the status channel (the state only)")] if audience.is_broadcast else []
    who = ", ".join(told) or _("nobody else yet")
    if incident.is_drill:
        return _("A drill: it is written for {who}, and nothing leaves the house.").format(who=who)
    return _("It goes to: {who}.").format(who=who)


def _states() -> list[tuple[str, str]]:
    return [(rules.DONE, _("done")), (rules.IN_PROGRESS, _("in progress")), (rules.WAITING, _("waiting"))]


@login_required
@require_POST
def preview_update(request: ActorRequest, number: str) -> HttpResponse:
    incident = found(request, number)
    request.actor.require("message.send")
    return render(request, "updates/preview.html", _preview(request, incident, forms.items_from(request.POST)))


def _preview(request: ActorRequest, incident: Incident, items: list[rules.Item]) -> dict[str, Any]:
    at = now()
    every = taxonomy_of(incident).severity(incident.severity).update_every
    due = at + every if incident.is_open else None
    number, lines = queries.next_number(incident), rules.cleaned(items)
    values = queries.update_values(incident, number=number, items=lines, at=at, due=due)
    order = ["ko", "en"] if request.actor.language == "ko" else ["en", "ko"]
    return {"texts": [(language, drawn(queries.rendered_update(incident, values, language).body)) for language in order]}


@login_required
@require_POST
def open_channel(request: ActorRequest, number: str) -> HttpResponse:
    incident = found(request, number)
    channels.open_channel(request.actor, incident=incident.id)
    messages.success(request, _("The channel was asked for."))
    return redirect("updates:list", incident.number)


@login_required
@require_http_methods(["GET", "POST"])
def standing(request: ActorRequest) -> HttpResponse:
    """Where the standing channels are, per connection."""
    request.actor.require("connections.manage")
    form = forms.StandingForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        channels.set_standing_channel(request.actor, **form.cleaned_data)
        messages.success(request, _("Saved."))
        return redirect("updates:standing")
    return render(request, "updates/standing.html", {"chats": queries.standing_channels(request.actor)})

"""Home, the palette's finder, and the guided drill."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from bongsu.incidents import queries as incidents
from bongsu.incidents.models import Incident
from bongsu.incidents.rules import said
from bongsu.kernel.actors import Actor
from bongsu.kernel.errors import NotFound
from bongsu.kernel.text import Text
from bongsu.kernel.text import gettext_noop as noop
from bongsu.packs import queries as packs
from bongsu.packs.rules.taxonomy import Taxonomy
from bongsu.systems import queries as systems
from bongsu.ui.components import Clock
from bongsu.ui.frame import Found

from . import actions, queries
from .rules import REPORT, STEPS, progress

AT_ONCE = ("burning", "deadlines", "waiting")
PARTS = (*AT_ONCE, "house")  # the house itself is fetched after the page stands
STRIP = 3


def _actor(request: HttpRequest) -> Actor:
    return request.actor  # type: ignore[attr-defined, no-any-return]


@login_required
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    actor = _actor(request)
    if not actor.may("see"):
        return render(request, "desk/stranger.html")
    values = {name: value for part in AT_ONCE for name, value in _part(actor, part).items()}
    return render(request, "desk/home.html", values)


@login_required
@require_GET
def part(request: HttpRequest, name: str) -> HttpResponse:
    """A part of home, fetched again when something happens."""
    actor = _actor(request)
    actor.require("see")
    if name not in PARTS:
        raise NotFound(noop("There is no such page."))
    template = f"desk/parts/{name}.html"
    if request.headers.get("HX-Request"):
        return render(request, template, _part(actor, name))
    return render(request, "desk/part.html", {**_part(actor, name), "part": template})


def _part(actor: Actor, name: str) -> dict[str, Any]:
    match name:
        case "burning":
            rows = queries.burning(actor)
            return {"burning": [_shown(row, actor) for row in rows], "is_calm": not [r for r in rows if not r.incident.is_drill]}
        case "deadlines":
            return {"deadlines": [_clock(timer, incident, actor) for timer, incident in queries.deadlines(actor)], "strip": STRIP}
        case "waiting":
            return {"waiting": queries.waiting(actor), "actor": actor}
    on_call = queries.on_call()
    post = said(on_call.post, actor.language) if on_call.post else ""
    return {"on_call": on_call, "post": post, "troubles": queries.troubles(actor), "may_mend": actor.may("connections.manage")}


def _shown(row: queries.Burning, actor: Actor) -> dict[str, Any]:
    taxonomy: Taxonomy = incidents.taxonomy_of(row.incident)
    incident = row.incident
    return {
        "incident": incident,
        "commander": row.commander,
        "severity": taxonomy.severity(incident.severity).label.say(actor.language),
        "state": taxonomy.state(incident.state).label.say(actor.language),
        "subtype": taxonomy.subtype(incident.subtype).label.say(actor.language),
        "url": reverse("incidents:detail", args=[incident.number]),
    }


def _clock(timer: Any, incident: Incident | None, actor: Actor) -> Clock:
    values = {k: said(v, actor.language) if isinstance(v, dict) else v for k, v in timer.label.get("values", {}).items()}
    owner = timer.owner.name if timer.owner else ""
    return Clock(
        label=Text(timer.label.get("message", timer.kind), values),
        due_at=timer.due_at,
        started_at=timer.set_at,
        note=" · ".join(part for part in (incident.number if incident else "", owner) if part),
        is_legal=timer.is_legal,
        url=reverse("incidents:detail", args=[incident.number]) if incident else "",
    )


@login_required
@require_http_methods(["GET", "POST"])
def drill(request: HttpRequest) -> HttpResponse:
    """What the guided drill is, and its one button."""
    actor = _actor(request)
    actor.require("incident.declare")
    if request.method == "POST":
        return redirect("incidents:detail", actions.start_drill(actor).number)
    packs.active_version()
    return render(request, "desk/drill.html", {"steps": STEPS})


def guide(request: HttpRequest, incident: Incident) -> dict[str, Any] | None:
    """The steps of a drill on its own page, for whose drill it is; None elsewhere."""
    actor = _actor(request)
    if not incident.is_drill or not queries.is_own_drill(actor, incident):
        return None
    here = reverse("incidents:detail", args=[incident.number])
    steps = progress(queries.happened(incident))
    may_close = incident.state == "resolved" and queries.commands(actor, incident)
    rows = [(row, row.step.act if row.step.act.startswith(("#", "?")) else here + row.step.act) for row in steps]
    done = sum(row.is_done for row in steps)
    return {"steps": rows, "done": done, "all": len(steps), "report": REPORT, "may_close": may_close}


def find(request: HttpRequest, query: str) -> list[Found]:
    """Incidents by number or title, and AI systems by name, for the palette."""
    actor = _actor(request)
    found = [
        Found(row.title, reverse("incidents:detail", args=[row.number]), f"{row.number} · {row.severity}")
        for row in incidents.incidents(actor, text=query)[:6]
    ]
    if actor.may("see"):
        named = systems.systems(actor, search=query)[:3]
        found += [Found(row.name, reverse("systems:detail", args=[row.id]), _("AI system")) for row in named]
    return found

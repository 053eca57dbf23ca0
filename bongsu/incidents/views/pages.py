"""Pages of incidents: the list, declaring, the cockpit and its parts."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from bongsu.events.models import Subject
from bongsu.events.reading import shows
from bongsu.kernel.actors import Actor
from bongsu.kernel.errors import Invalid, NotFound
from bongsu.packs import queries as packs
from bongsu.systems import queries as systems
from bongsu.ui import panels
from bongsu.ui.doors import csv_cell
from bongsu.ui.frame import Record
from bongsu.ui.paging import page

from .. import actions, queries
from ..forms.declaring import BreakGlassForm, DeclareForm
from ..models import Incident
from .advising import advised
from .shown import PARTS, cockpit, list_table

FILTERS = ("state", "severity", "type", "system", "text")
SORTS = ("-declared_at", "number", "severity")


def _actor(request: HttpRequest) -> Actor:
    return request.actor  # type: ignore[attr-defined, no-any-return]


@login_required
@require_GET
def incident_list(request: HttpRequest) -> HttpResponse:
    _actor(request).require("see")
    rows = queries.incidents(_actor(request), **_filters(request))
    found = page(rows, sort=request.GET.get("sort", SORTS[0]), allowed=SORTS, cursor=request.GET.get("cursor", ""))
    taxonomy, language = packs.taxonomy(), _actor(request).language
    values = {
        "table": list_table(found, _actor(request), taxonomy),
        "severities": [(s.key, s.label.say(language)) for s in taxonomy.severities],
        "types": [(t.key, t.label.say(language)) for t in taxonomy.types],
        "systems": systems.systems(_actor(request)),
        "may_declare": _actor(request).may("incident.declare"),
        "may_export": _actor(request).may("export"),
    }
    return render(request, "incidents/list.html", values)


@login_required
@require_GET
def incident_csv(request: HttpRequest) -> StreamingHttpResponse:
    """The filtered list as CSV, streamed; cells a spreadsheet would run are defused."""
    actor = _actor(request)
    actor.require("export")
    columns = ("number", "severity", "state", "type", "subtype", "title", "declared_at", "resolved_at", "closed_at")
    found = queries.incidents(actor, **_filters(request))
    shows(actor, *Subject.objects.filter(restricted=True, ref__in=found.order_by().values("subject")))
    rows = found.values_list(*columns)

    def lines() -> Any:
        yield "\ufeff" + ",".join(columns) + "\r\n"
        for row in rows.iterator(chunk_size=500):
            yield ",".join('"' + csv_cell(value).replace('"', '""') + '"' for value in row) + "\r\n"

    return StreamingHttpResponse(
        lines(), content_type="text/csv; charset=utf-8", headers={"Content-Disposition": 'attachment; filename="incidents.csv"'}
    )


def _filters(request: HttpRequest) -> dict[str, Any]:
    chosen: dict[str, Any] = {name: request.GET.get(name, "").strip()[:100] for name in FILTERS}
    if request.GET.get("open"):
        chosen["is_open"] = request.GET["open"] == "1"
    if request.GET.get("drill"):
        chosen["is_drill"] = request.GET["drill"] == "1"
    return chosen


@login_required
@require_http_methods(["GET", "POST"])
def declare(request: HttpRequest) -> HttpResponse:
    """The form; `take` puts the proposal into it instead of declaring."""
    actor = _actor(request)
    actor.require("incident.declare")
    if take := request.POST.get("take", "")[:120]:
        classification, _bar, severity = take.partition("|")
        taken = {**request.POST.dict(), "classification": classification, "severity": severity}
        return _declare(request, DeclareForm(actor=actor, initial=taken))
    first: dict[str, Any] = {"severity": "P2", **{k: request.GET[k] for k in request.GET if k in DeclareForm.base_fields}}
    first["is_drill"] = request.GET.get("drill") == "1"
    form = DeclareForm(request.POST if request.method == "POST" else None, actor=actor, initial=first)
    if request.method == "POST" and form.is_valid():
        try:
            incident = actions.open_incident(actor, **form.values())
        except Invalid as error:
            form.refuse(error)
        else:
            return redirect("incidents:detail", incident.number)
    return _declare(request, form)


def _declare(request: HttpRequest, form: DeclareForm) -> HttpResponse:
    chosen = {name: form.first_words(name) for name in ("title", "description", "classification", "system")}
    values = {"form": form, **advised(_actor(request), **chosen)}
    return render(request, "incidents/declare.html", values, status=422 if form.errors else 200)


@login_required
@require_POST
def advice(request: HttpRequest) -> HttpResponse:
    """What the rules make of the words typed so far, the matrix for the chosen type, and what is alike: a fragment."""
    actor = _actor(request)
    actor.require("incident.declare")
    chosen = {name: request.POST.get(name, "")[:20_000] for name in ("title", "description", "classification", "system")}
    return render(request, "incidents/parts/advice.html", advised(actor, **chosen))


@login_required
@require_GET
def detail(request: HttpRequest, number: str) -> HttpResponse:
    actor = _actor(request)
    try:
        incident = queries.incident(actor, number)
    except NotFound:
        if actor.may("breakglass") and queries.exists_restricted(number):
            return render(request, "incidents/glass.html", {"form": BreakGlassForm(initial={"number": number})}, status=403)
        raise
    request.record_in_palette = Record(incident.number, incident.closed_at is not None)  # type: ignore[attr-defined]
    return render(request, "incidents/detail.html", cockpit(actor, incident, is_all=request.GET.get("all") == "1"))


@login_required
@require_GET
def fragment(request: HttpRequest, number: str, part: str) -> HttpResponse:
    """A part of the cockpit fetched again when a fact arrives."""
    incident = queries.incident(_actor(request), number)
    if part not in PARTS:
        raise NotFound(queries.NO_SUCH)
    values = cockpit(_actor(request), incident, part, is_all=request.GET.get("all") == "1")
    if request.headers.get("HX-Request"):
        return render(request, f"incidents/parts/{part}.html", values)
    return render(request, "incidents/part.html", {**values, "part": f"incidents/parts/{part}.html"})


@login_required
@require_GET
def panel(request: HttpRequest, number: str, key: str) -> HttpResponse:
    incident = queries.incident(_actor(request), number)
    return panels.respond(request, "incident", key, incident, url=_panels_url(incident), live=incident.subject_id)


def _panels_url(incident: Incident) -> str:
    return reverse("incidents:panels", args=[incident.number])


@login_required
@require_POST
def break_glass(request: HttpRequest) -> HttpResponse:
    form = BreakGlassForm(request.POST)
    if not form.is_valid():
        return render(request, "incidents/glass.html", {"form": form}, status=422)
    incident = actions.break_glass(_actor(request), **form.cleaned_data)
    return redirect("incidents:detail", incident.number)

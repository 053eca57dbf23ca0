"""Packs on the page: versions, what stands in one, what changed between two, activation."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from bongsu.people.queries import ActorRequest

from . import actions, queries
from .rules import Runbook, Taxonomy, in_language


def _language() -> str:
    return get_language() or "ko"


@login_required
@require_GET
def packs(request: ActorRequest) -> HttpResponse:
    request.actor.require("see")
    context = {"versions": queries.versions(), "may_manage": request.actor.may("packs.manage")}
    return render(request, "packs/list.html", context)


@login_required
@require_GET
def detail(request: ActorRequest, version: UUID) -> HttpResponse:
    request.actor.require("see")
    row = queries.version(version)
    pack = queries.pinned(version)
    context = {
        "version": row,
        "pack": in_language(pack, _language()),
        "matrix": in_language(_matrix(pack.taxonomy), _language()),
        "escalation": in_language(_escalation(pack.taxonomy), _language()),
        "others": [other for other in queries.versions() if other.id != row.id],
        "may_manage": request.actor.may("packs.manage"),
    }
    return render(request, "packs/detail.html", context)


Row = tuple[Any, ...]


def _matrix(taxonomy: Taxonomy) -> tuple[Row, ...]:
    """Type and its cells, gravest first."""
    return tuple((kind, tuple(taxonomy.cell(kind.key, level.key) for level in taxonomy.severities)) for kind in taxonomy.types)


def _escalation(taxonomy: Taxonomy) -> tuple[Row, ...]:
    """Severity and its steps with the titles of their posts."""
    return tuple(
        (level, tuple((step, tuple(taxonomy.post(key).title for key in step.posts)) for step in taxonomy.steps_for(level.key)))
        for level in taxonomy.severities
    )


@login_required
@require_GET
def runbook(request: ActorRequest, version: UUID, runbook: str) -> HttpResponse:
    request.actor.require("see")
    pack = queries.pinned(version)
    found = pack.runbook(runbook)
    context = {
        "version": queries.version(version),
        "runbook": in_language(found, _language()),
        "phases": _phases(found, pack.taxonomy),
        "owner": pack.taxonomy.post(found.owner).title.say(_language()),
    }
    return render(request, "packs/runbook.html", context)


def _phases(runbook: Runbook, taxonomy: Taxonomy) -> list[Row]:
    """Label of the phase, and its steps with the label of their role."""
    return in_language(
        tuple((phase.label, tuple((step, taxonomy.role(step.role).label) for step in phase.steps)) for phase in runbook.phases),
        _language(),
    )


@login_required
@require_GET
def template(request: ActorRequest, version: UUID, template: str) -> HttpResponse:
    request.actor.require("see")
    found = queries.pinned(version).template(template)
    context = {"version": queries.version(version), "template": found, "title": found.title.say(_language())}
    return render(request, "packs/template.html", context)


@login_required
@require_GET
def compare(request: ActorRequest) -> HttpResponse:
    request.actor.require("see")
    rows = queries.versions()
    chosen = {str(row.id): row for row in rows}
    before, after = (chosen.get(request.GET.get(name, "")) for name in ("before", "after"))
    changes = queries.changes(before.id, after.id) if before and after else None
    return render(request, "packs/compare.html", {"versions": rows, "before": before, "after": after, "changes": changes})


@login_required
@require_POST
def activate(request: ActorRequest, version: UUID) -> HttpResponse:
    row = actions.activate_pack(request.actor, version_id=version)
    messages.success(request, _("%(pack)s is in force. Incidents that run keep the version they began with.") % {"pack": row})
    return redirect("packs:detail", version=row.id)

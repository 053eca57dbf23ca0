"""Pages: signals, one signal, proposals, one proposal, reporting, the mapping's try-out, dead letters."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from bongsu.kernel.actors import Actor
from bongsu.kernel.errors import Invalid, Refused
from bongsu.packs import queries as packs
from bongsu.people.queries import names
from bongsu.ui.components import Column, Table
from bongsu.ui.paging import Page, page

from .. import actions, queries
from ..forms import AnswerForm, MappingForm, ReportForm
from ..rules.proposals import SIGNAL_STATES, STATE_WORDS


def _actor(request: HttpRequest) -> Actor:
    return request.actor  # type: ignore[attr-defined, no-any-return]


def _table(found: Page, columns: list[Column], caption: str, empty: str, live: str = "") -> Table:
    return Table(columns, found.items, caption, found.sort, found.next_cursor, found.is_first, empty=empty, live=live)


@login_required
@require_GET
def signal_list(request: HttpRequest) -> HttpResponse:
    actor = _actor(request)
    actor.require("see")
    chosen: dict[str, Any] = {
        name: request.GET.get(name, "").strip()[:100] for name in ("state", "severity", "connection", "text")
    }
    if request.GET.get("drill") in ("0", "1"):
        chosen["is_drill"] = request.GET["drill"] == "1"
    rows = queries.signals(actor, **chosen)
    found = page(
        rows, sort=request.GET.get("sort", "-last_at"), allowed=("-last_at", "times"), cursor=request.GET.get("cursor", "")
    )
    columns = [
        Column("severity", _("Proposed"), cell="signals/cells/severity.html"),
        Column("title", _("Signal"), cell="signals/cells/title.html"),
        Column("state", _("State"), cell="signals/cells/state.html"),
        Column("times", _("Seen"), sort="times", is_number=True),
        Column("led_to", _("Led to"), cell="signals/cells/led_to.html"),
        Column("last_at", _("Last seen"), cell="signals/cells/last_at.html", sort="last_at"),
    ]
    context = {
        "table": _table(found, columns, _("Signals"), _("No signal like this has come in.")),
        "states": SIGNAL_STATES,
        "kinds": queries.source_kinds(actor),
        "severities": [s.key for s in packs.taxonomy().severities],
        "may_manage": actor.may("connections.manage"),
        "letters": queries.dead_letters(actor, is_dismissed=False).count(),
    }
    return render(request, "signals/list.html", context)


@login_required
@require_GET
def signal(request: HttpRequest, signal_id: UUID) -> HttpResponse:
    row = queries.signal(_actor(request), signal_id)
    stretches = [(datetime.fromisoformat(since), datetime.fromisoformat(until), times) for since, until, times in row.stretches]
    return render(request, "signals/signal.html", {"signal": row, "stretches": stretches, **_words(_actor(request), row.verdict)})


def _words(actor: Actor, verdict: dict[str, Any]) -> dict[str, str]:
    """Type, sub-type and reason of a verdict in the reader's language."""
    taxonomy = packs.taxonomy()
    if not verdict.get("type"):
        return {"type_word": "", "subtype_word": "", "cell": "", "why": (verdict.get("why") or {}).get(actor.language[:2], "")}
    return {
        "type_word": taxonomy.type(verdict["type"]).label.say(actor.language),
        "subtype_word": taxonomy.subtype(verdict["subtype"]).label.say(actor.language),
        "cell": taxonomy.cell_words(verdict["type"], verdict["severity"]).say(actor.language),
        "why": (verdict.get("why") or {}).get(actor.language[:2], ""),
    }


@login_required
@require_GET
def proposal_list(request: HttpRequest) -> HttpResponse:
    actor = _actor(request)
    actor.require("see")
    is_all = request.GET.get("all") == "1"
    rows = queries.proposals(actor, severity=request.GET.get("severity", "")[:8], is_waiting=None if is_all else True)
    found = page(rows, sort="-proposed_at", allowed=("-proposed_at",), cursor=request.GET.get("cursor", ""))
    columns = [
        Column("severity", _("Proposed"), cell="signals/cells/proposed.html"),
        Column("title", _("What it is about"), cell="signals/cells/proposal.html"),
        Column("kind", _("What it was taken for"), cell="signals/cells/kind.html", is_wide_only=True),
        Column("state", _("State"), cell="signals/cells/proposal_state.html"),
        Column("proposed_at", _("Waiting since"), cell="signals/cells/proposed_at.html"),
    ]
    taxonomy = packs.taxonomy()
    for row in found.items:
        row.type_word = taxonomy.type(row.type).label.say(actor.language)
        row.subtype_word = taxonomy.subtype(row.subtype).label.say(actor.language)
    empty = _("Nothing waits for you: one fire, calm.")
    context = {
        "table": _table(found, columns, _("Proposals"), empty),
        "is_all": is_all,
        "severities": taxonomy.severities,
    }
    return render(request, "signals/proposals.html", context)


@login_required
@require_GET
def proposal(request: HttpRequest, proposal_id: UUID) -> HttpResponse:
    actor = _actor(request)
    row = queries.proposal(actor, proposal_id)
    return _proposal(request, actor, row, AnswerForm(actor=actor, initial=_first(row)))


def _first(row: Any) -> dict[str, str]:
    return {"classification": f"{row.type}/{row.subtype}", "severity": row.severity}


def _proposal(request: HttpRequest, actor: Actor, row: Any, form: AnswerForm) -> HttpResponse:
    step = packs.taxonomy().triage_for(row.severity)
    may_declare = row.is_authenticated and row.state == "open" and step.declares_itself_after
    decided = row.by_person
    context = {
        "proposal": row,
        "form": form,
        "signals": queries.signals_of(actor, row)[:20],
        "reports": row.reports.select_related("reported_by"),
        "state_word": STATE_WORDS[row.state],
        "declares_at": row.proposed_at + step.declares_itself_after if may_declare else None,
        "alt_word": packs.taxonomy().type(row.alt_type).label.say(actor.language) if row.alt_type else "",
        "may_triage": actor.may("signal.triage") and row.is_waiting,
        "others": queries.proposals(actor, is_waiting=True).exclude(pk=row.pk)[:20],
        "proposed": row.by_rules,
        "decided": decided,
        "decided_words": _words(actor, decided) if decided else {},
        "answered_by": names([row.answered_by]).get(row.answered_by, ""),
        "last_asked": queries.last_asked(actor, row),
        **_words(actor, row.by_rules),
    }
    return render(request, "signals/proposal.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def answer(request: HttpRequest, proposal_id: UUID) -> HttpResponse:
    """One of the buttons: declare, confirm, attach, reject, merge."""
    actor = _actor(request)
    row = queries.proposal(actor, proposal_id)
    form = AnswerForm({**_first(row), **request.POST.dict()}, actor=actor)
    form.full_clean()
    try:
        if form.is_valid():
            return _act(request, actor, row.id, request.POST.get("act", ""), form)
    except Invalid as error:
        form.refuse(error)
    return _proposal(request, actor, row, form)


def _act(request: HttpRequest, actor: Actor, row: UUID, act: str, form: AnswerForm) -> HttpResponse:
    values = form.values()
    reason = values["reason"]
    if act == "declare":
        incident = actions.declare_proposal(actor, proposal=row, **values)
        return redirect("incidents:detail", incident.number)
    if act == "attach":
        incident = actions.attach_proposal(
            actor, proposal=row, incident=request.POST.get("incident", "").strip()[:40], reason=reason
        )
        return redirect("incidents:detail", incident.number)
    if act == "reject":
        actions.reject_proposal(actor, proposal=row, reason=reason)
    elif act == "merge":
        return redirect(
            "signals:proposal",
            actions.merge_proposal(actor, proposal=row, into=_uuid(request.POST.get("into")), reason=reason).id,
        )
    elif act == "confirm":
        actions.confirm_proposal(actor, proposal=row, **values)
    messages.success(request, _("Recorded."))
    return redirect("signals:proposal", row)


def _uuid(value: str | None) -> UUID:
    try:
        return UUID(value or "")
    except ValueError:
        raise Invalid(_("Choose another proposal.")) from None


@login_required
@require_http_methods(["GET", "POST"])
def report(request: HttpRequest) -> HttpResponse:
    """The form for everybody who is signed in; whoever may declare does so with the second button."""
    actor = _actor(request)
    form = ReportForm(request.POST or None, request.FILES or None, actor=actor)
    if request.method == "POST" and form.is_valid():
        is_declared = request.POST.get("act") == "declare"
        try:
            row = actions.file_report(actor, **form.values(), is_declared=is_declared)
        except (Invalid, Refused) as error:  # also where no pack is in force: what was typed stays
            form.refuse(error)
        else:
            if is_declared and row.proposal.incident:
                return redirect("incidents:detail", row.proposal.incident.number)
            return redirect("signals:reported", row.id)
    context = {"form": form, "may_declare": actor.may("incident.declare")}
    return render(request, "signals/report.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def judge(request: HttpRequest) -> HttpResponse:
    """What the rules would make of the words typed so far: a fragment."""
    actor = _actor(request)
    words = request.POST.get("what", "")[:20_000]
    try:
        said = actions.judge(words, request.POST.get("harmed", "")[:20_000]) if len(words.strip()) > 8 else None
    except Refused:  # no pack is in force: there is nothing to say yet, and pressing the button says why
        said = None
    context = {"said": said, **(_words(actor, said.kept()) if said and not said.is_ignored else {})}
    return render(request, "signals/parts/judged.html", context)


@login_required
@require_GET
def reported(request: HttpRequest, report_id: UUID) -> HttpResponse:
    actor = _actor(request)
    row = queries.report(actor, report_id)
    proposal = row.proposal
    decided = proposal.by_person
    context = {
        "report": row,
        "proposal": proposal,
        "state_word": STATE_WORDS[proposal.state],
        "may_see": actor.may("see"),
        "proposed": proposal.by_rules,
        "decided": decided if proposal.proposed else None,
        "decided_words": _words(actor, decided) if decided else {},
        **_words(actor, proposal.by_rules),
    }
    return render(request, "signals/reported.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def mapping(request: HttpRequest) -> HttpResponse:
    """Try a field mapping on a pasted sample; nothing is kept."""
    actor = _actor(request)
    actor.require("connections.manage")
    form = MappingForm(request.POST or None, initial={"mapping": '{\n  "title": "rule.name",\n  "dedupe_key": "rule.id"\n}'})
    found: list[dict[str, object]] = []
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            found = queries.try_mapping(actor, mapping=data["mapping"], each=data["each"], sample=data["sample"].encode())
        except Invalid as error:
            for name, text in error.fields.items():
                form.add_error(name, _(text.message).format(**text.values))
    return render(request, "signals/mapping.html", {"form": form, "found": found}, status=422 if form.errors else 200)


@login_required
@require_GET
def dead_letters(request: HttpRequest) -> HttpResponse:
    actor = _actor(request)
    actor.require("connections.manage")
    found = page(
        queries.dead_letters(actor, is_dismissed=False),
        sort="-last_at",
        allowed=("-last_at",),
        cursor=request.GET.get("cursor", ""),
    )
    context = {"letters": found, "tallies": queries.tallies(actor), "backlog": queries.backlog()}
    return render(request, "signals/letters.html", context)


@login_required
@require_POST
def letter(request: HttpRequest, letter_id: UUID, act: str) -> HttpResponse:
    if act == "retry":
        actions.retry_dead_letter(_actor(request), letter=letter_id)
    else:
        actions.dismiss_dead_letter(_actor(request), letter=letter_id, reason=request.POST.get("reason", ""))
    messages.success(request, _("Recorded."))
    return redirect("signals:letters")

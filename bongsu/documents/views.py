"""The editor beside the page, the way of review, and taking a document out."""

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import prefetch_related_objects
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from bongsu.approvals import queries as approvals
from bongsu.events.listening import names_of
from bongsu.kernel.errors import Invalid
from bongsu.people.queries import ActorRequest
from bongsu.ui.forms import RefusableForm

from . import actions, queries
from .forms import CommentForm, DistributeForm, PartForm, ReasonForm, ReviewForm, SubmitForm
from .models import Document, Part
from .rules import pages, review
from .rules.content import compare
from .rules.markdown import markdown_html


@require_GET
def document_list(request: ActorRequest) -> HttpResponse:
    rows = queries.documents(request.actor)[:200]
    return render(request, "documents/list.html", {"documents": [(row, review.STANDS[row.state]) for row in rows]})


@require_GET
def detail(request: ActorRequest, document_id: UUID) -> HttpResponse:
    return _page(request, queries.document(request.actor, document_id))


@require_GET
def preview(request: ActorRequest, document_id: UUID) -> HttpResponse:
    """The page itself, fetched again after every save."""
    row = queries.document(request.actor, document_id)
    return render(request, "documents/preview.html", {"document": row, "page": _paper(row)})


@require_GET
def review_card(request: ActorRequest, document_id: UUID) -> HttpResponse:
    """Review and approval; of a draft it is fetched again after every save, for what still waits to be written."""
    return render(request, "documents/review.html", _review(request, queries.document(request.actor, document_id)))


@require_POST
def preview_part(request: ActorRequest, part_id: UUID) -> HttpResponse:
    """What is being typed, as it would be printed; nothing is kept."""
    row = queries.part(request.actor, part_id)
    html = markdown_html(request.POST.get("text", ""))
    return render(request, "documents/preview_part.html", {"part": row, "html": mark_safe(html)})


@require_POST
def edit_part(request: ActorRequest, part_id: UUID) -> HttpResponse:
    row = queries.part(request.actor, part_id)
    form = PartForm(request.POST)
    if not form.is_valid():
        return _part(request, row, form=form, status=422)
    text = None if "drop" in request.POST else form.cleaned_data["text"]
    try:
        saved = actions.edit_part(request.actor, part=part_id, text=text, version=form.cleaned_data["version"])
    except actions.EditConflict as conflict:
        return _conflict(request, conflict, form.cleaned_data["text"])
    except Invalid as refusal:
        form.refuse(refusal)
        return _part(request, row, form=form, status=422)
    if not request.headers.get("HX-Request"):
        messages.success(request, _("Saved: “%(title)s”.") % {"title": saved.title})
        return redirect("documents:detail", document_id=saved.document_id)
    response = _part(request, saved, is_saved=True)
    response["HX-Trigger"] = "bongsu:again"
    return response


@require_POST
def comment(request: ActorRequest, document_id: UUID) -> HttpResponse:
    return _act(request, document_id, CommentForm(request.POST), actions.add_comment)


@require_POST
def resolve_comment(request: ActorRequest, comment_id: UUID) -> HttpResponse:
    return redirect("documents:detail", document_id=actions.resolve_comment(request.actor, comment=comment_id).document_id)


@require_POST
def submit(request: ActorRequest, document_id: UUID) -> HttpResponse:
    unwritten = queries.unwritten(queries.document(request.actor, document_id))
    # Not a field of the form: when it is refused, what is shown again is read again, and has its own version.
    act = partial(actions.submit_for_review, version=_integer(request.POST.get("version", "")))
    return _act(request, document_id, SubmitForm(request.POST, unwritten=unwritten), act)


@require_POST
def decide(request: ActorRequest, document_id: UUID) -> HttpResponse:
    return _act(request, document_id, ReviewForm(request.POST), actions.decide_review)


@require_POST
def withdraw(request: ActorRequest, document_id: UUID) -> HttpResponse:
    return _act(request, document_id, ReasonForm(request.POST), actions.withdraw)


@require_POST
def distribute(request: ActorRequest, document_id: UUID) -> HttpResponse:
    return _act(request, document_id, DistributeForm(request.POST), actions.distribute)


@require_POST
def archive(request: ActorRequest, document_id: UUID) -> HttpResponse:
    return _act(request, document_id, RefusableForm(request.POST), actions.archive)


@require_POST
def sign(request: ActorRequest, document_id: UUID) -> HttpResponse:
    actions.sign(request.actor, document=document_id, text_hash=request.POST.get("text_hash", ""))
    return redirect("documents:detail", document_id=document_id)


@require_GET
def revisions(request: ActorRequest, document_id: UUID) -> HttpResponse:
    """All revisions, and what changed between two of them."""
    row = queries.document(request.actor, document_id)
    kept = queries.revisions(request.actor, document_id)
    decided, numbers = queries.decisions(row), [revision.number for revision in kept]
    older, newer = _number(request, "older", numbers[-2:-1]), _number(request, "newer", numbers[-1:])
    changes = queries.compare_revisions(request.actor, document_id, older, newer) if older and newer else []
    context = {
        "document": row,
        "revisions": [
            (
                r,
                queries.is_intact(r),
                [(signature, review.ROLES[signature.role]) for signature in r.signatures.all()],
                [d for d in decided if d.revision == r.number],
            )
            for r in kept
        ],
        "steps": review.STATES,
        "changes": changes,
        "older": older,
        "newer": newer,
    }
    return render(request, "documents/revisions.html", context)


@require_GET
def take_out(request: ActorRequest, document_id: UUID, form: str) -> HttpResponse:
    revision = _number(request, "revision", []) or None
    row, made = actions.read_out(request.actor, document=document_id, form=form, revision=revision)
    return HttpResponse(made, headers=queries.headers(row, form, revision))


def _integer(given: str) -> int | None:
    return int(given) if given.isdecimal() and len(given) < 7 else None


def _number(request: ActorRequest, name: str, default: list[int]) -> int:
    given = _integer(request.GET.get(name, ""))
    return (default[0] if default else 0) if given is None else given


def _act(request: ActorRequest, document_id: UUID, form: RefusableForm, act: Callable[..., Any]) -> HttpResponse:
    """Run one action with what the form holds; a form that does not hold is shown again on the page, as it was filled in."""
    if form.is_valid():
        try:
            act(request.actor, document=document_id, **form.cleaned_data)
            return redirect("documents:detail", document_id=document_id)
        except Invalid as refusal:
            form.refuse(refusal)
    return _page(request, queries.document(request.actor, document_id), form=form, status=422)


def _page(request: ActorRequest, row: Document, *, form: RefusableForm | None = None, status: int = 200) -> HttpResponse:
    prefetch_related_objects([row], "parts")
    changes = queries.changes_asked(row)
    context = {
        **_review(request, row, form),
        "home": queries.home_of(row),
        "changes_asked": changes,
        "changes_step": review.STATES[changes.step] if changes else "",
        "way": [(key, words, key == row.state) for key, words in review.STATES.items()],
        "page": _paper(row),
        "parts": [_part_context(part) for part in row.parts.all()],
        "comments": queries.comments(row),
        "comment_form": form if isinstance(form, CommentForm) else CommentForm(),
    }
    return render(request, "documents/detail.html", context, status=status)


def _review(request: ActorRequest, row: Document, form: RefusableForm | None = None) -> dict[str, Any]:
    """What stands between the text and its seal, and what of it is this reader's to do."""
    actor, newest, waiting = request.actor, queries.newest_revision(row), queries.waiting_approval(row)
    unwritten = queries.unwritten(row, newest if row.state != review.DRAFT else None)
    signed = list(newest.signatures.select_related("person")) if newest else []
    text_hash = newest.hash if newest else ""
    may_decide = waiting is not None and approvals.why_not(actor, waiting) is None and approvals.is_entitled(actor, waiting)
    return {
        "document": row,
        "is_editable": review.why_not_edit(row.state) is None and actor.may("report.edit"),
        "may_edit": actor.may("report.edit"),
        "unwritten": unwritten.items(),
        "unwritten_count": sum(unwritten.values()),
        "waiting": waiting,
        "deciders": sorted(person.name for person in approvals.deciders(waiting)) if waiting else [],
        "may_decide": may_decide,
        "why_not": approvals.why_not(actor, waiting) if waiting else None,
        "submit_form": form if isinstance(form, SubmitForm) else SubmitForm(unwritten=unwritten),
        "review_form": form if isinstance(form, ReviewForm) else ReviewForm(initial={"text_hash": text_hash}),
        "reason_form": form if isinstance(form, ReasonForm) else ReasonForm(),
        "distribute_form": form if isinstance(form, DistributeForm) else DistributeForm(),
        "newest": newest,
        "signatures": [(signature, review.ROLES[signature.role]) for signature in signed],
        "may_sign": newest is not None and row.state != review.DRAFT and actor.person_id not in {s.person_id for s in signed},
    }


def _paper(row: Document) -> str:
    return mark_safe(pages.html_body(queries.whole(row)))


def _part_context(part: Part, form: PartForm | None = None) -> dict[str, Any]:
    initial = {"version": part.version, "text": part.text}
    return {
        "part": part,
        "form": form or PartForm(initial=initial, auto_id=f"{part.key}-%s"),
        "news": queries.changes_since(part),
        "edited_by": names_of([part.edited_by])[part.edited_by] if part.edited_by else "",
    }


def _part(
    request: ActorRequest, part: Part, *, form: PartForm | None = None, status: int = 200, is_saved: bool = False
) -> HttpResponse:
    values = {**_part_context(part, form), "is_editable": True, "is_saved": is_saved}
    return render(request, "documents/part.html", values, status=status)


def _conflict(request: ActorRequest, conflict: actions.EditConflict, mine: str) -> HttpResponse:
    """Both texts side by side; saving again, knowing the other's, is the reader's to decide."""
    part = conflict.current
    context = {
        "part": part,
        "form": PartForm(initial={"version": part.version, "text": mine}, auto_id=f"{part.key}-%s"),
        "theirs": part.text,
        "lines": compare(part.text, mine),
        "by": conflict.current_by,
        "is_page": not request.headers.get("HX-Request"),
    }
    if context["is_page"]:
        return render(request, "documents/conflict_page.html", context, status=409)
    return render(request, "documents/conflict.html", context, status=422)  # what the page puts in, as a form that did not hold

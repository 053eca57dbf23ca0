"""Documents an actor may see, and how they read, now or as a revision."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.urls import reverse

from bongsu.approvals import queries as approvals
from bongsu.approvals.models import Approval
from bongsu.approvals.rules import REFUSED
from bongsu.events.listening import names_of
from bongsu.events.queries import visible
from bongsu.events.reading import opened
from bongsu.kernel.actors import Actor
from bongsu.kernel.clock import now
from bongsu.kernel.errors import NotFound
from bongsu.kernel.text import Text
from bongsu.kernel.text import gettext_noop as _
from bongsu.ui.language import say

from .models import Comment, Document, Part, Revision
from .rules import content, pages
from .rules.kinds import PAGES
from .rules.paper import pdf
from .rules.review import DRAFT, FINAL, PURPOSES, ROLES, SEALED, STANDS

FORMS = {"md": "text/markdown; charset=utf-8", "html": "text/html; charset=utf-8", "pdf": "application/pdf"}
WORDS = {
    "signatures": _("Signatures"),
    "role": _("Role"),
    "name": _("Name"),
    "at": _("Signed at"),
    "hash": _("SHA-256 of the text"),
    "classification": _("Classification"),
    "time": _("Time"),
    "value": _("Value"),
    "no_data": _("No data"),
}


def documents(actor: Actor, *, subject: str = "", kind: str = "") -> QuerySet[Document]:
    """Newest first."""
    rows = Document.objects.filter(visible(actor))
    rows = rows.filter(subject=subject) if subject else rows
    return rows.filter(kind=kind) if kind else rows


def document(actor: Actor, document_id: UUID) -> Document:
    found = opened(actor, documents(actor).filter(pk=document_id))
    if found is None:
        raise NotFound(_("There is no such document."))
    return found


def part(actor: Actor, part_id: UUID) -> Part:
    found = opened(actor, Part.objects.filter(visible(actor), pk=part_id).select_related("document"))
    if found is None:
        raise NotFound(_("There is no such part."))
    return found


def comment(actor: Actor, comment_id: UUID) -> Comment:
    found = opened(actor, Comment.objects.filter(visible(actor), pk=comment_id).select_related("document"))
    if found is None:
        raise NotFound(_("There is no such comment."))
    return found


def revisions(actor: Actor, document_id: UUID) -> list[Revision]:
    return list(document(actor, document_id).revisions.select_related("document").prefetch_related("signatures__person"))


def revision(actor: Actor, document_id: UUID, number: int) -> Revision:
    found = document(actor, document_id).revisions.filter(number=number).first()
    if found is None:
        raise NotFound(_("There is no such revision."))
    return found


def newest_revision(row: Document) -> Revision | None:
    return row.revisions.order_by("-number").first()


def is_intact(kept: Revision) -> bool:
    """Whether a revision is still the text its hash and signatures speak of."""
    right = content.content_hash(kept.text) == kept.hash
    return right and all(signature.text_hash == kept.hash for signature in kept.signatures.all())


def waiting_approval(row: Document) -> Approval | None:
    """The approval that the present step waits for."""
    purpose = PURPOSES.get(row.state)
    waiting = Approval.objects.select_related("subject").filter(about_ref=row.ref, purpose=purpose, state="waiting")
    return waiting.first() if purpose else None


def deciders(row: Document) -> list[str]:
    """The names of those who may decide the present step now; empty when nothing waits, or nobody is left who may."""
    waiting = waiting_approval(row)
    return sorted(person.name for person in approvals.deciders(waiting)) if waiting else []


@dataclass(frozen=True)
class Decision:
    """What was decided on a revision at a step, by whom and why."""

    revision: int
    step: str
    is_approved: bool
    by: str
    name: str
    at: datetime
    reason: str


def decisions(row: Document) -> list[Decision]:
    """Every decision on the document, oldest first; also those that no longer count."""
    steps = {purpose: state for state, purpose in PURPOSES.items()}
    found = Approval.objects.filter(about_ref=row.ref, purpose__in=steps).exclude(decided_by="").order_by("decided_at", "id")
    kept = list(row.revisions.only("number", "hash", "made_at")) if found else []
    names = names_of({one.decided_by for one in found})
    return [
        Decision(
            # Asked for after its own revision and before the next; two revisions may have the same text.
            revision=max((r.number for r in kept if r.hash == one.text_hash and r.made_at <= one.requested_at), default=0),
            step=steps[one.purpose],
            is_approved=one.state != REFUSED,
            by=one.decided_by,
            name=names[one.decided_by],
            at=one.decided_at or one.requested_at,
            reason=one.reason,
        )
        for one in found
    ]


def changes_asked(row: Document) -> Decision | None:
    """Why the document is a draft again: who asked for which changes. None once it is submitted again, or was taken back."""
    newest = newest_revision(row) if row.state == DRAFT else None
    last = decisions(row)[-1:] if newest else []
    return next((one for one in last if newest and not one.is_approved and one.revision == newest.number), None)


def returned_to(actor: Actor) -> list[tuple[Document, Decision]]:
    """What this actor submitted and somebody asked to change: it waits for them until they submit it again."""
    mine = documents(actor).filter(state=DRAFT, pk__in=Revision.objects.filter(made_by=actor.key).values("document"))[:20]
    found = [(row, changes_asked(row), newest_revision(row)) for row in mine]
    return [(row, asked) for row, asked, newest in found if asked and newest and newest.made_by == actor.key]


def unwritten(row: Document, kept: Revision | None = None) -> dict[str, int]:
    """The parts that still have places for a person to fill, with how many: of a revision, or as the document reads now."""
    kept = kept or _frozen(row)
    parts = content.read(kept.text if kept else present_text(row))["parts"]
    found: dict[str, int] = {}
    for part in parts:
        if count := content.open_places(part["text"]):
            found[part["title"]] = found.get(part["title"], 0) + count
    return found


def present_text(row: Document) -> str:
    """The canonical text of the document as it stands now."""
    fields = ("kind", "kind_title", "number", "title", "language", "zone", "classification", "fires", "severity")
    return content.content(
        head={name: getattr(row, name) for name in fields},
        basics=row.basics,
        parts=[(p.key, p.title, p.text, p.figures) for p in row.parts.all()],
    )


def _frozen(row: Document) -> Revision | None:
    """What a document reads as while it is not a draft."""
    return newest_revision(row) if row.is_sealed or row.is_in_review else None


def whole(row: Document, kept: Revision | None = None) -> pages.Whole:
    """The document ready to be drawn: a sealed one, or one under review, as its newest revision; a draft as it stands."""
    newest = newest_revision(row) if kept else _frozen(row)
    kept = kept or newest
    text = kept.text if kept else present_text(row)
    values = content.read(text)
    signed = kept.signatures.select_related("person") if kept else []
    footer = _footer(row, kept, newest)
    return pages.Whole(
        content=values,
        hash=content.content_hash(text),
        words={key: say(word, row.language) for key, word in WORDS.items()},
        footer=footer,
        at=kept.made_at if kept else now(),
        signatures=[
            pages.Signed(say(ROLES[s.role], row.language), s.person.name, printed(s.signed_at, row.zone)) for s in signed
        ],
    )


def _footer(row: Document, kept: Revision | None, newest: Revision | None) -> str:
    if kept is None:
        return say(STANDS[row.state], row.language)
    if newest and newest.number != kept.number:
        older = Text(_("Revision {number}, superseded by revision {newest}"), {"number": kept.number, "newest": newest.number})
        return say(older, row.language)
    values = {"state": say(STANDS[row.state], row.language), "number": kept.number}
    return say(Text(_("{state} · revision {number}"), values), row.language)


def printed(at: datetime, zone: str) -> str:
    """`2026-11-11 10:00 KST`."""
    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M %Z}"


def rendered(row: Document, form: str, kept: Revision | None = None) -> bytes:
    """The document as `md`, `html` or `pdf` (PDF/A-2b)."""
    drawn = whole(row, kept)
    if form == "pdf":
        return pdf(pages.paper(drawn))
    return (pages.html(drawn) if form == "html" else pages.markdown(drawn)).encode()


def file_stem(row: Document, revision: int | None = None) -> str:
    """`INC-2026-001-incident-report-ko-final`: what it is about, and how far it is. A later final one in the same language is
    `final-2`; an older revision has its number."""
    how_far = FINAL if row.is_sealed else row.state.replace("_", "-")
    if row.is_sealed:
        same = {"about_ref": row.about_ref, "kind": row.kind, "language": row.language, "state__in": SEALED}
        place = 1 + Document.objects.filter(**same, id__lt=row.id).count()
        how_far += f"-{place}" if place > 1 else ""
    return f"{row.number}-{row.kind}-{row.language}-{f'revision-{revision}' if revision else how_far}"


def home_of(row: Document) -> str:
    """The address of the page of the record it is about; empty when that has none."""
    return reverse(PAGES[row.kind], args=[row.number]) if row.kind in PAGES else ""


def headers(row: Document, form: str, revision: int | None = None) -> dict[str, str]:
    """How it is sent: as an attachment whose name carries only the record's ID, what it is and how far it is."""
    return {
        "Content-Type": FORMS[form],
        "Content-Disposition": f'attachment; filename="{file_stem(row, revision)}.{form}"',
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'",
        "Cache-Control": "private, no-store",
    }


def changes_since(row: Part) -> list[tuple[str, str]]:
    """What the machine would now write differently from what the person wrote over; empty when nothing."""
    return content.compare(row.base_text, row.generated) if row.has_news else []


def compare_revisions(actor: Actor, document_id: UUID, older: int, newer: int) -> list[tuple[str, list[tuple[str, str]]]]:
    """Part by part, what changed between two revisions."""
    was, is_now = (content.read(revision(actor, document_id, number).text)["parts"] for number in (older, newer))
    before = {p["key"]: p for p in was}
    after = {p["key"]: p for p in is_now}
    found = []
    for key in dict.fromkeys([*before, *after]):
        lines = content.compare(before.get(key, {}).get("text", ""), after.get(key, {}).get("text", ""))
        if lines:
            found.append(((after.get(key) or before[key])["title"], lines))
    return found


def comments(row: Document) -> list[tuple[Comment, str]]:
    """Open ones first, each with the name of who wrote it."""
    found = sorted(row.comments.select_related("part"), key=lambda c: (c.resolved_at is not None, c.made_at))
    names = names_of({c.made_by for c in found})
    return [(c, names[c.made_by]) for c in found]

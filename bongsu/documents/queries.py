"""Documents an actor may see, and how they read, now or as a revision."""

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from bongsu.approvals.models import Approval
from bongsu.events.listening import names_of
from bongsu.events.queries import visible
from bongsu.events.reading import opened
from bongsu.kernel.actors import Actor
from bongsu.kernel.clock import now
from bongsu.kernel.errors import NotFound
from bongsu.kernel.text import Text
from bongsu.kernel.text import gettext_noop as _
from bongsu.ui.language import say

from .models import Comment, Document, Part, Revision, Signature
from .rules import content, pages
from .rules.paper import pdf
from .rules.review import PURPOSES, ROLES, STATES

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
    return list(document(actor, document_id).revisions.prefetch_related("signatures__person").all())


def revision(actor: Actor, document_id: UUID, number: int) -> Revision:
    found = document(actor, document_id).revisions.filter(number=number).first()
    if found is None:
        raise NotFound(_("There is no such revision."))
    return found


def newest_revision(row: Document) -> Revision | None:
    return row.revisions.order_by("-number").first()


def signatures(row: Document) -> list[Signature]:
    """The signatures under the newest revision."""
    newest = newest_revision(row)
    return list(newest.signatures.select_related("person")) if newest else []


def is_intact(kept: Revision) -> bool:
    """Whether a revision is still the text its hash and signatures speak of."""
    right = content.content_hash(kept.text) == kept.hash
    return right and all(signature.text_hash == kept.hash for signature in kept.signatures.all())


def waiting_approval(row: Document) -> Approval | None:
    """The approval that the present step waits for."""
    purpose = PURPOSES.get(row.state)
    return Approval.objects.filter(about_ref=row.ref, purpose=purpose, state="waiting").first() if purpose else None


def present_text(row: Document) -> str:
    """The canonical text of the document as it stands now."""
    fields = ("kind", "kind_title", "number", "title", "language", "zone", "classification", "fires", "severity")
    return content.content(
        head={name: getattr(row, name) for name in fields},
        basics=row.basics,
        parts=[(p.key, p.title, p.text, p.figures) for p in row.parts.all()],
    )


def whole(row: Document, kept: Revision | None = None) -> pages.Whole:
    """The document ready to be drawn: a sealed one, or one under review, as its newest revision; a draft as it stands."""
    kept = kept or (newest_revision(row) if row.is_sealed or row.is_in_review else None)
    text = kept.text if kept else present_text(row)
    values = content.read(text)
    signed = kept.signatures.select_related("person") if kept else []
    footer = _footer(row, kept)
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


def _footer(row: Document, kept: Revision | None) -> str:
    state = STATES[row.state]
    if kept is None:
        return say(state, row.language)
    return say(Text(_("{state} · revision {number}"), {"state": say(state, row.language), "number": kept.number}), row.language)


def printed(at: datetime, zone: str) -> str:
    """`2026-11-11 10:00 KST`."""
    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M %Z}"


def rendered(row: Document, form: str, kept: Revision | None = None) -> bytes:
    """The document as `md`, `html` or `pdf` (PDF/A-2b)."""
    drawn = whole(row, kept)
    if form == "pdf":
        return pdf(pages.paper(drawn))
    return (pages.html(drawn) if form == "html" else pages.markdown(drawn)).encode()


def headers(row: Document, form: str) -> dict[str, str]:
    """How it is sent: as an attachment whose name carries only the record's ID and the kind."""
    return {
        "Content-Type": FORMS[form],
        "Content-Disposition": f'attachment; filename="{row.number}-{row.kind}.{form}"',
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

"""The machine's parts, people's words, comments."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from bongsu.events.actions import action, record
from bongsu.events.listening import names_of
from bongsu.events.queries import must_see
from bongsu.kernel.actors import Actor
from bongsu.kernel.canonical import digest
from bongsu.kernel.clock import now
from bongsu.kernel.errors import Conflict, Invalid
from bongsu.kernel.text import Text
from bongsu.kernel.text import gettext_noop as _

from .. import queries
from ..facts import CommentResolved, DocumentCommented, DocumentCreated, PartEdited, PartsGenerated
from ..models import Comment, Document, Part
from ..rules import content
from ..rules.content import Change, GeneratedPart
from ..rules.markdown import LONGEST
from .ground import editable, stated_of, usable


class EditConflict(Conflict):
    """Somebody else saved first. `current` is what stands there now; what was refused is still with whoever wrote it."""

    def __init__(self, part: Part) -> None:
        self.current = part
        self.current_by = names_of([part.edited_by])[part.edited_by] if part.edited_by else ""
        super().__init__(
            _("Somebody saved this part while you were writing. Read what stands there now, then save yours again."),
            fields={"version": Text(_("It is {version} now."), {"version": part.version})},
        )


@action
def create_document(
    actor: Actor,
    *,
    subject: str,
    about_ref: str,
    kind: str,
    kind_title: str,
    number: str,
    title: str,
    language: str,
    zone: str = "Asia/Seoul",
    classification: str = "",
    fires: int = 0,
    severity: str = "",
    basics: Iterable[Sequence[str]] = (),
) -> Document:
    """Begin a document about a record. `number` is the record's own ID; `kind_title`, `classification`, `severity` and
    `basics` are words in the document's language. Its parts come with `set_generated_parts`."""
    must_see(actor, subject)
    actor.require("report.edit")
    if language not in ("ko", "en"):
        raise Invalid(_("Unknown language: choose ko or en."), fields={"language": _("Unknown language: choose ko or en.")})
    row = Document(
        subject_id=subject, about_ref=about_ref, kind=kind, kind_title=kind_title, number=number, language=language, zone=zone
    )
    row.title, row.classification = usable(title, "title", 300), classification
    row.fires, row.severity, row.basics, row.created_by = fires, severity, _rows(basics), actor.key
    row.save()
    record(actor, DocumentCreated(**stated_of(row), title=row.title, language=language))
    return row


@action
def set_generated_parts(
    actor: Actor,
    *,
    document: UUID,
    parts: Sequence[GeneratedPart],
    basics: Iterable[Sequence[str]] | None = None,
    title: str | None = None,
    fires: int | None = None,
    severity: str | None = None,
) -> list[Change]:
    """Write or rewrite the machine's parts, in this order. A person's words stay as they are; what changed since is the
    answer. A part that is no longer generated keeps what a person wrote and loses the rest."""
    row = editable(actor, document)
    before = {part.key: part for part in row.parts.select_for_update()}
    changes = [_regenerate(row, before.get(new.key), new, rank) for rank, new in enumerate(parts)]
    gone = [part for key, part in before.items() if key not in {new.key for new in parts}]
    changes += [_retire(part, len(parts) + place) for place, part in enumerate(gone)]
    values = {"basics": None if basics is None else _rows(basics), "title": title, "fires": fires, "severity": severity}
    for name, value in values.items():
        if value is not None:
            setattr(row, name, value)
    _touched(row)
    told = [change for change in changes if change.is_new or change.lines]
    hashes = {part.key: digest(part.generated) for part in row.parts.all()}
    record(
        actor,
        PartsGenerated(
            **stated_of(row),
            changed=[change.key for change in told],
            kept=[change.key for change in changes if change.is_persons_text_kept],
            hashes=hashes,
        ),
    )
    return told


def _regenerate(row: Document, old: Part | None, new: GeneratedPart, rank: int) -> Change:
    figures = [content.figure_of(series) for series in new.figures]
    part = old or Part(subject_id=row.subject_id, document=row, key=new.key)
    lines = content.compare(part.generated, new.text) if old else []
    if old is None or (part.generated, part.figures, part.title, part.rank) != (new.text, figures, new.title, rank):
        # Whoever edits the machine's text must notice that it is another one; over a person's own words nothing moved.
        part.version += 1 if old and part.person_text is None and part.generated != new.text else 0
        part.generated, part.figures, part.title, part.rank, part.generated_at = new.text, figures, new.title, rank, now()
        part.save()
    return Change(new.key, new.title, old is None, part.person_text is not None, tuple(lines))


def _retire(part: Part, rank: int) -> Change:
    lines = content.compare(part.generated, "")
    part.generated, part.figures, part.rank, part.generated_at = "", [], rank, now()
    part.save()
    return Change(part.key, part.title, False, part.person_text is not None, tuple(lines))


@action
def edit_part(actor: Actor, *, part: UUID, text: str | None, version: int) -> Part:
    """Put a person's words in a part; None goes back to the machine's text. `version` is the one that was read: another
    one is an `EditConflict`. Refused under review and when sealed; at most 200,000 characters."""
    editable(actor, queries.part(actor, part).document_id)
    row = Part.objects.select_for_update().get(pk=part)
    if row.version != version:
        raise EditConflict(row)
    row.person_text = None if text is None else usable(text, "text", LONGEST, may_be_empty=True).replace("\r\n", "\n")
    row.base_text, row.edited_at, row.edited_by, row.version = row.generated, now(), actor.key, row.version + 1
    row.save()
    document = row.document
    _touched(document)
    record(
        actor,
        PartEdited(
            **stated_of(document),
            part=row.key,
            title=row.title,
            text=row.person_text or "",
            is_dropped=text is None,
        ),
    )
    return row


@action
def add_comment(actor: Actor, *, document: UUID, text: str, part: UUID | None = None) -> Comment:
    """Say something about a document or one of its parts; whoever edits, reviews or approves may."""
    row = queries.document(actor, document)
    if not any(actor.may(grant) for grant in ("report.edit", "report.review", "report.approve")):
        actor.require("report.edit")
    about = queries.part(actor, part) if part else None
    if about and about.document_id != row.id:
        raise Invalid(_("This part belongs to another document."), fields={"part": _("This part belongs to another document.")})
    made = Comment.objects.create(
        subject_id=row.subject_id, document=row, part=about, text=usable(text, "text", 5000), made_by=actor.key
    )
    record(
        actor,
        DocumentCommented(
            **stated_of(row),
            comment=str(made.id),
            part=about.key if about else "",
            text=made.text,
        ),
    )
    return made


@action
def resolve_comment(actor: Actor, *, comment: UUID) -> Comment:
    """Mark a comment as settled."""
    actor.require("report.edit")
    queries.comment(actor, comment)
    row = Comment.objects.select_for_update().get(pk=comment)
    if row.resolved_at:
        return row
    row.resolved_at, row.resolved_by = now(), actor.key
    row.save(update_fields=["resolved_at", "resolved_by"])
    record(actor, CommentResolved(**stated_of(row.document), comment=str(row.id)))
    return row


def _touched(row: Document) -> None:
    row.version += 1
    row.save()


def _rows(basics: Iterable[Sequence[str]]) -> list[list[Any]]:
    return [[str(label), str(value)] for label, value in basics]

"""The way of a document: submitted, reviewed, approved, sealed, distributed, archived; signatures on the way."""

from typing import Any
from uuid import UUID

from bongsu.approvals import actions as approvals
from bongsu.approvals.models import Approval
from bongsu.approvals.rules import GRANTED, REFUSED
from bongsu.events.actions import action, record
from bongsu.events.queries import must_see
from bongsu.kernel.actors import Actor, system
from bongsu.kernel.canonical import digest
from bongsu.kernel.clock import now
from bongsu.kernel.errors import Conflict, Forbidden, Invalid, Refused
from bongsu.kernel.refs import split_ref
from bongsu.kernel.text import Text
from bongsu.kernel.text import gettext_noop as _
from bongsu.ui.language import say

from .. import queries
from ..facts import (
    BoardApproved,
    ChangesRequested,
    DocumentArchived,
    DocumentDistributed,
    DocumentExported,
    DocumentSealed,
    DocumentSigned,
    DocumentSubmitted,
    DocumentWithdrawn,
    LegalReviewPassed,
    Step,
)
from ..models import Document, Revision, Signature
from ..rules import content, review
from ..rules.review import BOARD, DRAFT, FINAL, LEGAL, PURPOSES, SIGNS_AS, STATES
from .ground import locked, must_say, stated_of, step_of, usable

STATED: dict[str, type[Step]] = {
    "submit": DocumentSubmitted,
    "request_changes": ChangesRequested,
    "withdraw": DocumentWithdrawn,
    "distribute": DocumentDistributed,
    "archive": DocumentArchived,
}
APPROVED: dict[str, type[Step]] = {LEGAL: LegalReviewPassed, BOARD: BoardApproved}


@action
def submit_for_review(actor: Actor, *, document: UUID, with_open_places: bool = False, version: int | None = None) -> Revision:
    """Freeze the document as a revision, sign it as its author and ask legal for review. Refuses an empty document, and one
    with places that still wait for a person's words, unless `with_open_places` says that it goes like this.
    With the `version` that was read, nobody signs what somebody else wrote meanwhile."""
    row = locked(actor, document)
    step = step_of(actor, row, "submit")
    if not any(part.text.strip() for part in row.parts.all()):
        raise Refused(_("There is nothing in this document yet."))
    if version not in (None, row.version):
        changed = _("The text has changed since you read it. Read it again before you sign.")
        raise Invalid(changed, fields={"version": changed})
    unwritten = queries.unwritten(row)
    if unwritten and not with_open_places:
        _refuse_unwritten(unwritten)
    text = queries.present_text(row)
    number = row.revisions.count() + 1
    made = Revision.objects.create(
        subject_id=row.subject_id,
        document=row,
        number=number,
        text=text,
        hash=content.content_hash(text),
        authors=_authors(actor, row),
        made_by=actor.key,
    )
    _move(actor, row, step, made, open_places=sum(unwritten.values()), open_parts=list(unwritten))
    if actor.person_id:
        _sign(actor, row, made, actor.person_id, "author")
    _ask(actor, row, made)
    return made


def _refuse_unwritten(unwritten: dict[str, int]) -> None:
    """Which places, so that whoever is refused need not look for them."""
    told = {"count": sum(unwritten.values()), "parts": ", ".join(unwritten)}
    raise Invalid(
        Text(_("Places that still wait for a person’s words: {count} ({parts})."), told),
        fields={"with_open_places": Text(_("Write them, or confirm that the document goes without: {parts}."), told)},
    )


@action
def decide_review(actor: Actor, *, document: UUID, is_approved: bool, text_hash: str, reason: str = "") -> Document:
    """Approve the present step, or ask for changes with a reason. `text_hash` is of the revision that was read."""
    row = locked(actor, document)
    step_of(actor, row, "approve")
    waiting = queries.waiting_approval(row)
    if waiting is None:
        raise Refused(_("Nothing waits for a decision here."))
    approvals.decide(actor, approval=waiting.id, is_approved=is_approved, text_hash=text_hash, reason=reason)
    return _apply(actor, waiting.id)


@action
def apply_decision(actor: Actor, *, approval: UUID | str) -> None:
    """Let a document follow a decision that was taken elsewhere; does nothing when it has followed already."""
    _apply(actor, approval)


@action
def withdraw(actor: Actor, *, document: UUID, reason: str) -> Document:
    """Take a document back from review; what was asked for no longer counts. Needs a reason."""
    row = locked(actor, document)
    step = step_of(actor, row, "withdraw")
    must_say(reason)
    approvals.void(actor, about_ref=row.ref, reason=reason)
    _move(actor, row, step, queries.newest_revision(row), reason)
    return row


@action
def sign(actor: Actor, *, document: UUID, text_hash: str) -> Signature:
    """Sign the newest revision as somebody who read it; bound to the hash of the text that was read. Once per person."""
    row = locked(actor, document)
    newest = queries.newest_revision(row)
    if actor.person_id is None:
        raise Forbidden(_("Only a person can sign."))
    if newest is None or row.state == DRAFT:
        raise Refused(_("Only a submitted document can be signed."))
    if newest.hash != text_hash:
        raise Refused(_("The text has changed since you read it. Read it again before you sign."))
    if newest.signatures.filter(person=actor.person_id).exists():
        raise Conflict(_("You have signed this revision already."))
    return _sign(actor, row, newest, actor.person_id, "witness")


@action
def distribute(actor: Actor, *, document: UUID, to: str) -> Document:
    """Put on the record to whom the sealed document was given."""
    row = locked(actor, document)
    step = step_of(actor, row, "distribute")
    row.distributed_to = usable(to, "to", 2000)
    _move(actor, row, step, queries.newest_revision(row), row.distributed_to)
    return row


@action
def archive(actor: Actor, *, document: UUID) -> Document:
    row = locked(actor, document)
    _move(actor, row, step_of(actor, row, "archive"), queries.newest_revision(row))
    return row


def read_out(actor: Actor, *, document: UUID, form: str, revision: int | None = None) -> tuple[Document, bytes]:
    """The document as `md`, `html` or `pdf`, and the taking on the record. Nothing is locked while it is drawn; it is handed
    out only once the taking stands there."""
    row = queries.document(actor, document)
    if form not in queries.FORMS:
        raise Invalid(_("Choose md, html or pdf."), fields={"form": _("Choose md, html or pdf.")})
    kept = queries.revision(actor, document, revision) if revision else None
    made = queries.rendered(row, form, kept)
    _note_taking(actor, row=row, form=form, text_hash=digest(made))
    return row, made


@action
def _note_taking(actor: Actor, *, row: Document, form: str, text_hash: str) -> None:
    """Whoever lost the right to see it while it was drawn gets nothing."""
    must_see(actor, row.subject_id)
    stated = DocumentExported(**stated_of(row), form=form, text_hash=text_hash)
    record(actor, stated)


def _apply(actor: Actor, approval: UUID | str) -> Document:
    decision = Approval.objects.get(pk=approval)
    row = Document.objects.select_for_update().get(pk=split_ref(decision.about_ref)[1])
    newest = queries.newest_revision(row)
    step = review.move(row.state, "approve" if decision.state == GRANTED else "request_changes")
    is_next = PURPOSES.get(row.state) == decision.purpose and decision.state in (GRANTED, REFUSED)
    if not is_next or step is None or newest is None or newest.hash != decision.text_hash:
        return row
    # Whoever decided is who signs, also when the worker carries it over from the approvals page.
    person = UUID(split_ref(decision.decided_by)[1])
    decider = actor if actor.key == decision.decided_by else Actor(key=decision.decided_by, person_id=person)
    if decision.state == GRANTED:
        _sign(decider, row, newest, person, SIGNS_AS[row.state])
    _move(decider, row, step, newest, decision.reason)
    if row.state == FINAL:
        _seal(decider, row, newest)
    elif row.state in PURPOSES:
        _ask(system("documents"), row, newest)
    return row


def _ask(actor: Actor, row: Document, revision: Revision) -> None:
    """Ask for the approval of the present step; nobody whose words or signature are in it may give it."""
    signed = [f"person:{person}" for person in revision.signatures.values_list("person_id", flat=True)]
    approvals.request(
        actor,
        subject=row.subject_id,
        about_ref=row.ref,
        purpose=PURPOSES[row.state],
        title=_asked(row, revision),
        text_hash=revision.hash,
        grant="report.review" if row.state == LEGAL else "report.approve",
        url=f"/documents/{row.id}/",
        barred=[*revision.authors, *signed],
    )


def _asked(row: Document, revision: Revision) -> str:
    """The title of what waits: which step, and how much of the text nobody has written."""
    step, count = say(STATES[row.state], row.language), sum(queries.unwritten(row, revision).values())
    left = say(Text(_("open places: {count}"), {"count": count}), row.language) if count else ""
    return " · ".join(filter(None, (row.number, step, left)))


def _seal(actor: Actor, row: Document, revision: Revision) -> None:
    signed = [f"{s.role}:{s.person_id}" for s in revision.signatures.all()]
    record(
        actor,
        DocumentSealed(
            **stated_of(row),
            revision=revision.number,
            text_hash=revision.hash,
            signatures=signed,
        ),
    )


def _sign(actor: Actor, row: Document, revision: Revision, person: UUID, role: str) -> Signature:
    # Who signed as a witness and then approves signs once, in the graver role.
    made, _is_new = Signature.objects.update_or_create(
        revision=revision,
        person_id=person,
        defaults={"subject_id": row.subject_id, "role": role, "text_hash": revision.hash, "signed_at": now()},
    )
    record(
        actor,
        DocumentSigned(
            **stated_of(row),
            revision=revision.number,
            text_hash=revision.hash,
            role=role,
        ),
    )
    return made


def _move(actor: Actor, row: Document, step: review.Move, revision: Revision | None, reason: str = "", **more: Any) -> None:
    row.state, row.version = step.end, row.version + 1
    row.save()
    number, text_hash = (revision.number, revision.hash) if revision else (0, "")
    stated = STATED[step.act] if step.act != "approve" else APPROVED[step.start]
    record(actor, stated(**stated_of(row), revision=number, text_hash=text_hash, reason=reason, **more))


def _authors(actor: Actor, row: Document) -> list[str]:
    """Everyone whose words are in it, whoever submits it; the machine is nobody's author."""
    writers = {part.edited_by for part in row.parts.all() if part.edited_by and part.person_text is not None}
    return sorted(key for key in writers | {actor.key} if not key.startswith("system:"))

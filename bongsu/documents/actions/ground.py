"""What the actions on documents share: locking, what the state allows, usable text."""

from typing import Any
from uuid import UUID

from bongsu.kernel.actors import Actor
from bongsu.kernel.errors import Invalid, Refused
from bongsu.kernel.text import Text
from bongsu.kernel.text import gettext_noop as _

from .. import queries
from ..models import Document
from ..rules import review
from ..rules.review import STANDS


def locked(actor: Actor, document: UUID) -> Document:
    queries.document(actor, document)
    return Document.objects.select_for_update().get(pk=document)


def editable(actor: Actor, document: UUID) -> Document:
    row = locked(actor, document)
    actor.require("report.edit")
    if why_not := review.why_not_edit(row.state):
        raise Refused(why_not)
    return row


def stated_of(row: Document) -> dict[str, Any]:
    """What every fact about a document holds."""
    return {"subject": row.subject_id, "document": str(row.id), "number": row.number, "kind": row.kind}


def step_of(actor: Actor, row: Document, act: str) -> review.Move:
    step = review.move(row.state, act)
    if step is None:
        raise Refused(_("This cannot be done in the state “{state}”."), state=Text(STANDS[row.state]))
    actor.require(step.grant)
    return step


def must_say(reason: str) -> None:
    if not reason.strip():
        raise Invalid(_("Say why."), fields={"reason": _("Say why.")})


def usable(text: str, name: str, longest: int, *, may_be_empty: bool = False) -> str:
    if "\0" in text:
        raise Invalid(_("The text holds a character that cannot be kept (NUL)."), fields={name: _("Remove the NUL character.")})
    if len(text) > longest:
        too_long = Text(_("At most {longest} characters."), {"longest": longest})
        raise Invalid(too_long, fields={name: too_long})
    if not may_be_empty and not text.strip():
        raise Invalid(_("This may not be empty."), fields={name: _("This may not be empty.")})
    return text if may_be_empty else text.strip()

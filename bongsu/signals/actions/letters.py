"""Dead letters: looked at and put aside, or read again after the connection was mended."""

from uuid import UUID

from bongsu.events.actions import action, record
from bongsu.events.work import Hint, defer
from bongsu.kernel.actors import Actor
from bongsu.kernel.clock import now
from bongsu.kernel.errors import Invalid, NotFound, Refused
from bongsu.kernel.text import gettext_noop as _

from .. import queries
from ..facts import DeadLetterDismissed, DeadLetterRetried
from ..models import DeadLetter, Receipt
from .receiving import WORK

MANAGE = "connections.manage"


def _locked(actor: Actor, letter: UUID) -> DeadLetter:
    actor.require(MANAGE)
    row = queries.dead_letters(actor).select_for_update(of=("self",)).filter(pk=letter).first()
    if row is None:
        raise NotFound(_("There is no such dead letter."))
    return row


@action
def dismiss_dead_letter(actor: Actor, *, letter: UUID, reason: str) -> DeadLetter:
    """Put it aside with a reason; it comes back when the same body comes again."""
    row = _locked(actor, letter)
    if not reason.strip():
        raise Invalid(_("A reason is needed."), fields={"reason": _("Say why.")})
    row.dismissed_at = now()
    row.save(update_fields=["dismissed_at"])
    record(actor, DeadLetterDismissed(subject=row.subject_id, letter=str(row.id), reason=reason))
    return row


@action
def retry_dead_letter(actor: Actor, *, letter: UUID) -> DeadLetter:
    """Have the worker read the kept body again, for example with another mapping. Refused when the body was never accepted."""
    row = _locked(actor, letter)
    kept = Receipt.objects.select_for_update().filter(pk=row.receipt_id, body__isnull=False).first() if row.receipt_id else None
    if kept is None:
        raise Refused(_("This body was refused at the door and is not kept; the sender has to send it again."))
    kept.state, kept.attempts, kept.due_at, kept.error = "waiting", 0, now(), ""
    kept.save(update_fields=["state", "attempts", "due_at", "error"])
    row.dismissed_at = now()
    row.save(update_fields=["dismissed_at"])
    record(actor, DeadLetterRetried(subject=row.subject_id, letter=str(row.id), at=now()))
    defer([Hint(WORK, str(row.connection_id))])
    return row

"""Seals leave the house by mail, where the operator wants it (BONGSU_SEAL_MAILTO); what came of it stands with the seal."""

from django.conf import settings

from bongsu.events import sealing
from bongsu.events.actions import action
from bongsu.events.models import Seal
from bongsu.events.queries import seal_mailboxes
from bongsu.kernel.actors import Actor
from bongsu.kernel.canonical import digest
from bongsu.kernel.text import Text
from bongsu.kernel.text import gettext_noop as _
from bongsu.ui.language import say

from .. import queries
from ..models import Call
from .calling import call

KEY = "seal:"
LARGEST = 5_000_000  # characters; above it a mail carries hash and signature alone
SUBJECT = _("Bongsu: seal {number} of the ledger")
WORDS = _(
    "Seal {number} of this ledger, made {at}. Keep this mail: the line below proves what the ledger was. "
    "As a file it is given to `bongsu ledger verify --seal FILE`."
)


@action
def mail_seal(actor: Actor, *, seal: int) -> list[Call]:
    """One mail per mailbox; none without mailboxes, or without a connection that mails (then an alarm says so)."""
    actor.require("ledger.verify")
    mailboxes, found = seal_mailboxes(), queries.connections("mail")
    if not (mailboxes and found):
        return []
    made, subject = Seal.objects.get(pk=seal), sealing.open_carrying(actor)
    language, values = settings.LANGUAGE_CODE, {"number": made.number, "at": f"{made.made_at:%Y-%m-%d %H:%M:%S} UTC"}
    line = sealing.as_line(made, is_whole=len(made.text) <= LARGEST)
    content = {"subject": say(Text(SUBJECT, values), language), "text": f"{say(Text(WORDS, values), language)}\n\n{line}"}
    return [
        call(
            actor, connection=found[0], operation="mail", payload={"to": to, "language": language, **content}, subject=subject,
            target="seals", idempotency_key=f"{KEY}{made.number}:{digest(to)[:16]}",
        )
        for to in mailboxes
    ]  # fmt: skip


@action
def note_mailed_seal(actor: Actor, *, call: str) -> None:
    """The mail server has taken it: the seal is outside."""
    row = Call.objects.get(pk=call)
    number = int(row.idempotency_key.removeprefix(KEY).partition(":")[0])
    sealing.note_delivery(actor, seal=number, place=f"mailto:{row.payload['to']}", subject=row.subject_id)

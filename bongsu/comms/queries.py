"""Reads about messages."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.core import signing
from django.db.models import QuerySet

from bongsu.events.queries import visible
from bongsu.events.reading import opened
from bongsu.integrations import queries as integrations
from bongsu.kernel.actors import Actor
from bongsu.kernel.errors import NotFound
from bongsu.kernel.text import gettext_noop as _
from bongsu.kernel.text import text
from bongsu.ui.language import both

from .models import Message
from .rules import KIND_OF

SALT = "comms.acknowledge"


def messages(actor: Actor, *, subject: str = "", state: str = "", person: UUID | None = None) -> QuerySet[Message]:
    """Messages the actor may see, newest first."""
    wanted: dict[str, Any] = {"subject_id": subject, "state": state, "person_id": person}
    rows = Message.objects.filter(visible(actor), **{name: value for name, value in wanted.items() if value})
    return rows.select_related("person", "subject").prefetch_related("sendings").order_by("-created_at", "-id")


def message(actor: Actor, message_id: UUID | str) -> Message:
    found = opened(actor, messages(actor).filter(pk=message_id))
    if found is None:
        raise NotFound(_("There is no such message."))
    return found


def whom(written: Iterable[Message], *, already: Iterable[str] = ()) -> dict[str, str]:
    """Who was written to, who could be reached by no way, and who knew it already, in both languages, for the record."""
    written = list(written)
    groups = [
        (_("written to {who}"), [m.name for m in written if m.state != "failed"]),
        (_("not reached: {who}"), [m.name for m in written if m.state == "failed"]),
        (_("already told: {who}"), list(already)),
    ]
    parts = [both(text(message, who=", ".join(dict.fromkeys(who)))) for message, who in groups if who]
    parts = parts or [both(_("there is nobody to write to"))]
    return {code: "; ".join(part[code] for part in parts) for code in ("ko", "en")}


def connected_kinds() -> set[str]:
    """The kinds of plug-in through which people can be told now."""
    return integrations.connected_kinds() & set(KIND_OF.values())


def connected_ways() -> set[str]:
    """The channels of contact ways that an enabled connection serves now, for the standing check."""
    kinds = integrations.connected_kinds()
    return {way for way, kind in KIND_OF.items() if kind in kinds}


def may_answer_for_unreached(actor: Actor) -> bool:
    """Whose eye is asked for when nobody was reached: who commands, keeps people or keeps connections."""
    return actor.person_id is not None and any(
        actor.may(grant) for grant in ("incident.command", "people.manage", "connections.manage")
    )


def unreached(actor: Actor) -> QuerySet[Message]:
    """Urgent messages to people that no way reached and nobody has looked at, newest first; what a drill wrote does not count."""
    rows = Message.objects.filter(visible(actor), state="failed", is_urgent=True, seen_at=None, person__isnull=False)
    return rows.filter(subject__is_drill=False).select_related("person", "subject").order_by("-created_at", "-id")


def acknowledge_token(message_id: UUID) -> str:
    """What the link in a message carries: proof that somebody got it."""
    return signing.Signer(salt=SALT).signature(str(message_id)).rpartition(":")[2]


def message_of_link(message_id: UUID | str, token: str) -> Message:
    """The message behind a link; NotFound when the token is not its own."""
    try:
        signing.Signer(salt=SALT).unsign(f"{message_id}:{token}")
    except signing.BadSignature:
        raise NotFound(_("This link is not valid.")) from None
    found = Message.objects.filter(pk=message_id, person__isnull=False).select_related("person").first()
    if found is None:
        raise NotFound(_("This link is not valid."))
    return found

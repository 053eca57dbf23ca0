"""Reads about messages."""

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


def of_key(key: str) -> QuerySet[Message]:
    """All messages written under a key: who was told, and who acknowledged."""
    return Message.objects.filter(key=key)


def was_told(key: str, person: UUID) -> bool:
    return Message.objects.filter(key=key, person=person).exists()


def connected_kinds() -> set[str]:
    """The kinds of plug-in through which people can be told now."""
    return integrations.connected_kinds() & set(KIND_OF.values())


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

"""What the actions of this module share: who may touch a person, and the ledger's record of a person."""

from uuid import UUID

from django.core.cache import cache
from django.db import IntegrityError, transaction

from bongsu.events.actions import open_subject
from bongsu.events.models import Subject
from bongsu.kernel.actors import Actor
from bongsu.kernel.errors import Forbidden, NotFound, Refused
from bongsu.kernel.text import gettext_noop as _

from ..models import Person
from ..queries import CHECK_KEY

SIGN_IN = "house:sign-in"  # the record of sign-ins as nobody we know


def manager_or_self(actor: Actor, person: UUID) -> None:
    """Refuse unless the actor keeps people, or is this very person at a page (a token changes no one)."""
    if actor.person_id == person and actor.scopes is None:
        return
    actor.require("people.manage")


def locked(person: UUID) -> Person:
    """The person's row, locked: everything that changes a person goes through here."""
    found = Person.objects.select_for_update().filter(pk=person).first()
    if found is None:
        raise NotFound(_("There is no such person."))
    return found


def record_of(actor: Actor, person: Person) -> str:
    """The person's record in the ledger, read by the person and by those who keep or audit people."""
    if not Subject.objects.filter(ref=person.ref).exists():
        open_record(actor, person)
    return person.ref


def open_record(actor: Actor, person: Person) -> None:
    open_subject(actor, subject=person.ref, restricted=True, readers=[person.id])


def record_of_sign_in(actor: Actor) -> str:
    """The record of failed sign-ins under addresses nobody here has."""
    if not Subject.objects.filter(ref=SIGN_IN).exists():
        try:
            with transaction.atomic():
                open_subject(actor, subject=SIGN_IN, restricted=True)
        except IntegrityError:  # another visitor was first
            pass
    return SIGN_IN


def reason_given(reason: str) -> str:
    if not reason.strip():
        raise Refused(_("This needs a reason."), fields={"reason": _("A reason is needed.")})
    return reason.strip()


def not_oneself(actor: Actor, person: UUID) -> None:
    if actor.person_id == person:
        raise Forbidden(_("Nobody does this to themselves: ask another administrator."))


def recheck() -> None:
    """The standing check is asked anew: here at once, by others once this is committed."""
    cache.delete(CHECK_KEY)
    transaction.on_commit(lambda: cache.delete(CHECK_KEY))

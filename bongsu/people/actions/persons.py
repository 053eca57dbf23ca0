"""Adding and changing people, and the ways they are reached. Nobody is deleted."""

from collections.abc import Sequence
from uuid import UUID

from django.db import IntegrityError, transaction

from bongsu.events.actions import action, record
from bongsu.kernel import clock
from bongsu.kernel.actors import Actor
from bongsu.kernel.errors import Conflict, Invalid, NotFound
from bongsu.kernel.text import gettext_noop as _

from ..facts import (
    ContactWayAdded,
    ContactWayEnded,
    ContactWaysOrdered,
    PersonChanged,
    PersonCreated,
    PersonDeactivated,
    PersonReactivated,
)
from ..models import ContactWay, Person
from ..rules import EMAIL, bad_profile, bad_way, same_address
from .access import give_role, keep_an_administrator
from .ground import locked, manager_or_self, not_oneself, open_record, reason_given, recheck, record_of

INVALID = _("Some of this cannot be used.")


def _check(*, name: str, email: str, language: str, zone: str) -> None:
    wrong = bad_profile(name=name, language=language, zone=zone)
    if not EMAIL.fullmatch(email) or len(email) > 254:
        wrong["email"] = _("This is not an e-mail address.")
    if len(name) > 120:
        wrong["name"] = _("At most 120 characters.")
    if wrong:
        raise Invalid(INVALID, fields={**wrong})


@action
def create_person(
    actor: Actor,
    *,
    email: str,
    name: str,
    language: str = "ko",
    zone: str = "Asia/Seoul",
    password: str | None = None,
    roles: Sequence[str] = (),
) -> Person:
    """Add a person, reachable by mail from the start. Without a password they need a sign-in link; refuses a known e-mail."""
    actor.require("people.manage")
    email = same_address(email)
    _check(name=name, email=email, language=language, zone=zone)
    try:
        with transaction.atomic():
            person = Person.objects.create_user(email, password, name=name.strip(), language=language, zone=zone)
    except IntegrityError:
        raise Conflict(
            _("Somebody has this e-mail address already."), fields={"email": _("This e-mail address is taken.")}
        ) from None
    open_record(actor, person)
    ContactWay.objects.create(person=person, channel="email", address=email)
    record(actor, PersonCreated(subject=person.ref, who=person.name, email=email, language=language, zone=zone))
    for role in dict.fromkeys(roles):
        give_role(actor, person, role)
    return person


@action
def change_person(
    actor: Actor,
    *,
    person: UUID,
    name: str | None = None,
    email: str | None = None,
    language: str | None = None,
    zone: str | None = None,
) -> Person:
    """Change a person's own details; what is None stays. The sign-in address is changed only by those who keep people."""
    manager_or_self(actor, person)
    row = locked(person)
    wanted = {"name": name and name.strip(), "email": email and same_address(email), "language": language, "zone": zone}
    new = {field: getattr(row, field) if value is None else value for field, value in wanted.items()}
    if new["email"] != row.email:
        actor.require("people.manage")
    _check(**new)
    changed = [field for field, value in new.items() if value != getattr(row, field)]
    if not changed:
        return row
    if "email" in changed and Person.objects.filter(email=new["email"]).exists():
        raise Conflict(_("Somebody has this e-mail address already."), fields={"email": _("This e-mail address is taken.")})
    before = {field: getattr(row, field) for field in changed}
    for field in changed:
        setattr(row, field, new[field])
    row.save(update_fields=changed)
    after = {field: new[field] for field in changed}
    record(actor, PersonChanged(subject=record_of(actor, row), who=row.name, fields=changed, before=before, after=after))
    return row


@action
def deactivate_person(actor: Actor, *, person: UUID, reason: str) -> Person:
    """The person may no longer sign in or hold anything that counts; refuses the last administrator and oneself."""
    actor.require("people.manage")
    not_oneself(actor, person)
    why = reason_given(reason)
    keep_an_administrator(person)
    row = locked(person)
    if row.is_active:
        row.is_active = False
        row.save(update_fields=["is_active"])
        record(actor, PersonDeactivated(subject=record_of(actor, row), who=row.name, reason=why))
        recheck()
    return row


@action
def reactivate_person(actor: Actor, *, person: UUID, reason: str) -> Person:
    """The person is back, with the roles and posts they had."""
    actor.require("people.manage")
    why = reason_given(reason)
    row = locked(person)
    if not row.is_active:
        row.is_active = True
        row.save(update_fields=["is_active"])
        record(actor, PersonReactivated(subject=record_of(actor, row), who=row.name, reason=why))
        recheck()
    return row


@action
def add_contact_way(actor: Actor, *, person: UUID, channel: str, address: str) -> ContactWay:
    """Add a way to reach a person, tried after those there are; refuses an unknown channel and one that is there."""
    manager_or_self(actor, person)
    if wrong := bad_way(channel=channel, address=address):
        raise Invalid(INVALID, fields={**wrong})
    row, address = locked(person), address.strip()
    ways = list(ContactWay.objects.current().filter(person=row))
    if any(w.channel == channel and w.address == address for w in ways):
        raise Conflict(_("This way is there already."), fields={"address": _("This way is there already.")})
    way = ContactWay.objects.create(person=row, channel=channel, address=address, rank=max((w.rank + 1 for w in ways), default=0))
    record(actor, ContactWayAdded(subject=record_of(actor, row), who=row.name, channel=channel, address=address))
    recheck()
    return way


@action
def end_contact_way(actor: Actor, *, way: UUID) -> None:
    """The person is no longer reached this way."""
    found = ContactWay.objects.current().filter(pk=way).select_related("person").first()
    if found is None or (actor.person_id != found.person_id and not actor.may("see")):
        raise NotFound(_("There is no such way, or it has ended."))
    manager_or_self(actor, found.person_id)
    row = locked(found.person_id)
    if ContactWay.objects.current().filter(pk=way).update(ended_at=clock.now()):
        record(actor, ContactWayEnded(subject=record_of(actor, row), who=row.name, channel=found.channel, address=found.address))
        recheck()


@action
def order_contact_ways(actor: Actor, *, person: UUID, order: Sequence[UUID]) -> None:
    """Set which way is tried first; `order` names each way that stands, once."""
    manager_or_self(actor, person)
    row = locked(person)
    ways = {way.id: way for way in ContactWay.objects.current().filter(person=row)}
    if sorted(ways) != sorted(order):
        raise Invalid(INVALID, fields={"order": _("Name every way of this person exactly once.")})
    for rank, way in enumerate(order):
        ways[way].rank = rank
    ContactWay.objects.bulk_update(ways.values(), ["rank"])
    record(actor, ContactWaysOrdered(subject=record_of(actor, row), who=row.name, order=[ways[w].channel for w in order]))

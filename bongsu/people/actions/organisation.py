"""Legal entities and teams (M8)."""

import re
from typing import Any
from uuid import UUID

from bongsu.events.actions import action, open_subject, record
from bongsu.kernel import clock
from bongsu.kernel.actors import Actor
from bongsu.kernel.errors import Conflict, Invalid, NotFound
from bongsu.kernel.text import gettext_noop as _

from ..facts import EntityChanged, EntityCreated, MemberJoined, MemberLeft, TeamChanged, TeamCreated
from ..models import LegalEntity, Membership, Team
from ..rules import zones
from .ground import locked

KEY = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")


def _check(*, key: str, name: str, country: str = "KR", zone: str = "UTC") -> None:
    wrong: dict[str, Any] = {}
    if not KEY.fullmatch(key):
        wrong["key"] = _("Use lower-case letters, digits and hyphens.")
    if not name.strip() or len(name) > 160:
        wrong["name"] = _("A name of at most 160 characters is needed.")
    if not re.fullmatch(r"[A-Z]{2}", country):
        wrong["country"] = _("Use the two capital letters of the country, such as KR.")
    if zone not in zones():
        wrong["zone"] = _("Unknown time zone: use a name such as Asia/Seoul.")
    if wrong:
        raise Invalid(_("Some of this cannot be used."), fields=wrong)


def _taken(key: str) -> Conflict:
    return Conflict(_("The key “{key}” is taken."), key=key, fields={"key": _("This key is taken.")})


@action
def create_entity(actor: Actor, *, key: str, name: str, country: str = "KR", zone: str = "Asia/Seoul") -> LegalEntity:
    """Add a legal entity; refuses a key that is taken, an unknown zone or country form."""
    actor.require("people.manage")
    _check(key=key, name=name, country=country, zone=zone)
    if LegalEntity.objects.filter(key=key).exists():
        raise _taken(key)
    entity = LegalEntity.objects.create(key=key, name=name.strip(), country=country, zone=zone)
    open_subject(actor, subject=entity.ref)
    record(actor, EntityCreated(subject=entity.ref, key=key, title=entity.name, country=country, zone=zone))
    return entity


@action
def change_entity(
    actor: Actor,
    *,
    entity: UUID,
    name: str | None = None,
    country: str | None = None,
    zone: str | None = None,
    is_active: bool | None = None,
) -> LegalEntity:
    """Change a legal entity; what is None stays."""
    actor.require("people.manage")
    row = LegalEntity.objects.select_for_update().filter(pk=entity).first()
    if row is None:
        raise NotFound(_("There is no such legal entity."))
    wanted = {"name": name and name.strip(), "country": country, "zone": zone, "is_active": is_active}
    for field, value in wanted.items():
        if value is not None:
            setattr(row, field, value)
    _check(key=row.key, name=row.name, country=row.country, zone=row.zone)
    row.save()
    changed = EntityChanged(
        subject=row.ref, key=row.key, title=row.name, country=row.country, zone=row.zone, is_active=row.is_active
    )
    record(actor, changed)
    return row


@action
def create_team(actor: Actor, *, key: str, name: str, entity: UUID) -> Team:
    """Add a team of a legal entity; refuses a key that is taken."""
    actor.require("people.manage")
    _check(key=key, name=name)
    owner = LegalEntity.objects.filter(pk=entity, is_active=True).first()
    if owner is None:
        raise Invalid(_("There is no such legal entity."), fields={"entity": _("Choose a legal entity.")})
    if Team.objects.filter(key=key).exists():
        raise _taken(key)
    team = Team.objects.create(key=key, name=name.strip(), entity=owner)
    open_subject(actor, subject=team.ref)
    record(actor, TeamCreated(subject=team.ref, key=key, title=team.name, entity=owner.key))
    return team


def _team(team: UUID) -> Team:
    row = Team.objects.select_for_update().filter(pk=team).first()
    if row is None:
        raise NotFound(_("There is no such team."))
    return row


@action
def change_team(actor: Actor, *, team: UUID, name: str | None = None, is_active: bool | None = None) -> Team:
    """Rename a team or end it; what is None stays."""
    actor.require("people.manage")
    row = _team(team)
    row.name = row.name if name is None else name.strip()
    row.is_active = row.is_active if is_active is None else is_active
    _check(key=row.key, name=row.name)
    row.save()
    record(actor, TeamChanged(subject=row.ref, key=row.key, title=row.name, is_active=row.is_active))
    return row


@action
def join_team(actor: Actor, *, team: UUID, person: UUID) -> Membership:
    """Put a person in a team; refuses who is in it."""
    actor.require("people.manage")
    row, who = _team(team), locked(person)
    if Membership.objects.current().filter(team=row, person=who).exists():
        raise Conflict(_("{who} is in this team already."), who=who.name)
    membership = Membership.objects.create(team=row, person=who)
    record(actor, MemberJoined(subject=row.ref, person=str(who.id), who=who.name, title=row.name))
    return membership


@action
def leave_team(actor: Actor, *, team: UUID, person: UUID) -> None:
    """Take a person out of a team."""
    actor.require("people.manage")
    row, who = _team(team), locked(person)
    if not Membership.objects.current().filter(team=row, person=who).update(ended_at=clock.now()):
        raise NotFound(_("{who} is not in this team."), who=who.name)
    record(actor, MemberLeft(subject=row.ref, person=str(who.id), who=who.name, title=row.name))

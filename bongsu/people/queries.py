"""Reads about people."""

from uuid import UUID

from bongsu.kernel.actors import Actor
from bongsu.kernel.errors import NotFound
from bongsu.kernel.refs import ref
from bongsu.kernel.text import gettext_noop as _

from .models import Person
from .rules import grants_of


def person(person_id: UUID) -> Person:
    """The person with this id, active or not; NotFound when there is none."""
    found = Person.objects.filter(pk=person_id).first()
    if found is None:
        raise NotFound(_("There is no such person."))
    return found


def actor_of(person: Person, *, scopes: frozenset[str] | None = None) -> Actor:
    """`person` as the one who acts; without any access role they are a stranger, inactive people may nothing."""
    roles = frozenset(person.access.current().values_list("role", flat=True)) if person.is_active else frozenset()
    return Actor(
        key=ref("person", person.id),
        name=person.name,
        person_id=person.id,
        roles=roles,
        grants=grants_of(roles),
        scopes=scopes,
        language=person.language,
        zone=person.zone,
    )

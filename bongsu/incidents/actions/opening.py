"""Declaring an incident: its number, its first IC, who may read it, and the fact everything else follows from."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection

from bongsu.events.actions import action, open_subject, record, restrict
from bongsu.kernel.actors import Actor
from bongsu.kernel.clock import now
from bongsu.kernel.errors import Conflict, Invalid, Refused
from bongsu.kernel.refs import ref, uuid7
from bongsu.kernel.text import gettext_noop as _
from bongsu.packs import queries as packs
from bongsu.packs.rules.naming import incident_number
from bongsu.packs.rules.taxonomy import Taxonomy
from bongsu.people import queries as people
from bongsu.people.models import Person
from bongsu.systems.models import AISystem

from ..facts import CommandOffered, IncidentOpened
from ..models import CommandOffer, Incident, RoleAssignment
from ..rules import IC, wrong_moments, year_of
from .locking import able_person
from .restricting import state_restriction
from .visibility import posts_readers

STATE_AT_OPENING = "declared"
# Its row stays locked until the transaction ends: one that fails gives the number back.
NEXT_NUMBER = """
    INSERT INTO incidents_counter (year, is_drill, last) VALUES (%s, %s, 1)
    ON CONFLICT (year, is_drill) DO UPDATE SET last = incidents_counter.last + 1
"""
THE_NUMBER = "SELECT last FROM incidents_counter WHERE year = %s AND is_drill = %s"  # RETURNING needs SQLite 3.35, Django 3.31


@action
def open_incident(
    actor: Actor,
    *,
    title: str,
    type: str,
    subtype: str,
    severity: str,
    description: str = "",
    system: AISystem | None = None,
    occurred_at: datetime | None = None,
    detected_at: datetime | None = None,
    affected_scope: str = "",
    commander: UUID | None = None,
    is_drill: bool = False,
    restriction: str = "",
    readers: Iterable[UUID] = (),
    origin: str = "person",
    source: str = "",
    group_key: str = "",
) -> Incident:
    """Declare. Commits in milliseconds with every outside system down; all else follows from `IncidentOpened`.

    `restriction` (a reason) makes it readable only by `readers`, the actor, the IC and the posts of its severity.
    Refuses unknown classification words, moments that cannot be, a second open incident for the same group key.
    """
    actor.require("incident.declare")
    pack = packs.active_version()
    taxonomy = packs.taxonomy(pack.id)
    declared_at = now()
    _check(taxonomy, title=title, type=type, subtype=subtype, severity=severity)
    occurred_at, detected_at = _moments(occurred_at, detected_at or declared_at, declared_at)
    if group_key and (burning := open_in_group(group_key, is_drill=is_drill)):
        raise Conflict(_("{number} is already open for this."), number=burning.number)
    incident = Incident(
        id=uuid7(), title=title.strip(), description=description, type=type, subtype=subtype, severity=severity,
        state=STATE_AT_OPENING, system=system, pack=pack, origin=origin, group_key=group_key, is_drill=is_drill,
        occurred_at=occurred_at, detected_at=detected_at, declared_at=declared_at, declared_by=actor.key,
        affected_scope=affected_scope, regions=list(system.regions) if system else [],
    )  # fmt: skip
    chief = _first_commander(actor, taxonomy, incident, commander)
    incident.responded_at = declared_at if chief.id == actor.person_id else None
    may_read = [*readers, chief.id, *filter(None, [actor.person_id]), *posts_readers(incident)] if restriction else []
    incident.subject = open_subject(actor, subject=ref("incident", incident.id), restricted=bool(restriction), is_drill=is_drill)
    incident.number = _number(taxonomy, declared_at, is_drill)
    incident.save(force_insert=True)
    record(
        actor,
        IncidentOpened(
            subject=incident.subject_id, number=incident.number, title=incident.title, description=description, type=type,
            subtype=subtype, severity=severity, system=system.ref if system else "", origin=origin, source=source,
            is_drill=is_drill, declared_at=declared_at,
        ),
    )  # fmt: skip
    if restriction:
        restrict(actor, subject=incident.subject_id, readers=may_read, reason=restriction)
        state_restriction(actor, incident, restriction)
    _seat(actor, incident, chief)
    return incident


def open_in_group(group_key: str, *, is_drill: bool) -> Incident | None:
    """The open incident of a group key, if there is one."""
    return Incident.objects.filter(group_key=group_key, is_drill=is_drill, is_open=True).first()


def _check(taxonomy: Taxonomy, *, title: str, type: str, subtype: str, severity: str) -> None:
    wrong: dict[str, Any] = {}
    if not title.strip():
        wrong["title"] = _("A title is needed.")
    if len(title) > 200:
        wrong["title"] = _("A title has at most 200 characters.")
    if type not in [t.key for t in taxonomy.types]:
        wrong["type"] = _("Unknown type.")
    elif subtype not in [s.key for s in taxonomy.type(type).subtypes]:
        wrong["subtype"] = _("This type has no such sub-type.")
    if severity not in [s.key for s in taxonomy.severities]:
        wrong["severity"] = _("Unknown severity: choose P0, P1, P2 or P3.")
    if wrong:
        raise Invalid(_("This incident cannot be declared as it stands."), fields=wrong)


def _moments(occurred_at: datetime | None, detected_at: datetime, declared_at: datetime) -> tuple[datetime | None, datetime]:
    """Both in UTC, once they can be."""
    if wrong := wrong_moments(occurred_at=occurred_at, detected_at=detected_at, declared_at=declared_at):
        raise Invalid(_("The moments of this incident cannot be right."), fields=dict(wrong))
    return occurred_at and occurred_at.astimezone(UTC), detected_at.astimezone(UTC)


def _number(taxonomy: Taxonomy, declared_at: datetime, is_drill: bool) -> str:
    year = year_of(declared_at, settings.ORGANISATION_ZONE)
    with connection.cursor() as cursor:
        cursor.execute(NEXT_NUMBER, [year, is_drill])
        cursor.execute(THE_NUMBER, [year, is_drill])
        (number,) = cursor.fetchone()
    return incident_number(taxonomy.numbering, year=year, number=number, is_drill=is_drill)


def _first_commander(actor: Actor, taxonomy: Taxonomy, incident: Incident, wanted: UUID | None) -> Person:
    """The named one, else who declares and may command, else whoever the triage desk's post leads to."""
    if wanted:
        return able_person(wanted, field="commander")
    if actor.person_id and actor.may("incident.command"):
        return people.person(actor.person_id)
    if found := stands_in(incident):
        return found
    if actor.person_id:
        return people.person(actor.person_id)
    raise Refused(_("Nobody could take command: the triage desk's post and its fallbacks are empty."))


def stands_in(incident: Incident) -> Person | None:
    """Who commands when nobody was named: whoever the triage desk's post leads to."""
    post = packs.taxonomy(incident.pack_id).triage.post
    return next(iter(people.resolve_post(post, incident.system.ref if incident.system else "").people), None)


def _seat(actor: Actor, incident: Incident, chief: Person) -> None:
    """Somebody is IC from the first moment. Who declared for himself has accepted; anyone else is asked."""
    at = incident.declared_at
    RoleAssignment.objects.create(incident=incident, role=IC, person=chief, began_at=at, accepted_at=incident.responded_at)
    if incident.responded_at:
        return
    offer = CommandOffer.objects.create(incident=incident, person=chief, offered_by=actor.key, offered_at=at)
    record(actor, CommandOffered(subject=incident.subject_id, offer=offer.id, person=str(chief.id), person_name=chief.name))

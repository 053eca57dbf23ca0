"""Restricting an incident, letting people in, and breaking the glass."""

from collections.abc import Iterable
from datetime import date, timedelta
from uuid import UUID

from bongsu.events.actions import action, add_reader, record, restrict
from bongsu.events.queries import may_see, readers
from bongsu.kernel.actors import Actor
from bongsu.kernel.clock import now
from bongsu.kernel.errors import Invalid, NotFound, Refused
from bongsu.kernel.text import Text
from bongsu.kernel.text import gettext_noop as _
from bongsu.packs import queries as packs
from bongsu.people import queries as people
from bongsu.ui.language import say

from ..facts import BreakGlassUsed, NeededPersonCalled
from ..models import Incident, Restriction, RoleAssignment
from .locking import locked, must_lead

REVIEW_AFTER = timedelta(days=30)


@action
def restrict_incident(
    actor: Actor, *, incident: UUID, reason: str, readers: Iterable[UUID] = (), review_on: date | None = None
) -> Incident:
    """Only the people named, those with a role in it and its severity's posts read it from now on. The IC decides."""
    found = locked(actor, incident)
    must_lead(actor, found)
    if not reason.strip():
        raise Invalid(_("A restriction needs a reason."), fields={"reason": _("Say why.")})
    roles = RoleAssignment.objects.filter(incident=found, ended_at=None).values_list("person_id", flat=True)
    own = [actor.person_id] if actor.person_id else []
    restrict(actor, subject=found.subject_id, readers=[*readers, *roles, *own, *posts_readers(found)], reason=reason)
    state_restriction(actor, found, reason, review_on)
    return found


def state_restriction(actor: Actor, incident: Incident, reason: str, review_on: date | None = None) -> None:
    at = now()
    approver = actor.person_id or RoleAssignment.objects.values_list("person_id", flat=True).filter(incident=incident).first()
    if approver is None:
        approver = people.resolve_post(packs.taxonomy(incident.pack_id).triage.post).people[0].id
    Restriction.objects.update_or_create(
        incident=incident,
        defaults={
            "reason": reason,
            "approved_by_id": approver,
            "restricted_at": at,
            "review_on": review_on or (at + REVIEW_AFTER).date(),
        },
    )


def posts_readers(incident: Incident) -> list[UUID]:
    """The people of the posts that the incident's severity names: the recorded rule of who reads a restricted one."""
    scope = incident.system.ref if incident.system else ""
    notify = packs.taxonomy(incident.pack_id).severity(incident.severity).notify
    return [person.id for post in notify for person in people.resolve_post(post, scope).people]


@action
def let_in(actor: Actor, *, incident: UUID, person: UUID, reason: str) -> None:
    """The IC lets one more person read a restricted incident."""
    found = locked(actor, incident)
    must_lead(actor, found)
    if not reason.strip():
        raise Invalid(_("Letting somebody in needs a reason."), fields={"reason": _("Say why.")})
    somebody = people.person(person)
    add_reader(actor, subject=found.subject_id, person=somebody.id, person_name=somebody.name, reason=reason)


def let_in_by_rule(actor: Actor, *, incident: Incident, person: UUID, reason: Text) -> None:
    """Inside other actions: a role or the severity's posts make somebody a reader; the reason is kept in the actor's words."""
    if incident.subject.restricted:
        somebody, why = people.person(person), say(reason, actor.language)
        add_reader(actor, subject=incident.subject_id, person=somebody.id, person_name=somebody.name, reason=why)


@action
def call_needed_person(actor: Actor, *, incident: UUID, person: UUID) -> None:
    """Put on the record that a person who may not read the incident was told that he is needed."""
    found = locked(actor, incident)
    somebody = people.person(person)
    record(actor, NeededPersonCalled(subject=found.subject_id, person=str(somebody.id), person_name=somebody.name))


@action
def break_glass(actor: Actor, *, number: str, reason: str) -> Incident:
    """An administrator reads a restricted incident without being let in: with a reason, on the record, the IC is told."""
    actor.require("breakglass")
    found = Incident.objects.select_for_update(of=("self",)).filter(number=number).first()
    if found is None or actor.person_id is None:
        raise NotFound(_("There is no such incident."))
    if may_see(actor, found.subject_id):
        raise Refused(_("You may read this incident already."))
    if len(reason.strip()) < 10:
        raise Invalid(_("Breaking the glass needs a reason."), fields={"reason": _("Say why in at least ten characters.")})
    restrict(actor, subject=found.subject_id, readers=[*readers(found.subject_id), actor.person_id], reason=reason)
    record(actor, BreakGlassUsed(subject=found.subject_id, person=str(actor.person_id), reason=reason))
    return found

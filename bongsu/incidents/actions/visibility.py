"""Letting people read a restricted incident, and breaking the glass."""

from uuid import UUID

from bongsu.events.actions import action, add_reader, record, restrict
from bongsu.events.queries import may_see, readers
from bongsu.kernel.actors import Actor
from bongsu.kernel.errors import Invalid, NotFound, Refused
from bongsu.kernel.text import Text
from bongsu.kernel.text import gettext_noop as _
from bongsu.packs import queries as packs
from bongsu.people import queries as people
from bongsu.ui.language import say

from ..facts import BreakGlassUsed
from ..models import Incident
from .locking import locked, must_lead


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

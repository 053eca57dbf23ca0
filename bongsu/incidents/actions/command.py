"""Roles in an incident. The command is offered and accepted; until then the one before stays IC."""

from uuid import UUID

from bongsu.events.actions import action, record
from bongsu.kernel.actors import Actor
from bongsu.kernel.clock import now
from bongsu.kernel.errors import Invalid, Refused
from bongsu.kernel.text import Text
from bongsu.kernel.text import gettext_noop as _
from bongsu.packs import queries as packs
from bongsu.people.models import Person

from ..facts import CommandAccepted, CommandDeclined, CommanderLeft, CommandOffered, RoleAssigned
from ..models import CommandOffer, Incident, RoleAssignment
from ..rules import IC
from .locking import able_person, is_ic, locked
from .opening import stands_in
from .visibility import let_in_by_rule


@action
def assign_role(actor: Actor, *, incident: UUID, role: str, person: UUID) -> RoleAssignment:
    """Make somebody technical lead, legal or communications at once; the IC's role is offered instead."""
    found = locked(actor, incident)
    taxonomy = packs.taxonomy(found.pack_id)
    if role not in [r.key for r in taxonomy.roles]:
        raise Invalid(_("Unknown role."), fields={"role": _("Choose one of the pack's roles.")})
    if role == IC:
        raise Refused(_("The command is not assigned: offer it, and it passes on when it is accepted."))
    somebody = able_person(person)
    at = now()
    RoleAssignment.objects.filter(incident=found, role=role, ended_at=None).update(ended_at=at)
    row = RoleAssignment.objects.create(incident=found, role=role, person=somebody, began_at=at)
    let_in_by_rule(actor, incident=found, person=somebody.id, reason=Text("{role}", {"role": taxonomy.role(role).label.both}))
    record(actor, RoleAssigned(subject=found.subject_id, role=role, person=str(somebody.id), person_name=somebody.name))
    return row


@action
def offer_command(actor: Actor, *, incident: UUID, person: UUID) -> CommandOffer:
    """Offer the command to somebody. The IC does, or a commander when the IC does not answer."""
    found = locked(actor, incident)
    if not (is_ic(actor, found) or actor.may("incident.command")):
        raise Refused(_("Only the incident commander, or somebody who may command, offers the command."))
    somebody = able_person(person)
    current = RoleAssignment.objects.filter(incident=found, role=IC, ended_at=None).first()
    if current and current.person_id == somebody.id and current.accepted_at:
        raise Refused(_("{name} is the incident commander already."), name=somebody.name)
    return _ask(actor, found, somebody)


def _ask(actor: Actor, found: Incident, somebody: Person) -> CommandOffer:
    at = now()
    CommandOffer.objects.filter(incident=found, accepted_at=None, withdrawn_at=None).update(withdrawn_at=at)
    offer = CommandOffer.objects.create(incident=found, person=somebody, offered_by=actor.key, offered_at=at)
    let_in_by_rule(actor, incident=found, person=somebody.id, reason=Text(_("the command was offered")))
    record(
        actor,
        CommandOffered(subject=found.subject_id, offer=offer.id, person=str(somebody.id), person_name=somebody.name),
    )
    return offer


@action
def accept_command(actor: Actor, *, incident: UUID) -> Incident:
    """Take the command that was offered to the actor. The first one to accept is the first human response (A1)."""
    found = locked(actor, incident)
    offer = _own_offer(actor, found)
    at = now()
    before = RoleAssignment.objects.select_related("person").filter(incident=found, role=IC, ended_at=None).first()
    if before and before.person_id == actor.person_id:
        before.accepted_at = at
        before.save(update_fields=["accepted_at"])
    else:
        RoleAssignment.objects.filter(incident=found, role=IC, ended_at=None).update(ended_at=at)
        RoleAssignment.objects.create(incident=found, role=IC, person=offer.person, began_at=at, accepted_at=at)
    offer.accepted_at = at
    offer.save(update_fields=["accepted_at"])
    is_first = found.responded_at is None
    if is_first:
        found.responded_at = at
        found.save(update_fields=["responded_at"])
    record(
        actor,
        CommandAccepted(
            subject=found.subject_id,
            person=str(actor.person_id),
            person_name=offer.person.name,
            before_name=before.person.name if before and before.person_id != actor.person_id else "",
            is_first=is_first,
        ),
    )
    return found


@action
def replace_commander(actor: Actor, *, incident: UUID, person: UUID) -> None:
    """The IC is no longer active: whoever the triage desk's post leads to stands in at once, and is asked to accept.

    Nothing where he does not command, or nobody stands in: then the standing check says that posts are empty."""
    found = locked(actor, incident)
    held = RoleAssignment.objects.filter(incident=found, role=IC, ended_at=None, person=person)
    leaving = held.select_related("person").first()
    heir = stands_in(found)
    if leaving is None or leaving.person.is_active or heir is None:
        return
    at = now()
    held.update(ended_at=at)
    RoleAssignment.objects.create(incident=found, role=IC, person=heir, began_at=at)
    record(actor, CommanderLeft(
        subject=found.subject_id, person=str(person), person_name=leaving.person.name, stand_in=str(heir.id),
        stand_in_name=heir.name,
    ))  # fmt: skip
    _ask(actor, found, heir)


@action
def decline_command(actor: Actor, *, incident: UUID, reason: str) -> None:
    """Say no to an offer, with a reason; the IC stays who he was."""
    found = locked(actor, incident)
    offer = _own_offer(actor, found)
    if not reason.strip():
        raise Invalid(_("Declining needs a reason."), fields={"reason": _("Say why.")})
    offer.withdrawn_at = now()
    offer.save(update_fields=["withdrawn_at"])
    record(
        actor,
        CommandDeclined(subject=found.subject_id, person=str(actor.person_id), person_name=offer.person.name, reason=reason),
    )


def _own_offer(actor: Actor, incident: Incident) -> CommandOffer:
    offer = (
        CommandOffer.objects.select_related("person")
        .filter(incident=incident, accepted_at=None, withdrawn_at=None, person=actor.person_id)
        .first()
    )
    if offer is None or actor.person_id is None:
        raise Refused(_("The command of this incident is not offered to you, or no longer."))
    return offer

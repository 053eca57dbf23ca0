"""The pagers follow: somebody has taken command, it is over."""

from uuid import UUID

from bongsu.comms import actions as comms
from bongsu.events.actions import action
from bongsu.incidents.models import Incident
from bongsu.kernel.actors import Actor


@action
def acknowledge_pages(actor: Actor, *, incident: UUID) -> int:
    """An IC has accepted: what rings is acknowledged in the pager service, unless it is over already."""
    found = Incident.objects.get(pk=incident)
    return comms.acknowledge_pages(actor, subject=found.subject_id) if found.is_open else 0


@action
def end_pages(actor: Actor, *, incident: UUID) -> int:
    """Resolved or found false: the pager service is told that it is over."""
    return comms.resolve_pages(actor, subject=Incident.objects.get(pk=incident).subject_id)

"""The pagers follow: somebody has taken command, it is over."""

from uuid import UUID

from bongsu.comms.actions import page_key, resolve_pages
from bongsu.comms.models import Sending
from bongsu.events.actions import action
from bongsu.incidents.models import Incident
from bongsu.integrations.actions import call
from bongsu.kernel.actors import Actor


@action
def acknowledge_pages(actor: Actor, *, incident: UUID) -> int:
    """An IC has accepted: what rings is acknowledged in the pager service. What a person has read stays his own word."""
    found = Incident.objects.get(pk=incident)
    rows = Sending.objects.filter(subject=found.subject_id, way="pager", call__isnull=False)
    told = 0
    for sending in rows.select_related("message", "call__connection"):
        asked = sending.call
        if asked is None:
            continue
        call(
            actor, connection=asked.connection, operation="acknowledge", subject=found.subject_id, target=asked.target,
            payload={"dedup_key": page_key(sending.message), "address": asked.payload.get("address", "")},
            idempotency_key=f"acknowledge:{sending.id}", is_urgent=True,
        )  # fmt: skip
        told += 1
    return told


@action
def end_pages(actor: Actor, *, incident: UUID) -> int:
    """Resolved or found false: the pager service is told that it is over."""
    return resolve_pages(actor, subject=Incident.objects.get(pk=incident).subject_id)

"""Temporary measures and permanent fixes (C6)."""

from datetime import datetime
from uuid import UUID

from bongsu.events.actions import action, record
from bongsu.incidents.actions.locking import locked
from bongsu.incidents.queries import taxonomy_of
from bongsu.kernel.actors import Actor
from bongsu.kernel.clock import now
from bongsu.kernel.errors import Invalid, NotFound, Refused
from bongsu.kernel.text import gettext_noop as _
from bongsu.people import queries as people

from ..facts import MeasureDone, MeasureSet
from ..models import Measure

RUN = "runbook.run"


@action
def set_measure(
    actor: Actor, *, incident: UUID, is_permanent: bool, kind: str, text: str, owner: UUID, due_at: datetime | None = None,
    link: str = "",
) -> Measure:  # fmt: skip
    """Refuses unknown kinds, an empty text, and a policy update that does not name its new version."""
    found = locked(actor, incident, grant=RUN)
    wrong: dict[str, str] = {}
    if kind not in [k.key for k in taxonomy_of(found).measures]:
        wrong["kind"] = _("Choose one of the pack's kinds.")
    if not text.strip():
        wrong["text"] = _("Say what is done.")
    if link and not link.startswith(("http://", "https://")):
        wrong["link"] = _("A link begins with http:// or https://.")
    if due_at is not None and due_at.tzinfo is None:
        wrong["due_at"] = _("A moment needs its time zone.")
    if wrong:
        raise Invalid(_("This measure cannot be kept as it stands."), fields=dict(wrong))
    somebody = people.person(owner)
    row = Measure.objects.create(
        subject=found.subject, incident=found, is_permanent=is_permanent, kind=kind, text=text.strip(), link=link,
        owner=somebody, due_at=due_at,
    )  # fmt: skip
    record(actor, MeasureSet(
        subject=found.subject_id, measure=row.id, is_permanent=is_permanent, kind=kind, text=row.text, owner=str(somebody.id)
    ))  # fmt: skip
    return row


@action
def finish_measure(actor: Actor, *, incident: UUID, measure: UUID) -> Measure:
    """It is in effect."""
    found = locked(actor, incident, grant=RUN)
    row = Measure.objects.select_for_update(of=("self",)).filter(incident=found, pk=measure).first()
    if row is None:
        raise NotFound(_("There is no such measure in this incident."))
    if row.done_at:
        raise Refused(_("This measure is finished already."))
    row.done_at, row.done_by = now(), actor.key
    row.save(update_fields=["done_at", "done_by"])
    record(actor, MeasureDone(subject=found.subject_id, measure=row.id, text=row.text))
    return row

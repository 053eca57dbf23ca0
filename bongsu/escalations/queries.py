"""Reading ladders and who was told."""

from datetime import datetime, timedelta

from bongsu.comms.models import Message
from bongsu.events.queries import must_see
from bongsu.incidents.models import Incident
from bongsu.incidents.queries import taxonomy_of
from bongsu.kernel.actors import Actor

from .models import Step
from .rules import Rung, rungs

PURPOSE = "escalation"


def round_of(incident: Incident) -> int:
    """Which burning of the incident this is: 1, and one more for every re-opening."""
    last = Step.objects.filter(incident=incident).order_by("-round").values_list("round", flat=True).first()
    return last or 0


def ladder(actor: Actor, incident: Incident) -> list[Step]:
    """All steps, fired, waiting and called off, oldest first."""
    must_see(actor, incident.subject_id)
    return list(incident.escalation_steps.all())


def told(actor: Actor, incident: Incident) -> list[Message]:
    """One receipt per person and step, newest first."""
    must_see(actor, incident.subject_id)
    rows = Message.objects.filter(subject=incident.subject_id, purpose=PURPOSE, person__isnull=False)
    return list(rows.select_related("person").prefetch_related("sendings").order_by("-created_at"))


def wanted_rungs(incident: Incident, began_at: datetime) -> list[Rung]:
    """The ladder of the incident's present severity, counted from `began_at`."""
    taxonomy = taxonomy_of(incident)
    return rungs(
        [(s.key, s.after, s.posts) for s in taxonomy.steps_for(incident.severity)],
        severity=incident.severity,
        began_at=began_at,
        executives=taxonomy.executives,
        executives_told_of=taxonomy.executives_told_of,
    )


def respond_within(incident: Incident) -> timedelta:
    return taxonomy_of(incident).severity(incident.severity).respond_within


def remind_every(incident: Incident) -> timedelta:
    return taxonomy_of(incident).triage_for(incident.severity).repeat_every

"""What the machine does by itself: baselines, a dry run where the policy lets it propose, checks once it is contained."""

from uuid import UUID

from bongsu.events.actions import action
from bongsu.incidents.models import Incident
from bongsu.incidents.queries import taxonomy_of
from bongsu.kernel.actors import Actor

from .. import queries
from ..rules import containing as rules
from ..rules.verifying import PASSED, fill
from .containing import propose_containment
from .snapshots import places
from .verifying import check_recovery, freeze_baseline

ROLLBACK = "model_rollback"


@action
def prepare_run(actor: Actor, *, incident: UUID) -> None:
    """Freeze the baselines; propose the rollback (a dry run, nothing is changed) where the policy is not “a person alone”."""
    found = Incident.objects.select_related("system").get(pk=incident)
    run = queries.run_of(found)
    if run is None:
        return
    for verification in queries.verifications(actor, found):
        freeze_baseline(actor, verification=verification.id)
    taxonomy = taxonomy_of(found)
    mode = taxonomy.mode(taxonomy.containment(ROLLBACK).act, found.severity)
    may_propose = mode != rules.PERSON and queries.containment_step(run, ROLLBACK) and queries.registry_for(found)
    if may_propose and found.system and found.system.good_version and not found.containments.exists():
        propose_containment(actor, incident=found.id, kind=ROLLBACK)


@action
def begin_checks(actor: Actor, *, incident: UUID) -> None:
    """It is contained: ask the metrics whether it is back, where they can be asked."""
    found = Incident.objects.select_related("system").get(pk=incident)
    for row in queries.verifications(actor, found) if queries.metrics() else []:
        _query, unknown = fill(row.query + row.traffic, places(found))
        if not unknown and row.state not in PASSED:
            check_recovery(actor, incident=found.id, verification=row.id)

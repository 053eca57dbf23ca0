"""The evidence snapshot: alias, versions with their tags, what is loaded, recent series; kept as a file with its hash."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q

from bongsu.events.actions import action, cancel_timer, record, set_timer
from bongsu.files.actions import store
from bongsu.incidents import actions as incidents
from bongsu.incidents.actions.locking import lock_incident, locked
from bongsu.incidents.models import Incident
from bongsu.kernel.actors import Actor
from bongsu.kernel.canonical import moment
from bongsu.kernel.clock import now
from bongsu.kernel.errors import Refused
from bongsu.kernel.text import gettext_noop as _
from bongsu.kernel.text import text

from .. import queries
from ..facts import SnapshotAsked, SnapshotFailed, SnapshotTaken
from ..models import Containment, Snapshot
from ..rules import containing as rules
from ..rules.verifying import fill, step_of
from .approving import decide
from .calling import ask
from .moving import fail, let_go, locked_row
from .stepping import settle

EXECUTE = "containment.execute"
WAIT = timedelta(minutes=1)  # containment must not wait long for a metrics server that is down
HISTORY = timedelta(hours=3)
NEEDED = ("alias", "versions")  # without these nothing is changed
LATE = "runbooks.snapshot"


@action
def take_snapshot(actor: Actor, *, incident: UUID) -> Snapshot:
    """Ask for what stands there now; nothing is changed. Refuses without a registry that knows the system's model."""
    return collect(actor, locked(actor, incident, grant=EXECUTE))


def collect(actor: Actor, incident: Incident) -> Snapshot:
    registry, system = queries.registry_for(incident), incident.system
    if registry is None or system is None:
        raise Refused(_("No registry connection knows the model of this system. Take the snapshot by hand and tick the step."))
    row = Snapshot.objects.create(
        subject=incident.subject, incident=incident, model=system.registry_model, alias=system.registry_alias
    )  # fmt: skip
    asked: dict[str, tuple[Any, str, dict[str, Any]]] = {
        "alias": (registry, "get_alias", {"model": row.model, "alias": row.alias}),
        "versions": (registry, "list_versions", {"model": row.model}),
    }
    if system.serving_url:
        asked["serving"] = (registry, "serving_version", {"url": system.serving_url})
    if (metrics := queries.metrics()) and (query := _query(incident)):
        end = now().timestamp()
        span = {"start": end - HISTORY.total_seconds(), "end": end, "step": step_of(HISTORY)}
        asked["series"] = (metrics, "query_range", {"query": query, **span})
    row.waits_for = list(asked)
    row.save(update_fields=["waits_for"])
    record(actor, SnapshotAsked(subject=row.subject_id, snapshot=row.id, model=row.model))
    for purpose, (connection, operation, payload) in asked.items():
        ask(actor, row, purpose, connection=connection, operation=operation, payload=payload)
    set_timer(row.subject_id, key=f"{LATE}:{row.id}", kind=LATE, due_at=now() + WAIT, data={"snapshot": str(row.id)})
    return row


def _query(incident: Incident) -> str:
    """The query of the runbook's verification, filled in."""
    first = incident.verifications.first()
    return filled(first.query, incident) if first else ""


def filled(query: str, incident: Incident) -> str:
    """Empty when the incident does not say which system or model."""
    made, unknown = fill(query, places(incident))
    return "" if unknown else made


def places(incident: Incident) -> dict[str, str]:
    system = incident.system
    return {"system": system.key if system else "", "model": system.registry_model if system else ""}


def receive_part(actor: Actor, snapshot: UUID, purpose: str, *, receipt: dict[str, Any] | None, error: str = "") -> None:
    """A service answered, or will not. The last answer makes it evidence."""
    row = _locked(snapshot)
    if row.state not in ("collecting", "held") or purpose not in row.waits_for:
        return
    row.waits_for = [part for part in row.waits_for if part != purpose]
    if receipt is None:
        row.missing[purpose] = error
    else:
        row.parts[purpose], row.state = receipt, "collecting"
    row.save(update_fields=["waits_for", "missing", "parts", "state"])
    if purpose in row.missing and purpose in NEEDED:
        _failed(actor, row, row.missing[purpose])
    elif not row.waits_for:
        _keep(actor, row)


@action
def finish_late(actor: Actor, *, snapshot: UUID) -> None:
    """A minute is over: what has not answered is missing, and said to be."""
    row = _locked(snapshot)
    if row.state != "collecting":
        return
    row.missing.update(dict.fromkeys(row.waits_for, "no answer within a minute"))
    lacks = [part for part in NEEDED if part in row.missing]
    row.waits_for = []
    row.save(update_fields=["waits_for", "missing"])
    if lacks:
        _failed(actor, row, f"{', '.join(lacks)}: no answer within a minute")
    else:
        _keep(actor, row)


def _locked(snapshot: UUID) -> Snapshot:
    """The row, locked after its incident, as every act does it."""
    lock_incident(Snapshot.objects.values_list("incident_id", flat=True).get(pk=snapshot))
    return Snapshot.objects.select_for_update(of=("self",)).select_related("incident").get(pk=snapshot)


def _keep(actor: Actor, row: Snapshot) -> None:
    body = {
        "incident": row.incident.number, "model": row.model, "alias": row.alias, "taken_at": moment(now()),
        "parts": row.parts, "missing": row.missing,
    }  # fmt: skip
    content = json.dumps(body, ensure_ascii=False, sort_keys=True, indent=1).encode()
    stored = store(
        actor, subject=row.subject_id, name=f"{row.incident.number}-snapshot.json", content=content,
        media_type="application/json", kind="evidence",
    )  # fmt: skip
    title = f"{row.model}@{row.alias} {row.parts['alias'].get('version') or '—'}"
    row.evidence = incidents.add_evidence(actor, incident=row.incident_id, title=f"Snapshot: {title}", file=stored)
    row.state = "taken"
    row.save(update_fields=["evidence", "state"])
    cancel_timer(f"{LATE}:{row.id}")
    record(actor, SnapshotTaken(
        subject=row.subject_id, snapshot=row.id, model=row.model, sha256=stored.sha256, missing=sorted(row.missing)
    ))  # fmt: skip
    run = queries.run_of(row.incident)
    for view in queries.step_views(run) if run else []:
        if view.step.automation and view.step.automation.action == queries.SNAPSHOT:
            settle(actor, row.incident, view.row, stored.sha256, row.evidence)
    for waiting in _waiting(actor, row):
        decide(actor, waiting)


def _failed(actor: Actor, row: Snapshot, error: str) -> None:
    row.state = "failed"
    row.save(update_fields=["state"])
    cancel_timer(f"{LATE}:{row.id}")
    record(actor, SnapshotFailed(subject=row.subject_id, snapshot=row.id, model=row.model, error=error[:300]))
    for waiting in _waiting(actor, row):
        fail(actor, waiting, rules.FAILED, text(_("There is no snapshot, so nothing was changed: {error}"), error=error))


def _waiting(actor: Actor, row: Snapshot) -> list[Containment]:
    """Those that asked for it; one that was held with it goes on with it."""
    found = Containment.objects.filter(Q(state=rules.SNAPSHOT) | Q(state=rules.HELD, held_from=rules.SNAPSHOT), snapshot=row)
    rows = [let_go(actor, locked_row(key)) for key in found.values_list("pk", flat=True)]
    return [waiting for waiting in rows if waiting.state == rules.SNAPSHOT]

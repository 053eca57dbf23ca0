"""What people do in the demo's history with runbooks, status updates and reports."""

from bongsu.documents import actions as documents
from bongsu.documents import queries as document_queries
from bongsu.documents.models import Document
from bongsu.kernel.actors import Actor
from bongsu.reports import queries as reports
from bongsu.runbooks import queries as runbook_queries
from bongsu.runbooks.actions.containing import note_by_hand
from bongsu.runbooks.actions.running import review_run
from bongsu.runbooks.actions.stepping import move_step
from bongsu.runbooks.actions.verifying import override_verification
from bongsu.runbooks.rules.steps import DONE, SETTLED, SKIPPED
from bongsu.updates.actions.updating import send_update
from bongsu.updates.rules import STATES, Item

from .acts import Said, Scene, act


@act
def tick(scene: Scene, who: Actor, said: Said) -> str:
    """Steps of the runbook, each with what shows that it is done."""
    for step, words in said["steps"].items():
        move_step(who, incident=scene.id_of("incident"), step=step, state=DONE, note=words, reason=said.get("reason", ""))
    return ""


@act
def contain(scene: Scene, who: Actor, said: Said) -> str:
    note_by_hand(who, incident=scene.id_of("incident"), kind=said["kind"], text=said["text"])
    return ""


@act
def override(scene: Scene, who: Actor, said: Said) -> str:
    """The commander decides that it is back: in a demo no query leaves the house."""
    for row in runbook_queries.verifications(who, scene.incident):
        override_verification(who, incident=scene.id_of("incident"), verification=row.id, reason=said["text"])
    return ""


@act
def settle(scene: Scene, who: Actor, said: Said) -> str:
    """Before closing: what is left of the runbook is skipped with a reason, and its closing question is answered."""
    incident = scene.incident
    run = runbook_queries.run_of(incident)
    if run is None:
        return ""
    for row in run.steps.exclude(state__in=SETTLED):
        move_step(who, incident=incident.id, step=row.step, state=SKIPPED, reason=said["text"])
    review_run(who, incident=incident.id, lesson=said["lesson"])
    return ""


@act
def update(scene: Scene, who: Actor, said: Said) -> str:
    """A status update: what is done, in progress, waiting."""
    items = [Item(state, text) for state in STATES for text in said.get(state, [])]
    send_update(who, incident=scene.id_of("incident"), items=items)
    return ""


# ---- the report -------------------------------------------------------------------------------------------------------


def _report(scene: Scene, who: Actor) -> Document:
    return reports.report(who, scene.incident.number)


@act
def write(scene: Scene, who: Actor, said: Said) -> str:
    """Put a person's words in parts of the report."""
    row = _report(scene, who)
    for part in row.parts.filter(key__in=said["parts"]):
        documents.edit_part(who, part=part.id, text=said["parts"][part.key], version=part.version)
    return ""


@act
def submit(scene: Scene, who: Actor, said: Said) -> str:
    documents.submit_for_review(who, document=_report(scene, who).id, with_open_places=True)
    return ""


@act
def review(scene: Scene, who: Actor, said: Said) -> str:
    """Approve the report at its present step, or ask for changes."""
    row = _report(scene, who)
    newest = document_queries.newest_revision(row)
    text_hash = newest.hash if newest else ""
    is_approved = not said.get("changes", False)
    documents.decide_review(who, document=row.id, is_approved=is_approved, text_hash=text_hash, reason=said.get("text", ""))
    return ""

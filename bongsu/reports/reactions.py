"""A resolved incident has its report drafted; a sealed one meets the duty; a step of review tells its people, a request
for changes the author."""

from uuid import UUID

from bongsu.documents.facts import ChangesRequested, DocumentSealed, DocumentSubmitted, LegalReviewPassed
from bongsu.events.listening import on
from bongsu.events.models import Event
from bongsu.incidents.facts import StateMoved
from bongsu.incidents.queries import by_ref
from bongsu.kernel.actors import system
from bongsu.kernel.refs import split_ref

from . import actions
from .queries import KIND

MACHINE = system("reports")


@on(StateMoved, before_close=True)
def follow_state(event: Event, fact: StateMoved) -> None:
    incident = UUID(split_ref(fact.subject)[1])
    if fact.new == "resolved":
        actions.draft_at_resolution(MACHINE, incident=incident)
    elif fact.restarts_clocks:
        actions.owe_again(MACHINE, incident=incident)


@on(DocumentSealed)
def note_sealed(event: Event, fact: DocumentSealed) -> None:
    incident = by_ref(fact.subject) if fact.kind == KIND else None
    if incident:
        actions.meet_duty(MACHINE, incident=incident.id, document=UUID(fact.document))


@on(DocumentSubmitted, LegalReviewPassed)
def tell_reviewers(event: Event, fact: DocumentSubmitted | LegalReviewPassed) -> None:
    if fact.kind == KIND:
        actions.ask_reviewers(MACHINE, document=UUID(fact.document))


@on(ChangesRequested)
def tell_author(event: Event, fact: ChangesRequested) -> None:
    if fact.kind == KIND:
        actions.tell_author(MACHINE, document=UUID(fact.document))

"""What happens to calls when their record changes, and the seals that leave by mail."""

from bongsu.events.facts import Restricted, Sealed
from bongsu.events.listening import on
from bongsu.events.models import Event
from bongsu.kernel.actors import system

from . import actions
from .facts import CallDone


@on(Restricted)
def record_restricted(event: Event, fact: Restricted) -> None:
    """What was to be said where anybody may read it stays in the house; the gate itself looks once more."""
    actions.drop_public_calls(system("gate"), subject=event.subject_id)


@on(Sealed)
def seal_made(event: Event, fact: Sealed) -> None:
    actions.mail_seal(system("sealing"), seal=fact.number)


@on(CallDone)
def seal_mailed(event: Event, fact: CallDone) -> None:
    if fact.key.startswith("seal:"):
        actions.note_mailed_seal(system("sealing"), call=fact.call)

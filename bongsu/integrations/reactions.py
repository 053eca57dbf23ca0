"""What happens to calls when their record changes."""

from bongsu.events.facts import Restricted
from bongsu.events.listening import on
from bongsu.events.models import Event
from bongsu.kernel.actors import system

from . import actions


@on(Restricted)
def record_restricted(event: Event, fact: Restricted) -> None:
    """What was to be said where anybody may read it stays in the house; the gate itself looks once more."""
    actions.drop_public_calls(system("gate"), subject=event.subject_id)

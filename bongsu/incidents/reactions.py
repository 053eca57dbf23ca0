"""What incidents do when time passes."""

from uuid import UUID

from bongsu.events.listening import on_timer
from bongsu.events.models import Timer
from bongsu.kernel.actors import system

from . import actions


@on_timer("incidents.duty")
def duty_is_due(timer: Timer) -> None:
    actions.note_overdue(system("incidents"), duty=UUID(timer.data["duty"]))

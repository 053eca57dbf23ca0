"""The sweep of bytes whose transaction never committed."""

from bongsu.events.schedules import every
from bongsu.kernel.actors import system

from . import actions


@every("files.sweep", seconds=6 * 3600)
def sweep() -> None:
    actions.sweep_orphans(system("files"))

"""The first day of a real house: it is what it is for ever, sealed from now on, and the pack that ships is in force."""

from bongsu.events import sealing
from bongsu.events.actions import action
from bongsu.events.models import Installation
from bongsu.kernel.actors import Actor
from bongsu.packs.actions import install_default


@action
def install(actor: Actor) -> bool:
    """Whether there was anything to do. A demo is a demo already; a house that chose another pack keeps it."""
    if Installation.objects.exists():
        return False
    sealing.install(actor, is_demo=False)
    install_default(actor)
    return True

"""Whether the history of a demo has been told: what every page asks, and so without all that telling it needs."""

from datetime import timedelta

from bongsu.events.models import Installation
from bongsu.events.queries import fact_of, last_event
from bongsu.kernel.clock import now
from bongsu.kernel.refs import ref

from ..facts import DemoTold

END = "end"  # the scene that closes the history
BEFORE = timedelta(days=100)  # so long ago the organisation began with Bongsu
HELD = timedelta(hours=1)


def is_told() -> bool:
    """Whether the history has come to its end."""
    home = Installation.objects.filter(is_demo=True).first()
    last = last_event(ref("installation", home.id), DemoTold.name) if home else None
    fact = fact_of(last) if last else None
    return isinstance(fact, DemoTold) and fact.scene == END


def is_being_told() -> bool:
    """Whether somebody is telling it, as far as pages need to know: one that nobody tells is not announced for ever."""
    home = Installation.objects.filter(is_demo=True).first()
    return home is not None and now() < home.made_at + BEFORE + HELD and not is_told()

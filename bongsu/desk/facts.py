"""What happens at the desk."""

from bongsu.kernel.facts import Fact, fact
from bongsu.kernel.text import gettext_noop as _


@fact("desk.drill_started")
class DrillStarted(Fact):
    sentence = _("{actor} started a guided drill")
    icon = "drill"
    number: str

"""What only the roof can join: where a page's live stream begins, the banner of a demo, and the weekly tidying."""

from django.core.cache import cache
from django.http import HttpRequest

from bongsu.events.queries import is_demo, stream_end
from bongsu.events.schedules import every
from bongsu.kernel.actors import system
from bongsu.kernel.text import gettext_noop as _
from bongsu.ui import frame

from .actions import forget_answers
from .demo.telling import is_being_told

DAY = 24 * 3600
STILL_TOLD = _(
    "Demo: nothing leaves this house. Its last quarter is still being acted out: for a few minutes counts, clocks and what burns "
    "are those of the past."
)


def demo_banner(request: HttpRequest) -> list[frame.Banner]:
    # A database is marked at its creation and never later, so the page need not ask every time; the gate does.
    if not frame.actor_of(request).person_id or not cache.get_or_set("site.is_demo", is_demo, 60):
        return []
    if cache.get_or_set("site.is_being_told", is_being_told, 2):
        return [frame.Banner(STILL_TOLD, tone="demo")]
    return [frame.Banner(_("Demo: nothing leaves this house."), tone="demo")]


@every("site.answers", seconds=DAY)
def drop_old_answers() -> None:
    forget_answers(system("site"))


frame.register_stream_place(lambda request: str(stream_end()))
frame.register_banner(demo_banner)

"""What only the roof can join: where a page's live stream begins, the banner of a demo, and the weekly tidying."""

from django.http import HttpRequest

from bongsu.events.queries import is_demo, stream_end
from bongsu.events.schedules import every
from bongsu.kernel.actors import system
from bongsu.kernel.text import gettext_noop as _
from bongsu.ui import frame

from .actions import forget_answers

DAY = 24 * 3600


def demo_banner(request: HttpRequest) -> list[frame.Banner]:
    if not frame.actor_of(request).person_id or not is_demo():
        return []
    return [frame.Banner(_("Demo: nothing leaves this house."), tone="demo")]


@every("site.answers", seconds=DAY)
def drop_old_answers() -> None:
    forget_answers(system("site"))


frame.register_stream_place(lambda request: str(stream_end()))
frame.register_banner(demo_banner)

from typing import TYPE_CHECKING

from django.apps import AppConfig

from bongsu.kernel.text import gettext_noop as _
from bongsu.kernel.text import text

if TYPE_CHECKING:
    from django.http import HttpRequest

    from bongsu.ui.frame import Alarm


class PeopleConfig(AppConfig):
    name = "bongsu.people"
    label = "people"

    def ready(self) -> None:
        from bongsu.events.listening import register_names
        from bongsu.ui import frame
        from bongsu.ui.language import register_remember

        from . import reactions  # noqa: F401  (its receivers register themselves)
        from .queries import names
        from .sessions import remember_language

        register_names(names)
        register_remember(remember_language)
        frame.register_alarm(posts_alarm)
        frame.register_nav("people", _("People"), "people:list", order=70, grant="see")
        frame.register_command(
            "posts", _("Posts and who holds them"), "people:posts", order=70, grant="see", words="duty deputy 직책 담당"
        )
        frame.register_command(
            "add-person", _("Add a person"), "people:create", order=71, grant="people.manage", words="user 사용자 추가"
        )
        frame.register_command("teams", _("Teams and legal entities"), "people:teams", order=72, grant="see", words="팀 법인")


def posts_alarm(request: "HttpRequest") -> "list[Alarm]":
    """The standing check on every page, for those who can mend it or depend on it."""
    from bongsu.ui.frame import Alarm, actor_of, url_or_none

    from .queries import grave_problems

    actor = actor_of(request)
    if actor.person_id is None or not (actor.may("people.manage") or actor.may("incident.command")):
        return []
    problems = grave_problems()
    if not problems:
        return []
    first, more = problems[0].text, len(problems) - 1
    said = text(_("{problem} And {more} more."), problem=first, more=more) if more else first
    return [Alarm(said, url_or_none("people:posts") or "", _("Posts"))]

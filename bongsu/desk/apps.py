from django.apps import AppConfig

from bongsu.kernel.text import gettext_noop as _


class DeskConfig(AppConfig):
    name = "bongsu.desk"
    label = "desk"

    def ready(self) -> None:
        from bongsu.ui import frame, panels

        from . import facts, views  # noqa: F401  (facts register themselves)

        frame.register_nav("home", _("Situation"), "desk:home", order=10)
        frame.register_command("home", _("Situation"), "desk:home", order=50, words="상황판 홈 home start")
        frame.register_command(
            "drill", _("Start a drill"), "desk:drill", order=45, grant="incident.declare", words="훈련 연습 practice"
        )
        frame.register_finder(views.find)
        panels.register(
            page="incident", key="drill-guide", title=_("Your drill"), order=5, template="desk/parts/guide.html",
            context=views.guide, place="top", is_bare=True,
        )  # fmt: skip

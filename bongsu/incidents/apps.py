from django.apps import AppConfig

from bongsu.kernel.text import gettext_noop as _


class IncidentsConfig(AppConfig):
    name = "bongsu.incidents"
    label = "incidents"

    def ready(self) -> None:
        from bongsu.ui import frame

        from . import reactions  # noqa: F401

        frame.register_nav("incidents", _("Incidents"), "incidents:list", order=20, grant="see")
        frame.register_command(
            "declare", _("Declare an incident"), "incidents:declare", order=10, grant="incident.declare", words="new 선언 신고"
        )

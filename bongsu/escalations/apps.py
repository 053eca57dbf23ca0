from typing import TYPE_CHECKING, Any

from django.apps import AppConfig

from bongsu.kernel.text import gettext_noop as _

if TYPE_CHECKING:
    from django.http import HttpRequest


def ladder_of(request: "HttpRequest", incident: Any) -> dict[str, Any]:
    from .views import in_panel

    return in_panel(request, incident)


class EscalationsConfig(AppConfig):
    name = "bongsu.escalations"
    label = "escalations"

    def ready(self) -> None:
        from bongsu.ui import panels

        from . import reactions  # noqa: F401

        panels.register(
            page="incident", key="escalation", title=_("Escalation"), order=50, template="escalations/panel.html",
            context=ladder_of, question=_("Who is told when, and who has answered?"),
        )  # fmt: skip

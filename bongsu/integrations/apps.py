from typing import TYPE_CHECKING

from django.apps import AppConfig

from bongsu.kernel.text import gettext_noop as _
from bongsu.kernel.text import text
from bongsu.ui.frame import Banner, register_banner, register_command, register_nav

if TYPE_CHECKING:
    from django.http import HttpRequest


MANAGE = "connections.manage"


def hold_banner(request: "HttpRequest") -> list[Banner]:
    from .queries import open_hold

    hold = open_hold()
    if hold is None:
        return []
    return [Banner(text(_("Nothing leaves the house now: {reason}"), reason=hold.reason), "held", "/outgoing/", _("Outgoing"))]


class IntegrationsConfig(AppConfig):
    name = "bongsu.integrations"
    label = "integrations"

    def ready(self) -> None:
        from . import facts, gate, reactions  # noqa: F401  (the gate registers itself as work)

        register_nav("connections", _("Connections"), "integrations:connections", order=80, grant=MANAGE)
        register_banner(hold_banner)
        register_command(
            "outgoing", _("Outgoing: what failed or is held"), "integrations:dead-letters", order=81, grant=MANAGE,
            words="restore release discard retry 보류 발송 재시도 복원",
        )  # fmt: skip

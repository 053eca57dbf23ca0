from typing import TYPE_CHECKING, Any

from django.apps import AppConfig

from bongsu.kernel.text import gettext_noop as _

if TYPE_CHECKING:
    from django.http import HttpRequest


def updates_of(request: "HttpRequest", incident: Any) -> dict[str, Any]:
    from .views.pages import in_panel

    return in_panel(request, incident)


class UpdatesConfig(AppConfig):
    name = "bongsu.updates"
    label = "updates"

    def ready(self) -> None:
        from bongsu.ui import frame, panels

        from . import reactions  # noqa: F401

        panels.register(
            page="incident", key="updates", title=_("Status updates"), order=20, template="updates/panel.html",
            context=updates_of, place="right", question=_("Who has been told what, and when is the next word due?"),
        )  # fmt: skip
        frame.register_command(
            "update", _("Write a status update"), order=25, grant="message.send", words="상태 업데이트 공유 status update",
            url=frame.of_this_record("updates:new"),
        )  # fmt: skip
        frame.register_command(
            "notice", _("Notice to customers"), order=26, grant="message.send", words="고객 통지 안내 공지 notice customers",
            url=frame.of_this_record("updates:new-notice"),
        )  # fmt: skip
        frame.register_command(
            "channels", _("Standing channels"), "updates:standing", order=80, grant="connections.manage", words="slack 채널"
        )

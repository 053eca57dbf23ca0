from typing import TYPE_CHECKING, Any

from django.apps import AppConfig

from bongsu.kernel.text import gettext_noop as _
from bongsu.ui.panels import register

if TYPE_CHECKING:
    from django.http import HttpRequest


def messages_of(request: "HttpRequest", row: Any) -> dict[str, Any]:
    """What was sent about a record; `row.subject_id` is its subject."""
    from .queries import messages

    return {"messages": messages(request.actor, subject=row.subject_id)[:100]}  # type: ignore[attr-defined]


class CommsConfig(AppConfig):
    name = "bongsu.comms"
    label = "comms"

    def ready(self) -> None:
        from . import reactions  # noqa: F401

        register(
            page="incident", key="messages", title=_("Communication"), order=60, template="comms/panel.html", context=messages_of,
            question=_("Who was told what, and who has read it?"),
        )  # fmt: skip

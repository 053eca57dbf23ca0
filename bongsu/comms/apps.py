from typing import TYPE_CHECKING, Any

from django.apps import AppConfig

from bongsu.kernel.text import gettext_noop as _
from bongsu.kernel.text import text
from bongsu.ui import frame
from bongsu.ui.panels import register

if TYPE_CHECKING:
    from django.http import HttpRequest


def messages_of(request: "HttpRequest", row: Any) -> dict[str, Any]:
    """What was sent about a record; `row.subject_id` is its subject."""
    from .queries import messages

    return {"messages": messages(request.actor, subject=row.subject_id)[:100]}  # type: ignore[attr-defined]


def unreached_alarm(request: "HttpRequest") -> list[frame.Alarm]:
    """What was urgent and reached nobody, until somebody says that he has seen it."""
    from .queries import may_answer_for_unreached, unreached

    actor = frame.actor_of(request)
    if not may_answer_for_unreached(actor):
        return []
    names = list(dict.fromkeys(unreached(actor).values_list("name", flat=True)[:50]))
    if not names:
        return []
    who = [*names[:3], "…"] if len(names) > 3 else names
    said = text(_("Urgent messages reached nobody: {who}. Tell them by other means."), who=who)
    return [frame.Alarm(said, frame.url_or_none("comms:unreached") or "", _("What was not delivered"))]


class CommsConfig(AppConfig):
    name = "bongsu.comms"
    label = "comms"

    def ready(self) -> None:
        from bongsu.people.queries import register_connected

        from . import reactions  # noqa: F401
        from .queries import connected_ways

        register_connected(connected_ways)
        frame.register_alarm(unreached_alarm)
        frame.register_command(
            "unreached", _("Messages that reached nobody"), "comms:unreached", order=75, grant="incident.command",
            words="failed not delivered 실패 미전달",
        )  # fmt: skip
        register(
            page="incident", key="messages", title=_("Communication"), order=60, template="comms/panel.html", context=messages_of,
            question=_("Who was told what, and who has read it?"),
        )  # fmt: skip

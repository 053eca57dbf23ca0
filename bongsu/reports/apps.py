from typing import TYPE_CHECKING, Any

from django.apps import AppConfig

from bongsu.kernel.text import gettext_noop as _

from .rules.form import KIND

if TYPE_CHECKING:
    from django.http import HttpRequest


def panel(request: "HttpRequest", incident: Any) -> dict[str, Any]:
    from .queries import shown

    return shown(request.actor, incident)  # type: ignore[attr-defined]


class ReportsConfig(AppConfig):
    name = "bongsu.reports"
    label = "reports"

    def ready(self) -> None:
        from bongsu.documents.rules.kinds import register_kind
        from bongsu.ui import frame, panels

        from . import facts, reactions  # noqa: F401  (they register themselves)

        register_kind(KIND, _("incident report"), "incidents:detail")
        panels.register(
            page="incident", key="report", title=_("Report and export"), order=80, template="reports/panel.html", context=panel,
            question=_("What is written down about this, who has reviewed it, and how is it taken along?"),
        )  # fmt: skip
        frame.register_command(
            "export", _("Take the whole record along (ZIP)"), order=45, grant="export", words="내보내기 기록 export download",
            url=frame.of_this_record("reports:export", when_closed=True),
        )  # fmt: skip

from typing import TYPE_CHECKING

from django.apps import AppConfig

from bongsu.kernel.text import gettext_noop as _

if TYPE_CHECKING:
    from django.http import HttpRequest

    from bongsu.ui.frame import Record

ACTS = (  # the main acts on the incident one is looking at
    ("state", _("Move the state"), "상태 해결 종료 resolve close recover"),
    ("severity", _("Change severity"), "심각도 격상 raise lower"),
    ("offer", _("Hand over the command"), "인계 지휘 commander handover"),
    ("role", _("Assign a role"), "역할 배정 technical legal"),
    ("deadline", _("Enter a deadline"), "기한 신고 due duty"),
    ("awareness", _("Set the moment of awareness"), "인지 시각 aware"),
    ("impact", _("Describe the impact"), "영향 users loss"),
)


def record_of(request: "HttpRequest") -> "Record | None":
    """The incident whose page this is, for the palette: one that exists and that the actor may see."""
    from bongsu.ui.frame import Record

    from . import queries

    number = request.resolver_match.kwargs.get("number") if request.resolver_match else None
    row = queries.incidents(request.actor).filter(number=number).first() if number else None  # type: ignore[attr-defined]
    return Record(row.number, row.closed_at is not None) if row else None


class IncidentsConfig(AppConfig):
    name = "bongsu.incidents"
    label = "incidents"

    def ready(self) -> None:
        from bongsu.ui import frame

        from . import reactions  # noqa: F401

        frame.register_record(record_of)
        frame.register_nav("incidents", _("Incidents"), "incidents:list", order=20, grant="see")
        frame.register_command("incidents", _("Incidents"), "incidents:list", order=51, grant="see", words="목록 list")
        frame.register_command(
            "declare", _("Declare an incident"), "incidents:declare", order=10, grant="incident.declare", words="new 선언 신고"
        )
        for place, (name, label, words) in enumerate(ACTS):
            frame.register_command(
                f"incident-{name}", label, order=30 + place, grant="incident.respond", words=words,
                url=frame.of_this_record("incidents:act", name, when_closed=name == "state"),
            )  # fmt: skip
        frame.register_command(
            "incident-evidence", _("Add evidence"), order=29, grant="incident.respond", words="증거 파일 file link",
            url=frame.of_this_record("incidents:evidence", when_closed=True),
        )  # fmt: skip

from typing import Any

from django.apps import AppConfig
from django.http import HttpRequest

from bongsu.kernel.text import gettext_noop as _
from bongsu.kernel.text import text


class SignalsConfig(AppConfig):
    name = "bongsu.signals"
    label = "signals"

    def ready(self) -> None:
        from bongsu.integrations.queries import register_intakes, register_records
        from bongsu.ui import frame, panels

        from . import facts, reactions  # noqa: F401  (they register themselves)
        from .queries import intakes, named_records

        register_records(named_records)
        register_intakes(intakes)
        frame.register_nav("proposals", _("Proposals"), "signals:proposals", order=30, grant="signal.triage")
        frame.register_nav("signals", _("Signals"), "signals:list", order=40, grant="see")
        frame.register_command("report", _("Report something"), "signals:report", order=5, words="신고 보고 제보 이상 report")
        frame.register_command(
            "triage", _("Answer proposals"), "signals:proposals", order=20, grant="signal.triage", words="분류 제안"
        )
        frame.register_banner(waiting)
        panels.register(
            page="incident",
            key="signals",
            title=_("Signals"),
            order=60,
            template="signals/parts/panel.html",
            context=behind,
            badge=how_many,
            question=_("What made us notice?"),
        )


def waiting(request: HttpRequest) -> list[Any]:
    """A bar on every page of those who triage while something waits for an answer."""
    from bongsu.ui.frame import Banner, actor_of

    from . import queries

    actor = actor_of(request)
    count = queries.waiting_count(actor) if actor.may("signal.triage") and actor.person_id else 0
    if not count:
        return []
    said = text(_("One proposal waits for an answer.") if count == 1 else _("{count} proposals wait for an answer."), count=count)
    return [Banner(said, tone="held", url="/proposals/", action=_("Answer them"))]


def behind(request: HttpRequest, incident: Any) -> dict[str, Any]:
    """The signals, reports and proposals that led to an incident."""
    from bongsu.ui.frame import actor_of

    from . import queries

    actor = actor_of(request)
    rows = queries.signals(actor, incident=incident.id)
    return {"signals": rows[:50], "proposals": queries.proposals(actor).filter(incident=incident)[:10]}


def how_many(request: HttpRequest, incident: Any) -> int | None:
    from bongsu.ui.frame import actor_of

    from . import queries

    return queries.signal_count(actor_of(request), incident.id) or None

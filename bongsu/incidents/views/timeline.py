"""The timeline as components."""

from dataclasses import replace
from itertools import groupby

from django.urls import reverse

from bongsu.kernel.actors import Actor
from bongsu.kernel.text import Text
from bongsu.kernel.text import gettext_noop as noop
from bongsu.ui.components import Entry
from bongsu.ui.moments import local

from .. import queries
from ..facts import Noted
from ..models import Duty, Incident

MORE, ALL = 120, 2000
FLOOD = 3  # so many alike lines in a row become one
LEADS = {"note": noop("Note"), "decision": noop("Decision")}
GRAVE = ("incidents.opened", "incidents.severity_changed", "incidents.duty_overdue", "incidents.break_glass_used")


def entries(
    actor: Actor, incident: Incident, *, is_all: bool = False, duties: list[Duty] | None = None
) -> tuple[list[Entry], bool]:
    """The newest first, and whether there is more; a person's own notes carry the act that takes them back."""
    words = queries.wording(actor, incident, duties)
    lines = queries.timeline(actor, incident, limit=ALL if is_all else MORE)
    found: list[Entry] = []
    for _alike, run in groupby(lines, key=_kind):
        found += _together(list(run), actor, incident, words)
    return found, not is_all and len(lines) >= MORE


def _kind(line: queries.Line) -> tuple[str, str]:
    """Lines that follow one another and may be said in one have the same kind; every other is its own."""
    together = queries.together_of(line)
    return (together, f"{local(line.entry.occurred_at):%Y-%m-%d}") if together else ("", str(line.entry.event))


def _together(lines: list[queries.Line], actor: Actor, incident: Incident, words: queries.Wording) -> list[Entry]:
    each = [_gone(line) if line.is_retracted else _entry(line, actor, incident, words) for line in lines]
    if len(each) < FLOOD:
        return each
    return [replace(each[0], text=queries.sentence_together(lines, words), alike=each, id="")]


def _gone(line: queries.Line) -> Entry:
    said = Text(noop("Retracted by {who}: {reason}"), {"who": line.retracted_by, "reason": line.retraction_reason})
    return Entry(at=line.entry.occurred_at, text=said, icon=line.entry.icon, is_retracted=True, id=f"e{line.entry.position}")


def _entry(line: queries.Line, actor: Actor, incident: Incident, words: queries.Wording) -> Entry:
    entry = line.entry
    is_note = entry.name == Noted.name
    kind = str(entry.data.get("kind", "")) if is_note else ""
    is_mine = is_note and entry.actor == actor.key and actor.may("incident.respond")
    act = f"{reverse('incidents:act', args=[incident.number, 'retract'])}?event={entry.event}" if is_mine else ""
    return Entry(
        at=entry.occurred_at,
        text=queries.sentence_of(line, words),
        lead=LEADS.get(kind, ""),
        actor=entry.actor_name if is_note else "",
        icon="decision" if kind == "decision" else entry.icon,
        tone="hot" if entry.name.partition("@")[0] in GRAVE else "",
        recorded_at=entry.recorded_at if entry.is_backdated else None,
        is_system=entry.actor.startswith("system:"),
        url=act,
        link=noop("Retract"),
        is_act=True,
        id=f"e{entry.position}",
    )

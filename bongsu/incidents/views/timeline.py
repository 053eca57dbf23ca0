"""The timeline as components."""

from dataclasses import replace

from django.urls import reverse

from bongsu.kernel.actors import Actor
from bongsu.kernel.clock import now
from bongsu.kernel.text import Text
from bongsu.kernel.text import gettext_noop as noop
from bongsu.ui.components import Entry

from .. import queries
from ..facts import Noted
from ..models import Duty, Incident

MORE, ALL = 160, 2000  # facts that are read
SHOWN = 25  # lines at first
LEADS = {"note": noop("Note"), "decision": noop("Decision")}
GRAVE = ("incidents.opened", "incidents.severity_changed", "incidents.duty_overdue", "incidents.break_glass_used")


def entries(
    actor: Actor, incident: Incident, *, is_all: bool = False, duties: list[Duty] | None = None
) -> tuple[list[Entry], bool]:
    """The newest first, and whether there is more; a person's own notes carry the act that takes them back."""
    words = queries.wording(actor, incident, duties)
    lines = queries.timeline(actor, incident, limit=ALL if is_all else MORE)
    found = [entry for run in queries.runs(lines) for entry in _together(run, actor, incident, words)]
    if is_all:
        return found, False
    return found[:SHOWN] + [one for one in found[SHOWN:] if _is_news(one)], len(lines) >= MORE or len(found) > SHOWN


def _is_news(entry: Entry) -> bool:
    """Whoever enters an earlier moment finds it, however far down it stands."""
    return entry.recorded_at is not None and now() - entry.recorded_at <= queries.ONE_MOMENT


def _together(lines: list[queries.Line], actor: Actor, incident: Incident, words: queries.Wording) -> list[Entry]:
    each = [_gone(line) if line.is_retracted else _entry(line, actor, incident, words) for line in lines]
    if len(each) == 1:
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

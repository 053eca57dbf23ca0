"""What the incident pages are given: queries turned into components."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from bongsu.events.models import Timer
from bongsu.events.queries import shown_timers
from bongsu.kernel.actors import Actor
from bongsu.kernel.clock import now
from bongsu.kernel.text import Text
from bongsu.kernel.text import gettext_noop as noop
from bongsu.packs.rules.taxonomy import Taxonomy
from bongsu.ui.components import Clock, Column, DutyItem, Entry, Table
from bongsu.ui.paging import Page

from .. import queries
from ..facts import Noted
from ..models import Duty, Incident
from ..rules import IC, said

CLOCKS = 3
LINES = 100


def cockpit(actor: Actor, incident: Incident, part: str = "") -> dict[str, Any]:
    """Values for the cockpit page, or for one part of it that is fetched again."""
    values: dict[str, Any] = {"incident": incident, "actor": actor, "words": words(incident, actor.language)}
    values["panels_url"] = reverse("incidents:panels", args=[incident.number])
    makers = {
        "head": _head,
        "clocks": _clocks,
        "duties": _duties,
        "timeline": lambda actor, incident: {"entries": entries(actor, incident)},
        "people": _people,
        "evidence": lambda actor, incident: {"evidence": list(queries.evidence(actor, incident))},
    }
    for name in [part] if part else makers:
        values.update(makers[name](actor, incident))
    return values


def words(incident: Incident, language: str, taxonomy: Taxonomy | None = None) -> dict[str, str]:
    """Labels of severity, type, sub-type and state in the reader's language."""
    taxonomy = taxonomy or queries.taxonomy_of(incident)
    return {
        "severity": taxonomy.severity(incident.severity).label.say(language),
        "type": taxonomy.type(incident.type).label.say(language),
        "subtype": taxonomy.subtype(incident.subtype).label.say(language),
        "state": taxonomy.state(incident.state).label.say(language),
    }


def _head(actor: Actor, incident: Incident) -> dict[str, Any]:
    chief = queries.commander(incident)
    offer = queries.open_offer(incident)
    taxonomy = queries.taxonomy_of(incident)
    return {
        "chief": chief,
        "offer": offer,
        "is_ic": bool(chief and chief.person_id == actor.person_id),
        "is_offered_to_me": bool(offer and offer.person_id == actor.person_id),
        "is_active": taxonomy.transitions_from(incident.state) and actor.may("incident.respond"),
        "awareness_change": queries.waiting_awareness_change(incident) if incident.aware_at else None,
    }


def _clocks(actor: Actor, incident: Incident) -> dict[str, Any]:
    return {"clocks": clocks(shown_timers(actor, subject=incident.subject_id, limit=CLOCKS), actor)}


def _people(actor: Actor, incident: Incident) -> dict[str, Any]:
    held = queries.roles(actor, incident)
    taxonomy = queries.taxonomy_of(incident)
    roles = [(role.label.say(actor.language), held.get(role.key), role.key) for role in taxonomy.roles]
    return {"roles": roles, "ic_role": IC}


def _duties(actor: Actor, incident: Incident) -> dict[str, Any]:
    rows = queries.duties(actor, incident)
    counted = [d for d in rows if not d.is_optional]
    soonest = min((d for d in rows if d.is_open and d.due_at), key=lambda d: d.due_at or now(), default=None)
    return {
        "duties": [_duty(d, actor.language, is_next=d == soonest) for d in rows],
        "duties_done": sum(not d.is_open for d in counted),
        "duties_all": len(counted),
        "duty_rows": rows,
    }


def _duty(duty: Duty, language: str, *, is_next: bool) -> DutyItem:
    state: Any = "done" if duty.met_at else "waived" if duty.waived_at else "due" if is_next else "open"
    url = f"{reverse('incidents:act', args=[duty.incident.number, 'met'])}?key={duty.key}" if duty.is_open else ""
    note = duty.authority or (duty.reason if duty.waived_at else "")
    return DutyItem(said(duty.title, language), state, duty.due_at, duty.is_legal, url, note)


def clocks(timers: list[Timer], actor: Actor) -> list[Clock]:
    return [
        Clock(
            label=label_of(t, actor.language),
            due_at=t.due_at,
            started_at=t.set_at,
            note=t.owner.name if t.owner else "",
            is_legal=t.is_legal,
        )
        for t in timers
    ]


def label_of(timer: Timer, language: str) -> Text:
    """A timer's label; bilingual values are said in the reader's language."""
    values = {k: said(v, language) if isinstance(v, dict) else v for k, v in timer.label.get("values", {}).items()}
    return Text(timer.label.get("message", timer.kind), values)


LEADS = {"note": noop("Note"), "decision": noop("Decision")}


def entries(actor: Actor, incident: Incident) -> list[Entry]:
    """The timeline as components; the newest first."""
    return [_entry(line, actor) for line in queries.timeline(actor, incident, limit=LINES)]


def _entry(line: queries.Line, actor: Actor) -> Entry:
    entry = line.entry
    if line.is_retracted:
        gone = Text(noop("Retracted by {who}: {reason}"), {"who": line.retracted_by, "reason": line.retraction_reason})
        return Entry(at=entry.occurred_at, text=gone, icon=entry.icon, is_retracted=True, id=f"e{entry.position}")
    is_note = entry.name == Noted.name
    return Entry(
        at=entry.occurred_at,
        text=readable(entry.sentence, actor.language),
        lead=LEADS.get(str(entry.data.get("kind", "")), "") if is_note else "",
        actor=entry.actor_name if is_note else "",
        icon=entry.icon,
        recorded_at=entry.recorded_at if entry.is_backdated else None,
        is_system=entry.actor.startswith("system:"),
        id=f"e{entry.position}",
    )


def readable(sentence: Text, language: str) -> Text:
    """A fact's sentence with lists joined, so that a person can read it."""
    values = {k: ", ".join(map(str, v)) if isinstance(v, list) else v for k, v in sentence.values.items()}
    return Text(sentence.message, values)


def list_table(found: Page, actor: Actor, taxonomy: Taxonomy) -> Table:
    """The incident list; ICs are looked up in one query."""
    chiefs = queries.commanders_of(found.items)
    rows = [
        {
            "incident": i,
            "words": words(i, actor.language, taxonomy),
            "chief": chiefs.get(i.id, ""),
            "url": reverse("incidents:detail", args=[i.number]),
        }
        for i in found.items
    ]
    return Table(
        columns=[
            Column("severity", noop("Severity"), cell="incidents/cells/severity.html", sort="severity"),
            Column("title", noop("Incident"), cell="incidents/cells/title.html"),
            Column("state", noop("State"), cell="incidents/cells/state.html"),
            Column("chief", noop("Commander"), value="chief", is_wide_only=True),
            Column("declared", noop("Declared"), cell="incidents/cells/declared.html", sort="declared_at"),
        ],
        rows=rows,
        caption=noop("Incidents"),
        sort=found.sort,
        next_cursor=found.next_cursor,
        is_first=found.is_first,
        row_url="url",
        empty=_("No incident matches."),
    )

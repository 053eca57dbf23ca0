"""What the incident pages are given: queries turned into components."""

from typing import Any
from urllib.parse import quote

from django.urls import reverse
from django.utils.translation import gettext as _

from bongsu.events.models import Timer
from bongsu.kernel.actors import Actor
from bongsu.kernel.clock import now
from bongsu.kernel.text import Text
from bongsu.kernel.text import gettext_noop as noop
from bongsu.packs.rules.taxonomy import Taxonomy
from bongsu.ui.components import Clock, Column, DutyItem, Table
from bongsu.ui.paging import Page

from .. import queries
from ..models import Duty, Incident, RoleAssignment
from ..rules import IC, Situation, next_state, said, who_may
from .timeline import entries

CLOCKS = 3
AT_ONCE = ("head", "clocks", "duties", "timeline", "people", "system")
PARTS = (*AT_ONCE, "evidence")  # the evidence is fetched when the page stands; without script it has its own page


def cockpit(actor: Actor, incident: Incident, part: str = "", *, is_all: bool = False) -> dict[str, Any]:
    """Values for the cockpit page, or for one part of it that is fetched again."""
    values: dict[str, Any] = {
        "incident": incident,
        "actor": actor,
        "words": words(incident, actor.language),
        "panels_url": reverse("incidents:panels", args=[incident.number]),
        "may_respond": actor.may("incident.respond"),
        "may_change": actor.may("incident.respond") and not incident.closed_at,
        "held": queries.roles(actor, incident) if part in ("", "head", "people") else {},
    }
    makers: dict[str, Any] = {
        "head": _head,
        "clocks": _clocks,
        "duties": _duties,
        "timeline": lambda actor, incident, held: _timeline(actor, incident, is_all, values.get("duty_rows")),
        "people": _people,
        "system": lambda actor, incident, held: {"loss": "" if incident.loss is None else f"{incident.loss.normalize():,f}"},
        "evidence": _evidence,
    }
    for name in [part] if part else AT_ONCE:
        values.update(makers[name](actor, incident, values["held"]))
    return values


def _timeline(actor: Actor, incident: Incident, is_all: bool, duties: list[Duty] | None) -> dict[str, Any]:
    found, has_more = entries(actor, incident, is_all=is_all, duties=duties)
    return {"entries": found, "is_all": is_all, "has_more": has_more}


def words(incident: Incident, language: str, taxonomy: Taxonomy | None = None) -> dict[str, str]:
    """Labels of severity, type, sub-type and state in the reader's language."""
    taxonomy = taxonomy or queries.taxonomy_of(incident)
    return {
        "severity": taxonomy.severity(incident.severity).label.say(language),
        "type": taxonomy.type(incident.type).label.say(language),
        "subtype": taxonomy.subtype(incident.subtype).label.say(language),
        "state": taxonomy.state(incident.state).label.say(language),
    }


def _head(actor: Actor, incident: Incident, held: dict[str, RoleAssignment]) -> dict[str, Any]:
    chief: Any = held.get(IC)
    is_ic = bool(chief and chief.person_id == actor.person_id)
    return {
        "chief": chief,
        "offered_name": chief.offered_name if chief else "",
        "is_ic": is_ic,
        "affected": "" if incident.affected_users is None else f"{incident.affected_users:,}",
        "is_offered_to_me": bool(chief and chief.offered_to and chief.offered_to == actor.person_id),
        "moves": _moves(actor, incident, is_ic),
        "awareness_change": queries.waiting_awareness_change(incident) if incident.aware_at else None,
    }


def _moves(actor: Actor, incident: Incident, is_ic: bool) -> list[dict[str, Any]]:
    """The ways on from this state that this person may go; what they still need is said in the form."""
    taxonomy = queries.taxonomy_of(incident)
    at = Situation(
        is_ic=is_ic, is_commander=actor.may("incident.command"), is_responder=actor.may("incident.respond"),
        is_machine=False, has_ic=True, has_reason=True, has_evidence=True,
    )  # fmt: skip
    ways = [t for t in taxonomy.transitions_from(incident.state) if who_may(t.who, at)]
    coming = next_state(incident.state, [t.target for t in ways])
    return [{"state": t.target, "label": t.label.say(actor.language), "is_main": t.target == coming} for t in ways]


def _clocks(actor: Actor, incident: Incident, held: dict[str, RoleAssignment]) -> dict[str, Any]:
    return {"clocks": clocks(queries.deadlines(actor, incident, limit=CLOCKS), actor)}


def _people(actor: Actor, incident: Incident, held: dict[str, RoleAssignment]) -> dict[str, Any]:
    roles = [(role.label.say(actor.language), held.get(role.key), role.key) for role in queries.taxonomy_of(incident).roles]
    chief = held.get(IC)
    may_lead = bool(chief and chief.person_id == actor.person_id)
    may_offer = (may_lead or actor.may("incident.command")) and not incident.closed_at
    restriction = queries.restriction(actor, incident)
    may_review = bool(restriction and (may_lead or restriction.approved_by_id == actor.person_id))
    shown = {"restriction": restriction, "may_review": may_review and actor.may("incident.respond")}
    return {"roles": roles, "ic_role": IC, "is_ic": may_lead, "may_offer": may_offer, **shown}


def _evidence(actor: Actor, incident: Incident, held: dict[str, RoleAssignment]) -> dict[str, Any]:
    rows = list(queries.evidence(actor, incident))
    act = reverse("incidents:act", args=[incident.number, "labels"])
    for row in rows:
        row.labels_url = f"{act}?evidence={row.id}"  # type: ignore[attr-defined]
    return {"evidence": rows}


def _duties(actor: Actor, incident: Incident, held: dict[str, RoleAssignment]) -> dict[str, Any]:
    rows = queries.duties(actor, incident)
    counted = [d for d in rows if not d.is_optional]
    soonest = min((d for d in rows if d.is_open and d.due_at), key=lambda d: d.due_at or now(), default=None)
    may_act = actor.may("incident.respond") and not incident.closed_at
    shown = [_duty(d, incident, actor.language, is_next=d == soonest, may_act=may_act) for d in _in_order(rows)]
    return {
        "duties": [duty for duty in shown if duty.state in ("due", "open")],
        "duties_settled": [duty for duty in shown if duty.state not in ("due", "open")],
        "duties_done": sum(d.met_at is not None for d in counted),
        "duties_all": len(counted),
        "duty_rows": rows,
    }


def _in_order(rows: list[Duty]) -> list[Duty]:
    """What has a moment first, the soonest on top; then as the checklists have it, what is only owed where needed last."""
    return sorted(rows, key=lambda d: (d.is_optional, d.due_at is None, d.due_at or d.set_at))


def _duty(duty: Duty, incident: Incident, language: str, *, is_next: bool, may_act: bool) -> DutyItem:
    state: Any = "done" if duty.met_at else "waived" if duty.waived_at else "due" if is_next else "open"
    url = f"{reverse('incidents:act', args=[incident.number, 'met'])}?key={quote(duty.key)}" if duty.is_open and may_act else ""
    waits = duty.authority or (noop("where needed") if duty.is_optional else "")
    note = duty.reason if duty.waived_at else duty.proof if duty.met_at else waits
    is_late = duty.is_open and bool(duty.due_at and duty.due_at <= now())
    return DutyItem(said(duty.title, language), state, duty.due_at, duty.is_legal, url, note, is_act=True, is_late=is_late)


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

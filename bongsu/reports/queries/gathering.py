"""Out of the ledger, the alerts, the response and the fields of the incident: what a report can know by itself (E2)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bongsu.escalations.queries import respond_within
from bongsu.events.queries import Entry
from bongsu.incidents import queries as incidents
from bongsu.incidents.facts import DutyOverdue
from bongsu.incidents.models import Incident
from bongsu.incidents.rules import in_words, said
from bongsu.kernel.actors import Actor
from bongsu.kernel.text import Text
from bongsu.kernel.text import gettext_noop as _
from bongsu.packs.rules.taxonomy import Taxonomy
from bongsu.signals import queries as signals
from bongsu.ui.language import say

from ..rules.known import Alarm, Item, Known, Line
from ..rules.writing import Tongue
from . import response

MOST = 5000  # entries that are looked at
# The report's own making, and what is said about sending, would change the report each time it is written.
LEFT_OUT = ("documents.", "reports.", "approvals.", "files.", "integrations.", "events.record_read")
TOLD = ("comms.message_failed", "comms.message_held")
# What Bongsu does by itself after a person's act; it is not the person who let a message fail or a signal come in.
BY_ITSELF = ("comms.", "signals.", "escalations.", "integrations.", "updates.channel_", "updates.late")
REPORT_DUTY = "report_approved"


def tongue(language: str, zone: str) -> Tongue:
    def span(length: Any) -> str:
        return say(Text("{span}", {"span": length}), language)

    return Tongue(say=lambda text: say(text, language), span=span, zone=ZoneInfo(zone))


def known(actor: Actor, incident: Incident, language: str) -> Known:
    """What is known of an incident, in words of `language`."""
    taxonomy, chief = incidents.taxonomy_of(incident), incidents.commander(incident)
    owner = chief.person.name if chief else ""
    entries = incidents.timeline(actor, incident, limit=MOST)
    found = response.found(actor, incident, language)
    hidden = {str(pk) for pk in incidents.evidence(actor, incident).filter(is_privileged=True).values_list("pk", flat=True)}
    return Known(
        number=incident.number,
        title=incident.title,
        description=incident.description,
        severity=f"{incident.severity} {taxonomy.severity(incident.severity).label.say(language)}",
        type=taxonomy.type(incident.type).label.say(language),
        subtype=taxonomy.subtype(incident.subtype).label.say(language),
        state=taxonomy.state(incident.state).label.say(language),
        owner=owner,
        system=incident.system.name if incident.system else "",
        scope=incident.affected_scope,
        occurred_at=incident.occurred_at,
        detected_at=incident.detected_at,
        declared_at=incident.declared_at,
        aware_at=incident.aware_at,
        responded_at=incident.responded_at,
        respond_within=respond_within(incident),
        resolved_at=incident.resolved_at,
        users=incident.affected_users,
        loss=incident.loss,
        currency=incident.currency,
        regulatory_risk=incident.regulatory_risk,
        regions=tuple(str(region) for region in incident.regions),
        harms=tuple(_harms(incident, taxonomy, language)),
        lines=tuple(_lines(entries, taxonomy, language, hidden)),
        alarms=tuple(_alarms(actor, incident)),
        measures=found.measures,
        items=(*_items(incident, owner, language), *found.items),
        late=tuple(_late(line.entry, language) for line in reversed(entries) if line.entry.name == DutyOverdue.name),
        legal=tuple(_legal(incident, language)),
        advice=found.advice,
        is_drill=incident.is_drill,
    )


def _is_told(entry: Entry) -> bool:
    if entry.name.startswith("comms."):
        return entry.name.startswith(TOLD)
    return not entry.name.startswith(LEFT_OUT)


def _is_by_itself(entry: Entry) -> bool:
    return entry.actor.startswith("system:") or (
        entry.name.startswith(BY_ITSELF) and "{actor}" not in str(entry.sentence.message)
    )


def _lines(entries: list[incidents.Line], taxonomy: Taxonomy, language: str, hidden: set[str]) -> Iterator[Line]:
    """The oldest first; messages of one moment that came to the same are one line."""
    messages = incidents.runs(line for line in entries if line.entry.name.startswith(TOLD))
    within = {line.entry.event for run in messages for line in run[1:]}
    runs = {run[0].entry.event: run for run in messages if len(run) > 1}
    words = incidents.Wording(taxonomy, {}, language)
    for line in reversed(entries):
        if not _is_told(line.entry) or line.entry.event in within:
            continue
        told = _line(line, taxonomy, language, hidden)
        run = runs.get(line.entry.event)
        yield replace(told, text=say(incidents.sentence_together(run, words), language)) if run else told


def _line(line: incidents.Line, taxonomy: Taxonomy, language: str, hidden: set[str]) -> Line:
    """`hidden`: evidence that is privileged; what it is called does not go into a report that is handed out."""
    entry = line.entry
    who = say(_("Bongsu, by itself"), language) if _is_by_itself(entry) else entry.actor_name
    values = in_words(entry.name, entry.sentence.values, taxonomy, language)
    if str(entry.data.get("evidence", "")) in hidden:
        values |= dict.fromkeys(values.keys() & {"title", "reason", "note"}, say(_("privileged"), language))
    return Line(
        at=entry.occurred_at,
        text=say(Text(entry.sentence.message, values), language),
        who=who,
        recorded_at=entry.recorded_at if entry.is_backdated else None,
        retraction=line.retraction_reason if line.is_retracted else "",
    )


def _readable(values: dict[str, Any]) -> dict[str, Any]:
    """Moments kept as text become moments again, so that they are said in the reader's zone."""
    return {name: _moment(value) if isinstance(value, str) else value for name, value in values.items()}


def _moment(value: str) -> str | datetime:
    if len(value) == 27 and value.endswith("Z") and value[10] == "T":
        return datetime.fromisoformat(value)
    return value


def _alarms(actor: Actor, incident: Incident) -> Iterator[Alarm]:
    for row in signals.signals(actor, incident=incident.id).order_by("detected_at", "id")[:20]:
        measure = row.measure or {}
        value, limit, unit = measure.get("value"), measure.get("threshold"), measure.get("unit") or ""
        name = measure.get("name") or ""
        yield Alarm(
            title=row.title,
            source=row.source_kind,
            at=row.detected_at,
            value="" if value is None else f"{name} {value}{unit}".strip(),
            limit="" if limit is None else f"{limit}{unit}",
            times=row.times,
        )


def _items(incident: Incident, owner: str, language: str) -> Iterator[Item]:
    """What still stands between now and closing; the report's own duty is not one of its action items."""
    for duty in incident.duties.all():
        if duty.key != REPORT_DUTY and duty.is_open:
            yield Item(said(duty.title, language), owner, duty.due_at)


def _legal(incident: Incident, language: str) -> Iterator[str]:
    for duty in incident.duties.filter(is_legal=True):
        state = _("met {at}") if duty.met_at else _("waived: {reason}") if duty.waived_at else _("open, due {at}")
        at = duty.met_at or duty.due_at
        told = say(Text(state, {"at": at or "-", "reason": duty.reason}), language)
        yield ", ".join(part for part in (said(duty.title, language), duty.authority, told) if part)


def _late(entry: Entry, language: str) -> str:
    return say(Text("{title} ({due_at})", _readable(dict(entry.data))), language)


def _harms(incident: Incident, taxonomy: Taxonomy, language: str) -> Iterator[tuple[str, str]]:
    """The detail fields of the pack that were filled in."""
    for detail in taxonomy.details:
        value = incident.details.get(detail.key)
        chosen = value if isinstance(value, list) else [value] if value else []
        if chosen:
            labels = {choice.key: choice.label.say(language) for choice in detail.choices}
            yield detail.label.say(language), ", ".join(labels.get(str(one), str(one)) for one in chosen)

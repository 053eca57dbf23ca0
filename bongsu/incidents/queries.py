"""Reading incidents, limited to what the actor may see."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, UUIDField
from django.urls import reverse

from bongsu.events.models import Event, Subject, Timer
from bongsu.events.queries import Entry, entries_of, must_see, shown_timers, visible
from bongsu.events.reading import opened
from bongsu.kernel.actors import Actor
from bongsu.kernel.errors import NotFound
from bongsu.kernel.facts import fact_class, known_facts
from bongsu.kernel.text import Text
from bongsu.kernel.text import gettext_noop as _
from bongsu.packs import queries as packs
from bongsu.packs.rules.taxonomy import Taxonomy
from bongsu.ui.acts import Home

from .facts import EntryRetracted
from .models import AwarenessChange, CommandOffer, Duty, Evidence, Incident, Restriction, RoleAssignment
from .rules import FALSE_POSITIVE, IC, in_words, said

ONE_MOMENT = timedelta(minutes=10)  # within which alike lines of a timeline are said in one
NO_SUCH = _("There is no such record, or you are not among its readers.")


def incidents(
    actor: Actor,
    *,
    state: str = "",
    severity: str = "",
    type: str = "",
    system: str = "",
    text: str = "",
    is_open: bool | None = None,
    is_drill: bool | None = None,
) -> QuerySet[Incident]:
    """Filtered incidents, newest declaration first. `text` looks into number and title."""
    rows = Incident.objects.filter(visible(actor)).select_related("system", "subject")
    for name, value in {"state": state, "severity": severity, "type": type, "system__key": system}.items():
        if value:
            rows = rows.filter(**{name: value.replace("\x00", "")})
    if is_open is not None:
        rows = rows.filter(is_open=is_open)
    if is_drill is not None:
        rows = rows.filter(is_drill=is_drill)
    for word in text.replace("\x00", "").split()[:5]:
        rows = rows.filter(Q(number__icontains=word) | Q(title__icontains=word))
    return rows.order_by("-declared_at", "-id")


def incident(actor: Actor, number: str) -> Incident:
    """By number (any case) or id; the same answer whether it is missing or hidden."""
    found = opened(actor, Incident.objects.select_related("system").filter(_key(number), visible(actor)))
    if found is None:
        raise NotFound(NO_SUCH)
    found.seen_by = actor.key
    return found


def _must_see(actor: Actor, incident: Incident) -> None:
    """Asks only when this very row was not read for this very actor a moment ago."""
    if incident.seen_by != actor.key:
        must_see(actor, incident.subject_id)


def by_ref(reference: str) -> Incident | None:
    """The incident a subject reference names, for the machine: no actor, no visibility."""
    kind, _separator, key = reference.partition(":")
    return Incident.objects.select_related("system", "subject").filter(pk=key).first() if kind == "incident" else None


def exists_restricted(number: str) -> bool:
    """Whether a hidden incident has this number: only break-glass asks, after its own permission."""
    return Incident.objects.filter(_key(number), subject__restricted=True).exists()


def _key(number: str) -> Q:
    try:
        return Q(pk=UUID(number))
    except ValueError:
        return Q(number=number.replace("\x00", "").upper())


def taxonomy_of(incident: Incident) -> Taxonomy:
    """The taxonomy the incident began with."""
    return packs.taxonomy(incident.pack_id)


def open_by_severity(actor: Actor) -> dict[str, int]:
    """How many open incidents the actor may see, by severity; drills not counted."""
    rows = Incident.objects.filter(visible(actor), is_open=True, is_drill=False).order_by()
    return {r["severity"]: r["n"] for r in rows.values("severity").annotate(n=Count("id"))}


@dataclass(frozen=True)
class Line:
    """A timeline entry of an incident; a retracted one keeps its place as a tombstone."""

    entry: Entry
    retracted_by: str = ""
    retracted_at: datetime | None = None
    retraction_reason: str = ""

    @property
    def is_retracted(self) -> bool:
        return self.retracted_at is not None


@dataclass(frozen=True)
class Wording:
    """What an incident's sentences are said with: its taxonomy, its duties' titles, the reader's language."""

    taxonomy: Taxonomy
    duties: dict[str, dict[str, str]]
    language: str


def wording(actor: Actor, incident: Incident, rows: list[Duty] | None = None) -> Wording:
    """`rows`: the duties, when they were read already."""
    titles = {duty.key: duty.title for duty in (duties(actor, incident) if rows is None else rows)}
    return Wording(taxonomy_of(incident), titles, actor.language)


def sentence_of(line: Line, words: Wording) -> Text:
    """What happened, ready to be said: keys as words, moments as moments."""
    entry = line.entry
    values = in_words(entry.name, entry.sentence.values, words.taxonomy, words.language)
    if title := words.duties.get(str(entry.data.get("duty", ""))):
        values["title"] = said(title, words.language)
    return Text(entry.sentence.message, values)


def sentence_together(lines: list[Line], words: Wording) -> Text:
    """Several alike lines in one: how many, and every value that they do not share, each once."""
    told = [sentence_of(line, words).values for line in lines]
    values = {name: _all_said([one.get(name) for one in told]) for name in told[0]}
    return Text(together_of(lines[0]), {**values, "count": len(lines)})


def together_of(line: Line) -> str:
    """How several lines like this are said in one; empty when each stands for itself."""
    kind = fact_class(line.entry.name)
    return kind.together if kind and not line.is_retracted else ""


def runs(lines: Iterable[Line]) -> list[list[Line]]:
    """The lines (newest first), those that are alike and of one moment together, where the newest of them stands."""
    found: list[list[Line]] = []
    present: dict[tuple[str, ...], list[Line]] = {}
    for line in lines:
        like = _likeness(line)
        run = present.get(like) if together_of(line) else None
        if run and run[0].entry.occurred_at - line.entry.occurred_at <= ONE_MOMENT:
            run.append(line)
        else:
            present[like] = [line]
            found.append(present[like])
    return found


def _likeness(line: Line) -> tuple[str, ...]:
    kind = fact_class(line.entry.name)
    return (line.entry.name, *(str(line.entry.data.get(name)) for name in (kind.alike_in if kind else ())))


def _all_said(values: list[Any]) -> Any:
    found = [value for at, value in enumerate(values) if value not in values[:at]]
    return found[0] if len(found) == 1 else found


def timeline(actor: Actor, incident: Incident, *, limit: int = 200) -> list[Line]:
    """Newest first by when it happened; `limit` counts retractions too."""
    _must_see(actor, incident)
    shown = [name for name, kind in known_facts().items() if kind.on_timeline or name == EntryRetracted.name]
    events = Event.objects.filter(subject=incident.subject_id, name__in=shown).prefetch_related("personal")
    entries = entries_of(list(events.order_by("-occurred_at", "-seq")[:limit]))
    # A retraction happens after its entry: whenever the entry is among the newest, so is the retraction.
    gone = {str(e.data["event"]): e for e in entries if e.name == EntryRetracted.name}
    return [_line(entry, gone) for entry in entries if entry.name != EntryRetracted.name]


def _line(entry: Entry, gone: dict[str, Entry]) -> Line:
    tombstone = gone.get(str(entry.event))
    if tombstone is None:
        return Line(entry)
    return Line(entry, tombstone.actor_name, tombstone.recorded_at, str(tombstone.data.get("reason", "")))


def duties(actor: Actor, incident: Incident) -> list[Duty]:
    _must_see(actor, incident)
    return list(incident.duties.all())


def deadlines(actor: Actor, incident: Incident | None = None, *, limit: int) -> list[Timer]:
    """The clocks of one incident or of everything, late ones first; what stayed undone in one that is over is none."""
    over = Incident.objects.filter(Q(closed_at__isnull=False) | Q(state=FALSE_POSITIVE)).order_by()
    return shown_timers(actor, subject=incident.subject_id if incident else None, over=over, limit=limit)


def open_duties(incident: Incident) -> QuerySet[Duty]:
    return incident.duties.filter(met_at=None, waived_at=None)


def roles(actor: Actor, incident: Incident) -> dict[str, RoleAssignment]:
    """The present holders by role; each row also knows to whom the command is offered (`offered_to`, `offered_name`)."""
    _must_see(actor, incident)
    offers = CommandOffer.objects.filter(incident=OuterRef("incident"), accepted_at=None, withdrawn_at=None)
    held = incident.assignments.filter(ended_at=None).select_related("person")
    rows = held.annotate(
        offered_to=Subquery(offers.values("person")[:1], output_field=UUIDField()),  # SQLite would say it as bare text
        offered_name=Subquery(offers.values("person__name")[:1]),
    )
    return {row.role: row for row in rows}


def commander(incident: Incident) -> RoleAssignment | None:
    return incident.assignments.filter(role=IC, ended_at=None).select_related("person").first()


def open_offer(incident: Incident) -> CommandOffer | None:
    return incident.offers.filter(accepted_at=None, withdrawn_at=None).select_related("person").first()


def involved(incident: Incident) -> list[UUID]:
    """Everybody who holds a role now."""
    return list(dict.fromkeys(incident.assignments.filter(ended_at=None).values_list("person_id", flat=True)))


def similar(actor: Actor, *, type: str, subtype: str, system: str = "", words: str = "", limit: int = 5) -> list[Incident]:
    """What the actor may see that is like this: of the same system or sub-type, or with a word of the title; open first."""
    told = [word for word in words.replace("\x00", " ").split() if len(word) > 2][:6]
    alike = Q(type=type, subtype=subtype) if subtype else Q(pk__in=[])
    for word in told:
        alike |= Q(title__icontains=word)
    if system:
        alike |= Q(system=system, is_open=True)
    rows = Incident.objects.filter(visible(actor), alike, is_drill=False).select_related("system")
    return list(rows.order_by("-is_open", "-declared_at")[:limit])


def evidence(actor: Actor, incident: Incident) -> QuerySet[Evidence]:
    _must_see(actor, incident)
    return incident.evidence.select_related("file")


def waiting_awareness_change(incident: Incident) -> AwarenessChange | None:
    return incident.awareness_changes.filter(decided_at=None).select_related("requested_by").first()


def may_read(person: UUID, incident: Incident) -> bool:
    """Whether a person reads this incident, as far as restriction goes."""
    subject = Subject.objects.get(pk=incident.subject_id)
    return not subject.restricted or subject.readers.filter(person=person).exists()


def restriction(actor: Actor, incident: Incident) -> Restriction | None:
    """Why it is restricted, who approved that, and when it is looked at again; None when it is not restricted."""
    _must_see(actor, incident)
    if not incident.subject.restricted:
        return None
    return Restriction.objects.select_related("approved_by").filter(pk=incident.pk).first()


def offers_to(actor: Actor) -> QuerySet[CommandOffer]:
    """Commands offered to the actor that wait for his word."""
    return CommandOffer.objects.filter(
        visible(actor, "incident__subject"), person=actor.person_id, accepted_at=None, withdrawn_at=None
    ).select_related("incident", "incident__system")


def by_subjects(actor: Actor, subjects: Iterable[str]) -> dict[str, Incident]:
    """The incidents that these records are, as far as the actor may see them."""
    found = Incident.objects.filter(visible(actor), subject__in=[s for s in subjects if s.startswith("incident:")])
    return {row.subject_id: row for row in found}


def awareness_changes_for(actor: Actor) -> QuerySet[AwarenessChange]:
    """Changes of awareness this actor may decide: not their own, by their rights."""
    rows = AwarenessChange.objects.filter(visible(actor, "incident__subject"), decided_at=None)
    if not (actor.may("report.review") or actor.may("incident.command")) or actor.person_id is None:
        return rows.none()
    return rows.exclude(requested_by=actor.person_id).select_related("incident", "requested_by")


def commanders_of(rows: Iterable[Incident]) -> dict[UUID, str]:
    """Names of the ICs of many incidents, in one query."""
    found = RoleAssignment.objects.filter(incident__in=list(rows), role=IC, ended_at=None)
    return dict(found.values_list("incident_id", "person__name"))


def spoken(incident: Incident) -> dict[str, Any]:
    """What message templates may say of an incident; `comms` says each for its recipient."""
    taxonomy = taxonomy_of(incident)
    state, chief = taxonomy.state(incident.state).label, commander(incident)
    unknown = {"ko": "확인 중", "en": "not known yet"}
    users = f"{incident.affected_users:,}" if incident.affected_users is not None else None
    return {
        "incident_id": incident.number,
        "title": incident.title,
        "severity": incident.severity,
        "state": {"ko": state.ko, "en": state.en},
        "owner": chief.person.name if chief else unknown,
        "occurred_at": incident.occurred_at or incident.detected_at,
        "scope_users": {"ko": f"사용자 {users}명", "en": f"{users} users"} if users else unknown,
        "scope_services": incident.affected_scope or (incident.system.name if incident.system else unknown),
        "scope_regions": ", ".join(incident.regions) or unknown,
        "status_page": incident.status_page_url or "—",
        "link": f"{settings.BASE_URL}{reverse('incidents:detail', args=[incident.number])}",
    }


def commanded_by(person: UUID) -> list[UUID]:
    """The incidents that are not closed and whose IC this person is."""
    held = RoleAssignment.objects.filter(role=IC, ended_at=None, person=person, incident__closed_at=None)
    return list(held.order_by("incident_id").values_list("incident_id", flat=True))


def act_home(incident: Incident) -> Home:
    """Where acts on an incident lead back to."""
    return Home(incident.number, reverse("incidents:detail", args=[incident.number]), incident.subject_id)

"""Reading channels, updates and notices, limited to what the actor may see."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Q, QuerySet

from bongsu.comms.models import Message
from bongsu.events.queries import may_see, must_see
from bongsu.incidents.models import Incident
from bongsu.incidents.queries import involved, taxonomy_of
from bongsu.integrations.models import Connection
from bongsu.integrations.queries import connections
from bongsu.kernel.actors import Actor
from bongsu.kernel.errors import NotFound
from bongsu.kernel.text import gettext_noop as _
from bongsu.packs import queries as packs
from bongsu.packs.rules.templates import Rendered, render_template, update_items
from bongsu.people import queries as people
from bongsu.people.models import Person
from bongsu.people.queries import actor_of
from bongsu.ui.language import both

from .models import IncidentChannel, Notice, NoticeRecipient, Rhythm, StandingChannel, StatusUpdate
from .rules import COMMAND, STATUS, Item, carried, clock_time, of_state, stamp

LANGUAGES = ("ko", "en")
NOTICE_VALUES = ("service", "company", "date", "clock_time", "problem", "cause", "measures", "recovery", "contact")
NO_MORE = _("none, the response is complete")
Bilingual = dict[str, str]


# --- channels -----------------------------------------------------------------------------------------------------------


def chat() -> Connection | None:
    """The connection channels are opened at: the oldest enabled one."""
    found = connections("channel")
    return found[0] if found else None


def channel_of(incident: Incident) -> IncidentChannel | None:
    """The channel in use: the private one of a restricted incident, never the public one it may have had before."""
    rows = incident.channels.select_related("connection")
    return rows.filter(is_private=True).first() if incident.subject.restricted else rows.order_by("asked_at", "id").last()


def channel(actor: Actor, incident: Incident) -> IncidentChannel | None:
    must_see(actor, incident.subject_id)
    return channel_of(incident)


def relevant_people(incident: Incident) -> list[Person]:
    """Everyone relevant: who holds a role or is offered the command, and the posts of the severity; readers only."""
    scope = incident.system.ref if incident.system else ""
    found = [a.person for a in incident.assignments.filter(ended_at=None).select_related("person").order_by("began_at", "id")]
    found += [o.person for o in incident.offers.filter(accepted_at=None, withdrawn_at=None).select_related("person")]
    for post in taxonomy_of(incident).severity(incident.severity).notify:
        found += people.resolve_post(post, scope).people
    return [p for p in dict.fromkeys(found) if p.is_active and may_see(actor_of(p), incident.subject_id)]


def chat_address(person: Person) -> str:
    """The way to a person in the chat service: the address kept for it, else the e-mail."""
    ways = [way.address for way in people.ways_of([person.id])[person.id] if way.channel == "slack"]
    return ways[0] if ways else person.email


def standing(connection: Connection, key: str) -> StandingChannel | None:
    return StandingChannel.objects.filter(connection=connection, key=key).first()


def standing_channels(actor: Actor) -> list[tuple[Connection, list[tuple[str, Any]]]]:
    """Per chat connection the standing channels of the pack, with the row that says where they are."""
    actor.require("connections.manage")
    found = {(row.connection_id, row.key): row for row in StandingChannel.objects.all()}
    return [(one, [(key, found.get((one.id, key))) for key in (COMMAND, STATUS)]) for one in connections("channel")]


# --- status updates -----------------------------------------------------------------------------------------------------


def updates(actor: Actor, incident: Incident) -> QuerySet[StatusUpdate]:
    """Newest first."""
    must_see(actor, incident.subject_id)
    return incident.status_updates.select_related("author")


def update(actor: Actor, incident: Incident, number: int) -> StatusUpdate:
    found = updates(actor, incident).filter(number=number).first()
    if found is None:
        raise NotFound(_("There is no such status update."))
    return found


def last_update(incident: Incident) -> StatusUpdate | None:
    return incident.status_updates.first()


def next_number(incident: Incident) -> int:
    last = last_update(incident)
    return last.number + 1 if last else 1


def due_at(incident: Incident) -> datetime | None:
    """When the next update is due; None when none is."""
    return Rhythm.objects.filter(incident=incident).values_list("due_at", flat=True).first()


def items_of(update: StatusUpdate) -> list[Item]:
    return [Item(one["state"], one["text"]) for one in update.items]


def first_items(incident: Incident) -> list[Item]:
    """What the form of the next update begins with."""
    last = last_update(incident)
    return carried(items_of(last)) if last else []


def update_values(
    incident: Incident, *, number: int, items: Sequence[Item], at: datetime, due: datetime | None
) -> dict[str, Any]:
    """What the templates of a status update and of a broadcast say, in the organisation's zone."""
    taxonomy, zone = taxonomy_of(incident), settings.ORGANISATION_ZONE
    label = taxonomy.state(incident.state).label
    lines = {state: of_state(items, state) for state in ("done", "in_progress", "waiting")}
    return {
        "incident_id": incident.number,
        "severity": incident.severity,
        "update_number": str(number),
        "time": stamp(at, zone),
        "state": {"ko": label.ko, "en": label.en},
        "items": {language: update_items(taxonomy.update_items, language, **lines) for language in LANGUAGES},
        "next_update": clock_time(due, seen_from=at, zone=zone) if due else both(NO_MORE),
    }


def spoken_in(values: dict[str, Any], language: str) -> dict[str, str]:
    return {name: value.get(language, "") if isinstance(value, dict) else str(value) for name, value in values.items()}


def addressees(actor: Actor, incident: Incident) -> QuerySet[Person]:
    """Everybody with a role but the author."""
    author = [actor.person_id] if actor.person_id else []
    return Person.objects.filter(pk__in=involved(incident), is_active=True).exclude(pk__in=author).order_by("name", "id")


@dataclass(frozen=True)
class Audience:
    """Who gets an update: people by name, the incident's channel, and whether its state goes to the status channel."""

    people: list[str]
    channel: str
    is_broadcast: bool

    @property
    def is_nobody(self) -> bool:
        return not (self.people or self.channel or self.is_broadcast)


def audience(actor: Actor, incident: Incident) -> Audience:
    channel, connection = channel_of(incident), chat()
    status = standing(connection, STATUS) if connection else None
    return Audience(
        people=[person.name for person in addressees(actor, incident)],
        channel=channel.name if channel and channel.state in ("asked", "open", "held") else "",
        is_broadcast=not incident.subject.restricted and status is not None and status.state in ("asked", "open", "held"),
    )


def rendered_update(incident: Incident, values: dict[str, Any], language: str) -> Rendered:
    """The exact text of a status update in one language."""
    return render_template(packs.template("status_update", incident.pack_id), language, spoken_in(values, language))


# --- notices ------------------------------------------------------------------------------------------------------------


def notices(actor: Actor, incident: Incident) -> QuerySet[Notice]:
    """Newest first, with their recipients counted by outcome."""
    must_see(actor, incident.subject_id)
    return _counted(incident.notices.all())


def notice(actor: Actor, incident: Incident, notice_id: UUID) -> Notice:
    found = notices(actor, incident).filter(pk=notice_id).first()
    if found is None:
        raise NotFound(_("There is no such notice."))
    return found


def _counted(rows: QuerySet[Notice]) -> QuerySet[Notice]:
    counts = {f"n_{state}": Count("recipients", filter=Q(recipients__state=state)) for state in ("sent", "failed", "held")}
    return rows.select_related("author", "approval").annotate(n_all=Count("recipients"), **counts)


def recipients(actor: Actor, notice: Notice) -> QuerySet[NoticeRecipient]:
    """Addresses of customers: personal data, only for those who may send messages."""
    actor.require("message.send")
    must_see(actor, notice.subject_id)
    return notice.recipients.all()


def rendered_notice(incident: Incident, language: str, values: dict[str, str]) -> Rendered:
    form = packs.template("customer_notice", incident.pack_id)
    return render_template(form, language, {"language": language, "link": "", "recipient": "", **values})


def first_notice_values(incident: Incident, language: str) -> dict[str, str]:
    """What is known already, for the form."""
    at = incident.occurred_at or incident.detected_at
    date, _space, rest = stamp(at, settings.ORGANISATION_ZONE).partition(" ")
    name = incident.system.name if incident.system else incident.affected_scope
    company = incident.system.entity.name if incident.system and incident.system.entity else ""
    return {"service": name, "company": company, "date": date, "clock_time": rest}


# --- what was said ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Told:
    """An update with how far it got."""

    update: StatusUpdate
    text: str
    messages: list[Message]


def told(updates: Iterable[StatusUpdate], language: str) -> list[Told]:
    """Updates with their messages, in two queries."""
    rows = list(updates)
    found: dict[str, list[Message]] = {row.message_key: [] for row in rows}
    for message in Message.objects.filter(key__in=found).select_related("person").order_by("created_at"):
        found[message.key].append(message)
    return [Told(row, row.text(language), found[row.message_key]) for row in rows]

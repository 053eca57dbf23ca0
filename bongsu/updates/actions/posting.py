"""What is said in the incident's channel and in the status channel: kept in order, waiting until the place is there."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Max

from bongsu.comms.actions import send
from bongsu.comms.models import Message
from bongsu.comms.rules import Place
from bongsu.events.actions import action, record
from bongsu.incidents.actions.locking import lock_incident
from bongsu.incidents.models import Incident
from bongsu.incidents.queries import spoken, taxonomy_of
from bongsu.integrations.models import Connection
from bongsu.kernel.actors import Actor
from bongsu.kernel.clock import now

from .. import queries
from ..facts import PostsDropped
from ..models import ChannelPost
from ..rules import STATUS, clock_time, stamp

CHANNEL, BROADCAST = "channel", "status"
PURPOSE = {CHANNEL: "channel", BROADCAST: "broadcast"}


@action
def post(actor: Actor, *, incident: Incident, place: str, key: str, template: str, values: Mapping[str, Any]) -> None:
    """Say something in a place, once per `key`. Nothing of a restricted incident is broadcast."""
    if place == BROADCAST and incident.subject.restricted:
        return
    last = ChannelPost.objects.filter(incident=incident, place=place).aggregate(Max("turn"))["turn__max"] or 0
    _row, is_new = ChannelPost.objects.get_or_create(
        key=key,
        place=place,
        defaults={
            "incident": incident,
            "subject_id": incident.subject_id,
            "turn": last + 1,
            "template": template,
            "values": {name: _plain(value) for name, value in values.items()},
        },
    )
    if is_new:
        post_waiting(actor, incident=incident)


def _plain(value: Any) -> Any:
    """As the row keeps it: moments in the organisation's zone, as the place will read them."""
    if isinstance(value, datetime):
        return stamp(value, settings.ORGANISATION_ZONE)
    return value if isinstance(value, dict) else str(value)


@action
def post_waiting(actor: Actor, *, incident: Incident | None = None) -> int:
    """Send what waits for a place that is there now, in its order; returns how many. Without `incident`: of all."""
    rows = ChannelPost.objects.select_for_update(of=("self",)).select_related("incident__subject")
    rows = rows.filter(sent_at=None, dropped_at=None)
    rows = rows.filter(incident=incident) if incident else rows
    sent = 0
    for row in rows.order_by("incident__declared_at", "incident_id", "turn"):
        where = _where(row.incident, row.place)
        if where is None:
            continue
        send(
            actor, subject=row.incident.subject_id, key=f"{row.place}:{row.key}", template=row.template, values=row.values,
            channel=where, purpose=PURPOSE[row.place], pack_version=row.incident.pack_id,
        )  # fmt: skip
        row.sent_at = now()
        row.save(update_fields=["sent_at"])
        sent += 1
    return sent


@action
def drop_broadcasts(actor: Actor, *, incident: UUID) -> int:
    """The incident is restricted: what waited for the status channel is not said any more. Returns how many posts."""
    lock_incident(incident)
    found = _of(incident)
    waiting = ChannelPost.objects.filter(incident=found, place=BROADCAST, sent_at=None, dropped_at=None)
    dropped = waiting.update(dropped_at=now())
    if dropped:
        record(actor, PostsDropped(subject=found.subject_id, n=dropped))
    return dropped


@action
def say_in_private(actor: Actor, *, message: UUID) -> None:
    """Withdrawn from the channel that anybody may read: it is said in the private one as soon as that is open."""
    withdrawn = Message.objects.get(pk=message)
    place, _separator, key = withdrawn.key.partition(":")
    row = ChannelPost.objects.filter(subject=withdrawn.subject_id, place=CHANNEL, key=key).first()
    if place != CHANNEL or row is None:
        return
    lock_incident(row.incident_id)
    ChannelPost.objects.filter(pk=row.pk).update(sent_at=None)
    post_waiting(actor, incident=_of(row.incident_id))


def _where(incident: Incident, place: str) -> Place | None:
    """The address of a place, when there is one that may be used."""
    if place == CHANNEL:
        channel = queries.channel_of(incident)
        if channel is None or channel.state not in ("open", "held") or not channel.address:
            return None
        return Place(str(channel.connection_id), channel.address, is_private=channel.is_private, name=f"#{channel.name}")
    connection: Connection | None = queries.chat()
    row = queries.standing(connection, STATUS) if connection else None
    if row is None or row.state not in ("open", "held") or not row.address or incident.subject.restricted:
        return None
    return Place(str(row.connection_id), row.address, name=f"#{row.key}")


# --- what facts lead to ----------------------------------------------------------------------------------------------------


@action
def say_declared(actor: Actor, *, incident: UUID) -> None:
    """The declaration in the channel, the state in the broadcast."""
    found = _of(incident)
    post(
        actor, incident=found, place=CHANNEL, key=f"declaration:{found.id}", template="declaration", values=spoken(found)
    )  # fmt: skip
    broadcast(actor, incident=incident, key=f"declared:{found.id}", at=found.declared_at)


@action
def say_state(actor: Actor, *, incident: UUID, key: str, at: datetime, state: str) -> None:
    """A milestone: the state moved. Said in the channel and broadcast."""
    found = _of(incident)
    values = state_values(found, at=at, state=state)
    for place in (CHANNEL, BROADCAST):
        post(actor, incident=found, place=place, key=f"state:{key}", template="broadcast", values=values)


@action
def say_severity(actor: Actor, *, incident: UUID, key: str, values: Mapping[str, Any], at: datetime) -> None:
    """The severity changed: why in the channel, the level in the broadcast."""
    found = _of(incident)
    post(actor, incident=found, place=CHANNEL, key=f"severity:{key}", template="severity_changed", values=values)
    broadcast(actor, incident=incident, key=f"severity:{key}", at=at)


@action
def broadcast(actor: Actor, *, incident: UUID, key: str, at: datetime) -> None:
    """The state, and nothing else, to everyone."""
    found = _of(incident)
    post(actor, incident=found, place=BROADCAST, key=key, template="broadcast", values=state_values(found, at=at))


def _of(incident: UUID) -> Incident:
    return Incident.objects.select_related("subject", "system").get(pk=incident)


def state_values(incident: Incident, *, at: datetime, state: str = "") -> dict[str, Any]:
    """What a broadcast says: number, severity, state, when, and when one hears more."""
    zone, due = settings.ORGANISATION_ZONE, queries.due_at(incident)
    label = taxonomy_of(incident).state(state or incident.state).label
    return {
        "incident_id": incident.number,
        "severity": incident.severity,
        "state": {"ko": label.ko, "en": label.en},
        "time": stamp(at, zone),
        "next_update": clock_time(due, seen_from=at, zone=zone) if due else queries.both(queries.NO_MORE),
    }

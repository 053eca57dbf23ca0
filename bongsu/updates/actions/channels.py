"""Opening the incident's channel and the standing ones, and asking people in."""

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings

from bongsu.events.actions import action, record
from bongsu.events.queries import must_see
from bongsu.incidents import queries as incidents
from bongsu.incidents.actions import meet, require
from bongsu.incidents.models import Incident
from bongsu.incidents.rules import IC
from bongsu.integrations.actions import call
from bongsu.integrations.models import Call, Connection
from bongsu.kernel.actors import Actor
from bongsu.kernel.clock import now
from bongsu.kernel.errors import Invalid, NotFound, Refused
from bongsu.kernel.refs import uuid7
from bongsu.kernel.text import Text
from bongsu.kernel.text import gettext_noop as _
from bongsu.packs.rules.naming import channel_name
from bongsu.people.models import Person
from bongsu.ui.language import say

from .. import queries
from ..facts import ChannelAsked, ChannelHeld, ChannelOpened, PeopleInvited, StandingChannelSet
from ..models import IncidentChannel, Invitation, StandingChannel
from ..rules import COMMAND, STATUS
from .posting import post_waiting

DUTY = "channel.opened"
FOR_GOOD = ("drill", "demo")
LONGEST_TOPIC = 250
NO_CHAT = _("{title}: no chat service is connected, so open one by hand")


@action
def open_for(actor: Actor, *, incident: UUID) -> IncidentChannel | None:
    """The machine's part of a declaration: leave the duty, and ask for the channel when a chat service is connected."""
    found = _locked(incident)
    require(actor, incident=found, key=DUTY, title=_duty_title(found))
    return _ask(actor, found)


@action
def open_channel(actor: Actor, *, incident: UUID) -> IncidentChannel:
    """A person asks for the channel that is not there yet. Refuses without a connected chat service."""
    found = _locked(incident)
    must_see(actor, found.subject_id)
    actor.require("incident.respond")
    channel = _ask(actor, found)
    if channel is None:
        raise Refused(_("No chat service is connected. An administrator connects one under Connections."))
    return channel


def _locked(incident: UUID) -> Incident:
    found = Incident.objects.select_for_update(of=("self",)).select_related("subject", "system").filter(pk=incident).first()
    if found is None:
        raise NotFound(incidents.NO_SUCH)
    return found


def _duty_title(incident: Incident) -> dict[str, str]:
    """The checklist's own words; without a connection the duty says so."""
    items = [i for c in incidents.taxonomy_of(incident).checklists for i in c.items if i.met_by == DUTY]
    title = {"ko": items[0].text.ko, "en": items[0].text.en} if items else queries.both(_("Incident channel opened"))
    if queries.chat():
        return title
    return {language: say(Text(NO_CHAT, {"title": said}), language) for language, said in title.items()}


def _ask(actor: Actor, incident: Incident) -> IncidentChannel | None:
    is_private = incident.subject.restricted
    there = IncidentChannel.objects.filter(incident=incident, is_private=is_private).first()
    connection = queries.chat()
    if there or connection is None:
        return there
    row = IncidentChannel(incident=incident, subject_id=incident.subject_id, connection=connection, is_private=is_private)
    row.asked_name = row.name = _name(incident)
    row.call = call(
        actor, connection=connection, operation="open_channel", subject=incident.subject_id, target=f"open:{row.id}",
        payload={"name": row.asked_name, "topic": topic(incident), "is_private": is_private}, idempotency_key=f"channel:{row.id}",
        is_public=not is_private,
    )  # fmt: skip
    row.save(force_insert=True)
    record(actor, ChannelAsked(subject=incident.subject_id, channel=str(row.id), channel_name=row.name, is_private=is_private))
    if not incident.is_drill:  # a drill opens nothing that is not its own
        for key in (COMMAND, STATUS):
            _ensure_standing(actor, connection, key)
    return row


def _name(incident: Incident) -> str:
    taken = IncidentChannel.objects.filter(asked_name__startswith="incident").values_list("name", flat=True)
    taxonomy = incidents.taxonomy_of(incident)
    number = int("".join(c for c in incident.number.rpartition("-")[2] if c.isdigit()) or 0)
    day = incident.declared_at.astimezone(ZoneInfo(settings.ORGANISATION_ZONE)).date()
    return channel_name(taxonomy.channels, incident_id=incident.number, day=day, number=number, taken=set(taken))


def topic(incident: Incident) -> str:
    """What stands over the channel; of a restricted incident only its ID."""
    if incident.subject.restricted:
        return incident.number
    values = incidents.spoken(incident)
    state = values["state"][settings.LANGUAGE_CODE[:2]]
    owner = values["owner"] if isinstance(values["owner"], str) else "—"
    line = f"[{incident.severity}] {incident.number} · {state} · IC {owner} · {values['link']} · {incident.title}"
    return line[:LONGEST_TOPIC]


@action
def refresh_topic(actor: Actor, *, incident: UUID, key: str) -> None:
    """Severity, state or IC has changed: the topic says so. `key` names the change, once."""
    found = _locked(incident)
    channel = queries.channel_of(found)
    if channel is None or not channel.address:
        return
    call(
        actor, connection=channel.connection, operation="set_topic", subject=found.subject_id, target=target_of(channel.address),
        payload={"channel": channel.address, "topic": topic(found)}, idempotency_key=f"topic:{channel.id}:{key}",
        is_public=not channel.is_private,
    )  # fmt: skip


@action
def leave_public(actor: Actor, *, incident: UUID) -> None:
    """Restricted: the channel that anybody may read is left behind, and over it stands only the ID."""
    found = _locked(incident)
    channel = found.channels.filter(is_private=False).exclude(address="").select_related("connection").first()
    if channel is None or not found.subject.restricted:
        return
    call(
        actor, connection=channel.connection, operation="set_topic", subject=found.subject_id, target=target_of(channel.address),
        payload={"channel": channel.address, "topic": topic(found)}, idempotency_key=f"topic:{channel.id}:left",
    )  # fmt: skip


def target_of(address: str) -> str:
    """The same line as the messages of `comms`: invitations and posts keep their order."""
    return f"channel:{address}"[:200]


# --- people ---------------------------------------------------------------------------------------------------------------


@action
def invite_people(actor: Actor, *, incident: UUID) -> int:
    """Ask everyone relevant who was not asked yet into the channel; returns how many."""
    found = _locked(incident)
    channel = queries.channel_of(found)
    if channel is None or not channel.address:
        return 0  # all are asked when it opens
    known = set(channel.invitations.values_list("person_id", flat=True))
    fresh = [p for p in queries.relevant_people(found) if p.id not in known]
    if fresh:
        _invite(actor, found, channel, fresh)
    return len(fresh)


def _invite(actor: Actor, incident: Incident, channel: IncidentChannel, fresh: list[Person]) -> None:
    rows = [Invitation(channel=channel, person=p, address=queries.chat_address(p)) for p in fresh]
    asked = call(
        actor, connection=channel.connection, operation="invite", subject=incident.subject_id,
        target=target_of(channel.address), payload={"channel": channel.address, "people": [r.address for r in rows]},
        idempotency_key=f"invite:{rows[0].id}", is_public=not channel.is_private,
    )  # fmt: skip
    for row in rows:
        row.call = asked
    Invitation.objects.bulk_create(rows)
    names = ", ".join(p.name for p in fresh)
    people = [str(p.id) for p in fresh]
    record(actor, PeopleInvited(subject=incident.subject_id, channel=str(channel.id), people=people, names=names))


# --- what the chat service answered -----------------------------------------------------------------------------------------


@action
def note_call(actor: Actor, *, call: UUID, state: str, why: str = "") -> None:
    """A call of ours has an outcome: `done`, `failed`, `held` or `dropped`. Told twice, it changes nothing."""
    found = Call.objects.filter(pk=call).first()
    if found is None:
        return
    if found.operation == "invite":
        _note_invitations(found, state)
    elif found.operation == "open_channel":
        _note_channel(actor, found, state, why)
        _note_standing(actor, found, state, why)


def _note_invitations(asked: Call, state: str) -> None:
    unknown = set(asked.receipt.get("not_found", [])) if state == "done" else set()
    for row in Invitation.objects.filter(call=asked):
        row.state = "unknown" if row.address in unknown else {"done": "invited"}.get(state, state)
        row.save(update_fields=["state"])


def _note_channel(actor: Actor, asked: Call, state: str, why: str) -> None:
    owner = IncidentChannel.objects.filter(call=asked).values_list("incident_id", flat=True).first()
    if owner is None:
        return
    incident = _locked(owner)
    row = IncidentChannel.objects.select_for_update(of=("self",)).get(call=asked)
    became = {"done": "open"}.get(state, state)
    if row.state in ("open", became):
        return
    row.state = became
    row.error = why
    if state == "done":
        row.address = str(asked.receipt.get("channel", asked.external_id))
        row.name = str(asked.receipt.get("name", row.asked_name))[:80]
        row.opened_at = now()
    elif state == "held" and why in FOR_GOOD:
        row.address = f"#{row.asked_name}"  # what would be said there is written, and held at the gate
    row.save()
    if not row.address:
        return
    _say_opened(actor, incident, row, why)
    if incident.subject.restricted and not row.is_private:
        leave_public(actor, incident=incident.id)  # restricted while it was being opened: nobody works there
        return
    meet(actor, incident=incident, key=DUTY, proof=f"#{row.name}")
    invite_people(actor, incident=incident.id)
    post_waiting(actor, incident=incident)


def _say_opened(actor: Actor, incident: Incident, row: IncidentChannel, why: str) -> None:
    if row.state == "open":
        stated: Any = ChannelOpened(
            subject=incident.subject_id, channel=str(row.id), channel_name=row.name, address=row.address,
            is_private=row.is_private,
        )  # fmt: skip
    else:
        stated = ChannelHeld(subject=incident.subject_id, channel=str(row.id), channel_name=row.name, reason=why)
    record(actor, stated)


# --- standing channels ------------------------------------------------------------------------------------------------------


@action
def set_standing_channel(actor: Actor, *, connection: UUID, key: str, address: str) -> StandingChannel:
    """Say which channel of a connection is the standing one; empty: nothing is sent there. The bot must be a member."""
    actor.require("connections.manage")
    found = Connection.objects.filter(pk=connection).first()
    if found is None:
        raise NotFound(_("There is no such connection."))
    if key not in (COMMAND, STATUS):
        raise Invalid(_("Unknown standing channel."), fields={"key": _("Choose incident-command or incident-status.")})
    address = address.strip()[:200]
    row, _is_new = StandingChannel.objects.update_or_create(
        connection=found,
        key=key,
        defaults={"subject_id": found.subject_id, "address": address, "state": "open" if address else "off", "error": ""},
    )
    record(actor, StandingChannelSet(subject=found.subject_id, key=key, address=address))
    return row


def _ensure_standing(actor: Actor, connection: Connection, key: str) -> StandingChannel:
    """The pack's standing channel at this connection, asked for the first time it is needed."""
    row = queries.standing(connection, key)
    if row is None:
        row = StandingChannel(connection=connection, subject_id=connection.subject_id, key=key, id=uuid7())
        row.call = call(
            actor, connection=connection, operation="open_channel", subject=connection.subject_id, target=f"open:{row.id}",
            payload={"name": key}, idempotency_key=f"standing:{key}",
        )  # fmt: skip
        row.save(force_insert=True)
    return row


def _note_standing(actor: Actor, asked: Call, state: str, why: str) -> None:
    row = StandingChannel.objects.select_for_update(of=("self",)).filter(call=asked).first()
    if row is None or row.state in ("open", "off"):
        return
    row.state, row.error = {"done": "open"}.get(state, state), why
    if state == "done":
        row.address = str(asked.receipt.get("channel", asked.external_id))
    elif state == "held" and why in FOR_GOOD:
        row.address = f"#{row.key}"
    row.save()
    if row.address:
        post_waiting(actor)
        _invite_commanders(actor, row)


def _invite_commanders(actor: Actor, row: StandingChannel) -> None:
    if row.key == COMMAND:
        for incident in Incident.objects.filter(is_open=True, channels__connection=row.connection).distinct():
            invite_commander(actor, incident=incident.id)


@action
def invite_commander(actor: Actor, *, incident: UUID) -> None:
    """Every IC is in the standing channel of the commanders."""
    found = _locked(incident)
    channel, chief = queries.channel_of(found), incidents.commander(found)
    row = queries.standing(channel.connection, COMMAND) if channel else None
    if row is None or chief is None or chief.role != IC or not row.address or row.state not in ("open", "held"):
        return
    call(
        actor, connection=row.connection, operation="invite", subject=found.subject_id, target=target_of(row.address),
        payload={"channel": row.address, "people": [queries.chat_address(chief.person)]},
        idempotency_key=f"command:{row.id}:{found.id}:{chief.person_id}",
    )  # fmt: skip

"""Telling people and channels. `send` is what other modules use; the worker carries out what it leaves."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse
from django.utils import timezone, translation

from bongsu.approvals import actions as approvals
from bongsu.events.actions import action, record
from bongsu.events.models import Subject
from bongsu.events.queries import may_see
from bongsu.integrations.actions import call, drop_calls
from bongsu.integrations.models import Call, Connection
from bongsu.integrations.queries import connections
from bongsu.integrations.rules import STRANGER
from bongsu.kernel.actors import Actor, system
from bongsu.kernel.canonical import digest
from bongsu.kernel.clock import now
from bongsu.kernel.errors import Forbidden, Invalid, NotFound
from bongsu.kernel.refs import ref, uuid7
from bongsu.kernel.text import Text
from bongsu.kernel.text import gettext_noop as _
from bongsu.packs import queries as packs
from bongsu.packs.rules.playbooks import Template
from bongsu.packs.rules.templates import render_template
from bongsu.people.models import Person
from bongsu.people.queries import actor_of, ways_of
from bongsu.ui.language import both, say

from . import facts, queries, rules
from .models import Message, Sending
from .rules import Place, Way

COMMS = system("comms")
NO_WAY, NO_CONNECTION = _("no connected way to reach this person"), _("no connection")
NEEDED = "you_are_needed"  # the template for who must not know more than the ID
Values = Mapping[str, Any]
Why = str | dict[str, str]  # a service's own words, or ours in both languages


@action
def send(
    actor: Actor, *, subject: Subject | str, key: str, template: str, values: Values, people: Iterable[Person] = (),
    channel: Place | None = None, is_urgent: bool = False, purpose: str, pack_version: UUID | None = None,
) -> list[Message]:  # fmt: skip
    """One message per recipient, in their language, by the ways that reach them; the same key tells nobody twice.

    `values` fill the template: text, `Text`, a {ko, en} mapping or a moment, each said for the recipient. `recipient`, `link`
    and `language` are filled in. Who may not read a restricted record gets only its `incident_id`. A template that needs
    approval waits for it. Refuses values that are missing.
    """
    if len(key) > 160:
        raise Invalid(_("The key of a message is longer than 160 characters."))
    row = subject if isinstance(subject, Subject) else Subject.objects.get(ref=subject)
    form = packs.template(template, pack_version)
    draft = {"subject": row, "key": key, "purpose": purpose, "is_urgent": is_urgent, "batch": uuid7(), "asked_by": actor.key}
    draft |= {"template": form.id, "template_version": form.version, "state": "waiting" if form.needs_approval else "queued"}
    draft["pack_version"] = pack_version
    told = [_to_person(form, draft, values, person) for person in dict.fromkeys(people) if person.is_active]
    if channel is not None:
        told.append(_to_place(form, draft, values, channel))
    fresh = [message for message, is_new in told if is_new]
    for message in fresh:
        record(actor, facts.MessageWritten(
            template=message.template, template_version=message.template_version, language=message.language,
            text_hash=message.text_hash, **_about(message),
        ))  # fmt: skip
    if form.needs_approval and fresh:
        _ask_approval(actor, form.approver, fresh)
    else:
        for message in fresh:
            _set_out(actor, message)
    return [message for message, _is_new in told]


def _to_person(form: Template, draft: dict[str, Any], values: Values, person: Person) -> tuple[Message, bool]:
    is_reader = form.is_id_only or may_see(actor_of(person), draft["subject"].ref)
    own = {"recipient": person.name, "language": person.language}
    title, text = _words(form, draft, {**values, **own}, person.language, person.zone, is_reader)
    more = {"person": person, "name": person.name, "language": person.language, "is_id_only": form.is_id_only or not is_reader}
    return _written(draft, person.ref, title, text, more)


def _to_place(form: Template, draft: dict[str, Any], values: Values, place: Place) -> tuple[Message, bool]:
    language, zone = settings.LANGUAGE_CODE, settings.ORGANISATION_ZONE
    is_reader = place.is_private or form.is_id_only or not draft["subject"].restricted
    name = place.name or place.address
    own = {"recipient": name, "language": language}
    title, text = _words(form, draft, {**values, **own}, language, zone, is_reader)
    kept = {"connection": place.connection, "address": place.address, "thread": place.thread, "is_private": place.is_private}
    more = {"name": name[:160], "language": language, "is_id_only": form.is_id_only or not is_reader, "place": kept}
    return _written(draft, f"place:{place.connection}:{place.address}", title, text, more)


def _written(draft: dict[str, Any], recipient: str, title: str, text: str, more: dict[str, Any]) -> tuple[Message, bool]:
    rest = {name: value for name, value in draft.items() if name not in ("key", "pack_version")}
    exact = {"title": title, "text": text, "text_hash": digest(f"{title}\n{text}")}
    return Message.objects.get_or_create(key=draft["key"], recipient=recipient, defaults={**rest, **exact, **more})


def _words(form: Template, draft: dict[str, Any], values: Values, language: str, zone: str, is_reader: bool) -> tuple[str, str]:
    """Subject line and text as this recipient gets them. Of a restricted record the subject line is only the ID."""
    with translation.override(language), timezone.override(ZoneInfo(zone)):
        spoken = {name: _said(value, language) for name, value in values.items()}
        spoken = {"link": settings.BASE_URL, "incident_id": "Bongsu", **spoken}
        made = render_template(form if is_reader else packs.template(NEEDED, draft["pack_version"]), language, spoken)
    return (spoken["incident_id"] if is_reader and draft["subject"].restricted else made.subject), made.body


def _said(value: Any, language: str) -> str:
    if isinstance(value, Mapping):
        value = value.get(language) or next(iter(value.values()), "")
    if isinstance(value, datetime):
        return f"{timezone.localtime(value):%Y-%m-%d %H:%M %Z}"
    return say(value) if isinstance(value, Text) else str(value)


def _about(message: Message) -> dict[str, str]:
    return {
        "subject": message.subject_id, "message": str(message.id), "recipient": message.recipient, "recipient_name": message.name,
        "purpose": message.purpose,
    }  # fmt: skip


# ---- approval ---------------------------------------------------------------------------------------------------------


def _ask_approval(actor: Actor, approver: str, written: list[Message]) -> None:
    shown = {m.language: f"{m.title}\n\n{m.text}" for m in written}
    names = ", ".join(m.name for m in written)
    approval = approvals.request(
        actor, subject=written[0].subject_id, about_ref=ref("batch", written[0].batch), purpose="message",
        title=" / ".join(dict.fromkeys(m.title for m in sorted(written, key=lambda m: m.language))),
        text="\n\n---\n\n".join([*shown.values(), names]), post_key=approver, grant="message.approve",
    )  # fmt: skip
    Message.objects.filter(pk__in=[m.pk for m in written]).update(approval=approval)


@action
def release_batch(actor: Actor, *, batch: UUID | str) -> None:
    """The text was approved: what waited for it sets out."""
    for message in Message.objects.select_for_update().filter(batch=batch, state="waiting").order_by("id"):
        message.state = "queued"
        message.save(update_fields=["state"])
        _set_out(actor, message)


@action
def cancel_batch(actor: Actor, *, batch: UUID | str, reason: str) -> None:
    """The text was not approved: nothing of it is sent."""
    waiting = list(Message.objects.select_for_update().filter(batch=batch, state="waiting"))
    if waiting:
        Message.objects.filter(pk__in=[m.pk for m in waiting]).update(state="cancelled")
        first = waiting[0]
        record(actor, facts.MessagesRefused(subject=first.subject_id, batch=str(batch), purpose=first.purpose, reason=reason))


# ---- on the way -------------------------------------------------------------------------------------------------------


def _set_out(actor: Actor, message: Message) -> None:
    if message.person is None:
        only = Sending.objects.create(
            subject_id=message.subject_id, message=message, way="channel", address=message.place["address"]
        )  # fmt: skip
        _start(actor, message, only)
        return
    ways = [Way(w.channel, w.address) for w in ways_of([message.person.id])[message.person.id]]
    plan = rules.plan_ways(ways, kinds=queries.connected_kinds(), is_urgent=message.is_urgent, email=message.person.email)
    for place, chosen in [(0, w) for w in plan.at_once] + list(enumerate(plan.later, 1)):
        Sending.objects.create(
            subject_id=message.subject_id, message=message, way=chosen.channel, address=chosen.address, place_in_line=place
        )  # fmt: skip
    if not plan.at_once:
        _conclude(actor, message, both(NO_WAY))
        return
    for sending in message.sendings.filter(place_in_line=0):
        _start(actor, message, sending)


def _start(actor: Actor, message: Message, sending: Sending) -> None:
    """Ask the gate; a connection that has gone meanwhile is a failed way."""
    found = _connection_of(message, sending)
    if found is None:
        sending.state, sending.error, sending.ended_at = "failed", NO_CONNECTION, now()
        sending.save()
        _next_way(actor, message, both(NO_CONNECTION))
        return
    operation, payload = _asked_of(message, sending)
    sending.call = call(
        actor, connection=found, operation=operation, payload=payload, subject=message.subject_id,
        target=f"{sending.way}:{sending.address}"[:200], idempotency_key=f"message:{sending.id}", is_urgent=message.is_urgent,
        is_public=_is_public(message),
    )  # fmt: skip
    sending.state = "queued"
    sending.save()


def _is_public(message: Message) -> bool:
    """Whether it says more than the ID where anybody may read it."""
    return message.person_id is None and not (message.place.get("is_private") or message.is_id_only)


def _connection_of(message: Message, sending: Sending) -> Connection | None:
    if message.person is None:
        return Connection.objects.filter(pk=message.place["connection"]).first()
    found = connections(rules.KIND_OF[sending.way])
    return found[0] if found else None


def _asked_of(message: Message, sending: Sending) -> tuple[str, dict[str, Any]]:
    match sending.way:
        case "email":
            content = {"to": sending.address, "subject": message.title, "text": _as_sent(message), "language": message.language}
            return "mail", content
        case "pager":
            details = {"text": rules.first_lines(message.text)}
            address = "" if sending.address == "default" else sending.address
            page = {"dedup_key": page_key(message), "summary": message.title, "details": details, "address": address}
            return "trigger", page
        case "channel":
            thread = message.place.get("thread", "")
            return "post", {"channel": sending.address, "title": _headline(message), "text": message.text, "thread": thread}
    return "post", {"channel": sending.address, "title": _headline(message), "text": _as_sent(message)}


def _as_sent(message: Message) -> str:
    """The kept text and a last line with the recipient's own link, which nobody else may read: who has it acknowledges."""
    path = reverse("comms:acknowledge", args=[message.id, queries.acknowledge_token(message.id)])
    with translation.override(message.language):
        lead = say(_("I have read this:"))
    return f"{message.text.rstrip()}\n\n{lead} {settings.BASE_URL}{path}\n"


def _headline(message: Message) -> str:
    """A chat has no subject line: a text that begins with its own heading needs no second one."""
    return "" if message.text.startswith(message.title) else message.title


def page_key(message: Message) -> str:
    return f"bongsu-{message.id}"


@action
def note_outcome(
    actor: Actor, *, call: UUID, state: str, external_id: str = "", receipt: Mapping[str, Any] | None = None,
    why: str = "", may_be_twice: bool = False,
) -> None:  # fmt: skip
    """The gate has an outcome for one way: `sent`, `failed`, `held` or `dropped`. Told twice, it changes nothing."""
    sending = Sending.objects.filter(call=call).first()
    if sending is None:
        return
    message = Message.objects.select_for_update(of=("self",)).select_related("person").get(pk=sending.message_id)
    sending.refresh_from_db()
    if sending.state == state:
        return
    sending.state, sending.external_id, sending.receipt = state, external_id, dict(receipt or {})
    sending.error, sending.ended_at = why, now()
    sending.save()
    if state == "sent" and message.state != "sent":
        message.state, message.sent_at = "sent", now()
        message.save(update_fields=["state", "sent_at"])
        record(actor, facts.MessageSent(way=sending.way, may_have_been_sent_twice=may_be_twice, **_about(message)))
    elif state != "sent":
        _next_way(actor, message, why, may_have_been_sent=may_be_twice)


def _next_way(actor: Actor, message: Message, why: Why, *, may_have_been_sent: bool = False) -> None:
    states = list(message.sendings.values_list("state", flat=True))
    if "sent" in states or "queued" in states:
        return
    later = message.sendings.filter(state="later").order_by("place_in_line").first()
    # What is held or withdrawn stays in the house by every way, and what its recipient may not read any more.
    if later is not None and not {"held", "dropped"} & set(states) and not _is_for_a_stranger(message):
        _start(actor, message, later)
        return
    _conclude(actor, message, why, may_have_been_sent=may_have_been_sent)


def _is_for_a_stranger(message: Message) -> bool:
    """Whether it tells a person more than the ID of a record that this person may not read (any more)."""
    if message.person is None or message.is_id_only:
        return False
    return not may_see(actor_of(message.person), message.subject_id)


def _conclude(actor: Actor, message: Message, why: Why, *, may_have_been_sent: bool = False) -> None:
    before = message.state
    message.state = rules.state_after(list(message.sendings.exclude(state="later").values_list("state", flat=True)))
    message.save(update_fields=["state"])
    if message.state == before:
        return
    reason = why if isinstance(why, str) else why[message.language]
    if message.state == "failed":
        record(actor, facts.MessageFailed(why=why, **_about(message)))
    elif message.state == "held":
        record(actor, facts.MessageHeld(reason=reason, **_about(message)))
    elif message.state == "dropped":
        record(actor, facts.MessageDropped(reason=reason, may_have_been_sent=may_have_been_sent, **_about(message)))


@action
def leave_out_strangers(actor: Actor, *, subject: str) -> None:
    """The record is restricted: what has not left yet to people who may not read it stays in the house."""
    unsent = Message.objects.select_for_update(of=("self",)).filter(subject=subject, person__isnull=False, is_id_only=False)
    for message in unsent.filter(state__in=["waiting", "queued", "failed", "held"]).select_related("person").order_by("id"):
        if not _is_for_a_stranger(message):
            continue
        keys = [f"message:{sending.id}" for sending in message.sendings.all()]
        if keys:  # what comes of it is said when the gate has said it
            drop_calls(actor, subject=subject, keys=keys, reason=STRANGER)
        else:
            message.state = "dropped"
            message.save(update_fields=["state"])
            record(actor, facts.MessageDropped(reason=STRANGER, may_have_been_sent=False, **_about(message)))


# ---- read and answered ------------------------------------------------------------------------------------------------


@action
def acknowledge(actor: Actor, *, message: UUID | str, via: str = "page") -> Message:
    """The recipient has read it. Refuses everybody else; once is enough."""
    row = Message.objects.select_for_update(of=("self",)).select_related("person").filter(pk=message).first()
    if row is None or row.person_id is None or row.person_id != actor.person_id:
        raise NotFound(_("There is no such message."))
    if row.acknowledged_at is None:
        row.acknowledged_at, row.acknowledged_via = now(), via
        row.save(update_fields=["acknowledged_at", "acknowledged_via"])
        _tell_pagers(actor, row, "acknowledge")
        record(actor, facts.MessageAcknowledged(via=via, **_about(row)))
    return row


@action
def acknowledge_by_link(actor: Actor, *, message: UUID | str, token: str) -> Message:
    """Whoever has the link from the message is its recipient."""
    found = queries.message_of_link(message, token)
    assert found.person is not None
    return acknowledge(actor_of(found.person), message=found.id, via="link")


@action
def note_unreached_seen(actor: Actor) -> int:
    """The actor has looked at what was urgent and reached nobody, and answers for telling them; returns how many."""
    if not queries.may_answer_for_unreached(actor):
        raise Forbidden(_("This is for who commands, or keeps people or connections."))
    rows = list(
        Message.objects.select_for_update(of=("self",)).filter(pk__in=queries.unreached(actor).values("pk")).order_by("id")
    )
    Message.objects.filter(pk__in=[row.pk for row in rows]).update(seen_at=now())
    for subject in dict.fromkeys(row.subject_id for row in rows):
        here = [row for row in rows if row.subject_id == subject]
        names = ", ".join(dict.fromkeys(row.name for row in here))
        record(actor, facts.UnreachedSeen(subject=subject, messages=[str(row.id) for row in here], names=names))
    return len(rows)


@action
def acknowledge_pages(actor: Actor, *, subject: str) -> int:
    """Somebody answers for it: the pagers that rang for this record are told; returns how many. What a person has read stays
    his own word."""
    return _tell_all_pagers(actor, subject, "acknowledge")


@action
def resolve_pages(actor: Actor, *, subject: str) -> int:
    """It is over: the pagers that rang for this record are told; returns how many."""
    return _tell_all_pagers(actor, subject, "resolve")


def _tell_all_pagers(actor: Actor, subject: str, operation: str) -> int:
    ringing = Message.objects.filter(subject=subject, sendings__way="pager", sendings__state__in=["sent", "queued", "held"])
    return sum(_tell_pagers(actor, row, operation) for row in ringing.distinct())


def _tell_pagers(actor: Actor, message: Message, operation: str) -> int:
    told = 0
    for sending in message.sendings.filter(way="pager", call__isnull=False).select_related("call__connection"):
        asked: Call = sending.call  # type: ignore[assignment]
        call(
            actor, connection=asked.connection, operation=operation, subject=message.subject_id, target=asked.target,
            payload={"dedup_key": page_key(message), "address": asked.payload.get("address", "")},
            idempotency_key=f"{operation}:{sending.id}", is_urgent=True,
        )  # fmt: skip
        told += 1
    return told

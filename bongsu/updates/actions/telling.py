"""Telling people what concerns them: roles, severity, a broken glass, overdue duties, what could not be sent."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from bongsu.comms import queries as messages
from bongsu.comms.actions import send
from bongsu.comms.models import Message
from bongsu.events.actions import action
from bongsu.events.queries import may_see
from bongsu.incidents import queries as incidents
from bongsu.incidents.models import Incident
from bongsu.integrations.models import Call
from bongsu.kernel.actors import Actor
from bongsu.kernel.errors import NotFound
from bongsu.kernel.text import Text
from bongsu.kernel.text import gettext_noop as _
from bongsu.people import queries as people
from bongsu.people.models import Person
from bongsu.people.queries import actor_of

from .. import queries
from ..models import Notice

URGENT = ("P0", "P1")
FAILURE = "failure"
LEGAL = "legal"


@action
def offer_role(actor: Actor, *, incident: UUID, role: str, person: UUID, offered_by: str, key: str) -> None:
    """Somebody is asked to take the command."""
    found, chosen = _of(incident), _persons([person])
    values = {"role": _role(found, role), "from_person": offered_by}
    _send(actor, found, key=f"role_offer:{key}", template="role_offer", values=values, to=chosen, purpose="role")


@action
def tell_role(actor: Actor, *, incident: UUID, role: str, person: UUID, assigned_by: str, key: str) -> None:
    """Somebody was given a role."""
    found, chosen = _of(incident), _persons([person])
    values = {"role": _role(found, role), "from_person": assigned_by}
    _send(actor, found, key=f"role_assigned:{key}", template="role_assigned", values=values, to=chosen, purpose="role")


@action
def tell_severity(actor: Actor, *, incident: UUID, old: str, new: str, reason: str, key: str) -> dict[str, Any]:
    """Everyone involved hears of another severity; returns what the channel says of it."""
    found = _of(incident)
    values = {**incidents.spoken(found), "severity": new, "before": old, "after": new, "reason": reason}
    to = _persons(incidents.involved(found))
    _send(actor, found, key=f"severity:{key}", template="severity_changed", values=values, to=to, purpose="severity")
    return values


@action
def tell_broken_glass(actor: Actor, *, incident: UUID, person: UUID, reason: str, key: str) -> None:
    """The IC hears who reads a restricted incident without having been let in, and why."""
    found = _of(incident)
    values = {"requester": people.person(person).name, "reason": reason}
    to = [p for p in _chief(found) if p.id != person]
    _send(actor, found, key=f"glass:{key}", template="break_glass", values=values, to=to, purpose="break-glass")


@action
def tell_restriction_review(actor: Actor, *, incident: UUID, approver: UUID, review_on: str, key: str) -> None:
    """The IC and whoever approved the restriction hear that its review is due."""
    found = _of(incident)
    values = {"due": review_on}
    to = dict.fromkeys([*_chief(found), *_persons([approver])])
    _send(actor, found, key=f"restriction:{key}", template="restriction_review", values=values, to=to, purpose="restriction")


@action
def tell_overdue(actor: Actor, *, incident: UUID, duty: str, key: str) -> None:
    """The IC hears of an overdue duty; of a legal one also whoever watches the law here, or the post that does."""
    found = _of(incident)
    row = found.duties.get(key=duty)
    to = _chief(found)
    if row.is_legal:
        watching = found.assignments.filter(role=LEGAL, ended_at=None).values_list("person_id", flat=True)
        to += _persons(watching) or _readers(found, people.resolve_post(LEGAL).people)
    values = {"action": row.title, "due": row.due_at}
    _send(actor, found, key=f"overdue:{key}", template="duty_overdue", values=values, to=dict.fromkeys(to), purpose="overdue")


@action
def tell_call_failed(actor: Actor, *, call: UUID, error: str) -> None:
    """A dead letter of an incident, loudly to its IC. What belongs to a message is told by the message."""
    row = Call.objects.select_related("connection").filter(pk=call).first()
    found = incidents.by_ref(row.subject_id) if row else None
    if row is None or found is None or row.idempotency_key.startswith(("message:", "notice:")):
        return
    _tell_failure(actor, found, key=f"call:{call}", what=row.operation, target=row.connection.name, error=error)


@action
def tell_message_failed(actor: Actor, *, message: UUID, why: str | dict[str, str]) -> None:
    """Nobody reached by any way: the IC hears of it, but not of his own alarms that failed."""
    row = Message.objects.filter(pk=message).first()
    found = incidents.by_ref(row.subject_id) if row else None
    if row is None or found is None or row.purpose == FAILURE:
        return
    _tell_failure(actor, found, key=f"message:{message}", what=row.title, target=row.name, error=why)


@action
def tell_notice_failed(actor: Actor, *, notice: UUID, failed: int) -> None:
    """Some customers were not reached: the IC hears how many, never who."""
    row = Notice.objects.select_related("incident__subject", "incident__system").get(pk=notice)
    if failed:
        error = queries.both(Text(_("{n} addresses were not reached"), {"n": failed}))
        _tell_failure(actor, row.incident, key=f"notice:{notice}", what=row.title, target=f"#{row.number}", error=error)


def _tell_failure(actor: Actor, incident: Incident, *, key: str, what: str, target: str, error: Any) -> None:
    if not messages.connected_kinds():
        return  # nobody can be told by any way; the timeline says so already
    values = {"action": what, "target": target, "error": error}
    _send(actor, incident, key=f"failed:{key}", template="sending_failed", values=values, to=_chief(incident), purpose=FAILURE)


def _of(incident: UUID) -> Incident:
    found = Incident.objects.select_related("subject", "system").filter(pk=incident).first()
    if found is None:
        raise NotFound(incidents.NO_SUCH)
    return found


def _send(
    actor: Actor, incident: Incident, *, key: str, template: str, values: dict[str, Any], to: Iterable[Person], purpose: str
) -> None:
    send(
        actor, subject=incident.subject_id, key=key, template=template, values={**incidents.spoken(incident), **values},
        people=to, is_urgent=incident.severity in URGENT, purpose=purpose, pack_version=incident.pack_id,
    )  # fmt: skip


def _chief(incident: Incident) -> list[Person]:
    chief = incidents.commander(incident)
    return [chief.person] if chief else []


def _persons(ids: Iterable[UUID]) -> list[Person]:
    return list(Person.objects.filter(pk__in=list(ids), is_active=True))


def _readers(incident: Incident, found: Iterable[Person]) -> list[Person]:
    return [p for p in found if may_see(actor_of(p), incident.subject_id)]


def _role(incident: Incident, role: str) -> dict[str, str]:
    label = incidents.taxonomy_of(incident).role(role).label
    return {"ko": label.ko, "en": label.en}

"""Climbing the ladder: start it, compute it again, fire what is due, remind, stop."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone

from bongsu.comms import queries as messages
from bongsu.comms.actions import send
from bongsu.comms.models import Message
from bongsu.events.actions import action, cancel_timer, cancel_timers, record, set_timer
from bongsu.events.queries import must_see
from bongsu.incidents.models import Incident
from bongsu.incidents.queries import commander, spoken, taxonomy_of
from bongsu.kernel.actors import Actor
from bongsu.kernel.clock import now
from bongsu.kernel.errors import Forbidden, Invalid, NotFound, Refused
from bongsu.kernel.text import Text
from bongsu.kernel.text import gettext_noop as _
from bongsu.people import queries as people
from bongsu.people.models import Person
from bongsu.ui.language import both

from .facts import LadderRecomputed, PostUnreached, ResponseOverdue, Snoozed, StepBroughtForward, StepFired
from .models import Snooze, Step
from .queries import PURPOSE, REMINDING, next_step, remind_after, respond_within, round_of, wanted_rungs
from .rules import LONGEST_SNOOZE, Move, Rung, changed, due, moves, to_remind

STEPS, RESPONSE, REMINDER = "escalations.step", "escalations.response", "escalations.reminder"
URGENT = ("P0", "P1")


@action
def start_ladder(actor: Actor, *, incident: UUID, began_at: datetime) -> None:
    """At declaration, or when an incident burns again: set every step and the response target, fire what is due."""
    found = Incident.objects.select_for_update(of=("self",)).get(pk=incident)
    if not found.is_open:
        return
    number = round_of(found) + 1
    if Step.objects.filter(incident=found, round=number - 1, due_at=began_at).exists():
        return  # this burning has its ladder already
    for rung in wanted_rungs(found, began_at):
        _set(found, number, rung)
    if found.responded_at is None:
        _watch_response(found)
    _fire_due(actor, found, number)


@action
def recompute_ladder(actor: Actor, *, incident: UUID, old: str, new: str) -> None:
    """The severity changed: steps count from declaration at the new one; those already past fire once, together."""
    found = Incident.objects.select_for_update(of=("self",)).get(pk=incident)
    number = round_of(found)
    if not found.is_open or not number or found.severity != new:
        return
    standing = list(Step.objects.select_for_update().filter(incident=found, round=number))
    change = changed([(s.key, s.fired_at is not None) for s in standing], wanted_rungs(found, _began_at(found, standing)))
    before = _waiting(standing)
    for step in standing:
        if step.key in change.call_off and step.cancelled_at is None:
            _call_off(step)
    for rung in change.add:
        _set(found, number, rung)
    after = _waiting(Step.objects.filter(incident=found, round=number).order_by("due_at", "key"))
    if found.responded_at is None:
        _watch_response(found)
    if said := [_news(found, move) for move in moves(before, after)]:
        record(actor, LadderRecomputed(subject=found.subject_id, old=old, new=new, changes=said))
    _fire_due(actor, found, number)


@action
def fire_steps(actor: Actor, *, incident: UUID) -> None:
    """A step's moment has come: tell its posts, unless the incident is resolved meanwhile."""
    found = Incident.objects.select_for_update(of=("self",)).get(pk=incident)
    if found.is_open:
        _fire_due(actor, found, round_of(found))


@action
def stop_ladder(actor: Actor, *, incident: UUID) -> None:
    """Resolved or found false: what has not been fired is called off."""
    found = Incident.objects.get(pk=incident)
    Step.objects.filter(incident=found, fired_at=None, cancelled_at=None).update(cancelled_at=now())
    for kind in (STEPS, RESPONSE, REMINDER):
        cancel_timers(found.subject_id, kind=kind)


@action
def note_response(actor: Actor, *, incident: UUID) -> None:
    """Somebody has taken command: the response target is met and reminders end; the steps go on."""
    found = Incident.objects.get(pk=incident)
    cancel_timer(f"{RESPONSE}:{found.id}")
    cancel_timer(f"{REMINDER}:{found.id}")


@action
def response_is_overdue(actor: Actor, *, incident: UUID) -> None:
    """The response target has passed without an IC who accepted: say so and remind everybody told."""
    found = Incident.objects.get(pk=incident)
    if found.responded_at is None and found.is_open:
        record(actor, ResponseOverdue(subject=found.subject_id, due_at=found.declared_at + respond_within(found)))
        _remind(found, actor)


@action
def remind(actor: Actor, *, incident: UUID) -> None:
    """Remind those who were told and have neither acknowledged nor snoozed, until somebody has taken command."""
    found = Incident.objects.get(pk=incident)
    if found.responded_at is None and found.is_open:
        _remind(found, actor)


@action
def snooze(actor: Actor, *, incident: UUID, until_at: datetime, reason: str) -> Snooze:
    """No reminders to me until then (8 hours at most), with a reason. Steps of the matrix come all the same."""
    found = Incident.objects.filter(pk=incident).first()
    if found is None or actor.person_id is None:
        raise NotFound(_("There is no such incident."))
    must_see(actor, found.subject_id)
    wrong: dict[str, str] = {}
    if not reason.strip():
        wrong["reason"] = _("Say why.")
    if until_at.tzinfo is None or not now() < until_at <= now() + LONGEST_SNOOZE:
        wrong["until_at"] = _("A moment within the next eight hours.")
    if wrong:
        raise Invalid(_("This snooze cannot be kept."), fields=dict(wrong))
    row, _is_new = Snooze.objects.update_or_create(
        incident=found, person_id=actor.person_id, defaults={"until_at": until_at, "reason": reason[:300]}
    )
    record(actor, Snoozed(subject=found.subject_id, person=str(actor.person_id), until_at=until_at, reason=reason))
    return row


@action
def escalate_now(actor: Actor, *, incident: UUID, reason: str) -> Step:
    """Bring the next step of the matrix forward, with a reason. The IC does, or a commander; refuses when none waits."""
    found = Incident.objects.select_for_update(of=("self",)).filter(pk=incident).first()
    if found is None:
        raise NotFound(_("There is no such incident."))
    must_see(actor, found.subject_id)
    actor.require("incident.respond")
    chief = commander(found)
    if not (actor.may("incident.command") or (chief and chief.person_id == actor.person_id)):
        raise Forbidden(_("Only the incident commander, or somebody who may command, escalates now."))
    if not reason.strip():
        raise Invalid(_("Escalating now needs a reason."), fields={"reason": _("Say why.")})
    step = next_step(found) if found.is_open else None
    if step is None:
        raise Refused(_("No step of the matrix waits any more."))
    record(actor, StepBroughtForward(
        subject=found.subject_id, step=step.key, posts=list(step.posts), due_at=step.due_at, reason=reason
    ))  # fmt: skip
    _fire(actor, found, step, set())
    return step


# --- steps --------------------------------------------------------------------------------------------------------


def _set(incident: Incident, number: int, rung: Rung) -> Step:
    step, is_new = Step.objects.get_or_create(
        incident=incident,
        round=number,
        key=rung.key,
        defaults={"severity": rung.severity, "posts": list(rung.posts), "due_at": rung.due_at},
    )
    if not is_new and step.fired_at is None:
        step.cancelled_at, step.due_at = None, rung.due_at
        step.save(update_fields=["cancelled_at", "due_at"])
    if step.due_at > now():
        _set_timer(step)
    return step


def _set_timer(step: Step) -> None:
    set_timer(
        step.incident.subject_id,
        key=_timer_key(step),
        kind=STEPS,
        due_at=step.due_at,
        data={"incident": str(step.incident_id)},
        label=Text(_("Escalation: {posts}"), {"posts": _titles(step)}),
        is_shown=True,
    )


def _timer_key(step: Step) -> str:
    return f"{STEPS}:{step.incident_id}:{step.round}:{step.key}"


def _call_off(step: Step) -> None:
    step.cancelled_at = now()
    step.save(update_fields=["cancelled_at"])
    cancel_timer(_timer_key(step))


def _waiting(steps: Iterable[Step]) -> list[tuple[list[str], datetime]]:
    return [(s.posts, s.due_at) for s in steps if s.fired_at is None and s.cancelled_at is None]


def _news(incident: Incident, move: Move) -> dict[str, str]:
    """In both languages, in the organisation's zone, as it will stand in the record."""
    if not move.at:
        message = _("{posts}: not any more (was {was})")
    else:
        message = _("{posts}: {at} instead of {was}") if move.was else _("{posts}: {at}")
    at: list[Text | datetime] = [Text(_("now"))] if any(each <= now() for each in move.at) else []
    at += [each for each in move.at if each > now()]
    with timezone.override(ZoneInfo(settings.ORGANISATION_ZONE)):
        return both(Text(message, {"posts": _titled(incident, move.posts), "at": at, "was": move.was}))


def _began_at(incident: Incident, standing: list[Step]) -> datetime:
    """From when this burning counts: the first step of a ladder is due at once."""
    return min((s.due_at for s in standing), default=incident.declared_at)


def _fire_due(actor: Actor, incident: Incident, number: int) -> None:
    waiting = list(
        Step.objects.select_for_update()
        .filter(incident=incident, round=number, fired_at=None, cancelled_at=None)
        .order_by("due_at", "key")
    )
    ready = due([(s.key, s.due_at) for s in waiting], now())
    already: set[UUID] = set()
    for step in waiting:
        if step.key in ready:
            _fire(actor, incident, step, already)
    if ready and incident.responded_at is None:
        _set_reminder(incident)


def _fire(actor: Actor, incident: Incident, step: Step, already: set[UUID]) -> None:
    step.fired_at = now()
    step.save(update_fields=["fired_at"])
    cancel_timer(_timer_key(step))
    written: list[Message] = []
    knew: list[str] = []
    for post in step.posts:
        for person in _holders(actor, incident, step, post):
            # Several steps that fire together reach a person once.
            if person.id in already:
                knew.append(person.name)
                continue
            already.add(person.id)
            written += _tell(actor, incident, step, post, person)
    record(
        actor,
        StepFired(
            subject=incident.subject_id,
            step=step.key,
            posts=list(step.posts),
            people=[str(m.person_id) for m in written],
            unreached=[str(m.person_id) for m in written if m.state == "failed"],
            whom=messages.whom(written, already=knew),
        ),
    )


def _holders(actor: Actor, incident: Incident, step: Step, post: str) -> list[Person]:
    found = people.resolve_post(post, incident.system.ref if incident.system else "")
    if found.via not in ("holder", "deputy"):
        names = ", ".join(p.name for p in found.people) or "—"
        record(actor, PostUnreached(subject=incident.subject_id, step=step.key, post=post, stand_in=names))
    return list(found.people)


def _tell(actor: Actor, incident: Incident, step: Step, post: str, person: Person) -> list[Message]:
    title = taxonomy_of(incident).post(post).title
    return send(
        actor,
        subject=incident.subject_id,
        key=step.message_key,
        template="incident_alert" if _is_first(step) else "escalation",
        values={
            **spoken(incident),
            "role": {"ko": title.ko, "en": title.en},
            "open_for": _open_for(incident),
        },
        people=[person],
        is_urgent=incident.severity in URGENT,
        purpose=PURPOSE,
        pack_version=incident.pack_id,
    )


def _is_first(step: Step) -> bool:
    """Of a step at the beginning of a burning nothing has stayed unresolved yet: it is the news itself."""
    return not Step.objects.filter(incident=step.incident_id, round=step.round, due_at__lt=step.due_at).exists()


def _open_for(incident: Incident) -> dict[str, str]:
    minutes = int((now() - incident.declared_at).total_seconds()) // 60
    hours, rest = divmod(minutes, 60)
    ko = " ".join(part for part in (f"{hours}시간" if hours else "", f"{rest}분" if rest or not hours else "") if part)
    en = " ".join(part for part in (f"{hours} h" if hours else "", f"{rest} min" if rest or not hours else "") if part)
    return {"ko": ko, "en": en}


def _titles(step: Step) -> dict[str, str]:
    return _titled(step.incident, step.posts)


def _titled(incident: Incident, posts: Iterable[str]) -> dict[str, str]:
    taxonomy = taxonomy_of(incident)
    titles = [taxonomy.post(key).title for key in posts]
    return {"ko": ", ".join(t.ko for t in titles), "en": ", ".join(t.en for t in titles)}


# --- response and reminders ---------------------------------------------------------------------------------------


def _watch_response(incident: Incident) -> None:
    set_timer(
        incident.subject_id,
        key=f"{RESPONSE}:{incident.id}",
        kind=RESPONSE,
        due_at=incident.declared_at + respond_within(incident),
        data={"incident": str(incident.id)},
        label=Text(_("First response"), {}),
        is_shown=True,
    )


def _set_reminder(incident: Incident) -> None:
    set_timer(
        incident.subject_id,
        key=f"{REMINDER}:{incident.id}",
        kind=REMINDER,
        due_at=now() + remind_after(incident),
        data={"incident": str(incident.id)},
    )


def _remind(incident: Incident, actor: Actor) -> None:
    told = messages.messages(actor, subject=incident.subject_id).filter(purpose=PURPOSE, person__isnull=False)
    rows = list(told.order_by("created_at").values_list("person_id", "acknowledged_at"))
    chief = commander(incident)
    who = [str(person) for person, _at in rows] + ([str(chief.person_id)] if chief else [])
    wanted = to_remind(
        who,
        acknowledged=[str(person) for person, at in rows if at],
        snoozed={str(s.person_id): s.until_at for s in incident.snoozes.all()},
        now=now(),
    )
    _send_reminder(actor, incident, Person.objects.filter(pk__in=wanted, is_active=True))
    _set_reminder(incident)


def _send_reminder(actor: Actor, incident: Incident, whom: Iterable[Person]) -> None:
    send(
        actor,
        subject=incident.subject_id,
        key=f"reminder:{incident.id}:{int(now().timestamp())}",
        template="incident_alert",
        values={**spoken(incident), "role": {"ko": "알림을 받은 사람", "en": "somebody who was told"}},
        people=whom,
        is_urgent=incident.severity in URGENT,
        purpose=REMINDING,
        pack_version=incident.pack_id,
    )

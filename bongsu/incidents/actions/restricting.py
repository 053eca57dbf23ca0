"""The life of a restriction: its reason and approver, the day it is looked at again, and how it is kept or lifted (B6)."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse

from bongsu.approvals import actions as approvals
from bongsu.approvals.models import Approval
from bongsu.approvals.rules import GRANTED
from bongsu.events.actions import action, cancel_timer, lift_restriction, record, restrict, set_timer
from bongsu.events.queries import may_see
from bongsu.kernel.actors import Actor
from bongsu.kernel.clock import now
from bongsu.kernel.errors import Forbidden, Invalid, Refused
from bongsu.kernel.refs import ref
from bongsu.kernel.text import Text
from bongsu.kernel.text import gettext_noop as _
from bongsu.packs import queries as packs
from bongsu.people import queries as people
from bongsu.ui.language import say

from ..facts import RestrictionKept, RestrictionReviewDue
from ..models import Incident, Restriction, RoleAssignment
from .locking import is_ic, lock_incident, locked, must_lead
from .visibility import posts_readers

REVIEW_AFTER, LONGEST, AGAIN = timedelta(days=30), timedelta(days=366), timedelta(days=7)
RESTRICTION, TIMER = "restriction", "incidents.restriction"
LIFT = _("Lift the restriction")
APPROVES = "report.review"  # legal and compliance: the second pair of eyes when it is lifted


@action
def restrict_incident(
    actor: Actor, *, incident: UUID, reason: str, readers: Iterable[UUID] = (), review_on: date | None = None
) -> Incident:
    """Only the people named, those with a role in it and its severity's posts read it from now on. The IC decides."""
    found = locked(actor, incident)
    must_lead(actor, found)
    _must_say(reason, _("A restriction needs a reason."))
    if review_on:
        _must_be_ahead(review_on)
    roles = RoleAssignment.objects.filter(incident=found, ended_at=None).values_list("person_id", flat=True)
    own = [actor.person_id] if actor.person_id else []
    restrict(actor, subject=found.subject_id, readers=[*readers, *roles, *own, *posts_readers(found)], reason=reason)
    state_restriction(actor, found, reason, review_on)
    return found


def state_restriction(actor: Actor, incident: Incident, reason: str, review_on: date | None = None) -> None:
    """Inside other actions: why, who approved it, and the timer of its review. A wish to lift it from before is over."""
    approver = actor.person_id or RoleAssignment.objects.values_list("person_id", flat=True).filter(incident=incident).first()
    if approver is None:
        approver = people.resolve_post(packs.taxonomy(incident.pack_id).triage.post).people[0].id
    approvals.void(actor, about_ref=_about(incident), reason=say(Text(_("it was restricted anew")), actor.language))
    row, _is_new = Restriction.objects.update_or_create(
        incident=incident,
        defaults={
            "reason": reason,
            "approved_by_id": approver,
            "restricted_at": now(),
            "review_on": review_on or _today() + REVIEW_AFTER,
        },
    )
    _watch(row, incident)


@action
def keep_restricted(actor: Actor, *, incident: UUID, reason: str, review_on: date) -> Restriction:
    """Reviewed: it stays restricted until another day, with a reason. Its IC or who approved it decides."""
    found, row = _reviewed(actor, incident)
    _must_say(reason, _("Keeping a restriction needs a reason."))
    _must_be_ahead(review_on)
    approvals.void(actor, about_ref=_about(found), reason=say(Text(_("the restriction is kept")), actor.language))
    row.review_on = review_on
    row.save(update_fields=["review_on"])
    record(actor, RestrictionKept(subject=found.subject_id, reason=reason.strip(), review_on=review_on.isoformat()))
    _watch(row, found)
    return row


@action
def ask_to_lift(actor: Actor, *, incident: UUID, reason: str) -> Approval:
    """Reviewed: everybody may read it again once somebody of legal among its readers approves; until then nothing changes."""
    found, _row = _reviewed(actor, incident)
    _must_say(reason, _("Lifting a restriction needs a reason."))
    able = [people.actor_of(person) for person in people.people_with_grant(APPROVES) if person.id != actor.person_id]
    if not any(may_see(one, found.subject_id) for one in able):
        raise Refused(_("Nobody of legal reads this incident: let somebody in who can approve."))
    return approvals.request(
        actor,
        subject=found.subject_id,
        about_ref=_about(found),
        purpose=RESTRICTION,
        title=f"{found.number} · {say(LIFT, settings.LANGUAGE_CODE)}",
        text=reason.strip(),
        grant=APPROVES,
        url=reverse("incidents:detail", args=[found.number]),
    )


@action
def lift_approved(actor: Actor, *, incident: UUID, approval: UUID) -> None:
    """The second person has approved: the restriction ends, unless it was kept meanwhile. Told twice, it changes nothing."""
    lock_incident(incident)
    row = Restriction.objects.select_related("incident").filter(pk=incident).first()
    granted = Approval.objects.filter(pk=approval, state=GRANTED).first()
    if row is None or granted is None:
        return
    subject = row.incident.subject_id
    cancel_timer(_timer(incident))
    cancel_timer(_again(incident))
    row.delete()
    lift_restriction(actor, subject=subject, reason=granted.text)


@action
def remind_of_review(actor: Actor, *, incident: UUID) -> None:
    """The day has come: on the record, its IC and approver are told, and again every week until it is reviewed."""
    lock_incident(incident)
    row = Restriction.objects.select_related("incident").filter(pk=incident).first()
    if row is None or row.review_on > _today():
        return
    stated = RestrictionReviewDue(
        subject=row.incident.subject_id, review_on=row.review_on.isoformat(), approver=str(row.approved_by_id)
    )
    record(actor, stated)
    set_timer(
        row.incident.subject_id,
        key=_again(incident),
        kind=TIMER,
        due_at=now() + AGAIN,
        data={"incident": str(incident)},
    )


def may_review(actor: Actor, incident: Incident, row: Restriction) -> bool:
    return actor.is_all_seeing or row.approved_by_id == actor.person_id or is_ic(actor, incident)


def _reviewed(actor: Actor, incident: UUID) -> tuple[Incident, Restriction]:
    found = locked(actor, incident)
    row = Restriction.objects.filter(pk=found.pk).first()
    if row is None:
        raise Refused(_("This incident is not restricted."))
    if not may_review(actor, found, row):
        raise Forbidden(_("Its incident commander reviews a restriction, or who approved it."))
    return found, row


def _watch(row: Restriction, incident: Incident) -> None:
    due_at = datetime.combine(row.review_on, time(9), ZoneInfo(settings.ORGANISATION_ZONE))
    cancel_timer(_again(incident.id))
    set_timer(
        incident.subject_id,
        key=_timer(incident.id),
        kind=TIMER,
        due_at=due_at,
        data={"incident": str(incident.id)},
        label=Text(_("Review of the restriction")),
        is_shown=True,
        owner=row.approved_by_id,
    )


def _timer(incident: UUID) -> str:
    return f"{TIMER}:{incident}"


def _again(incident: UUID) -> str:
    return f"{_timer(incident)}:again"


def _about(incident: Incident) -> str:
    return ref(RESTRICTION, incident.id)


def _today() -> date:
    return now().astimezone(ZoneInfo(settings.ORGANISATION_ZONE)).date()


def _must_be_ahead(review_on: date) -> None:
    if not _today() < review_on <= _today() + LONGEST:
        wrong = _("A day after today, within a year.")
        raise Invalid(_("This day of review cannot be right."), fields={"review_on": wrong})


def _must_say(reason: str, refusal: str) -> None:
    if not reason.strip():
        raise Invalid(refusal, fields={"reason": _("Say why.")})

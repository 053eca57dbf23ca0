"""What waits for whom, and what was approved."""

from uuid import UUID

from django.db.models import QuerySet

from bongsu.events.queries import SEE, readers, visible
from bongsu.events.reading import opened
from bongsu.kernel.actors import Actor
from bongsu.kernel.errors import NotFound
from bongsu.kernel.text import gettext_noop as _
from bongsu.people.models import Person
from bongsu.people.queries import people_with_grant, resolve_post

from .models import Approval
from .rules import GRANTED, WAITING, why_not_decide


def approvals(actor: Actor, *, about_ref: str = "", subject: str = "") -> QuerySet[Approval]:
    """All the actor may see, of one thing or one record when given."""
    rows = Approval.objects.filter(visible(actor)).select_related("subject")
    if about_ref:
        rows = rows.filter(about_ref=about_ref)
    return rows.filter(subject=subject) if subject else rows


def approval(actor: Actor, approval_id: UUID) -> Approval:
    found = opened(actor, approvals(actor).filter(pk=approval_id))
    if found is None:
        raise NotFound(_("There is no such approval."))
    return found


def waiting_for(actor: Actor) -> list[Approval]:
    """What this person can decide now, oldest first: not their own, within their rights and posts."""
    held: dict[tuple[str, str], bool] = {}
    return [
        row for row in approvals(actor).filter(state=WAITING) if why_not(actor, row) is None and _is_entitled(actor, row, held)
    ]


def asked_by(actor: Actor) -> QuerySet[Approval]:
    """What this actor asked for, newest first."""
    return approvals(actor).filter(requested_by=actor.key).order_by("-requested_at")


def why_not(actor: Actor, row: Approval, seen_hash: str | None = None) -> str | None:
    """The rule that keeps the actor from deciding, or None; right and post are asked by `is_entitled`."""
    return why_not_decide(
        state=row.state,
        decider=actor.key,
        requester=row.requested_by,
        barred=row.barred,
        seen_hash=row.text_hash if seen_hash is None else seen_hash,
        text_hash=row.text_hash,
    )


def is_entitled(actor: Actor, row: Approval) -> bool:
    """Whether the actor has the right, or holds the post, that may decide."""
    return _is_entitled(actor, row, {})


def _is_entitled(actor: Actor, row: Approval, held: dict[tuple[str, str], bool]) -> bool:
    if row.grant and actor.may(row.grant):
        return True
    if not row.post_key or actor.person_id is None:
        return False
    key = (row.post_key, row.scope_ref)
    if key not in held:
        held[key] = any(person.id == actor.person_id for person in resolve_post(*key).people)
    return held[key]


def deciders(row: Approval) -> list[Person]:
    """Who may decide this now: has the right or holds the post, may see the record and did not work on it."""
    able = people_with_grant(row.grant) if row.grant else []
    able += resolve_post(row.post_key, row.scope_ref).people if row.post_key else []
    barred = {row.requested_by, *row.barred}
    once = {person.id: person for person in able if person.ref not in barred}
    may_see = {person.id for person in people_with_grant(SEE)}
    may_see = may_see & set(readers(row.subject_id)) if row.subject.restricted else may_see
    return [person for person in once.values() if person.id in may_see]


def granted(about_ref: str, purpose: str, text_hash: str) -> Approval | None:
    """The approval of exactly this text, if there is one."""
    found = Approval.objects.filter(about_ref=about_ref, purpose=purpose, text_hash=text_hash, state=GRANTED)
    return found.order_by("-decided_at").first()

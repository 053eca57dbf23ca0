"""Who decides: the policy alone, or another person about exactly this effect (C7, M7)."""

from uuid import UUID

from django.db.models import Q
from django.urls import reverse

from bongsu.approvals import actions as approvals
from bongsu.approvals.models import Approval
from bongsu.comms.actions import send
from bongsu.events.actions import action, record
from bongsu.incidents.queries import commander, spoken, taxonomy_of
from bongsu.kernel.actors import Actor
from bongsu.kernel.canonical import digest
from bongsu.kernel.clock import now
from bongsu.kernel.errors import NotFound
from bongsu.kernel.refs import split_ref
from bongsu.people import queries as people
from bongsu.people.models import Person
from bongsu.ui.language import say

from .. import queries
from ..facts import ContainmentWaits
from ..models import Containment, Rollback
from ..rules import containing as rules
from .executing import begin
from .moving import end, locked_row, move, title

PURPOSE, APPROVE = "containment", "containment.approve"
POLICY = "policy"


def decide(actor: Actor, row: Containment) -> None:
    """The snapshot is kept: carry it out where the policy lets the machine, else ask another person."""
    found = decision_for(row)
    if not found.needs_approval and not _claim_hour(row):
        found = decision_for(row, was_automatic_lately=True)  # another worker was faster
    if not found.needs_approval:
        begin(actor, row, decided_by=POLICY)
        return
    move(row, rules.APPROVAL)
    asker = _asker(actor, row)
    approvals.request(
        asker, subject=row.subject_id, about_ref=row.ref, purpose=PURPOSE, grant=APPROVE, text=row.text,
        title=f"{row.incident.number}: {title(row.incident, row.kind)[asker.language]}",
        url=reverse("incidents:detail", args=[row.incident.number]),
    )  # fmt: skip
    record(actor, ContainmentWaits(
        subject=row.subject_id, containment=row.id, model=row.model, why=say(found.why, "ko")
    ))  # fmt: skip
    _tell_approvers(actor, row, asker)


def decision_for(row: Containment, *, was_automatic_lately: bool | None = None) -> rules.Decision:
    """Who decides about this containment now."""
    taxonomy = taxonomy_of(row.incident)
    lately = Rollback.objects.filter(
        connection=row.connection, model=row.model, automatic_at__gt=now() - rules.AUTOMATIC_EVERY
    )  # fmt: skip
    return rules.decision(
        mode=taxonomy.mode(taxonomy.containment(row.kind).act, row.incident.severity),
        is_confirmed=queries.is_severity_confirmed(row.incident),
        was_automatic_lately=lately.exists() if was_automatic_lately is None else was_automatic_lately,
        is_undo=row.undoes_id is not None,
    )


def _claim_hour(row: Containment) -> bool:
    """The one automatic rollback of this model within the hour; the row's update decides between two at once."""
    Rollback.objects.bulk_create([Rollback(connection=row.connection, model=row.model)], ignore_conflicts=True)
    free = Q(automatic_at=None) | Q(automatic_at__lte=now() - rules.AUTOMATIC_EVERY)
    mine = Rollback.objects.filter(free, connection=row.connection, model=row.model)
    return bool(mine.update(automatic_at=now()))


def _asker(actor: Actor, row: Containment) -> Actor:
    """The person who asked; the snapshot only came in between. So the four eyes are the asker's and another's."""
    if not row.asked_by.startswith("person:"):
        return actor
    return people.actor_of(people.person(UUID(split_ref(row.asked_by)[1])))


def _tell_approvers(actor: Actor, row: Containment, asker: Actor) -> None:
    send(
        actor, subject=row.subject_id, key=f"{row.ref}:approval", template="approval_request",
        values={
            **spoken(row.incident), "requester": asker.name or "Bongsu", "approval_of": title(row.incident, row.kind),
            "before": f"{row.model}@{row.alias} = {row.before}", "after": f"{row.model}@{row.alias} = {row.after}",
            "undo": _undo(row),
        },
        people=_approvers(row, asker), is_urgent=row.incident.severity in ("P0", "P1"), purpose="approval",
        pack_version=row.incident.pack_id,
    )  # fmt: skip


def _approvers(row: Containment, asker: Actor) -> list[Person]:
    """Who was named; else the commander of the incident; else everybody who may approve."""
    if row.approver:
        return [row.approver]
    chief = commander(row.incident)
    if chief and chief.person_id != asker.person_id and people.actor_of(chief.person).may(APPROVE):
        return [chief.person]
    return [person for person in people.people_with_grant(APPROVE) if person.id != asker.person_id]


def _undo(row: Containment) -> dict[str, str]:
    undo = taxonomy_of(row.incident).containment(row.kind).undo
    return {"ko": undo.ko, "en": undo.en}


@action
def carry_out_approved(actor: Actor, *, approval: UUID) -> None:
    """Another person approved exactly this effect: begin. What is no longer waiting stays as it is."""
    given = Approval.objects.get(pk=approval)
    row = _about(given)
    if row.state == rules.APPROVAL and given.state == "granted" and given.text_hash == digest(row.text):
        begin(actor, row, decided_by=given.decided_by)


@action
def end_refused(actor: Actor, *, approval: UUID) -> None:
    """Another person did not approve."""
    given = Approval.objects.get(pk=approval)
    row = _about(given)
    if row.state == rules.APPROVAL:
        end(actor, row, rules.REFUSED, given.reason)


def _about(approval: Approval) -> Containment:
    kind, key = split_ref(approval.about_ref)
    if kind != "containment":
        raise NotFound(f"{approval.about_ref} is no containment")
    return locked_row(UUID(key))

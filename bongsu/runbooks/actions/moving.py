"""Moving a containment along its table, and being loud when it fails."""

from typing import Any
from uuid import UUID

from bongsu.approvals import actions as approvals
from bongsu.comms.actions import send
from bongsu.events.actions import cancel_timer, record, set_timer
from bongsu.incidents.actions.locking import lock_incident
from bongsu.incidents.models import Incident
from bongsu.incidents.queries import commander, roles, spoken, taxonomy_of
from bongsu.kernel.actors import Actor
from bongsu.kernel.clock import now
from bongsu.kernel.errors import NotFound, Refused
from bongsu.kernel.text import Text, text
from bongsu.kernel.text import gettext_noop as _
from bongsu.ui.language import both, say

from ..facts import ContainmentEnded, ContainmentFailed
from ..models import Containment, Rollback
from ..rules import containing as rules
from .calling import unask

TIMEOUT, POLL, EXPIRY = "runbooks.timeout", "runbooks.poll", "runbooks.expiry"
MOVE, TAG = "move", "tag"  # the calls that write
RIVAL = _("Another containment of this alias is under way.")
UNWANTED = {rules.WITHDRAWN: MOVE, rules.REFUSED: MOVE, rules.UNDONE: TAG}  # ended like this, that is not written any more


def refusal(row: Containment, state: str) -> Refused:
    return Refused(_("A containment that is “{source}” cannot become “{target}”."), source=text(rules.STATES[row.state]),
                   target=text(rules.STATES[state]))  # fmt: skip


def move(row: Containment, state: str, **values: Any) -> None:
    """Along the table or not at all."""
    if not rules.may_move(row.state, state):
        raise refusal(row, state)
    if row.state == rules.HELD:
        values["held_from"] = ""
    row.state = state
    for name, value in values.items():
        setattr(row, name, value)
    row.save(update_fields=["state", *values])


def locked_row(containment: UUID) -> Containment:
    """The row, locked after its incident, as every act does it."""
    lock_incident(Containment.objects.filter(pk=containment).values_list("incident_id", flat=True).first())
    row = (
        Containment.objects.select_for_update(of=("self",))
        .select_related("incident", "connection").filter(pk=containment).first()
    )  # fmt: skip
    if row is None:
        raise NotFound(_("There is no such containment in this incident."))
    return row


def has_rival(row: Containment) -> bool:
    """Whether another is under way on the same alias. A row per model is the lock: none begins before this transaction ends."""
    Rollback.objects.bulk_create([Rollback(connection=row.connection, model=row.model)], ignore_conflicts=True)
    Rollback.objects.select_for_update().get(connection=row.connection, model=row.model)
    same = Containment.objects.filter(connection=row.connection, model=row.model, alias=row.alias, state__in=rules.ACTIVE)
    return same.exclude(pk=row.pk).exists()


def let_go(actor: Actor, row: Containment) -> Containment:
    """What was held at the gate goes on where it was. If another took its place meanwhile, it ends; where its alias has moved
    already, it has had its time, so that it can be undone."""
    if row.state != rules.HELD:
        return row
    goes_on = row.held_from
    if goes_on not in rules.ACTIVE or not has_rival(row):
        move(row, goes_on)
        watch(row)  # the time-out begins anew: while it was held nothing could answer
    elif row.moved_at:
        fail(actor, row, rules.TIMED_OUT, text(RIVAL))
    else:
        end(actor, row, rules.WITHDRAWN, say(RIVAL, "ko"))
    return row


def timer(kind: str, row: Containment) -> str:
    return f"{kind}:{row.id}"


def watch(row: Containment) -> None:
    set_timer(
        row.subject_id, key=timer(TIMEOUT, row), kind=TIMEOUT, due_at=now() + row.timeout, data={"containment": str(row.id)}
    )


def title(incident: Incident, kind: str) -> dict[str, str]:
    label = taxonomy_of(incident).containment(kind).label
    return {"ko": label.ko, "en": label.en}


def fail(actor: Actor, row: Containment, state: str, error: Text) -> None:
    """Failed, stale or timed out: on the record, and loudly to the commander and the technical lead."""
    move(row, state, error=say(error, "ko"))
    unask(actor, row, MOVE)
    cancel_timer(timer(POLL, row))
    if state != rules.TIMED_OUT:
        cancel_timer(timer(TIMEOUT, row))
        approvals.void(actor, about_ref=row.ref, reason=str(error))
    record(actor, ContainmentFailed(
        subject=row.subject_id, containment=row.id, state=state, model=row.model, error=both(error)
    ))  # fmt: skip
    shout(actor, row, error)


def shout(actor: Actor, row: Containment, error: Text) -> None:
    """Failed automation falls back to people (C7)."""
    incident = row.incident
    held = roles(actor, incident)
    chief = commander(incident)
    people = [a.person for a in (chief, held.get("technical_lead")) if a]
    undo = taxonomy_of(incident).containment(row.kind).undo
    send(
        actor, subject=row.subject_id, key=f"{row.ref}:{row.state}:{row.polls}", template="containment_failed",
        values={
            **spoken(incident), "action": title(incident, row.kind), "target": f"{row.model}@{row.alias}", "error": error,
            "undo": {"ko": undo.ko, "en": undo.en},
        },
        people=people, is_urgent=True, purpose="containment", pack_version=incident.pack_id,
    )  # fmt: skip


def end(actor: Actor, row: Containment, state: str, reason: str, **values: Any) -> None:
    """Withdrawn, not approved, held or undone: on the record with its reason."""
    move(row, state, **values)
    if state in UNWANTED:
        unask(actor, row, UNWANTED[state])
    record(actor, ContainmentEnded(
        subject=row.subject_id, containment=row.id, state=state, model=row.model or row.kind, reason=reason
    ))  # fmt: skip

"""Carrying out what was decided: re-read, write, tag, ask the serving process until it reports the version (C7)."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from bongsu.events.actions import action, cancel_timer, record, set_timer
from bongsu.events.listening import names_of
from bongsu.incidents import actions as incidents
from bongsu.kernel.actors import Actor
from bongsu.kernel.clock import now
from bongsu.kernel.text import Text, text
from bongsu.kernel.text import gettext_noop as _

from .. import queries
from ..facts import AliasMoved, ContainmentBegan, ContainmentDone
from ..models import Containment
from ..rules import containing as rules
from .calling import ask
from .moving import EXPIRY, MOVE, POLL, TAG, TIMEOUT, end, fail, has_rival, locked_row, move, shout, timer, watch
from .stepping import settle

POLL_EVERY = timedelta(seconds=10)
CONTAINED = "containment.done"
LATE = {
    rules.TIMED_OUT: _("The alias moved after all, later than expected."),
    rules.WITHDRAWN: _("The alias moved after all: the write was under way when it was taken back. Undo it if need be."),
}
WRITING = (rules.EXECUTING, *LATE)  # the answer to a write is listened to


def begin(actor: Actor, row: Containment, *, decided_by: str) -> None:
    """From here the clock of the time-out runs. The alias is read once more before anything is written."""
    move(row, rules.EXECUTING, decided_by=decided_by, began_at=now())
    watch(row)
    record(actor, ContainmentBegan(
        subject=row.subject_id, containment=row.id, model=row.model, before=row.before, after=row.after, approved_by=decided_by,
        approver_name=names_of([decided_by])[decided_by],
    ))  # fmt: skip
    _registry(actor, row, "reread", "get_alias", {"model": row.model, "alias": row.alias})


def _registry(actor: Actor, row: Containment, purpose: str, operation: str, payload: dict[str, Any]) -> None:
    assert row.connection is not None  # what is done by hand asks nobody
    ask(actor, row, purpose, connection=row.connection, operation=operation, payload=payload)


# ---- answers --------------------------------------------------------------------------------------------------------


def reread(actor: Actor, row: Containment, receipt: dict[str, Any]) -> None:
    if row.state != rules.EXECUTING:
        return  # too late to write: a person has taken over
    at = str(receipt.get("version") or "")
    if at != row.before:
        fail(actor, row, rules.STALE, _elsewhere(row, at))
        return
    payload = {"model": row.model, "alias": row.alias, "version": row.after, "expected": row.before}
    _registry(actor, row, MOVE, "set_alias", payload)


def moved(actor: Actor, row: Containment) -> None:
    """The alias is where it was to go. It may be late: the time was over, or it was taken back while the write was under way."""
    late = LATE.get(row.state)
    row.moved_at = now()
    row.save(update_fields=["moved_at"])
    record(actor, AliasMoved(
        subject=row.subject_id, containment=row.id, model=row.model, alias=row.alias, before=row.before, after=row.after
    ))  # fmt: skip
    if late:
        shout(actor, row, text(late))
        if has_rival(row):
            return  # that one reads the alias again before it writes, and says what it found
        watch(row)
    move(row, rules.MOVED)
    is_undo = row.undoes_id is not None
    mark = {"version": row.after, "value": "no"} if is_undo else {"version": row.before, "value": row.incident.number}
    _registry(actor, row, TAG, "tag_version", {"model": row.model, "tag": rules.QUARANTINED, **mark})
    poll(actor, row)


def not_moved(actor: Actor, row: Containment, error: str) -> None:
    """The write failed for good: where the alias is now says what that means."""
    if row.state not in WRITING:
        return
    row.error = error
    row.save(update_fields=["error"])
    _registry(actor, row, "why", "get_alias", {"model": row.model, "alias": row.alias})


def explained(actor: Actor, row: Containment, receipt: dict[str, Any]) -> None:
    at = str(receipt.get("version") or "")
    state = rules.after_failed_write(at=at, before=row.before, after=row.after)
    if state == rules.MOVED:
        moved(actor, row)
    elif rules.may_move(row.state, state):
        why = text(_("The registry did not do it: {error}"), error=row.error)
        fail(actor, row, state, _elsewhere(row, at) if state == rules.STALE else why)


def _elsewhere(row: Containment, at: str) -> Text:
    return text(
        _("The alias is at version {at} now, not at {before}: somebody changed it meanwhile. Nothing was written."),
        at=at or "—", before=row.before,
    )  # fmt: skip


# ---- the serving process --------------------------------------------------------------------------------------------


@action
def poll_serving(actor: Actor, *, containment: UUID) -> None:
    """Time to ask the serving process again, while the alias has moved and it has not said so."""
    row = locked_row(containment)
    if row.state == rules.MOVED:
        poll(actor, row)


def poll(actor: Actor, row: Containment) -> None:
    if not row.serving_url:
        return  # nobody can say what is loaded; the time-out tells the commander
    row.polls += 1
    row.save(update_fields=["polls"])
    _registry(actor, row, f"poll-{row.polls}", "serving_version", {"url": row.serving_url})


def reported(actor: Actor, row: Containment, receipt: dict[str, Any]) -> None:
    """The serving process said its version: only that makes a containment done."""
    if row.state not in (rules.MOVED, rules.TIMED_OUT):
        return
    row.serving_version = str(receipt.get("version", ""))[:60]
    row.save(update_fields=["serving_version"])
    if row.serving_version == row.after and row.moved_at:
        _done(actor, row)
    elif row.state == rules.MOVED:
        ask_later(row)


def ask_later(row: Containment) -> None:
    set_timer(row.subject_id, key=timer(POLL, row), kind=POLL, due_at=now() + POLL_EVERY, data={"containment": str(row.id)})


def _done(actor: Actor, row: Containment) -> None:
    move(row, rules.DONE, done_at=now(), error="")
    cancel_timer(timer(TIMEOUT, row))
    cancel_timer(timer(POLL, row))
    state_done(actor, row, what=f"{row.model}@{row.alias} {row.before} → {row.after}", proof=row.serving_url)
    if row.undoes_id is not None:
        original = locked_row(row.undoes_id)
        end(actor, original, rules.UNDONE, f"{row.before} → {row.after}")
        cancel_timer(timer(EXPIRY, original))


def state_done(actor: Actor, row: Containment, *, what: str, proof: str) -> None:
    """Containment is in effect, by the machine or by hand: steps, duty, expiry."""
    record(actor, ContainmentDone(
        subject=row.subject_id, containment=row.id, kind=row.kind, what=what, proof=proof, is_undo=row.undoes_id is not None
    ))  # fmt: skip
    if row.undoes_id is not None:
        return
    run = queries.run_of(row.incident)
    for view in queries.step_views(run) if run else []:
        is_this = view.step.automation is not None and view.step.automation.containment == row.kind
        if is_this or (view.step.kind == "manual" and view.step.meets == CONTAINED):
            settle(actor, row.incident, view.row, what)
    incidents.meet(actor, incident=row.incident, key=CONTAINED, proof=f"{what} · {proof}")
    if row.expires_at:
        set_timer(
            row.subject_id, key=timer(EXPIRY, row), kind=EXPIRY, due_at=row.expires_at, data={"containment": str(row.id)},
            label=Text(_("Containment ends: {what}"), {"what": what[:80]}), is_shown=True,
        )  # fmt: skip


# ---- time -----------------------------------------------------------------------------------------------------------


@action
def time_out_containment(actor: Actor, *, containment: UUID) -> None:
    """The time is over: reading fails, writing and loading time out, loudly. Nothing more is written after this."""
    row = locked_row(containment)
    if row.state == rules.READING:
        fail(actor, row, rules.FAILED, text(_("The registry did not answer the dry run in time.")))
    elif row.state == rules.EXECUTING:
        fail(actor, row, rules.TIMED_OUT, text(_("The registry did not answer in time; whether the alias moved is not known.")))
    elif row.state == rules.MOVED:
        said = row.serving_version or "—"
        fail(actor, row, rules.TIMED_OUT, text(
            _("The alias moved to version {after}, but the serving process still reports {said}: not loaded."),
            after=row.after, said=said,
        ))  # fmt: skip

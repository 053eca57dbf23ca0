"""Containment until it is decided: dry run, asking, taking back; by hand; undoing (C2, C7)."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from bongsu.approvals import actions as approvals
from bongsu.events.actions import action, cancel_timer, record
from bongsu.events.queries import may_see
from bongsu.incidents.actions.locking import locked
from bongsu.incidents.models import Incident
from bongsu.incidents.queries import taxonomy_of
from bongsu.kernel.actors import Actor
from bongsu.kernel.clock import now
from bongsu.kernel.errors import Conflict, Invalid, NotFound, Refused
from bongsu.kernel.text import gettext_noop as _
from bongsu.kernel.text import text
from bongsu.packs.rules.conduct import Containment as Kind
from bongsu.people import queries as people
from bongsu.people.models import Person
from bongsu.ui.language import say

from .. import queries
from ..facts import ContainmentAsked, ContainmentChecked, ContainmentExpired, ContainmentProposed, DryRunAsked
from ..models import Containment
from ..rules import containing as rules
from .approving import APPROVE, decision_for
from .calling import ask
from .executing import poll, state_done
from .moving import EXPIRY, TIMEOUT, end, has_rival, locked_row, move, refusal, timer, watch
from .snapshots import EXECUTE, collect

TIMEOUT_USUAL = timedelta(minutes=10)
MOST_VERSIONS = 100
OPEN = (rules.READING, rules.PROPOSED, rules.HELD, *sorted(rules.ACTIVE))


@action
def propose_containment(
    actor: Actor, *, incident: UUID, kind: str = "model_rollback", version: str = "", expires_after: timedelta | None = None
) -> Containment:
    """A dry run: what the alias is at, what it would become. Changes nothing. `version` empty: the last good one.

    Refuses when no connector does this kind, and while another one of this kind is under way.
    """
    found = locked(actor, incident, grant=EXECUTE)
    wanted = _kind(found, kind)
    registry = queries.registry_for(found)
    if wanted.action != queries.ROLLBACK or registry is None:
        raise Refused(_("No connection does this here. Do it by hand and say what was done."))
    _make_way(actor, found, kind)
    lasts = expires_after or wanted.expires_after
    assert found.system is not None  # the registry was found by it
    row = Containment.objects.create(
        subject=found.subject, incident=found, kind=kind, connection=registry, model=found.system.registry_model,
        alias=found.system.registry_alias, serving_url=found.system.serving_url, wanted=version.strip(),
        timeout=_timeout(found, kind), expires_at=now() + lasts if lasts else None, proposed_by=actor.key,
    )  # fmt: skip
    _dry_run(actor, row)
    return row


def _make_way(actor: Actor, incident: Incident, kind: str) -> None:
    """A person's proposal takes the place of one the machine made and nobody asked for; any other stands in the way."""
    for found in incident.containments.filter(kind=kind, state__in=OPEN):
        row = locked_row(found.pk)
        is_idle = row.state in (rules.READING, rules.PROPOSED) and row.proposed_by.startswith("system:")
        if actor.is_system or not is_idle:
            raise Conflict(_("A containment of this kind is under way already."))
        end(actor, row, rules.WITHDRAWN, say(_("A person proposed anew."), "ko"))
        cancel_timer(timer(TIMEOUT, row))


def _kind(incident: Incident, kind: str) -> Kind:
    known = {one.key: one for one in taxonomy_of(incident).containments}
    if kind not in known:
        raise Invalid(_("Unknown containment."), fields={"kind": _("Choose one of the pack's containments.")})
    return known[kind]


def _timeout(incident: Incident, kind: str) -> timedelta:
    run = queries.run_of(incident)
    view = queries.containment_step(run, kind) if run else None
    return view.step.automation.timeout if view and view.step.automation else TIMEOUT_USUAL


def _dry_run(actor: Actor, row: Containment) -> None:
    assert row.connection is not None  # a dry run asks the registry
    record(actor, DryRunAsked(
        subject=row.subject_id, containment=row.id, kind=row.kind, model=row.model, alias=row.alias
    ))  # fmt: skip
    watch(row)
    for purpose, operation, payload in (
        ("alias", "get_alias", {"model": row.model, "alias": row.alias}),
        ("versions", "list_versions", {"model": row.model}),
        ("serving", "serving_version", {"url": row.serving_url}),
    ):
        if operation != "serving_version" or row.serving_url:
            ask(actor, row, purpose, connection=row.connection, operation=operation, payload=payload)


def read_part(actor: Actor, row: Containment, purpose: str, receipt: dict[str, Any]) -> None:
    """An answer of the dry run. With alias and versions known, before and after stand."""
    if row.state not in (rules.READING, rules.PROPOSED):
        return  # it was decided meanwhile; what serving says later comes by asking again
    if purpose == "serving":
        row.serving_version = str(receipt.get("version", ""))[:60]
        row.save(update_fields=["serving_version"])
        if row.state == rules.PROPOSED:
            _say_effect(row)
        return
    if row.state != rules.READING:
        return
    if purpose == "alias":
        row.before = str(receipt.get("version") or "")
        if not row.before:
            reason = text(_("The model “{model}” has no alias “{alias}”."), model=row.model, alias=row.alias)
            end(actor, row, rules.WITHDRAWN, say(reason, "ko"), error=say(reason, "ko"))
            return
    else:
        row.versions = _short(receipt.get("versions", []), row.wanted)
    row.save(update_fields=["before", "versions"])
    if row.before and row.versions:
        _propose(actor, row)


def _short(versions: list[dict[str, Any]], wanted: str) -> list[dict[str, Any]]:
    kept = [{k: v.get(k) for k in ("version", "created_at", "aliases", "tags")} for v in versions]
    return [v for n, v in enumerate(kept) if n < MOST_VERSIONS or v["version"] == wanted]


def _propose(actor: Actor, row: Containment) -> None:
    system = row.incident.system
    good = system.good_version if system else ""
    row.after, why_none = rules.target_version(row.versions, current=row.before, wanted=row.wanted, good=good)
    cancel_timer(timer(TIMEOUT, row))
    if why_none:
        end(actor, row, rules.WITHDRAWN, say(why_none, "ko"), error=say(why_none, "ko"))
        return
    _say_effect(row)
    move(row, rules.PROPOSED, after=row.after)
    record(actor, ContainmentProposed(
        subject=row.subject_id, containment=row.id, model=row.model, alias=row.alias, before=row.before, after=row.after,
        is_undo=row.undoes_id is not None,
    ))  # fmt: skip
    is_machines = row.proposed_by.startswith("system:")
    if is_machines and not decision_for(row).needs_approval:
        _set_out(actor, row, None)


def _say_effect(row: Containment) -> None:
    said = rules.effect(
        model=row.model, alias=row.alias, before=row.before, after=row.after, serving=row.serving_version,
        is_undo=row.undoes_id is not None,
    )  # fmt: skip
    row.text = f"{say(said, 'ko')}\n\n{say(said, 'en')}"
    row.save(update_fields=["text"])


# ---- asking ---------------------------------------------------------------------------------------------------------


@action
def ask_for_containment(actor: Actor, *, incident: UUID, containment: UUID, approver: UUID | None = None) -> Containment:
    """Have a proposed containment carried out: snapshot first, then another person or the policy decides.

    `approver`: who is asked by name; not oneself, and somebody who may approve and may read the incident.
    """
    found = locked(actor, incident, grant=EXECUTE)
    row = _of(found, containment)
    _set_out(actor, row, _approver(actor, found, approver) if approver else None)
    return row


def _set_out(actor: Actor, row: Containment, approver: Person | None) -> None:
    if row.state != rules.PROPOSED:
        raise refusal(row, rules.SNAPSHOT)
    _must_be_alone(row)
    snapshot = collect(actor, row.incident)
    move(row, rules.SNAPSHOT, asked_by=actor.key, approver=approver, snapshot=snapshot)
    record(actor, ContainmentAsked(
        subject=row.subject_id, containment=row.id, model=row.model, alias=row.alias, before=row.before, after=row.after
    ))  # fmt: skip


def _must_be_alone(row: Containment) -> None:
    if has_rival(row):
        raise Conflict(_("Another containment of this alias is under way. It must end first."))


def _approver(actor: Actor, incident: Incident, person: UUID) -> Person:
    somebody = people.person(person)
    other = people.actor_of(somebody)
    if somebody.id == actor.person_id:
        raise Invalid(_("Nobody approves what they asked for."), fields={"approver": _("Choose another person.")})
    if not (somebody.is_active and other.may(APPROVE) and may_see(other, incident.subject_id)):
        raise Invalid(_("This person may not approve it."), fields={"approver": _("Choose somebody who may approve it.")})
    return somebody


def _of(incident: Incident, containment: UUID) -> Containment:
    row = locked_row(containment)
    if row.incident_id != incident.id:
        raise NotFound(_("There is no such containment in this incident."))
    row.incident = incident
    return row


@action
def withdraw_containment(actor: Actor, *, incident: UUID, containment: UUID, reason: str) -> Containment:
    """Take it back while nothing is written yet, with a reason."""
    found = locked(actor, incident, grant=EXECUTE)
    row = _of(found, containment)
    if not reason.strip():
        raise Invalid(_("A reason is needed."), fields={"reason": _("Say why.")})
    approvals.void(actor, about_ref=row.ref, reason=reason)
    end(actor, row, rules.WITHDRAWN, reason.strip())
    cancel_timer(timer(TIMEOUT, row))
    return row


@action
def withdraw_idle(actor: Actor, *, incident: UUID, reason: str) -> None:
    """The incident is over: what was proposed or waits for approval is taken back, so that nobody approves it later."""
    idle = (rules.READING, rules.PROPOSED, rules.SNAPSHOT, rules.APPROVAL, rules.HELD)
    for found in Containment.objects.filter(incident=incident, state__in=idle):
        withdraw_containment(actor, incident=incident, containment=found.pk, reason=reason)


@action
def check_again(actor: Actor, *, incident: UUID, containment: UUID) -> Containment:
    """The serving process was told to load it: look at it once more, with a fresh time-out."""
    found = locked(actor, incident, grant=EXECUTE)
    row = _of(found, containment)
    if row.moved_at is None:
        raise Refused(_("The alias has not moved, so there is nothing to look for."))
    if row.state == rules.TIMED_OUT:
        _must_be_alone(row)
        move(row, rules.MOVED)
        watch(row)
    elif row.state != rules.MOVED:
        raise Refused(_("Only a containment that is not loaded yet is looked at again."))
    record(actor, ContainmentChecked(subject=row.subject_id, containment=row.id, model=row.model))
    poll(actor, row)
    return row


# ---- by hand, and undoing -------------------------------------------------------------------------------------------


@action
def note_by_hand(
    actor: Actor, *, incident: UUID, kind: str, text: str, way_back: str = "", expires_after: timedelta | None = None
) -> Containment:  # fmt: skip
    """A person did it outside Bongsu and says what was done; it counts as containment, on that person's word."""
    found = locked(actor, incident, grant=EXECUTE)
    wanted = _kind(found, kind)
    if not text.strip():
        raise Invalid(_("Say what was done."), fields={"text": _("Say what was done.")})
    lasts = expires_after or wanted.expires_after
    row = Containment.objects.create(
        subject=found.subject, incident=found, kind=kind, is_by_hand=True, text=text.strip(), way_back=way_back.strip(),
        state=rules.DONE, timeout=TIMEOUT_USUAL, expires_at=now() + lasts if lasts else None, proposed_by=actor.key,
        began_at=now(), done_at=now(),
    )  # fmt: skip
    state_done(actor, row, what=row.text[:300], proof=wanted.label.say("ko"))
    return row


@action
def undo_containment(actor: Actor, *, incident: UUID, containment: UUID, reason: str) -> Containment:
    """Restore what was there before. By hand: a person says that it is undone. Else a new containment runs the other way,
    with the same dry run, snapshot, approval and checks."""
    found = locked(actor, incident, grant=EXECUTE)
    row = _of(found, containment)
    if not reason.strip():
        raise Invalid(_("A reason is needed."), fields={"reason": _("Say why.")})
    if row.is_by_hand:
        end(actor, row, rules.UNDONE, reason.strip())
        cancel_timer(timer(EXPIRY, row))
        return row
    if not rules.can_undo(row.state, is_moved=row.moved_at is not None, is_undo=row.undoes_id is not None):
        raise Refused(_("Only a containment that moved the alias is undone."))
    if row.undoings.filter(state__in=OPEN).exists():
        raise Conflict(_("It is being undone already."))
    back = Containment.objects.create(
        subject=found.subject, incident=found, kind=row.kind, connection=row.connection, model=row.model, alias=row.alias,
        serving_url=row.serving_url, wanted=row.before, timeout=row.timeout, proposed_by=actor.key, undoes=row,
    )  # fmt: skip
    _dry_run(actor, back)
    return back


@action
def expire_containment(actor: Actor, *, containment: UUID) -> None:
    """A temporary containment has had its time: the machine undoes it where the policy lets it, else people are reminded."""
    row = locked_row(containment)
    if row.state != rules.DONE:
        return
    taxonomy = taxonomy_of(row.incident)
    mode = taxonomy.mode(taxonomy.containment(row.kind).act, row.incident.severity)
    next_ = rules.on_expiry(mode=mode, is_by_hand=row.is_by_hand)
    record(actor, ContainmentExpired(subject=row.subject_id, containment=row.id, what=row.text[:300], next=next_))
    if next_ == "undo":
        undo_containment(actor, incident=row.incident_id, containment=row.id, reason=str(_("its time is over")))

"""Asking the metrics whether it is back: baseline, checks, verdicts, overrides (C8)."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings

from bongsu.events.actions import action, cancel_timer, cancel_timers, record, set_timer
from bongsu.files.actions import store
from bongsu.incidents import actions as incidents
from bongsu.incidents.actions.locking import is_ic, lock_incident, locked
from bongsu.incidents.models import Evidence, Incident
from bongsu.kernel.actors import Actor
from bongsu.kernel.canonical import moment
from bongsu.kernel.clock import now
from bongsu.kernel.errors import Invalid, NotFound, Refused
from bongsu.kernel.text import gettext_noop as _
from bongsu.kernel.text import text
from bongsu.ui.language import both, say

from .. import queries
from ..facts import (
    BaselineAsked,
    BaselineFrozen,
    CheckAsked,
    VerdictGiven,
    VerdictRepeated,
    VerificationChanged,
    VerificationOverridden,
)
from ..models import Check, Verification
from ..rules import verifying as rules
from .calling import ask
from .measures import RUN
from .snapshots import filled, places
from .stepping import settle, take_back

LOOK, LATE = "runbooks.look", "runbooks.late_check"
WAIT = timedelta(minutes=1)
EDITABLE = ("query", "traffic", "compare", "against", "limit", "window", "dwell", "minimum_traffic")
MEASURED_BY = ("query", "against", "window", "dwell")  # a change of these needs another baseline
PASSED_KEY = "verification.passed"


# ---- baseline -------------------------------------------------------------------------------------------------------


@action
def freeze_baseline(actor: Actor, *, verification: UUID) -> None:
    """Ask for the window before the incident, once; what cannot be asked yet is asked with the first check."""
    row = _locked(verification)
    if row.against == rules.BASELINE and row.baseline is None:
        _ask_baseline(actor, row)


def _ask_baseline(actor: Actor, row: Verification) -> bool:
    metrics, query = queries.metrics(), filled(row.query, row.incident)
    if metrics is None or not query:
        return False
    row.baseline_turn += 1
    row.baseline_error = ""
    row.save(update_fields=["baseline_turn", "baseline_error"])
    span = row.baseline_until_at - row.baseline_from_at
    payload = {
        "query": query, "start": row.baseline_from_at.timestamp(), "end": row.baseline_until_at.timestamp(),
        "step": rules.step_of(span),
    }  # fmt: skip
    record(actor, BaselineAsked(subject=row.subject_id, verification=row.id))
    ask(actor, row, f"baseline-{row.baseline_turn}", connection=metrics, operation="query_range", payload=payload)
    return True


def _freeze(actor: Actor, row: Verification, receipt: dict[str, Any] | None, error: str) -> None:
    if receipt is None:
        row.baseline_error = error
        row.save(update_fields=["baseline_error"])
        return
    row.baseline = rules.baseline_of(rules.read_samples(receipt))
    row.baseline_error = "" if row.baseline is not None else say(_("There was no data before the incident."), "ko")
    row.save(update_fields=["baseline", "baseline_error"])
    record(actor, BaselineFrozen(
        subject=row.subject_id, verification=row.id, baseline=_said(row.baseline),
        query=str(receipt.get("query", "")),
    ))  # fmt: skip


# ---- checks ---------------------------------------------------------------------------------------------------------


@action
def check_recovery(actor: Actor, *, incident: UUID, verification: UUID) -> Check:
    """Look now, and again until it has held through its dwell time or patience ends. Refuses what cannot be asked."""
    found = locked(actor, incident, grant=RUN)
    row = _of(found, verification)
    if queries.metrics() is None:
        raise Refused(_("No metrics connection is set up. Add one, or the incident commander decides without a query."))
    _query, unknown = rules.fill(row.query + row.traffic, places(found))
    if unknown:
        raise Refused(_("The query names {unknown}, which this incident does not say. Set its system, or change the query."),
                      unknown=", ".join(unknown))  # fmt: skip
    row.watch_until_at = now() + rules.patience(_seconds(row.dwell), _seconds(row.window))
    row.save(update_fields=["watch_until_at"])
    return _look(actor, row)


@action
def look_again(actor: Actor, *, verification: UUID) -> None:
    """The timer of a check that has not come to rest."""
    row = _locked(verification)
    if row.watch_until_at and row.watch_until_at > now() and row.state not in rules.PASSED and queries.metrics():
        _look(actor, row)
    else:
        row.next_at = None
        row.save(update_fields=["next_at"])


def _look(actor: Actor, row: Verification) -> Check:
    metrics = queries.metrics()
    assert metrics is not None  # both callers looked
    last = row.checks.order_by("-number").first()
    if last and not last.verdict:
        return last  # its answers are on the way
    number = (last.number if last else 0) + 1
    check = Check.objects.create(
        verification=row, number=number, asked_at=now(), step=rules.step_of(_seconds(row.dwell)),
        waits_for=[f"series-{number}", *([f"traffic-{number}"] if row.traffic else [])],
    )  # fmt: skip
    if row.against == rules.BASELINE and row.baseline is None and _ask_baseline(actor, row):
        check.waits_for = [*check.waits_for, f"baseline-{row.baseline_turn}"]
        check.save(update_fields=["waits_for"])
    end = check.asked_at.timestamp()
    span = {"start": end - row.dwell, "end": end, "step": check.step}
    record(actor, CheckAsked(subject=row.subject_id, verification=row.id, number=number))
    for purpose, query in ((f"series-{number}", row.query), (f"traffic-{number}", row.traffic)):
        if query:
            payload = {"query": filled(query, row.incident), **span}
            ask(actor, row, purpose, connection=metrics, operation="query_range", payload=payload)
    row.next_at = None
    row.save(update_fields=["next_at"])
    set_timer(row.subject_id, key=f"{LATE}:{check.id}", kind=LATE, due_at=now() + WAIT, data={"check": str(check.id)})
    return check


def receive(actor: Actor, verification: UUID, purpose: str, *, receipt: dict[str, Any] | None, error: str = "") -> None:
    """An answer of the metrics, or none for good. The last one gives the verdict."""
    row = _locked(verification)
    is_awaited = row.baseline is None and not row.baseline_error
    if is_awaited and purpose == f"baseline-{row.baseline_turn}":
        _freeze(actor, row, receipt, error)
    check = next((c for c in row.checks.filter(verdict__in=["", rules.HELD]) if purpose in c.waits_for), None)
    if check is None:
        return
    check.waits_for = [one for one in check.waits_for if one != purpose]
    if purpose.startswith("series-"):
        check.series = receipt
    elif purpose.startswith("traffic-"):
        check.requests = receipt
    check.save(update_fields=["waits_for", "series", "requests"])
    if receipt is None:
        _conclude(actor, row, check, rules.Verdict(rules.QUERY_FAILED, text(_("The query failed: {error}"), error=error[:300])))
    elif not check.waits_for:
        _conclude(actor, row, check, _judged(row, check))


def _judged(row: Verification, check: Check) -> rules.Verdict:
    criterion = rules.Criterion(row.compare, row.against, row.limit, row.minimum_traffic, row.baseline)
    return rules.judge(
        rules.read_samples(check.series or {}), rules.read_samples(check.requests or {}), criterion=criterion,
        end=check.asked_at.timestamp(), dwell=row.dwell, step=check.step,
    )  # fmt: skip


def hold(actor: Actor, verification: UUID, purpose: str) -> None:
    """The gate let the question not leave: shown as held, never as a pass."""
    row = _locked(verification)
    check = next((c for c in row.checks.filter(verdict="") if purpose in c.waits_for), None)
    if check is not None:
        _conclude(actor, row, check, rules.Verdict(rules.HELD, text(_("The question did not leave the house."))))


@action
def give_up_check(actor: Actor, *, check: UUID) -> None:
    """A minute without an answer: the query failed."""
    row = _locked(Check.objects.values_list("verification_id", flat=True).get(pk=check))
    found = row.checks.filter(pk=check, verdict="").first()
    if found is not None:
        why = text(_("The metrics did not answer within a minute."))
        _conclude(actor, row, found, rules.Verdict(rules.QUERY_FAILED, why))


def _conclude(actor: Actor, row: Verification, check: Check, verdict: rules.Verdict) -> None:
    before = row.checks.exclude(pk=check.pk).exclude(verdict="").order_by("-number").first()
    is_news = before is None or before.verdict != verdict.state
    check.verdict, check.reason, check.values = verdict.state, queries.reason_as_json(verdict.reason), verdict.values
    if is_news and verdict.state != rules.HELD:
        check.evidence = _keep(actor, row, check, verdict)
    check.save()
    cancel_timer(f"{LATE}:{check.id}")
    about: dict[str, Any] = {
        "subject": row.subject_id, "verification": row.id, "check": check.id, "verdict": verdict.state
    }  # fmt: skip
    record(actor, VerdictGiven(reason=both(verdict.reason), **about) if is_news else VerdictRepeated(**about))
    _act_on(actor, row, check, verdict)


def _act_on(actor: Actor, row: Verification, check: Check, verdict: rules.Verdict) -> None:
    if row.state == rules.OVERRIDDEN and not verdict.has_passed:
        return  # a person decided; what the query says stands beside it
    had_passed, row.state, row.next_at = row.state == rules.RECOVERED, verdict.state, None
    reason = say(verdict.reason, "ko")
    if verdict.has_passed:
        settle(actor, row.incident, row.step, reason, check.evidence)
        incidents.meet(actor, incident=row.incident, key=PASSED_KEY, proof=reason)
    elif had_passed:
        take_back(actor, row.incident, row.step, reason)
        incidents.open_again(actor, incident=row.incident, key=PASSED_KEY, reason=reason)
    if not verdict.has_passed and verdict.state != rules.HELD and row.watch_until_at and row.watch_until_at > now():
        row.next_at = now() + rules.again_after(_seconds(row.dwell))
        set_timer(row.subject_id, key=f"{LOOK}:{row.id}", kind=LOOK, due_at=row.next_at, data={"verification": str(row.id)})
    row.save(update_fields=["state", "next_at"])


def _keep(actor: Actor, row: Verification, check: Check, verdict: rules.Verdict) -> Evidence:
    """Query, series, time and verdict as a file with its hash."""
    number = row.incident.number
    body = {
        "incident": number, "query": filled(row.query, row.incident), "traffic_query": filled(row.traffic, row.incident),
        "compare": row.compare, "against": row.against, "limit": _said(row.limit), "window_seconds": row.window,
        "dwell_seconds": row.dwell, "minimum_traffic": row.minimum_traffic,
        "baseline": _said(row.baseline),
        "baseline_window": [moment(row.baseline_from_at), moment(row.baseline_until_at)], "asked_at": moment(check.asked_at),
        "verdict": verdict.state, "reason": say(verdict.reason, "en"), "values": verdict.values, "series": check.series,
        "traffic": check.requests,
    }  # fmt: skip
    stored = store(
        actor, subject=row.subject_id, name=f"{number}-verification-{check.number}.json", kind="evidence",
        content=json.dumps(body, ensure_ascii=False, sort_keys=True, indent=1).encode(), media_type="application/json",
    )  # fmt: skip
    title = text(_("Verification {n}: {verdict}"), n=check.number, verdict=text(rules.STATES[verdict.state]))
    said = say(title, settings.LANGUAGE_CODE)
    return incidents.add_evidence(actor, incident=row.incident_id, title=said, file=stored)


# ---- people ---------------------------------------------------------------------------------------------------------


@action
def change_verification(actor: Actor, *, incident: UUID, verification: UUID, reason: str, **values: Any) -> Verification:
    """Change what recovered means here, with a reason: query, traffic, compare, against, limit, window and dwell (seconds),
    minimum_traffic. Another query is measured against another baseline."""
    found = locked(actor, incident, grant=RUN)
    row = _of(found, verification)
    if unknown := values.keys() - set(EDITABLE):
        raise Invalid(_("Unknown fields."), fields=dict.fromkeys(unknown, _("Unknown field.")))
    wanted: dict[str, Any] = {name: values.get(name, getattr(row, name)) for name in EDITABLE}
    parts: dict[str, Any] = {k: str(v) if k == "limit" else v for k, v in wanted.items() if k != "traffic"}
    wrong = rules.wrong_parts(**parts)
    if not reason.strip():
        wrong["reason"] = _("Say why.")
    if wrong:
        raise Invalid(_("The verification cannot be kept like this."), fields=dict(wrong))
    wanted["limit"] = Decimal(str(wanted["limit"]))
    changed = [name for name, value in wanted.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, wanted[name])
    row.reason = reason.strip()
    if set(changed) & set(MEASURED_BY):
        row.baseline, row.baseline_error = None, ""
        row.baseline_from_at = row.baseline_until_at - _seconds(row.dwell + row.window)
    row.save()
    if changed:
        record(actor, VerificationChanged(subject=row.subject_id, verification=row.id, changed=changed, reason=reason))
        if row.against == rules.BASELINE and row.baseline is None:
            _ask_baseline(actor, row)
    return row


@action
def override_verification(actor: Actor, *, incident: UUID, verification: UUID, reason: str) -> Verification:
    """The IC, or who may command, decides without the query; what the query said stands in the record beside the reason."""
    found = locked(actor, incident, grant=RUN)
    row = _of(found, verification)
    if not (is_ic(actor, found) or actor.may("incident.command")):
        raise Refused(_("Only the incident commander, or somebody who may command, decides without the query."))
    if not reason.strip():
        raise Invalid(_("A reason is needed."), fields={"reason": _("Say why.")})
    said, row.state, row.reason, row.next_at = row.state, rules.OVERRIDDEN, reason.strip(), None
    row.save(update_fields=["state", "reason", "next_at"])
    cancel_timer(f"{LOOK}:{row.id}")
    record(actor, VerificationOverridden(subject=row.subject_id, verification=row.id, verdict=said, reason=reason))
    note = say(text(_("Decided without the query: {reason}"), reason=row.reason), actor.language)
    settle(actor, found, row.step, note)
    incidents.meet(actor, incident=found, key=PASSED_KEY, proof=note)
    return row


@action
def stop_watching(actor: Actor, *, incident: UUID) -> None:
    """The incident is over: no more looks by themselves."""
    found = Incident.objects.get(pk=incident)
    cancel_timers(found.subject_id, kind=LOOK)
    Verification.objects.filter(incident=found).update(next_at=None, watch_until_at=None)


def _locked(verification: UUID) -> Verification:
    """The row, locked after its incident, as every act does it."""
    lock_incident(Verification.objects.filter(pk=verification).values_list("incident_id", flat=True).first())
    row = (
        Verification.objects.select_for_update(of=("self",))
        .select_related("incident", "incident__system", "step", "step__run").filter(pk=verification).first()
    )  # fmt: skip
    if row is None:
        raise NotFound(_("There is no such verification in this incident."))
    return row


def _of(incident: Incident, verification: UUID) -> Verification:
    row = _locked(verification)
    if row.incident_id != incident.id:
        raise NotFound(_("There is no such verification in this incident."))
    return row


def _said(number: Decimal | None) -> str:
    return "" if number is None else f"{number.normalize():f}"


def _seconds(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)

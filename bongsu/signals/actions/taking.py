"""One understood signal: known already, kept, attached to what is open, or the reason for a proposal (B3)."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from bongsu.events.actions import open_subject, record
from bongsu.incidents import actions as incidents
from bongsu.incidents.models import Incident
from bongsu.integrations.contract import Signal as Understood
from bongsu.integrations.contract import as_json
from bongsu.integrations.models import Connection
from bongsu.kernel.actors import Actor
from bongsu.kernel.canonical import storable
from bongsu.kernel.clock import now
from bongsu.kernel.redaction import redact, redact_value
from bongsu.kernel.refs import uuid7
from bongsu.packs import queries as packs
from bongsu.packs.rules import Pack
from bongsu.systems import queries as systems

from ..facts import SignalAttached, SignalResolved
from ..models import Signal, Thread
from ..rules import grouping
from ..rules.classification import Described, Judgement, facts_of, is_drill, judged
from .proposing import Suggestion, propose, raise_proposal

REOPENED = "reopened"


@dataclass(frozen=True)
class Origin:
    """Where a signal came from, and what is known about the way it came."""

    received_at: datetime
    source_kind: str
    connection: Connection | None = None
    times: int = 1
    raw_sha256: str = ""
    is_authenticated: bool = False
    is_drill: bool = False
    payload: Any = field(default_factory=dict)
    redactions: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return str(self.connection.id) if self.connection else self.source_kind


@dataclass
class Batch:
    """What a run of signals did, so that an incident's timeline gets one line and not two thousand."""

    seen: int = 0
    dead: int = 0
    attached: Counter[str] = field(default_factory=Counter)
    first: dict[str, Signal] = field(default_factory=dict)
    threads: dict[tuple[str, bool], Thread | None] = field(default_factory=dict)  # locked by us: nobody else changes them

    @cached_property
    def pack(self) -> Pack:
        return packs.pack()

    @cached_property
    def systems(self) -> systems.Registered:
        return systems.registered()

    def note(self, incident: Incident, signal: Signal) -> None:
        self.attached[incident.subject_id] += 1
        self.first.setdefault(incident.subject_id, signal)

    def state(self, actor: Actor) -> None:
        for subject, count in self.attached.items():
            signal = self.first[subject]
            record(
                actor, SignalAttached(subject=subject, signal=str(signal.id), state=signal.state, times=signal.times, count=count)
            )
        self.attached.clear()


def take(actor: Actor, understood: Understood, origin: Origin, batch: Batch) -> Signal:
    """Put a signal in its place; returns its row. Joins the caller's transaction."""
    batch.seen += 1
    row, is_known = _row(understood, origin, batch)
    before = row.state
    if is_known:
        _count(row, understood, origin)
    if not (is_known and row.thread_id):  # what led to something once is only counted
        _place(actor, row, batch, is_known=is_known and before == "open")
    row.save(force_insert=not is_known)
    if is_known and row.incident and before == "open" and row.state == "resolved":
        record(actor, SignalResolved(subject=row.incident.subject_id, signal=str(row.id)))
    return row


def _place(actor: Actor, row: Signal, batch: Batch, *, is_known: bool) -> None:
    judgement = _judged(row, batch.pack)
    row.verdict = judgement.kept()
    place = (row.group, row.is_drill)
    if place not in batch.threads:
        batch.threads[place] = _live_thread(row)
    thread = batch.threads[place]
    what = grouping.what_follows(
        state=row.state, is_known=is_known, is_test=judgement.is_ignored, thread=_standing(thread), now=now()
    )
    if what == "reopen" and not _may_reopen(row, thread):
        what = "propose"
    if what in ("attach", "reopen"):
        row.thread = thread
    if what in ("reopen", "propose"):
        del batch.threads[place]  # it is another one afterwards
    ACTS[what](actor, row, judgement, batch)


def _row(understood: Understood, origin: Origin, batch: Batch) -> tuple[Signal, bool]:
    """The row of this episode, locked, or a new one that is not saved yet."""
    clean = _cleaned(understood)
    drill = origin.is_drill or is_drill(clean["labels"], clean["about"])
    mark = grouping.fingerprint(origin.key, understood.dedupe_key)
    begin = understood.episode_start
    if begin is None:
        last = Signal.objects.filter(fingerprint=mark, is_drill=drill).order_by("-last_at").first()
        is_same = last and (understood.state != "open" or grouping.is_same_episode(last.last_at, last.state, now()))
        begin = last.episode_start if last and is_same else origin.received_at
    identity = grouping.identity(mark, begin, drill)
    known = Signal.objects.select_for_update(of=("self",)).filter(identity=identity).first()
    if known:
        return known, True
    detected = min(understood.detected_at or origin.received_at, now())
    found = batch.systems.by_labels({**clean["labels"], **{k: v for k, v in clean["about"].items() if v}})
    row = Signal(
        id=uuid7(),
        subject=origin.connection.subject if origin.connection else None,
        connection=origin.connection,
        system=found,
        source_kind=origin.source_kind,
        fingerprint=mark,
        identity=identity,
        group=grouping.group(origin.key, understood.group_key, understood.dedupe_key),
        dedupe_key=_short(understood.dedupe_key, 300),
        source_event_id=_short(understood.source_event_id, 200),
        state=understood.state,
        source_severity=_short(understood.source_severity, 40),
        payload=origin.payload,
        redactions=sorted({*origin.redactions, *clean.pop("redactions")}),
        raw_sha256=origin.raw_sha256,
        is_authenticated=origin.is_authenticated,
        is_drill=drill,
        is_truncated=understood.is_truncated,
        episode_start=begin,
        detected_at=detected,
        first_at=origin.received_at,
        last_at=origin.received_at,
        resolved_at=origin.received_at if understood.state == "resolved" else None,
        times=origin.times,
        stretches=grouping.with_time([], origin.received_at, origin.times),
        **clean,
    )
    return row, False


def _cleaned(understood: Understood) -> dict[str, Any]:
    """The words of a signal without personal data and without what a database refuses."""
    title, in_title = redact(str(storable(understood.title)))
    words, in_words = redact(str(storable(understood.text)))
    rest, in_rest = redact_value(
        storable(
            as_json(
                {
                    "about": dict(understood.about),
                    "labels": dict(understood.labels),
                    "links": list(understood.links),
                    "measure": understood.measure or {},
                }
            )
        )
    )
    return {"title": _short(title, 300) or "?", "text": words[:20_000], **rest, "redactions": [*in_title, *in_words, *in_rest]}


def _short(value: str, most: int) -> str:
    return str(storable(value))[:most]


def _count(row: Signal, understood: Understood, origin: Origin) -> None:
    row.times += origin.times
    row.last_at = max(row.last_at, origin.received_at)
    row.stretches = grouping.with_time(row.stretches, origin.received_at, origin.times)
    row.is_authenticated = row.is_authenticated or origin.is_authenticated
    if understood.state != row.state and understood.state != "info":
        row.state = understood.state
        row.resolved_at = origin.received_at if row.state == "resolved" else None


def _judged(row: Signal, pack: Pack) -> Judgement:
    described = Described(
        row.title,
        row.text,
        row.state,
        row.source_kind,
        row.source_severity,
        row.about,
        row.labels,
        row.measure,
        tuple(row.redactions),
    )
    return judged(pack.propose(facts_of(described)), described)


def _live_thread(row: Signal) -> Thread | None:
    live = Thread.objects.select_for_update(of=("self",)).select_related("proposal", "incident", "incident__subject")
    return live.filter(key=row.group, is_drill=row.is_drill, ended_at=None).first()


def _standing(thread: Thread | None) -> grouping.Thread | None:
    if thread is None or thread.ended_at is not None:
        return None
    incident = thread.incident
    return grouping.Thread(
        has_open_proposal=bool(thread.proposal and thread.proposal.is_waiting),
        has_incident=incident is not None,
        is_incident_open=bool(incident and incident.is_open),
        is_false_positive=bool(incident and incident.state == "false_positive"),
        ended_at=(incident.closed_at or incident.resolved_at) if incident else None,
    )


def _may_reopen(row: Signal, thread: Thread | None) -> bool:
    """Only what is proven moves an incident, and a closed one is reopened by a person."""
    incident = thread.incident if thread else None
    return bool(row.is_authenticated and incident and incident.state == "resolved")


# ---- what follows ---------------------------------------------------------------------------------------------------------


def _keep(actor: Actor, row: Signal, judgement: Judgement, batch: Batch) -> None:
    row.subject_id = row.subject_id or _own_subject(actor, row)


def _attach(actor: Actor, row: Signal, judgement: Judgement, batch: Batch) -> None:
    assert row.thread is not None
    incident = row.thread.incident
    if incident:
        row.incident, row.subject_id = incident, incident.subject_id
        batch.note(incident, row)
    elif row.thread.proposal:
        row.subject_id = row.subject_id or row.thread.proposal.subject_id
        proven, words = row.is_authenticated, batch.pack.taxonomy
        raise_proposal(actor, row.thread.proposal, judgement, is_authenticated=proven, taxonomy=words)


def _reopen(actor: Actor, row: Signal, judgement: Judgement, batch: Batch) -> None:
    _attach(actor, row, judgement, batch)
    assert row.incident is not None
    incidents.move_state(
        actor,
        incident=row.incident.id,
        state=REOPENED,
        reason=f"{row.title[:120]} — 24시간 안에 다시 발생 / firing again within 24 h",
    )


def _propose(actor: Actor, row: Signal, judgement: Judgement, batch: Batch) -> None:
    row.thread = propose(
        actor,
        Suggestion(
            title=row.title,
            text=row.text,
            judgement=judgement,
            group=row.group,
            system=row.system,
            connection=row.connection,
            detected_at=row.detected_at,
            occurred_at=row.episode_start,
            is_authenticated=row.is_authenticated,
            is_drill=row.is_drill,
        ),
    )
    assert row.thread.proposal is not None
    row.subject_id = row.subject_id or row.thread.proposal.subject_id


def _own_subject(actor: Actor, row: Signal) -> str:
    """A signal that came over no connection and led to nothing is a record of its own."""
    return open_subject(actor, subject=row.ref, is_drill=row.is_drill).ref


ACTS = {"count": _keep, "keep": _keep, "attach": _attach, "reopen": _reopen, "propose": _propose}

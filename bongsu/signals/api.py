"""Signals, reports and proposals for machines: every act of the pages."""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from ninja import Field, File, Form, Query, Router, Schema
from ninja.files import UploadedFile

from bongsu.events.reading import listing
from bongsu.integrations.contract import Measure
from bongsu.integrations.contract import Signal as Understood
from bongsu.people.queries import ActorRequest
from bongsu.systems import queries as systems
from bongsu.ui.doors import Body, Page, Paging, page_of

from . import actions, queries

router = Router(tags=["signals"])
SHORT = r"^[^\x00]*$"


class MeasureIn(Body):
    name: str = Field(max_length=200)
    value: float | None = None
    threshold: float | None = None
    direction: str = Field("higher_is_worse", pattern="^(higher_is_worse|lower_is_worse|p_value)$")
    unit: str = Field("", max_length=40)
    n: int | None = None
    is_estimated: bool = False


class SignalIn(Body):
    """A signal in our own form: `dedupe_key` names the thing that is wrong, `episode_start` this time it went wrong."""

    dedupe_key: str = Field(min_length=1, max_length=300, pattern=SHORT)
    title: str = Field(min_length=1, max_length=300, pattern=SHORT)
    state: str = Field("open", pattern="^(open|resolved|info)$")
    text: str = Field("", max_length=20_000)
    group_key: str = Field("", max_length=300)
    source_severity: str = Field("", max_length=40)
    source_event_id: str = Field("", max_length=200)
    episode_start: datetime | None = None
    detected_at: datetime | None = None
    about: dict[str, str] = Field({}, max_length=50)
    labels: dict[str, str] = Field({}, max_length=200)
    links: list[str] = Field([], max_length=50)
    measure: MeasureIn | None = None
    is_drill: bool = False


class SignalOut(Schema):
    id: UUID
    title: str
    text: str
    state: str
    source_kind: str
    source_severity: str
    dedupe_key: str
    about: dict[str, Any]
    labels: dict[str, Any]
    links: list[Any]
    measure: dict[str, Any]
    payload: Any
    redactions: list[str]
    raw_sha256: str
    verdict: dict[str, Any]
    is_authenticated: bool
    is_drill: bool
    episode_start: datetime | None
    detected_at: datetime
    first_at: datetime
    last_at: datetime
    resolved_at: datetime | None
    times: int
    stretches: list[list[Any]]
    incident: str | None
    proposal: UUID | None


class VerdictOut(Schema):
    type: str
    subtype: str
    severity: str


class ProposalOut(Schema):
    """`type`, `subtype` and `severity` hold now; `proposed` is what the rules said (with `rule`, `why`, `cell`, `alt_*`),
    `decided` what a person made of it (null while nobody has, or when it declared itself)."""

    id: UUID
    title: str
    text: str
    type: str
    subtype: str
    severity: str
    proposed: VerdictOut
    decided: VerdictOut | None
    alt_type: str
    alt_severity: str
    rule: str
    also: list[str]
    why: dict[str, str]
    cell: dict[str, str]
    is_guess: bool
    is_authenticated: bool
    is_drill: bool
    state: str
    proposed_at: datetime
    pages: int
    answered_at: datetime | None
    answer_reason: str
    is_by_itself: bool
    incident: str | None
    signals: list[UUID]


class ReportOut(Schema):
    id: UUID
    what: str
    noticed_at: datetime
    is_ongoing: str
    harmed: str
    evidence_url: str
    reported_at: datetime
    proposal: UUID
    state: str
    type: str
    subtype: str
    severity: str
    rule: str
    why: dict[str, str]
    cell: dict[str, str]
    is_guess: bool
    incident: str | None


class ReportIn(Body):
    """The six questions; only the first must be answered. `is_declared` declares at once (needs the right)."""

    what: str = Field(min_length=1, max_length=20_000)
    system: str = Field("", max_length=60, description="The AI system's key or id.")
    noticed_at: datetime | None = None
    is_ongoing: str = Field("unknown", pattern="^(yes|no|unknown)$")
    harmed: str = Field("", max_length=20_000)
    evidence_url: str = Field("", max_length=2000)
    is_drill: bool = False
    is_declared: bool = False
    door: str = Field("api", pattern="^(api|cli)$")


class AnswerIn(Body):
    """Left empty: as proposed. A change needs a reason."""

    type: str = Field("", max_length=40)
    subtype: str = Field("", max_length=60)
    severity: str = Field("", max_length=8)
    reason: str = Field("", max_length=2000)


class DeclareIn(AnswerIn):
    title: str = Field("", max_length=200)
    restriction: str = Field("", max_length=1000)


class AttachIn(Body):
    incident: str = Field(min_length=1, max_length=40, pattern=SHORT)
    reason: str = Field("", max_length=2000)


class MergeIn(Body):
    into: UUID
    reason: str = Field("", max_length=2000)


class ReasonIn(Body):
    reason: str = Field(min_length=1, max_length=2000)


class MappingIn(Body):
    mapping: dict[str, str]
    each: str = Field("", max_length=200)
    sample: Any


class JudgeIn(Body):
    what: str = Field(min_length=1, max_length=20_000)
    harmed: str = Field("", max_length=20_000)


class LetterOut(Schema):
    id: UUID
    connection: str
    body_hash: str
    excerpt: str
    size: int
    reason: str
    values: dict[str, Any]
    times: int
    first_at: datetime
    last_at: datetime


def _signal(row: Any) -> dict[str, Any]:
    thread = row.thread
    shown = {name: getattr(row, name) for name in SignalOut.model_fields if name not in ("incident", "proposal")}
    return {
        **shown,
        "incident": row.incident.number if row.incident else None,
        "proposal": thread.proposal_id if thread else None,
    }


def _proposal(request: ActorRequest, row: Any) -> dict[str, Any]:
    made = ("incident", "signals", "cell", "proposed", "decided")
    shown = {name: getattr(row, name) for name in ProposalOut.model_fields if name not in made}
    ids = queries.signals_of(request.actor, row).values_list("id", flat=True)[:200]
    shown |= {"proposed": row.by_rules, "decided": row.by_person}
    shown["cell"] = queries.cell_words(row.by_rules["type"], row.by_rules["severity"])
    return {**shown, "incident": row.incident.number if row.incident else None, "signals": list(ids)}


def _report(row: Any) -> dict[str, Any]:
    proposal = row.proposal
    names = ("id", "what", "noticed_at", "is_ongoing", "harmed", "evidence_url", "reported_at")
    said = {name: getattr(proposal, name) for name in ("state", "type", "subtype", "severity", "rule", "why", "is_guess")}
    said["cell"] = queries.cell_words(proposal.type, proposal.severity)
    number = proposal.incident.number if proposal.incident else None
    return {**{name: getattr(row, name) for name in names}, **said, "proposal": proposal.id, "incident": number}


@router.get("/signals", response=Page[SignalOut])
def list_signals(
    request: ActorRequest,
    paging: Query[Paging],
    state: str = "",
    severity: str = "",
    connection: str = "",
    system: str = "",
    text: str = "",
    is_drill: bool | None = None,
) -> dict[str, Any]:
    request.actor.require("see")
    rows = queries.signals(
        request.actor, state=state, severity=severity, connection=connection, system=system, text=text, is_drill=is_drill
    )
    return page_of(rows, paging, sort="-last_at", shape=_signal, shown=listing(request.actor))


@router.post("/signals", response={201: SignalOut})
def push_signal(request: ActorRequest, data: SignalIn) -> tuple[int, dict[str, Any]]:
    values = data.model_dump(exclude={"is_drill", "measure"})
    values["links"] = tuple(values["links"])
    values["measure"] = Measure(**data.measure.model_dump()) if data.measure else None
    row = actions.push_signal(request.actor, signal=Understood(**values), is_drill=data.is_drill)
    return 201, _signal(row)


@router.get("/signals/{uuid:signal_id}", response=SignalOut)
def get_signal(request: ActorRequest, signal_id: UUID) -> dict[str, Any]:
    return _signal(queries.signal(request.actor, signal_id))


@router.post("/signals/mapping", response=list[dict[str, Any]])
def try_mapping(request: ActorRequest, data: MappingIn) -> list[dict[str, object]]:
    return queries.try_mapping(request.actor, mapping=data.mapping, each=data.each, sample=json.dumps(data.sample).encode())


@router.get("/signals/dead-letters", response=Page[LetterOut])
def list_dead_letters(request: ActorRequest, paging: Query[Paging]) -> dict[str, Any]:
    request.actor.require("connections.manage")
    rows = queries.dead_letters(request.actor, is_dismissed=False)
    return page_of(rows, paging, sort="-last_at", shape=_letter)


def _letter(row: Any) -> dict[str, Any]:
    return {**{n: getattr(row, n) for n in LetterOut.model_fields if n != "connection"}, "connection": row.connection.name}


@router.post("/signals/dead-letters/{uuid:letter_id}/retry", response=LetterOut)
def retry_letter(request: ActorRequest, letter_id: UUID) -> dict[str, Any]:
    return _letter(actions.retry_dead_letter(request.actor, letter=letter_id))


@router.post("/signals/dead-letters/{uuid:letter_id}/dismiss", response=LetterOut)
def dismiss_letter(request: ActorRequest, letter_id: UUID, data: ReasonIn) -> dict[str, Any]:
    return _letter(actions.dismiss_dead_letter(request.actor, letter=letter_id, reason=data.reason))


@router.get("/proposals", response=Page[ProposalOut])
def list_proposals(
    request: ActorRequest, paging: Query[Paging], state: str = "", severity: str = "", is_waiting: bool | None = None
) -> dict[str, Any]:
    request.actor.require("see")
    rows = queries.proposals(request.actor, state=state, severity=severity, is_waiting=is_waiting)
    return page_of(rows, paging, sort="-proposed_at", shape=lambda row: _proposal(request, row), shown=listing(request.actor))


@router.get("/proposals/{uuid:proposal_id}", response=ProposalOut)
def get_proposal(request: ActorRequest, proposal_id: UUID) -> dict[str, Any]:
    return _proposal(request, queries.proposal(request.actor, proposal_id))


@router.post("/proposals/{uuid:proposal_id}/confirm", response=ProposalOut)
def confirm(request: ActorRequest, proposal_id: UUID, data: AnswerIn) -> dict[str, Any]:
    return _proposal(request, actions.confirm_proposal(request.actor, proposal=proposal_id, **data.model_dump()))


@router.post("/proposals/{uuid:proposal_id}/declare", response=ProposalOut)
def declare(request: ActorRequest, proposal_id: UUID, data: DeclareIn) -> dict[str, Any]:
    actions.declare_proposal(request.actor, proposal=proposal_id, **data.model_dump())
    return _proposal(request, queries.proposal(request.actor, proposal_id))


@router.post("/proposals/{uuid:proposal_id}/attach", response=ProposalOut)
def attach(request: ActorRequest, proposal_id: UUID, data: AttachIn) -> dict[str, Any]:
    actions.attach_proposal(request.actor, proposal=proposal_id, **data.model_dump())
    return _proposal(request, queries.proposal(request.actor, proposal_id))


@router.post("/proposals/{uuid:proposal_id}/reject", response=ProposalOut)
def reject(request: ActorRequest, proposal_id: UUID, data: ReasonIn) -> dict[str, Any]:
    return _proposal(request, actions.reject_proposal(request.actor, proposal=proposal_id, reason=data.reason))


@router.post("/proposals/{uuid:proposal_id}/merge", response=ProposalOut)
def merge(request: ActorRequest, proposal_id: UUID, data: MergeIn) -> dict[str, Any]:
    return _proposal(request, actions.merge_proposal(request.actor, proposal=proposal_id, **data.model_dump()))


@router.get("/reports", response=Page[ReportOut])
def list_reports(request: ActorRequest, paging: Query[Paging]) -> dict[str, Any]:
    rows = queries.reports(request.actor)
    return page_of(rows, paging, sort="-reported_at", shape=_report, shown=listing(request.actor))


@router.post("/reports", response={201: ReportOut})
def file_report(request: ActorRequest, data: ReportIn) -> tuple[int, dict[str, Any]]:
    values = data.model_dump()
    values["system"] = systems.named(request.actor, data.system) if data.system else None
    return 201, _report(actions.file_report(request.actor, **values))


@router.post("/reports/with-file", response={201: ReportOut})
def file_report_with_file(request: ActorRequest, data: Form[ReportIn], file: File[UploadedFile]) -> tuple[int, dict[str, Any]]:
    values = data.model_dump()
    values["system"] = systems.named(request.actor, data.system) if data.system else None
    values |= {"file": file.file, "file_name": file.name or "", "media_type": file.content_type or ""}
    return 201, _report(actions.file_report(request.actor, **values))


@router.get("/reports/{uuid:report_id}", response=ReportOut)
def get_report(request: ActorRequest, report_id: UUID) -> dict[str, Any]:
    return _report(queries.report(request.actor, report_id))


@router.post("/reports/judge", response=dict[str, Any])
def judge(request: ActorRequest, data: JudgeIn) -> dict[str, Any]:
    """What the rules would make of these words; writes nothing."""
    said = actions.judge(data.what, data.harmed).kept()
    return {**said, "cell": queries.cell_words(said["type"], said["severity"])}

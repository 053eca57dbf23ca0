"""What the API of the run takes and answers."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from ninja import Field, Schema

from bongsu.ui.doors import Body


class StepOut(Schema):
    step: str
    phase: str
    title: str
    state: str
    is_next: bool
    person: UUID | None
    note: str
    reason: str
    link: str
    evidence: UUID | None
    done_at: datetime | None
    done_by: str


class RunOut(Schema):
    id: UUID
    runbook: str
    version: int
    pack: UUID
    owner: UUID | None
    started_at: datetime
    offered: str
    offered_why: str
    lesson: str
    reviewed_at: datetime | None
    question: str
    steps: list[StepOut]


class ItemOut(Schema):
    key: str
    text: str
    state: str
    is_where_needed: bool


class ListOut(Schema):
    id: str
    title: str
    items: list[ItemOut]


class LessonOut(Schema):
    incident: str
    runbook: str
    version: int
    lesson: str
    reviewed_at: datetime | None


class StepIn(Body):
    """`state`: doing, done, skipped, not_applicable or waiting; or only `person` to assign it."""

    state: str = Field("", max_length=20)
    note: str = Field("", max_length=20_000)
    reason: str = Field("", max_length=20_000)
    link: str = Field("", max_length=2000)
    evidence: UUID | None = None
    person: UUID | None = None


class RunbookIn(Body):
    runbook: str = Field(max_length=60)
    reason: str = Field(max_length=20_000)


class LessonIn(Body):
    lesson: str = Field(max_length=20_000)


class MeasureOut(Schema):
    id: UUID
    is_permanent: bool
    kind: str
    text: str
    link: str
    owner_id: UUID
    set_at: datetime
    due_at: datetime | None
    done_at: datetime | None


class MeasureIn(Body):
    is_permanent: bool
    kind: str = Field(max_length=60)
    text: str = Field(max_length=20_000)
    owner: UUID
    due_at: datetime | None = None
    link: str = Field("", max_length=2000)


class ContainmentOut(Schema):
    id: UUID
    kind: str
    state: str
    is_by_hand: bool
    model: str
    alias: str
    before: str
    after: str
    serving_version: str
    text: str
    way_back: str
    error: str
    undoes_id: UUID | None
    proposed_by: str
    proposed_at: datetime
    asked_by: str
    decided_by: str
    began_at: datetime | None
    moved_at: datetime | None
    done_at: datetime | None
    expires_at: datetime | None
    snapshot: UUID | None = Field(None, description="the evidence that was kept first")


class ProposalIn(Body):
    """A dry run; with `text` instead: what a person did by hand."""

    kind: str = Field("model_rollback", max_length=60)
    version: str = Field("", max_length=60)
    text: str = Field("", max_length=20_000)
    way_back: str = Field("", max_length=20_000, description="by hand: how it is undone")
    expires_after_hours: int | None = Field(None, ge=1, le=720)


class AskIn(Body):
    approver: UUID | None = None


class ReasonIn(Body):
    reason: str = Field(max_length=20_000)


class CheckOut(Schema):
    id: UUID
    number: int
    asked_at: datetime
    verdict: str
    reason: str
    values: dict[str, str]
    evidence: UUID | None


class VerificationOut(Schema):
    id: UUID
    step: str
    state: str
    query: str
    traffic: str
    compare: str
    against: str
    limit: Decimal
    window: float
    dwell: float
    minimum_traffic: int
    baseline: Decimal | None
    baseline_error: str
    reason: str
    next_at: datetime | None
    checks: list[CheckOut]


class VerificationIn(Body):
    reason: str = Field(max_length=20_000)
    query: str | None = Field(None, max_length=4000)
    traffic: str | None = Field(None, max_length=4000)
    compare: str | None = Field(None, max_length=10)
    against: str | None = Field(None, max_length=10)
    limit: Decimal | None = Field(None, max_digits=14, decimal_places=6)
    window: float | None = Field(None, ge=1, le=604_800)
    dwell: float | None = Field(None, ge=1, le=604_800)
    minimum_traffic: int | None = Field(None, ge=0, le=2_000_000_000)

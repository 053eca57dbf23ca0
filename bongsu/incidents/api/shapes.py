"""What goes in and out."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from ninja import Field, Schema

from bongsu.ui.doors import Body


class IncidentOut(Schema):
    id: UUID
    number: str
    title: str
    description: str
    type: str
    subtype: str
    severity: str
    state: str
    is_open: bool
    is_drill: bool
    is_restricted: bool
    system: str | None
    commander: str | None
    occurred_at: datetime | None
    detected_at: datetime
    aware_at: datetime | None
    declared_at: datetime
    responded_at: datetime | None
    resolved_at: datetime | None
    closed_at: datetime | None
    affected_users: int | None
    affected_scope: str
    regions: list[str]
    loss: Decimal | None
    currency: str
    regulatory_risk: str
    status_page_url: str
    details: dict[str, Any]


class DutyOut(Schema):
    key: str
    title: dict[str, str]
    is_legal: bool
    is_optional: bool
    authority: str
    due_at: datetime | None
    zone: str
    met_at: datetime | None
    proof: str
    waived_at: datetime | None
    reason: str


class EvidenceOut(Schema):
    id: UUID
    kind: str
    title: str
    url: str
    quote: str
    sha256: str
    is_harmful: bool
    has_legal_hold: bool
    is_privileged: bool
    added_by: str
    added_at: datetime


class LineOut(Schema):
    """`sentence` is in the caller's language; a retracted entry keeps its place and says by whom and why."""

    event: UUID
    name: str
    actor: str
    actor_name: str
    occurred_at: datetime
    recorded_at: datetime
    is_backdated: bool
    sentence: str
    hash: str
    retracted_by: str
    retraction_reason: str


class Declaration(Body):
    title: str = Field(max_length=200)
    type: str
    subtype: str
    severity: str
    description: str = Field("", max_length=20_000)
    system: str = Field("", max_length=60, description="The AI system's key or id.")
    occurred_at: datetime | None = None
    detected_at: datetime | None = None
    affected_scope: str = Field("", max_length=300)
    commander: UUID | None = None
    is_drill: bool = False
    restriction: str = Field("", max_length=1000)
    readers: list[UUID] = Field([], max_length=200)


class Reason(Body):
    reason: str = Field(max_length=2000)


class SeverityIn(Reason):
    severity: str


class ClassificationIn(Reason):
    type: str
    subtype: str


class StateIn(Body):
    state: str
    reason: str = Field("", max_length=2000)


class NoteIn(Body):
    text: str
    kind: str = "note"
    occurred_at: datetime | None = None


class EvidenceIn(Body):
    title: str = Field("", max_length=200)
    url: str = Field("", max_length=2000)
    quote: str = Field("", max_length=20_000)
    is_harmful: bool = False
    is_privileged: bool = False


class LabelsIn(Body):
    is_harmful: bool | None = None
    has_legal_hold: bool | None = None
    is_privileged: bool | None = None


class PersonIn(Body):
    person: UUID


class LetInIn(Reason):
    person: UUID


class RoleIn(PersonIn):
    role: str


class RoleOut(Schema):
    role: str
    person: UUID
    name: str
    since: datetime
    accepted_at: datetime | None


class AwarenessIn(Body):
    aware_at: datetime
    how: str = Field(max_length=2000)
    person: UUID | None = None
    evidence: UUID | None = None


class AwarenessChangeIn(Reason):
    aware_at: datetime
    how: str = Field(max_length=2000)


class DecisionIn(Body):
    is_approved: bool


class ImpactIn(Body):
    affected_users: int | None = Field(None, ge=0, le=2_000_000_000)
    affected_scope: str | None = Field(None, max_length=300)
    regions: list[str] | None = Field(None, max_length=250)
    loss: Decimal | None = Field(None, ge=0, max_digits=18, decimal_places=2)
    currency: str | None = Field(None, min_length=3, max_length=3)
    regulatory_risk: str | None = Field(None, max_length=500)


class DetailsIn(Body):
    title: str | None = Field(None, max_length=200)
    description: str | None = Field(None, max_length=20_000)
    status_page_url: str | None = Field(None, max_length=200)
    details: dict[str, Any] | None = None


class DeadlineIn(Body):
    title: str = Field(max_length=200)
    authority: str = Field("", max_length=200)
    due_at: datetime
    zone: str
    is_legal: bool = True


class ProofIn(Body):
    proof: str = Field(max_length=2000)


class RestrictIn(Reason):
    readers: list[UUID] = Field([], max_length=200)
    review_on: date | None = None


class KeepIn(Reason):
    review_on: date


class RestrictionOut(Schema):
    reason: str
    approved_by: UUID = Field(alias="approved_by_id")
    restricted_at: datetime
    review_on: date


class Filters(Schema):
    state: str = Field("", max_length=40)
    severity: str = Field("", max_length=8)
    type: str = Field("", max_length=40)
    system: str = Field("", max_length=100)
    text: str = Field("", max_length=100)
    is_open: bool | None = None
    is_drill: bool | None = None

"""Checklists, runbooks and templates (C1, C2, C5, C8, D6)."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Annotated, Literal

from .words import Bilingual, Key, PostRef, Ref, RoleRef, SubtypeRef, TypeRef, one


@dataclass(frozen=True)
class ChecklistItem:
    key: str
    text: Bilingual
    hint: Bilingual | None = None
    is_where_needed: bool = False
    met_by: str = ""


@dataclass(frozen=True)
class Checklist:
    id: Annotated[str, Key("checklist")]
    title: Bilingual
    items: tuple[ChecklistItem, ...]
    source: str = ""


@dataclass(frozen=True)
class Automation:
    """An operation of a connector; `containment` names the entry whose policy and undo apply."""

    action: str
    containment: Annotated[str, Ref("containment?")] = ""
    target: Literal["", "model", "gateway", "pipeline", "flag", "prompt"] = ""
    timeout: timedelta = timedelta(minutes=10)


@dataclass(frozen=True)
class Verification:
    """A PromQL check. `{system}` and `{model}` are filled from the incident; no data is not recovery.

    Recovered: the value keeps `compare` to `limit` (absolute) or to baseline x `limit` through `dwell`, each sample
    taken over `window`, while `traffic` shows at least `minimum_traffic` requests in the window.
    """

    query: str
    compare: Literal["gte", "lte"]
    against: Literal["baseline", "absolute"]
    limit: Decimal
    window: timedelta
    dwell: timedelta
    traffic: str
    minimum_traffic: int


@dataclass(frozen=True)
class Step:
    id: str
    title: Bilingual
    text: Bilingual
    role: RoleRef
    kind: Literal["manual", "automation", "verification"] = "manual"
    evidence: tuple[Bilingual, ...] = ()
    automation: Automation | None = None
    verification: Verification | None = None
    requires: tuple[str, ...] = ()
    checks: Annotated[str, Ref("checklist?")] = ""
    meets: str = ""
    shown_by: str = ""  # the fact that shows it was done; ticked without it, a person says what does
    is_required: bool = True


PhaseKey = Literal["initial", "investigate", "recover"]


@dataclass(frozen=True)
class Phase:
    """`begins` and `ends` count from declaration."""

    key: PhaseKey
    label: Bilingual
    begins: timedelta
    ends: timedelta
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Runbook:
    """A runbook (C1) for sub-types, for a whole type, or, naming neither, for everything else."""

    id: Annotated[str, Key("runbook")]
    version: int
    title: Bilingual
    purpose: Bilingual
    owner: PostRef
    review_by: date
    phases: tuple[Phase, ...]
    closing_question: Bilingual
    types: tuple[TypeRef, ...] = ()
    subtypes: tuple[SubtypeRef, ...] = ()

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        return tuple(step for phase in self.phases for step in phase.steps)

    def step(self, step_id: str) -> Step:
        return one(self.steps, "id", step_id, "step")


@dataclass(frozen=True)
class TemplateText:
    subject: str
    body: str


@dataclass(frozen=True)
class Template:
    """A message or document form. `is_id_only`: it may be sent to people who must not know more than the ID."""

    id: Annotated[str, Key("template")]
    version: int
    kind: Literal["message", "notice", "page", "document"]
    title: Bilingual
    ko: TemplateText
    en: TemplateText
    needs_approval: bool = False
    approver: Annotated[str, Ref("post?")] = ""
    is_id_only: bool = False

    def text(self, language: str) -> TemplateText:
        return self.en if language.startswith("en") else self.ko

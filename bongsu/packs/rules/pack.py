"""A pack: its header and all that stands in it."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, Literal

from .classification import Proposal, Rule, classify
from .conditions import phrases
from .playbooks import Runbook, Template
from .spelling import Spelling
from .taxonomy import Taxonomy
from .words import Bilingual, Language, one


@dataclass(frozen=True)
class Source:
    citation: str
    read_on: date
    url: str = ""


@dataclass(frozen=True)
class Header:
    """`extends`: the pack this one is laid over."""

    id: str
    version: str
    title: Bilingual
    publisher: str
    kind: Literal["playbook"]
    languages: tuple[Language, ...]
    valid_from: date
    reviewed_on: date
    sources: tuple[Source, ...]
    extends: str = ""
    summary: Bilingual | None = None


@dataclass(frozen=True)
class Expectation:
    """What a case must come to; `also_…` are reasonable answers too."""

    type: str = ""
    subtype: str = ""
    severity: str = ""
    also_type: str = ""
    also_severity: str = ""
    is_ignored: bool = False


@dataclass(frozen=True)
class Case:
    """Facts of a signal, or a cell of the matrix, and what the pack must make of them. `why`: what it rests on."""

    id: str
    expect: Expectation
    facts: Any = None
    cell: str = ""
    why: str = ""


@dataclass(frozen=True)
class Pack:
    header: Header
    taxonomy: Taxonomy
    runbooks: tuple[Runbook, ...]
    templates: tuple[Template, ...]
    classification: tuple[Rule, ...]
    cases: tuple[Case, ...]
    content: str  # canonical text; parsing it again gives this pack

    def runbook(self, runbook_id: str) -> Runbook:
        return one(self.runbooks, "id", runbook_id, "runbook")

    def runbook_for(self, type: str, subtype: str = "") -> Runbook:
        """The runbook of the sub-type, else of the type, else the one for everything else."""
        for runbook in self.runbooks:
            if subtype and subtype in runbook.subtypes:
                return runbook
        for runbook in self.runbooks:
            if type in runbook.types:
                return runbook
        return next(r for r in self.runbooks if not r.types and not r.subtypes)

    def template(self, template_id: str) -> Template:
        return one(self.templates, "id", template_id, "template")

    @cached_property
    def fires(self) -> dict[str, int]:
        return {severity.key: severity.fires for severity in self.taxonomy.severities}

    @cached_property
    def spelling(self) -> Spelling:
        return Spelling(phrase for rule in self.classification for phrase in phrases(rule.when))

    def propose(self, facts: dict[str, Any]) -> Proposal:
        """Type, sub-type and severity for a signal, with the rule that says so (A4)."""
        return classify(self.classification, facts, self.fires, self.spelling)

"""What the pack's rules are told about a signal or a description, and what they answer (A4). The rules are in the pack."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bongsu.packs.rules.classification import Proposal
from bongsu.packs.rules.words import Bilingual

GRAVE_WORDS = ("critical", "emergency", "fatal", "sev0", "sev1", "p0", "p1", "page")
DRILL_VALUES = ("true", "yes", "1")


@dataclass(frozen=True)
class Described:
    """What is known of a signal, or of what a person wrote, before it is judged."""

    title: str = ""
    text: str = ""
    state: str = "open"
    source_kind: str = ""
    source_severity: str = ""
    about: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    measure: Mapping[str, Any] = field(default_factory=dict)
    redactions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Judgement:
    """The pack's answer. `rule` is the rule, or the cell of the matrix that an unsure answer fell back to."""

    type: str
    subtype: str
    severity: str
    rule: str
    why: Bilingual
    alt_type: str = ""
    alt_severity: str = ""
    also: tuple[str, ...] = ()
    is_ignored: bool = False
    is_guess: bool = False

    def kept(self) -> dict[str, Any]:
        """As plain JSON, for the row."""
        return {
            "type": self.type,
            "subtype": self.subtype,
            "severity": self.severity,
            "rule": self.rule,
            "why": {"ko": self.why.ko, "en": self.why.en},
            "alt_type": self.alt_type,
            "alt_severity": self.alt_severity,
            "also": list(self.also),
            "is_ignored": self.is_ignored,
            "is_guess": self.is_guess,
        }


def facts_of(described: Described) -> dict[str, Any]:
    """What the rules of a pack read: see `packs.rules.conditions` for the names."""
    lines = [described.text, *(f"{k}={v}" for k, v in described.about.items() if v)]
    if described.source_severity:
        lines.append(f"severity={described.source_severity}")
    text = "\n".join(line for line in lines if line)
    labels = {str(k): str(v) for k, v in described.labels.items()}
    environment = described.about.get("environment") or next(
        (labels[k] for k in ("environment", "env", "stage") if labels.get(k)), ""
    )
    status = {"open": "firing"}.get(described.state, described.state)
    return {
        "title": described.title,
        "text": text,
        "status": status,
        "source_kind": described.source_kind,
        "source_severity": described.source_severity,
        "environment": environment.lower() or None,
        "labels": labels,
        "measure": {k: v for k, v in described.measure.items() if v not in (None, "")},
        "flags": {"is_safety": True} if labels.get("safety", "").lower() in DRILL_VALUES else {},
        "found": {"personal": len(described.redactions)} if described.redactions else {},
    }


def judged(proposal: Proposal, described: Described) -> Judgement:
    """The pack's proposal with its rule; an unsure one names its cell and takes the graver level when the sender shouts."""
    verdict = proposal.verdict
    if verdict is None:
        return Judgement("", "", "", proposal.rule, proposal.why, also=proposal.also, is_ignored=True)
    severity, rule = verdict.severity, proposal.rule
    if proposal.is_guess:
        severity = "P1" if described.source_severity.lower() in GRAVE_WORDS and severity == "P2" else severity
        rule = f"cell:{verdict.type}-{severity}"
    return Judgement(
        verdict.type,
        verdict.subtype,
        severity,
        rule,
        proposal.why,
        verdict.alt_type,
        verdict.alt_severity,
        proposal.also,
        is_guess=proposal.is_guess,
    )


def is_drill(labels: Mapping[str, str], about: Mapping[str, str]) -> bool:
    """Whether the sender itself says that this is an exercise."""
    return str(labels.get("drill", "")).lower() in DRILL_VALUES or str(about.get("environment", "")).lower() == "drill"

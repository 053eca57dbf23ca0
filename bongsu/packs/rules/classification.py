"""From what a signal says to a proposed type, sub-type and severity, with the rule that made it (A4). Pure and transparent.

All rules are read. The gravest severity met wins (unsure goes up); of equally grave rules the first in the file. An
`ignore` rule that holds ends it: nothing is to be opened.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .conditions import Condition, evaluate
from .figures import figures
from .spelling import Spelling
from .words import Bilingual


@dataclass(frozen=True)
class Verdict:
    """What a rule proposes; the `alt` values are reasonable too."""

    type: str
    subtype: str
    severity: str
    alt_type: str = ""
    alt_severity: str = ""


@dataclass(frozen=True)
class Rule:
    """`verdict` None: the signal opens nothing (a test, a ping, a repeat). `overrides`: rules this one knows better than.."""

    id: str
    when: Condition
    why: Bilingual
    verdict: Verdict | None
    overrides: tuple[str, ...] = ()
    sets: str = ""  # the rule proposes nothing: it raises this flag for the rules after it (`flags.<name>`)
    last: bool = False  # a guess: it speaks only when no other rule does
    hides: str = ""  # the rule proposes nothing: what this pattern finds is not read by the rules after it (a denial)

    def hidden(self, text: str) -> str:
        return re.sub(self.hides, " - ", text, flags=re.IGNORECASE)


@dataclass(frozen=True)
class Proposal:
    """`rule` made it; `also` held too. `is_ignored`: open nothing. `is_guess`: no rule held, the default spoke."""

    verdict: Verdict | None
    rule: str
    why: Bilingual
    also: tuple[str, ...] = ()
    is_ignored: bool = False
    is_guess: bool = False


UNSURE = Bilingual(
    ko="맞는 규칙이 없어 한 단계 높게 제안합니다. 사람이 확인해야 합니다.",
    en="No rule fits, so a graver level is proposed. A person has to confirm.",
)
FALLBACK = Verdict("operational", "infrastructure_failure", "P1", alt_severity="P2")
FALLBACK_MILD = Verdict("operational", "slowdown", "P2", alt_severity="P3")
MILD = ("info", "informational", "notice", "low", "minor", "warning", "warn", "ok")


def classify(
    rules: tuple[Rule, ...], facts: Mapping[str, Any], fires: Mapping[str, int], known: Spelling | None = None
) -> Proposal:
    """The proposal for `facts`. `fires` orders the severities, `known` mends slips of the pen in what the rules read."""
    held = _held(rules, facts, known)
    ignored = next((rule for rule in held if rule.verdict is None), None)
    if ignored:
        return Proposal(None, ignored.id, ignored.why, is_ignored=True)
    beaten = {other for rule in held for other in rule.overrides}
    standing = [rule for rule in held if rule.id not in beaten and rule.verdict]
    standing = [rule for rule in standing if not rule.last] or standing
    if not standing:
        word = str(facts.get("source_severity") or (facts.get("labels") or {}).get("severity") or "").lower()
        return Proposal(FALLBACK_MILD if word in MILD else FALLBACK, "", UNSURE, is_guess=True)
    best = max(standing, key=lambda rule: fires[rule.verdict.severity] if rule.verdict else 0)  # max keeps the first
    return Proposal(
        best.verdict, best.id, best.why, tuple(rule.id for rule in held if rule is not best and not rule.last), is_guess=best.last
    )


def _held(rules: tuple[Rule, ...], facts: Mapping[str, Any], known: Spelling | None) -> list[Rule]:
    """The proposing rules that hold, after the ideas were raised and the denials taken out of the text."""
    seen = _read(facts, full_text(facts, known))
    flags = dict(facts.get("flags") or {})
    held: list[Rule] = []
    for rule in rules:
        if rule.hides:
            seen = _read(facts, rule.hidden(seen["text"]))
        elif evaluate(rule.when, {**seen, "flags": flags}):
            if rule.sets:
                flags[rule.sets] = True
            else:
                held.append(rule)
    return held


def _read(facts: Mapping[str, Any], text: str) -> dict[str, Any]:
    found = figures(text, facts.get("measure") or {}, facts.get("labels") or {})
    return {**facts, "text": text, "found": {**found, **(facts.get("found") or {})}}


LONGEST_TEXT = 20_000
JOINED = re.compile(  # the whole run at once (`*+`): nothing to try again in a hostile one
    r"\b(?:(?=[a-zA-Z][a-zA-Z0-9]*[a-z0-9][A-Z])[a-zA-Z0-9]*+|[a-zA-Z][a-zA-Z0-9]*(?:[_-][a-zA-Z0-9]{1,40}){1,12})\b"
)
PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+")  # ModelDriftHigh, model_drift_high: model drift high


def full_text(facts: Mapping[str, Any], known: Spelling | None = None) -> str:
    """What the rules read as `text`: title, text, labels as `name=value`, the measure's name; then joined names in words."""
    labels = facts.get("labels") or {}
    measure = facts.get("measure") or {}
    lines = [facts.get("title"), facts.get("text"), *(f"{k}={v}" for k, v in labels.items()), measure.get("name")]
    text = "\n".join(str(line) for line in lines if line)[:LONGEST_TEXT]
    more = [
        *dict.fromkeys(" ".join(PARTS.findall(name)) for name in JOINED.findall(text)),
        *(known.mended(text) if known else ()),
    ]
    return "\n".join([text, *more])

"""From what a signal says to a proposed type, sub-type and severity, with the rule that made it (A4). Pure and transparent.

All rules are read. The gravest severity met wins (unsure goes up); of equally grave rules the first in the file. An
`ignore` rule that holds ends it: nothing is to be opened.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from .conditions import Condition, evaluate, number
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
FALLBACK = Verdict("operational", "service_outage", "P2")


def classify(rules: tuple[Rule, ...], facts: Mapping[str, Any], fires: Mapping[str, int]) -> Proposal:
    """The proposal for `facts`. `fires` orders the severities. Facts are enriched by `findings` of their text first."""
    seen = {**facts, "found": {**findings(facts), **facts.get("found", {})}}
    held = [rule for rule in rules if evaluate(rule.when, seen)]
    ignored = next((rule for rule in held if rule.verdict is None), None)
    if ignored:
        return Proposal(None, ignored.id, ignored.why, is_ignored=True)
    beaten = {other for rule in held for other in rule.overrides}
    standing = [rule for rule in held if rule.id not in beaten and rule.verdict]
    if not standing:
        return Proposal(FALLBACK, "", UNSURE, is_guess=True)
    best = max(standing, key=lambda rule: fires[rule.verdict.severity] if rule.verdict else 0)  # max keeps the first
    return Proposal(best.verdict, best.id, best.why, tuple(rule.id for rule in held if rule is not best))


PEOPLE = re.compile(
    r"([\d,]{1,12})\s*(?:명|건의 개인정보|people|persons|users|customers|patients|applicants|records|accounts|individuals)", re.I
)
DROP = re.compile(r"(?:drop(?:ped)?|down|fell|decrease[ds]?|하락|저하|감소|급락)\D{0,24}?(\d{1,3}(?:\.\d+)?)\s*(?:%|percent|퍼센트)", re.I)
DROP_AFTER = re.compile(r"(\d{1,3}(?:\.\d+)?)\s*(?:%|percent|퍼센트)\s*(?:이상\s*)?(?:drop|down|lower|하락|저하|감소|급락|떨어)", re.I)
TIMES = re.compile(r"(\d{1,6}(?:\.\d+)?)\s*(?:x\b|times|배)", re.I)


def findings(facts: Mapping[str, Any]) -> dict[str, Decimal]:
    """Figures in the text and the measure: people, drop in percent, times the usual, over the threshold in percent."""
    text = f"{facts.get('title') or ''}\n{facts.get('text') or ''}"
    found: dict[str, Decimal] = {}
    for name, patterns in (("people", (PEOPLE,)), ("drop_percent", (DROP, DROP_AFTER)), ("times", (TIMES,))):
        numbers = [n for pattern in patterns for hit in pattern.findall(text) if (n := number(hit)) is not None]
        if numbers:
            found[name] = max(numbers)
    return {**found, **_from_measure(facts.get("measure") or {})}


def _from_measure(measure: Mapping[str, Any]) -> dict[str, Decimal]:
    value, threshold = number(measure.get("value")), number(measure.get("threshold"))
    if value is None or not threshold:
        return {}
    return {"over_percent": (value - threshold) / abs(threshold) * 100}

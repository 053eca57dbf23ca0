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
    sets: str = ""  # the rule proposes nothing: it raises this flag for the rules after it (`flags.<name>`)


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


def classify(rules: tuple[Rule, ...], facts: Mapping[str, Any], fires: Mapping[str, int]) -> Proposal:
    """The proposal for `facts`. `fires` orders the severities. Facts are enriched by `findings` of their text first."""
    text = full_text(facts)
    seen = {**facts, "text": text, "found": {**findings(text, facts.get("measure") or {}), **(facts.get("found") or {})}}
    flags = dict(facts.get("flags") or {})
    held: list[Rule] = []
    for rule in rules:
        if evaluate(rule.when, {**seen, "flags": flags}):
            if rule.sets:
                flags[rule.sets] = True
            else:
                held.append(rule)
    ignored = next((rule for rule in held if rule.verdict is None), None)
    if ignored:
        return Proposal(None, ignored.id, ignored.why, is_ignored=True)
    beaten = {other for rule in held for other in rule.overrides}
    standing = [rule for rule in held if rule.id not in beaten and rule.verdict]
    if not standing:
        word = str(facts.get("source_severity") or (facts.get("labels") or {}).get("severity") or "").lower()
        return Proposal(FALLBACK_MILD if word in MILD else FALLBACK, "", UNSURE, is_guess=True)
    best = max(standing, key=lambda rule: fires[rule.verdict.severity] if rule.verdict else 0)  # max keeps the first
    return Proposal(best.verdict, best.id, best.why, tuple(rule.id for rule in held if rule is not best))


NUMBER = r"(\d{1,12}(?:,\d{3}){0,4}(?:\.\d{1,6})?)"
PERCENT = r"\s?(?:%|percent|퍼센트)"
FALLING = r"(?:drop(?:ped|s)?|down|fell|decreased?|degraded|하락|저하|감소|급락)"
PATTERNS = {
    "people": (
        rf"{NUMBER}\s?(?:명|인분|여 명|건의 개인)",
        rf"{NUMBER}\s(?:\w+\s)?(?:people|persons|users|customers|patients|applicants|records|accounts|individuals|citizens)\b",
    ),
    "drop_percent": (
        rf"{FALLING}[^\d\n]{{0,24}}{NUMBER}{PERCENT}",
        rf"{NUMBER}{PERCENT}\s?(?:이상\s?)?(?:{FALLING}|떨어|lower)",
    ),
    "times": (rf"{NUMBER}\s?(?:x\b|times\b|배)",),
    "records": (rf"{NUMBER}\s?(?:records?\b|건)",),
    "ratio": (r"ratio\s?(?:of\s|=\s?)?(0?\.\d{1,6})", r"비율\s?(0?\.\d{1,6})"),
}
SPENT = re.compile(rf"{NUMBER}\s(?:of|/)\s{NUMBER}\s?(?:usd|eur|krw|dollars|원|달러)", re.IGNORECASE)
COMPILED = {name: tuple(re.compile(p, re.IGNORECASE) for p in patterns) for name, patterns in PATTERNS.items()}
LONGEST_TEXT = 20_000


def full_text(facts: Mapping[str, Any]) -> str:
    """What the rules read as `text`: title, text, the labels as `name=value`, and the name of the measure."""
    labels = facts.get("labels") or {}
    measure = facts.get("measure") or {}
    lines = [facts.get("title"), facts.get("text"), *(f"{k}={v}" for k, v in labels.items()), measure.get("name")]
    return "\n".join(str(line) for line in lines if line)[:LONGEST_TEXT]


def findings(text: str, measure: Mapping[str, Any]) -> dict[str, Decimal]:
    """Figures in text and measure: `people`, `records`, `drop_percent`, `times` the usual, `ratio`, `over_percent`."""
    found: dict[str, Decimal] = {}
    for name, patterns in COMPILED.items():
        numbers = [n for pattern in patterns for hit in pattern.findall(text) if (n := number(hit)) is not None]
        if numbers:
            found[name] = min(numbers) if name == "ratio" else max(numbers)
    spent = SPENT.search(text)
    value, limit = (spent[1], spent[2]) if spent else (measure.get("value"), measure.get("threshold"))
    over = _over(number(value), number(limit))
    return found if over is None else {**found, "over_percent": over}


def _over(value: Decimal | None, limit: Decimal | None) -> Decimal | None:
    """How far `value` is above `limit`, in percent of it."""
    if value is None or not limit or not value.is_finite() or not limit.is_finite():
        return None
    return (value - limit) / abs(limit) * 100

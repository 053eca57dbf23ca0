"""Figures in the words and measures of a signal, in English and Korean: how many, how far down or up, which share. Pure."""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from .conditions import number

NUMBER = r"(\d{1,12}(?:,\d{3}){0,4}(?:\.\d{1,6})?)"
UNITS = {
    "k": 1_000, "thousand": 1_000, "m": 1_000_000, "mn": 1_000_000, "million": 1_000_000, "b": 10**9, "billion": 10**9,
    "백": 100, "천": 1_000, "만": 10_000, "십만": 100_000, "백만": 1_000_000, "천만": 10**7, "억": 10**8,
}  # fmt: skip
VAGUE = {
    "dozens of": 24, "hundreds of": 200, "several hundred": 300, "a few hundred": 300, "thousands of": 2_000,
    "tens of thousands of": 20_000, "hundreds of thousands of": 200_000, "millions of": 2_000_000,
    "수십": 20, "수백": 200, "수천": 2_000, "수만": 20_000, "수십만": 200_000, "수백만": 2_000_000, "수천만": 20_000_000,
}  # fmt: skip


def _one_of(words: Mapping[str, int]) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


PERSONS = (
    "people|persons?|users|customers|patients|applicants|accounts|individuals|citizens|members|subscribers|employees|students"
    "|clients|passengers|residents|guests|families|households|tenants|profiles|beneficiaries|claimants|candidates|borrowers"
)
RECORDS = (
    "records?|videos|images|pictures|e-?mails|documents|stays|bookings|orders|conversations|chats|sessions|messages|files"
    "|photos|recordings|transcripts"
)
QUANTITY = re.compile(
    rf"(?:{NUMBER}|(?<![가-힣a-z])({_one_of(VAGUE)}))\s?({_one_of(UNITS)})?\s?여?\s?"
    rf"(?:(?P<people>명|인분|가구|세대|건의 개인|계정)|(?P<records>건|(?:{RECORDS})\b)"
    rf"|(?:[a-z'-]+\s){{0,2}}(?P<who>{PERSONS})\b)",
    re.IGNORECASE,
)
COUNTED = r"(?:users|customers|records|accounts|people|patients|rows)"
HIT = r"(?:affected|exposed|leaked)"
NAMED = re.compile(rf"\b(?:{COUNTED}[_ ]{HIT}|{HIT}[_ ]{COUNTED})\s?[=:]\s?{NUMBER}", re.IGNORECASE)
PERCENT = r"\s?(?:%p?|percent(?:age points?)?|퍼센트(?:포인트)?|points?\b)"
FALLING = r"(?:dro+p+(?:ped|s)?|down|fell|fallen|decreas\w{0,3}|degrad\w{0,4}|lost|worse|하락|저하|감소|급락|추락|떨어\w{0,3})"
RISING = (
    r"(?:ros\w|rise[sn]?|up|increas\w{0,3}|climb\w{0,3}|jump\w{0,3}|grew|worse\w{0,3}"
    r"|상승|증가|급등|급증|악화|늘\w{0,2}|올\w{0,2}|높)"
)
STATED = {
    name: (
        re.compile(rf"{words}[^\d\n.;]{{0,24}}{NUMBER}{PERCENT}(?!\s?(?:에서|to\b|->|→))", re.IGNORECASE),
        re.compile(rf"{NUMBER}{PERCENT}\s?(?:이상\s?|정도\s?|가량\s?|나\s?|이나\s?)?(?:{words}|lower|higher)", re.IGNORECASE),
    )
    for name, words in (("drop_percent", FALLING), ("rise_percent", RISING))
}
UNIT = r"\s?(?:%p?|퍼센트|percent)?"
ONE = r"(\d{1,3}(?:,\d{3})+|\d{1,6}(?:\.\d{1,6})?)"
AGAINST = re.compile(
    rf"(?<![\d.,]){ONE}{UNIT}(?:\srows|\srecords|건|행)?,?\s?"
    rf"(?:vs\.?|versus|against|instead of|was|from|down from|up from|대비|이전|기준|←)"
    rf"\s?(?:the\s|a\s)?(?:reference|baseline|target|average|평균|기준값?|기준치)?\s?{ONE}(?![\d.])",
    re.IGNORECASE,
)
FROM_TO = re.compile(
    rf"(?<![\w.])(\d{{1,6}}(?:\.\d{{1,6}})?){UNIT}\s?(?:to|->|=>|→|에서)\s?(\d{{1,6}}(?:\.\d{{1,6}})?)(?![\d.])", re.IGNORECASE
)
BETWEEN_GROUPS = re.compile(r"selection|parity|group|gap|ratio|집단|성별|비율|선정률|승인율", re.IGNORECASE)
SHARE = re.compile(
    r"unexpected_percent\D{0,4}(\d{1,3}(?:\.\d+)?)|(\d{1,3}(?:\.\d+)?)\s?(?:%|percent|퍼센트)"
    r"\s?(?:of (?:all )?(?:the )?(?:rows|records|values|batch)|missing|nulls?\b|empty|결측|누락|널)"
    r"|(?:nulls?|missing|duplicates?|결측|누락|중복)[^\d\n.;]{0,16}(?:\d{1,3}(?:\.\d+)?\s?%?\s?(?:to|->|→|에서)\s?)?(\d{1,3}(?:\.\d+)?)\s?(?:%|percent|퍼센트)",
    re.IGNORECASE,
)
TIMES = re.compile(rf"{NUMBER}\s?(?:x\b|times\b|배|-?fold\b)", re.IGNORECASE)
RATIO = re.compile(r"(?:ratio|비율)(?:\s(?:of|is|at|below))*\s?[=:]?\s?(0?\.\d{1,6})", re.IGNORECASE)
SPENT = re.compile(rf"{NUMBER}\s(?:of|/)\s{NUMBER}\s?(?:usd|eur|krw|dollars|원|달러)", re.IGNORECASE)
BASELINES = ("baseline", "reference", "expected", "previous")
LEAST = ("ratio",)  # of these the smallest counts, of all others the largest


def figures(text: str, measure: Mapping[str, Any], labels: Mapping[str, Any]) -> dict[str, Decimal]:
    """`people records drop_percent rise_percent share_percent times ratio over_percent`: the gravest of each that is said."""
    found: dict[str, Decimal] = {}
    for name, value in _all(text, measure, labels):
        if name not in found or (value < found[name] if name in LEAST else value > found[name]):
            found[name] = value
    return found


def _all(text: str, measure: Mapping[str, Any], labels: Mapping[str, Any]) -> Iterator[tuple[str, Decimal]]:
    yield from _quantities(text)
    for name, patterns in STATED.items():
        for pattern in patterns:
            yield from ((name, Decimal(hit.replace(",", ""))) for hit in pattern.findall(text))
    yield from _pairs(text)
    yield from (("share_percent", Decimal("".join(hit))) for hit in SHARE.findall(text))
    yield from (("times", Decimal(hit.replace(",", ""))) for hit in TIMES.findall(text))
    yield from (("ratio", Decimal(hit)) for hit in RATIO.findall(text))
    spent = SPENT.search(text)
    value, limit = (spent[1], spent[2]) if spent else (measure.get("value"), measure.get("threshold"))
    yield from _change("over_percent", "", number(limit), number(value))
    yield from _measured(measure, labels)


def _quantities(text: str) -> Iterator[tuple[str, Decimal]]:
    for hit in QUANTITY.finditer(text):
        many = Decimal(hit[1].replace(",", "")) if hit[1] else Decimal(VAGUE[" ".join(hit[2].lower().split())])
        yield "records" if hit["records"] else "people", many * UNITS.get((hit[3] or "").lower(), 1)
    yield from (("people", Decimal(hit.replace(",", ""))) for hit in NAMED.findall(text))


def _pairs(text: str) -> Iterator[tuple[str, Decimal]]:
    """Two figures that stand against each other; groups that are compared are no fall."""
    for line in re.split(r"[\n;]", text):
        if BETWEEN_GROUPS.search(line):
            continue
        for now, before in AGAINST.findall(line):
            yield from _change("rise_percent", "drop_percent", number(before), number(now))
        for before, now in FROM_TO.findall(line):
            yield from _change("rise_percent", "drop_percent", number(before), number(now))


def _measured(measure: Mapping[str, Any], labels: Mapping[str, Any]) -> Iterator[tuple[str, Decimal]]:
    value, name = number(measure.get("value")), str(measure.get("name") or "").lower()
    if value is not None and value.is_finite() and name.endswith("ratio"):
        yield "ratio", value
    before = next((labels[k] for k in BASELINES if labels.get(k)), None)
    yield from _change("rise_percent", "drop_percent", number(before), value)


def _change(up: str, down: str, before: Decimal | None, now: Decimal | None) -> Iterator[tuple[str, Decimal]]:
    """By how many percent of `before` it changed."""
    if before is None or now is None or not before or not before.is_finite() or not now.is_finite():
        return
    change = (now - before) / abs(before) * 100
    if not down or change > 0:
        yield up, change
    elif change < 0:
        yield down, -change

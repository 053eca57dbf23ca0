"""Conditions of a pack: `all`, `any`, `not` and field-operator-value. Nothing else, and nothing is executed.

    {any: [{field: text, op: contains_any, value: [유출, leak]}, {field: measure.ratio, op: gte, value: 5}]}

`contains_any` and `matches` ignore case and, for `contains_any`, fold full-width forms. A field the facts lack makes
every operator false, so that `not` over a missing field is true.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from bongsu.kernel.text import gettext_noop as _

from .decoding import Decoder
from .reading import Node

FIELDS = ("text", "title", "status", "source_kind", "source_severity", "environment")
PREFIXES = ("labels.", "measure.", "flags.", "found.")
OPERATORS = ("is", "in", "contains_any", "matches", "gt", "gte", "lt", "lte", "exists")
NUMERIC = ("gt", "gte", "lt", "lte")
LONGEST_PATTERN = 400
LONGEST_WHOLE = 3  # `sla` is not in `slack`
SHORTEST_SQUEEZED = 4  # shorter Korean words would be found across the border of two others


@dataclass(frozen=True)
class Test:
    field: str
    op: str
    value: Any


@dataclass(frozen=True)
class All:
    parts: "tuple[Condition, ...]"


@dataclass(frozen=True)
class Any_:
    parts: "tuple[Condition, ...]"


@dataclass(frozen=True)
class Not:
    part: "Condition"


Condition = Test | All | Any_ | Not


def evaluate(condition: Condition, facts: Mapping[str, Any]) -> bool:
    """Whether `condition` holds for `facts`: nested mappings (`labels`, `measure`, `flags`, `found`) and plain values."""
    match condition:
        case All(parts):
            return all(evaluate(part, facts) for part in parts)
        case Any_(parts):
            return any(evaluate(part, facts) for part in parts)
        case Not(part):
            return not evaluate(part, facts)
        case Test(name, op, value):
            return _test(lookup(facts, name), op, value)


def lookup(facts: Mapping[str, Any], name: str) -> Any:
    """The value of `labels.service` or `text`; None when the facts lack it."""
    head, _dot, rest = name.partition(".")
    value = facts.get(head)
    if rest:
        return value.get(rest) if isinstance(value, Mapping) else None
    return value


def _test(found: Any, op: str, value: Any) -> bool:
    if op == "exists":
        return (found is not None and found != "") == value
    if found is None:
        return False
    match op:
        case "is":
            return _folded(found) == _folded(value)
        case "in":
            return _folded(found) in {_folded(v) for v in value}
        case "contains_any":
            return _contains(_folded(found), _words(tuple(value)))
        case "matches":
            return _pattern(value).search(unicodedata.normalize("NFC", str(found))) is not None
    return _compare(number(found), op, value)


def _compare(found: Decimal | None, op: str, limit: Decimal) -> bool:
    if found is None or not found.is_finite():
        return False
    match op:
        case "gt":
            return found > limit
        case "gte":
            return found >= limit
        case "lt":
            return found < limit
    return found <= limit


def number(value: Any) -> Decimal | None:
    """`value` as a number, or None; NaN counts as none."""
    try:
        made = Decimal(str(value).replace(",", "").strip())
    except InvalidOperation:
        return None
    return None if made.is_nan() else made


def _contains(text: str, words: tuple[tuple[str, str], ...]) -> bool:
    """Latin words stand at a word's beginning (`pii` is not in `shipping`), short ones whole; Korean ones however spaced."""
    packed_text = _squeezed(text)
    for word, packed in words:
        if word in text:
            if not (word[:1].isascii() and word[:1].isalnum()) or _stands(text, word):
                return True
        elif packed and packed in packed_text:
            return True
    return False


@lru_cache(maxsize=2048)
def _words(words: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Each word as it is compared, and without spaces where it is long enough to be found so."""
    folded = [_folded_text(word) for word in words]
    return tuple((word, packed if _is_spaceless(packed := word.replace(" ", "")) else "") for word in folded)


def _is_spaceless(word: str) -> bool:
    return len(word) >= SHORTEST_SQUEEZED and not (word[0].isascii() and word[0].isalnum())


def _stands(text: str, word: str) -> bool:
    at = text.find(word)
    while at >= 0:
        if not (at and _is_latin(text[at - 1])) and not (_is_short(word) and _goes_on(text, at + len(word))):
            return True
        at = text.find(word, at + 1)
    return False


def _goes_on(text: str, at: int) -> bool:
    """Whether the word does not end here; a plural's `s` (APIs, SLAs) ends it."""
    at += text[at : at + 1] == "s"
    return _is_latin(text[at : at + 1])


def _is_short(word: str) -> bool:
    return len(word) <= LONGEST_WHOLE and word.isalnum()


def _is_latin(letter: str) -> bool:
    return letter.isascii() and letter.isalnum()


@lru_cache(maxsize=64)
def _squeezed(text: str) -> str:
    return re.sub(r"[ \t]+", "", text)


def _folded(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return _folded_text(str(value))


@lru_cache(maxsize=8192)
def _folded_text(value: str) -> str:
    return unicodedata.normalize("NFKC", value).casefold()


@lru_cache(maxsize=2048)
def _pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


def phrases(condition: Condition) -> Iterator[str]:
    """The words that a condition looks for in what people write."""
    match condition:
        case All(parts) | Any_(parts):
            for part in parts:
                yield from phrases(part)
        case Not(part):
            yield from phrases(part)
        case Test(_name, "contains_any", value):
            yield from value


def decode_condition(decoder: Decoder, node: Node) -> Condition:
    """Read a condition; problems go to the decoder."""
    value = node.value
    never = Any_(())
    if not isinstance(value, dict) or not value:
        decoder.add(node, _("Here belongs a condition."), _("Write `all`, `any`, `not`, or a `field` with `op` and `value`."))
        return never
    if len(value) == 1 and (word := next(iter(value))) in ("all", "any", "not"):
        return _combined(decoder, word, value[word])
    unknown = [key for key in value if key not in ("field", "op", "value")]
    if unknown or len(value) != 3:
        decoder.add(
            node,
            _("This is no condition: {keys}."),
            _("Use exactly `field`, `op` and `value`, or one of `all`, `any`, `not` alone."),
            keys=", ".join(value),
        )
        return never
    return _decode_test(decoder, node, str(value["field"].value), str(value["op"].value), value["value"])


def _combined(decoder: Decoder, word: str, node: Node) -> Condition:
    if word == "not":
        return Not(decode_condition(decoder, node))
    if not isinstance(node.value, list) or not node.value:
        decoder.add(
            node, _("“{word}” needs a list of conditions."), _("Write the entries as `- …`, one under the other."), word=word
        )
        return Any_(())
    parts = tuple(decode_condition(decoder, child) for child in node.value)
    return All(parts) if word == "all" else Any_(parts)


def _decode_test(decoder: Decoder, node: Node, name: str, op: str, value: Node) -> Condition:
    if name not in FIELDS and not name.startswith(PREFIXES):
        known = ", ".join([*FIELDS, *(f"{p}…" for p in PREFIXES)])
        decoder.add(node, _("There is no field “{name}”."), _("Use one of: {known}."), name=name, known=known)
    if op not in OPERATORS:
        decoder.add(node, _("There is no operator “{op}”."), _("Use one of: {known}."), op=op, known=", ".join(OPERATORS))
        return Any_(())
    return Test(name, op, _operand(decoder, op, value))


def _operand(decoder: Decoder, op: str, node: Node) -> Any:
    if op in NUMERIC:
        return decoder.decode(Decimal, node)
    if op in ("in", "contains_any"):
        words: tuple[str, ...] = decoder.decode(tuple[str, ...], node)
        if not words:
            decoder.add(node, _("“{op}” needs a list of words."), _("Write the words as [a, b]."), op=op)
        return words
    if op == "exists":
        return decoder.decode(bool, node)
    if op == "matches":
        return decode_pattern(decoder, node)
    return decoder.decode(bool if isinstance(node.value, bool) else str, node)


def decode_pattern(decoder: Decoder, node: Node) -> str:
    """Read a regular expression that is safe to run on hostile text; problems go to the decoder."""
    pattern: str = decoder.decode(str, node)
    try:
        re.compile(pattern)
    except re.error as error:
        decoder.add(node, _("The pattern cannot be read: {error}."), _("Correct the regular expression."), error=str(error))
        return "(?!)"
    # a group that repeats and is repeated itself can take for ever on hostile text
    if len(pattern) > LONGEST_PATTERN or re.search(r"[+*}]\)[+*{]", pattern):
        decoder.add(
            node,
            _("The pattern is too costly."),
            _("Avoid nested repetition and keep it under {most} characters."),
            most=LONGEST_PATTERN,
        )
        return "(?!)"
    return pattern

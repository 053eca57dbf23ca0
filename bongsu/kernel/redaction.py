"""Personal data in text: where it is, and the text without it. Patterns with check digits; no guessing at names.

A miss is worse than a false alarm here, yet figures and moments of ordinary log lines must survive, so every number
needs its form and, where one exists, its check (Luhn, mod 97, a real birth date).
"""

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True)
class Finding:
    """`kind` of personal data at text[start:end]."""

    kind: str
    start: int
    end: int


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


def passes_luhn(text: str) -> bool:
    """The check of payment cards (ISO/IEC 7812-1)."""
    digits = [int(d) for d in _digits(text)][::-1]
    total = sum(d if i % 2 == 0 else sum(divmod(d * 2, 10)) for i, d in enumerate(digits))
    return 13 <= len(digits) <= 19 and len(set(digits)) > 1 and total % 10 == 0


def _is_rrn(text: str) -> bool:
    """Resident and foreigner registration numbers: a real birth date and a century digit (no check digit since 2020)."""
    d = _digits(text)
    century = {"9": 1800, "0": 1800, "1": 1900, "2": 1900, "5": 1900, "6": 1900}.get(d[6], 2000)
    try:
        date(century + int(d[:2]), int(d[2:4]), int(d[4:6]))
    except ValueError:
        return False
    return True


def passes_mod97(text: str) -> bool:
    """The check of bank account numbers (ISO 13616)."""
    iban = re.sub(r"\s", "", text).upper()
    return 15 <= len(iban) <= 34 and int("".join(str(int(c, 36)) for c in iban[4:] + iban[:4])) % 97 == 1


def _is_address(text: str) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return not (address.is_unspecified or address.is_loopback)


def _is_ssn(text: str) -> bool:
    area, group, serial = text.split("-")
    return area not in ("000", "666") and area < "900" and group != "00" and serial != "0000"


def _always(text: str) -> bool:
    return True


# Earlier kinds win where two overlap. (?<![\w]) and friends keep them from starting inside a longer word or number.
KINDS: tuple[tuple[str, re.Pattern[str], Callable[[str], bool]], ...] = (
    ("email", re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.)+[A-Za-z가-힣]{2,24}(?![\w-])"), _always),
    ("rrn", re.compile(r"(?<!\d)\d{6}\s?[-–]\s?[0-9]\d{6}(?!\d)|(?<!\d)\d{6}[1-8]\d{6}(?!\d)"), _is_rrn),
    ("card", re.compile(r"(?<![\d.])(?:\d[ -]?){12,18}\d(?!\d|\.\d)"), passes_luhn),
    ("iban", re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?(?![A-Za-z0-9])"), passes_mod97),
    ("driving_licence", re.compile(r"(?<![\d-])(?:1[1-9]|2[0-8])-\d{2}-\d{6}-\d{2}(?![\d-])"), _always),
    ("phone", re.compile(
        r"(?<![\d.])(?:\+82[ -]?\(?0?\)?|\(?0)(?:1[016-9]|2|3[1-3]|4[1-4]|5[1-5]|6[1-4]|70|50\d)\)?"
        r"[ .-]?\d{3,4}[ .-]?\d{4}(?![\d.]\d|\d)"
    ), _always),
    ("phone", re.compile(r"(?<![\d+])\+(?!82)[1-9]\d{0,2}(?:[ .()-]{0,2}\d){7,12}(?!\d)"), _always),
    ("passport", re.compile(r"(?<![A-Za-z0-9])[MSROD](?:\d{3}[A-Za-z]\d{4}|\d{8})(?![A-Za-z0-9])"), _always),
    ("ssn", re.compile(r"(?<![\d-])\d{3}-\d{2}-\d{4}(?![\d-])"), _is_ssn),
    ("account", re.compile(r"(?<=계좌)[^\d\n]{0,10}(?:\d[ -]?){9,15}\d(?!\d)"), _always),
    ("ip", re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.]*\d)"), _is_address),
    ("ip", re.compile(r"(?<![\w:.])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{1,4}(?![\w:])"), _is_address),
)  # fmt: skip


def find(text: str) -> list[Finding]:
    """What personal data stands in `text`, in order, without overlaps."""
    taken: list[Finding] = []
    for kind, pattern, is_real in KINDS:
        for match in pattern.finditer(text):
            start, end = match.span()
            if is_real(match.group()) and not any(f.start < end and start < f.end for f in taken):
                taken.append(Finding(kind, start, end))
    return sorted(taken, key=lambda f: f.start)


def redact(text: str) -> tuple[str, list[str]]:
    """`text` with `[kind]` where personal data stood, and the kinds found, in order."""
    found = find(text)
    for finding in reversed(found):
        text = f"{text[: finding.start]}[{finding.kind}]{text[finding.end :]}"
    return text, [f.kind for f in found]


def redact_value(value: Any) -> tuple[Any, list[str]]:
    """The same for every string, also as a key, of a JSON value."""
    match value:
        case str():
            return redact(value)
        case dict():
            kinds: list[str] = []
            made: dict[str, Any] = {}
            for key, inner in value.items():
                name, in_key = redact(str(key))
                made[name], in_value = redact_value(inner)
                kinds += in_key + in_value
            return made, kinds
        case list():
            pairs = [redact_value(inner) for inner in value]
            return [p[0] for p in pairs], [kind for p in pairs for kind in p[1]]
    return value, []

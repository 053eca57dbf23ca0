"""Korean particles follow the sound of the word before them: `상담 챗봇이(가)` is said `상담 챗봇이`, `봉수이(가)` is `봉수가`.

A message that cannot know its word writes both forms; `settle` leaves the one that fits, and both where nobody can tell.
"""

import re

PAIRS = {"이(가)": ("이", "가"), "은(는)": ("은", "는"), "을(를)": ("을", "를"), "와(과)": ("과", "와")}  # after closed, open
BOTH = re.compile(r"(이\(가\)|은\(는\)|을\(를\)|와\(과\)|\(으\)로)")
SILENT = re.compile(r"(?:\([^()]*\)|[\s”’\"'」』)\]])+$")  # what is not read out: brackets and closing quotes
FIRST, LAST, ENDINGS, RIEUL = 0xAC00, 0xD7A3, 28, 8
DIGITS = dict(zip("0123456789", (1, 8, 0, 1, 0, 0, 1, 8, 8, 0), strict=True))  # 영 일 이 삼 사 오 육 칠 팔 구
LETTERS = {"L": 8, "R": 8, "M": 1, "N": 1}  # 엘 알 엠 엔; every other letter's name ends open
UNTOLD = frozenset("bcdgjkpqtvx")  # small letters after which only the ear knows


def has_pair(message: str) -> bool:
    """Whether `message` itself writes both forms; people's own words within it are left as they are."""
    return BOTH.search(message) is not None


def settle(text: str) -> str:
    """`text` with each pair of particles made one."""
    parts = BOTH.split(text)
    for at in range(1, len(parts), 2):
        parts[at] = _fitting(parts[at], _ending("".join(parts[:at])))
    return "".join(parts)


def _fitting(pair: str, ending: int | None) -> str:
    if ending is None:
        return pair
    if pair == "(으)로":
        return "로" if ending in (0, RIEUL) else "으로"
    closed, opened = PAIRS[pair]
    return closed if ending else opened


def _ending(before: str) -> int | None:
    """How the last sound ends: 0 open, 8 with ㄹ, another number with another consonant; None: it cannot be told."""
    word = SILENT.sub("", before) or before
    last, previous = word[-1:], word[-2:-1]
    if FIRST <= ord(last or " ") <= LAST:
        return (ord(last) - FIRST) % ENDINGS
    if last.isascii() and last.isdigit():
        return DIGITS[last]
    if not (last.isascii() and last.isalpha()):
        return None
    if last.isupper():
        return LETTERS.get(last, 0)
    if last == "g" and previous == "n":
        return 1
    return None if last in UNTOLD else {"l": 8, "m": 1, "n": 1}.get(last, 0)

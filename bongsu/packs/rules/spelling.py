"""Slips of the pen: a word that is one letter away from a word the rules know is read as that word too. Pure."""

import re
from collections.abc import Iterable, Iterator

SHORTEST = 6  # shorter words have too many neighbours that are words of their own
WORD = re.compile(rf"(?<![a-z0-9_])[a-z]{{{SHORTEST},30}}(?![a-z0-9_])")


class Spelling:
    """The words that rules look for, found again with a letter missing, added, changed or two exchanged."""

    def __init__(self, phrases: Iterable[str]) -> None:
        self.words = {word for phrase in phrases for word in WORD.findall(phrase.lower())}
        self.near: dict[str, set[str]] = {}
        for word in sorted(self.words):
            for shorter in {word, *_without_one(word)}:
                self.near.setdefault(shorter, set()).add(word)

    def mended(self, text: str) -> Iterator[str]:
        """For each line with a slip, the line without it."""
        for line in text.lower().splitlines():
            mended = WORD.sub(lambda hit: self._known(hit[0]), line)
            if mended != line:
                yield mended

    def _known(self, word: str) -> str:
        if word in self.words:
            return word
        variants = {word, *_without_one(word)}
        hits = {known for variant in variants for known in self.near.get(variant, ()) if known[0] == word[0]}
        close = sorted(known for known in hits if _is_slip(word, known))
        return close[0] if len(close) == 1 else word


def _without_one(word: str) -> Iterator[str]:
    return (word[:at] + word[at + 1 :] for at in range(1, len(word)))


def _is_slip(word: str, known: str) -> bool:
    """One letter more, less or other, or two neighbours exchanged; another ending is a form of the word, no slip."""
    if word[:-2] == known[: len(word) - 2] and len(word) != len(known):
        return False
    if abs(len(word) - len(known)) == 1:
        return True
    other = [at for at, (a, b) in enumerate(zip(word, known, strict=True)) if a != b] if len(word) == len(known) else []
    if len(other) == 2:
        left, right = other
        return right == left + 1 and word[left] == known[right] and word[right] == known[left]
    return len(other) == 1

"""Slips of the pen: a word that is one letter away from a word the rules know is read as that word too. Pure."""

import re
from collections.abc import Iterable, Iterator

SHORTEST = 6  # shorter words have too many neighbours that are words of their own
WORD = re.compile(rf"(?<![a-z0-9_])[a-z]{{{SHORTEST},30}}(?![a-z0-9_])")


class Spelling:
    """The words that rules look for, found again with a letter missing, added or two exchanged."""

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
    """A letter too many or too few inside, or two neighbours exchanged. Another letter, or another ending, is another word."""
    if len(word) != len(known):
        return word[:-2] != known[: len(word) - 2]
    other = [at for at, (a, b) in enumerate(zip(word, known, strict=True)) if a != b]
    return len(other) == 2 and other[1] == other[0] + 1 and sorted(word) == sorted(known)

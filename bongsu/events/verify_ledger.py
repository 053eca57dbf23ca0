#!/usr/bin/env python3
"""Checks a Bongsu ledger without Bongsu: an export (folder or ZIP), with the Python standard library only.

    python3 verify_ledger.py EXPORT [--seal FILE ...] [--public-key KEY] [--json]

Ends with 0 when the ledger is whole, 1 when it is not, 2 when it cannot be read. The format is described in
docs/ledger.md. `bongsu ledger verify` streams the live database through the same functions.
"""

import argparse
import base64
import binascii
import hashlib
import io
import json
import os
import re
import sys
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

BEGINNING = "0" * 64
ERASED = "events.personal_erased@"
CHECKSUMS = "checksums.sha256"
SHA256 = re.compile(r'"sha256":"([0-9a-f]{64})"')
LONGEST_LISTS = 200  # findings of one kind that are kept; all are counted

# kind: (English, Korean). Kinds in INFORMATION are no failures.
WORDS = {
    "changed": ("changed row", "바뀐 기록"),
    "removed": ("removed row", "지워진 기록"),
    "shortened": ("shortened ledger", "끝이 잘린 원장"),
    "recomputed": ("recomputed chain: it differs from a seal", "다시 계산된 사슬: 봉인과 다릅니다"),
    "forged": ("forged seal: the signature is not of the expected key", "위조된 봉인: 기대한 키의 서명이 아닙니다"),
    "unlinked": ("unlinked seal: it does not follow the seal before", "이어지지 않는 봉인: 앞 봉인과 연결되지 않습니다"),
    "file": ("changed or missing file of this export", "바뀌었거나 없는 내보내기 파일"),
    "personal": ("personal value changed", "바뀐 개인정보 값"),
    "missing": ("personal value missing without record", "기록 없이 사라진 개인정보 값"),
    "erased": ("personal value erased on the record", "기록을 남기고 삭제된 개인정보 값"),
    "withheld": ("personal value withheld from this export", "이 내보내기에서 제외된 개인정보 값"),
    "unsealed": ("entries newer than the last seal", "마지막 봉인 이후의 기록"),
    "key": ("no public key was given: seals were checked against the key they name themselves",
            "공개 키가 주어지지 않아 봉인에 적힌 키로 확인했습니다"),
    "whole": ("The ledger is whole: {rows} entries of {subjects} records, {seals} seals.",
              "원장은 온전합니다. 대상 {subjects}건의 기록 {rows}개, 봉인 {seals}개를 확인했습니다."),
    "broken": ("The ledger is NOT whole: {failures} failures in {rows} entries, {seals} seals.",
               "원장이 온전하지 않습니다. 기록 {rows}개, 봉인 {seals}개에서 문제 {failures}개를 찾았습니다."),
    "first": ("First bad row", "첫 번째 문제"),
    "unreadable": ("This cannot be read", "읽을 수 없습니다"),
}  # fmt: skip
INFORMATION = frozenset({"erased", "withheld", "unsealed", "key"})


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


# --- Ed25519, verification only (RFC 8032, section 5.1.7 and its appendix) --------------------------------------------

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)
Point = tuple[int, int, int, int]


def _add(a: Point, b: Point) -> Point:
    m, n = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    k, z = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = n - m, z - k, z + k, n + m
    return e * f % P, g * h % P, f * g % P, e * h % P


def _times(number: int, point: Point) -> Point:
    result: Point = (0, 1, 1, 0)
    while number:
        if number & 1:
            result = _add(result, point)
        point, number = _add(point, point), number >> 1
    return result


def _decoded(encoded: bytes) -> Point | None:
    y = int.from_bytes(encoded, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


BASE = _decoded((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def is_signed(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether `signature` (64 bytes) over `message` was made with the private half of `public` (32 bytes)."""
    if len(public) != 32 or len(signature) != 64:
        return False
    key, commitment = _decoded(public), _decoded(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if key is None or commitment is None or BASE is None or scalar >= ORDER:
        return False
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % ORDER
    one, other = _times(scalar, BASE), _add(commitment, _times(challenge, key))
    return (one[0] * other[2] - other[0] * one[2]) % P == 0 and (one[1] * other[2] - other[1] * one[2]) % P == 0


# --- what was found ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Finding:
    """`place` names the row: subject#seq, or seal n. `position` is the row's place in the whole ledger when known."""

    kind: str
    place: str
    detail: str = ""
    event: str = ""
    position: int = 0


@dataclass
class Report:
    rows: int = 0
    subjects: int = 0
    seals: int = 0
    unsealed: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    failures: list[Finding] = field(default_factory=list)
    information: list[Finding] = field(default_factory=list)

    def add(self, kind: str, place: str, detail: str = "", event: str = "", position: int = 0) -> None:
        self.counts[kind] = self.counts.get(kind, 0) + 1
        if self.counts[kind] <= LONGEST_LISTS:
            kept = self.information if kind in INFORMATION else self.failures
            kept.append(Finding(kind, place, detail, event, position))

    @property
    def failed(self) -> int:
        return sum(count for kind, count in self.counts.items() if kind not in INFORMATION)

    @property
    def is_whole(self) -> bool:
        return not self.failed

    @property
    def first(self) -> Finding | None:
        """The first bad row: by its place in the ledger when known, else in the order of reading."""
        return min(self.failures, key=lambda f: f.position or sys.maxsize, default=None)


# --- seals ------------------------------------------------------------------------------------------------------------


@dataclass
class Marks:
    """What seals say: subject -> seq -> (hash, which seal)."""

    by_subject: dict[str, dict[int, tuple[str, str]]] = field(default_factory=dict)

    def add(self, entries: Iterable[Any], name: str) -> None:
        for subject, seq, found in entries:
            self.by_subject.setdefault(subject, {}).setdefault(int(seq), (found, name))

    def of(self, subject: str) -> dict[int, tuple[str, str]]:
        return self.by_subject.get(subject, {})


def check_seals(seals: Iterable[dict[str, Any]], outside: Iterable[dict[str, Any]], keys: list[str], report: Report,
                *, is_complete: bool = True) -> Marks:  # fmt: skip
    """The chain of seals, each signature, and the seals that were kept outside. The answer is what they say of the rows."""
    marks, inside, trusted = Marks(), {}, list(keys)
    handed_out = {}
    for seal in outside:
        body = _seal_body(seal, "outside seal", trusted, report)
        if body:
            handed_out[int(body["number"])] = seal
            marks.add(body["entries"], f"outside seal {body['number']}")  # first: what was handed out weighs more
    last, previous = 0, BEGINNING
    for seal in seals:
        report.seals += 1
        body = _seal_body(seal, f"seal {last + 1}", trusted, report)
        if body is None:
            last, previous = last + 1, str(seal.get("hash"))
            continue
        number = int(body["number"])
        is_next = number == last + 1
        if (is_next and body["prev"] != previous) or (is_complete and not is_next):
            report.add("unlinked", f"seal {number}", f"after seal {last}")
        inside[number], last, previous = seal["hash"], number, seal["hash"]
        marks.add(body["entries"], f"seal {number}")
    for number, seal in sorted(handed_out.items()):
        if number not in inside and is_complete:
            report.add("shortened", f"seal {number}", "it was handed out and is not here")
        elif number in inside and inside[number] != digest(seal["text"]):
            report.add("recomputed", f"seal {number}", "the one handed out is another")
    if not keys and report.seals:
        report.add("key", trusted[0] if trusted else "")
    return marks


def _seal_body(seal: dict[str, Any], name: str, trusted: list[str], report: Report) -> dict[str, Any] | None:
    """The seal's content when its signature holds. Without a given key the first seal's own key is expected of all."""
    try:
        body = json.loads(seal["text"])
        name = f"outside seal {body['number']}" if name.startswith("outside") else f"seal {body['number']}"
        signature = base64.b64decode(seal["signature"], validate=True)
        if not trusted:
            trusted.append(str(body["key"]))
        held = any(is_signed(base64.b64decode(key), seal["text"].encode(), signature) for key in trusted)
        body["entries"], body["prev"]
    except (ValueError, KeyError, TypeError, binascii.Error) as error:
        report.add("forged", name, f"{type(error).__name__}: {error}")
        return None
    if not held or seal.get("hash") != digest(seal["text"]):
        report.add("forged", name)
        return None
    return dict(body)


# --- rows -------------------------------------------------------------------------------------------------------------


class Chain:
    """The rows of one subject, read in order."""

    def __init__(self, subject: str, marks: dict[int, tuple[str, str]], report: Report) -> None:
        self.subject, self.marks, self.report = subject, marks, report
        self.last, self.hash, self.position, self.is_intact = 0, BEGINNING, 0, True
        self.absent: dict[tuple[str, str], tuple[int, int]] = {}
        self.present: dict[tuple[str, str], int] = {}
        self.erasures: set[tuple[str, str]] = set()

    def read(self, row: dict[str, Any]) -> None:
        self.report.rows += 1
        self.position = int(row.get("position", 0))
        try:
            body = json.loads(row["text"])
            seq, is_mine = int(body["seq"]), body["subject"] == self.subject
            known = {name: body[name] for name in row.get("columns", {})}
        except (ValueError, KeyError, TypeError):
            self._bad("changed", self.last + 1, "its text cannot be read")
            self.last, self.hash = self.last + 1, str(row.get("hash"))
            return
        self._read_link(row, body, seq, is_mine and known == row.get("columns", {}))
        self._read_mark(row, seq)
        self.last, self.hash = max(seq, self.last + 1), str(row["hash"])
        self._read_personal(row, body, seq)

    def _read_link(self, row: dict[str, Any], body: dict[str, Any], seq: int, is_same: bool) -> None:
        expected = self.last + 1
        if digest(row["text"]) != row["hash"] or not is_same or seq < expected:
            self._bad("changed", expected, "its text, hash or columns do not belong together", body)
        elif seq > expected:
            self._bad("removed", expected, f"up to #{seq - 1}" if seq > expected + 1 else "")
        elif body.get("prev") != self.hash:
            # One of two neighbours was rewritten together with its hash. A seal may tell which; else the chain accuses the older.
            is_older_sealed = self.last in self.marks and self.marks[self.last][0] == self.hash
            accused = seq if is_older_sealed or not self.last else self.last
            self._bad("changed", accused, "its neighbour remembers another hash", body if accused == seq else None)

    def _read_mark(self, row: dict[str, Any], seq: int) -> None:
        mark = self.marks.get(seq)
        if mark and mark[0] != row["hash"] and self.is_intact:
            self._bad("recomputed", seq, mark[1])

    def _read_personal(self, row: dict[str, Any], body: dict[str, Any], seq: int) -> None:
        event, kept = str(body.get("event", "")), dict(body.get("personal") or {})
        for value in row.get("personal", ()):
            name = value["field"]
            self.present[event, name] = seq
            if kept.pop(name, None) != digest(f"{value['salt']}:{value['value']}"):
                self._bad("personal", seq, name, body)
        for name in kept:
            if name in row.get("withheld", ()):
                self.report.add("withheld", f"{self.subject}#{seq}", name, event)
            else:
                self.absent[event, name] = seq, self.position
        if str(body.get("name", "")).startswith(ERASED):
            self.erasures.add((str(body["data"].get("event")), str(body["data"].get("field"))))

    def end(self, head: dict[str, Any] | None) -> None:
        """After the last row: does it reach as far as head and seals say, and is every absent value accounted for?"""
        sealed = max(self.marks, default=0)
        if self.last < sealed:
            self._bad("shortened", self.last + 1, f"{self.marks[sealed][1]} saw #{sealed}")
        elif head and self.last < head["seq"]:
            self._bad("shortened", self.last + 1, f"the head stands at #{head['seq']}")
        elif head and self.is_intact and (self.last, self.hash) != (head["seq"], head["hash"]):
            self._bad("changed", self.last, "the head remembers another hash")
        self.report.unsealed += max(0, self.last - sealed)
        for (event, name), (seq, position) in self.absent.items():
            kind = "erased" if (event, name) in self.erasures else "missing"
            self.report.add(kind, f"{self.subject}#{seq}", name, event, position)
        for event, name in self.erasures & self.present.keys():
            self._bad("personal", self.present[event, name], f"{name}: erased on the record, yet there again")

    def _bad(self, kind: str, seq: int, detail: str = "", body: dict[str, Any] | None = None) -> None:
        self.is_intact = self.is_intact and kind in ("personal", "missing")
        self.report.add(kind, f"{self.subject}#{seq}", detail, str((body or {}).get("event", "")), self.position)


def check_rows(groups: Iterable[tuple[str, Iterable[dict[str, Any]]]], marks: Marks, report: Report,
               *, heads: dict[str, dict[str, Any]] | None = None, is_complete: bool = True) -> Report:  # fmt: skip
    """Every subject's rows in order of seq. A row may carry its subject's `head`. Complete: sealed subjects must be there."""
    seen = set()
    for subject, rows in groups:
        seen.add(subject)
        report.subjects += 1
        chain, head = Chain(subject, marks.of(subject), report), (heads or {}).get(subject)
        for row in rows:
            chain.read(row)
            head = row.get("head", head)
        chain.end(head)
    if is_complete:
        for subject in sorted((marks.by_subject.keys() | (heads or {}).keys()) - seen):
            Chain(subject, marks.of(subject), report).end((heads or {}).get(subject))
    if report.unsealed:
        report.add("unsealed", str(report.unsealed))
    return report


# --- an export --------------------------------------------------------------------------------------------------------


class Unreadable(Exception):
    """What was given is no export."""


class Export:
    """A folder or a ZIP with ledger.jsonl, seals.jsonl and perhaps heads.json, also one folder further down."""

    def __init__(self, path: Path) -> None:
        self.zip = zipfile.ZipFile(path) if path.is_file() else None
        names = self.zip.namelist() if self.zip else [str(p.relative_to(path)) for p in path.rglob("*") if p.is_file()]
        self.path = path
        self.names = {Path(name).name: name for name in sorted(names, key=lambda n: (-n.count("/"), n))}
        if "ledger.jsonl" not in self.names:
            raise Unreadable(f"{path}: ledger.jsonl")

    def lines(self, name: str) -> Iterator[dict[str, Any]]:
        if name not in self.names:
            return
        at = self.names[name]
        with self.zip.open(at) if self.zip else (self.path / at).open("rb") as raw:
            for number, line in enumerate(io.TextIOWrapper(raw, encoding="utf-8"), start=1):
                if line.strip():
                    yield _object(line, f"{name}:{number}")

    def heads(self) -> tuple[dict[str, dict[str, Any]], bool]:
        """The heads, and whether this is the whole ledger (`is_complete`) or a slice of it."""
        if "heads.json" not in self.names:
            return {}, False
        at = self.names["heads.json"]
        raw = self.zip.read(at) if self.zip else (self.path / at).read_bytes()
        found = _object(raw.decode(), "heads.json")
        return found.get("heads", {}), bool(found.get("is_complete", False))

    def files(self) -> Iterator[tuple[str, str, str | None]]:
        """What checksums.sha256 names: (name, hash that stands there, hash of what lies here or None)."""
        if CHECKSUMS not in self.names:
            return
        at = self.names[CHECKSUMS]
        folder = at.removesuffix(CHECKSUMS)
        listed = self.zip.read(at) if self.zip else (self.path / at).read_bytes()
        for line in listed.decode().splitlines():
            expected, _, name = line.partition("  ")
            yield name, expected, self._hash_of(folder + name)

    def _hash_of(self, name: str) -> str | None:
        found = hashlib.sha256()
        try:
            with self.zip.open(name) if self.zip else (self.path / name).open("rb") as raw:
                while piece := raw.read(1 << 16):
                    found.update(piece)
        except (OSError, KeyError, zipfile.BadZipFile):
            return None
        return found.hexdigest()


def check_files(export: Export, report: Report) -> None:
    """Every file against its checksum, and each piece of evidence against the hashes that stand in the ledger."""
    recorded = {h for row in export.lines("ledger.jsonl") for h in SHA256.findall(str(row.get("text", "")))}
    for name, expected, found in export.files():
        if found is None:
            report.add("file", name, "it is missing or cannot be read")
        elif found != expected:
            report.add("file", name, "its checksum is another")
        elif name.startswith("evidence/") and found not in recorded:
            report.add("file", name, "its hash does not stand in the ledger")


def _object(text: str, where: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise Unreadable(f"{where}: {error}") from error
    if not isinstance(found, dict):
        raise Unreadable(f"{where}: {type(found).__name__}")
    return found


def _grouped(rows: Iterable[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    """By subject in the order of the file: a row whose text cannot be read stays with the subject of the row before it."""
    groups: dict[str, list[dict[str, Any]]] = {}
    subject = "?"
    for row in rows:
        try:
            subject = str(json.loads(row["text"])["subject"])
        except (ValueError, KeyError, TypeError):
            subject = str(row.get("subject", subject))
        groups.setdefault(subject, []).append(row)
    return list(groups.items())


def verify_export(path: Path, outside: Iterable[dict[str, Any]] = (), keys: Iterable[str] = ()) -> Report:
    """Check an export; raises `Unreadable` (or OSError, BadZipFile, UnicodeDecodeError) when it is none."""
    export, report = Export(path), Report()
    heads, is_complete = export.heads()
    marks = check_seals(export.lines("seals.jsonl"), outside, list(keys), report, is_complete=is_complete)
    check_rows(_grouped(export.lines("ledger.jsonl")), marks, report, heads=heads, is_complete=is_complete)
    check_files(export, report)
    return report


# --- the command ------------------------------------------------------------------------------------------------------


def spoken(report: Report, language: str) -> str:
    """The report for people. `language`: ko or anything else for English."""
    words = {kind: pair[language.startswith("ko")] for kind, pair in WORDS.items()}
    numbers = {"rows": report.rows, "subjects": report.subjects, "seals": report.seals, "failures": report.failed}
    lines = [words["whole" if report.is_whole else "broken"].format(**numbers)]
    if report.first:
        lines.append(f"{words['first']}: {_line(report.first, words)}")
    lines += [f"  - {_line(finding, words)}" for finding in report.failures + report.information]
    return "\n".join(lines)


def _line(finding: Finding, words: dict[str, str]) -> str:
    more = " ".join(part for part in (finding.detail, f"[{finding.event}]" if finding.event else "") if part)
    return f"{words[finding.kind]}: {finding.place}{f' ({more})' if more else ''}"


def as_json(report: Report) -> str:
    first = asdict(report.first) if report.first else None
    return json.dumps({"is_whole": report.is_whole, "first": first, **asdict(report)}, ensure_ascii=False, indent=1)


def read_outside(paths: Iterable[Path]) -> list[dict[str, Any]]:
    """Seals that were kept outside: files with one JSON object per line."""
    return [_object(line, str(p)) for p in paths for line in p.read_text(encoding="utf-8").splitlines() if line.strip()]


def read_keys(given: Iterable[str]) -> list[str]:
    """Public keys in base64, or files that hold one."""
    return [Path(key).read_text().strip() if len(key) != 44 and Path(key).is_file() else key.strip() for key in given]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Check a Bongsu ledger export. / 봉수 원장 내보내기 확인")
    parser.add_argument("export", type=Path)
    parser.add_argument("--seal", type=Path, action="append", default=[], help="a seal kept outside / 밖에 보관한 봉인")
    parser.add_argument("--public-key", action="append", default=[], help="base64, or a file with it / 봉인 공개 키")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    language = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "en")
    try:
        report = verify_export(given.export, read_outside(given.seal), read_keys(given.public_key))
    except (Unreadable, OSError, zipfile.BadZipFile, UnicodeDecodeError) as error:
        sys.stderr.write(f"{WORDS['unreadable'][language.startswith('ko')]}: {error}\n")
        return 2
    sys.stdout.write((as_json(report) if given.json else spoken(report, language)) + "\n")
    return 0 if report.is_whole else 1


if __name__ == "__main__":
    sys.exit(main())

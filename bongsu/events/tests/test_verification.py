"""What the verifier finds, by name of the first bad row: the same functions over the live ledger and over an export (M4)."""

import base64
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.db import connection

from bongsu.events import exporting, sealing, verify_ledger
from bongsu.events.actions import erase_personal
from bongsu.events.models import Delivery, Event, Head, Personal, Seal, SealDelivery
from bongsu.events.queries import values_of
from bongsu.events.triggers import FROZEN, restore_triggers
from bongsu.events.verification import verify, verify_on_record
from bongsu.events.verify_ledger import is_signed
from bongsu.kernel.canonical import canonical, digest
from bongsu.kernel.errors import NotFound, Refused

from .telling import US, begin, tell

SCRIPT = Path(verify_ledger.__file__)


@pytest.fixture(autouse=True)
def seals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BONGSU_SEALS", str(tmp_path / "seals"))
    return tmp_path / "seals"


@pytest.fixture
def subject(committed_db: str, console: Any) -> Any:
    """A record with six entries, sealed after the fourth; the seal is delivered."""
    sealing.install(console, is_demo=False)
    subject = begin()
    tell(US, "a", "b", "c", "d", subject=subject.ref, who="Hong")
    sealing.seal(console)
    sealing.deliver_seals(console)
    tell(US, "e", "f", subject=subject.ref)
    return subject


@contextmanager
def tampering() -> Iterator[Any]:
    """What a database administrator may do: no trigger stops him."""
    with connection.cursor() as cursor:
        for table, verbs in FROZEN.items():
            for verb in verbs:
                on = f" ON {table}" if connection.vendor == "postgresql" else ""
                cursor.execute(f"DROP TRIGGER {table}_no_{verb.lower()}{on}")
        yield cursor
    restore_triggers()


def rechain(subject: Any, *, change: Callable[[dict[str, Any]], None] | None = None) -> None:
    """Rewrite the whole chain of a subject so that it fits together again."""
    previous, seq = "0" * 64, 0
    for row in Event.objects.filter(subject=subject).order_by("seq"):
        body, seq = json.loads(row.text), seq + 1
        if change:
            change(body)
        body |= {"prev": previous, "seq": seq}
        text = canonical(body)
        previous = digest(text)
        Event.objects.filter(pk=row.pk).update(text=text, hash=previous, seq=seq)
    Head.objects.filter(subject=subject).update(seq=seq, hash=previous)


def rows(subject: Any) -> Any:
    return Event.objects.filter(subject=subject)


def change_text(subject: Any) -> None:
    row = rows(subject).get(seq=2)
    rows(subject).filter(seq=2).update(text=row.text.replace('"words":"b"', '"words":"B"'))


def change_text_and_hash(subject: Any) -> None:
    text = rows(subject).get(seq=5).text.replace('"words":"e"', '"words":"E"')
    rows(subject).filter(seq=5).update(text=text, hash=digest(text))


def change_column(subject: Any) -> None:
    rows(subject).filter(seq=3).update(actor="person:someone-else")


def delete(gone: Any) -> None:
    for table in (Delivery, Personal):
        table.objects.filter(event__in=gone).delete()
    gone.delete()


def remove_row(subject: Any) -> None:
    delete(rows(subject).filter(seq=3))


def cut(subject: Any, keep: int) -> None:
    delete(rows(subject).filter(seq__gt=keep))


def cut_and_move_head(subject: Any) -> None:
    cut(subject, 3)
    Head.objects.filter(subject=subject).update(seq=3, hash=rows(subject).get(seq=3).hash)


def recompute(subject: Any) -> None:
    rechain(subject, change=lambda body: body["data"].update(words="rewritten"))


def recompute_after_removal(subject: Any) -> None:
    remove_row(subject)
    rechain(subject)


def change_personal(subject: Any) -> None:
    Personal.objects.filter(event=rows(subject).get(seq=2), field="who").update(value='"Kim"')


def lose_personal(subject: Any) -> None:
    Personal.objects.filter(event=rows(subject).get(seq=2), field="who").delete()


def vanish(subject: Any) -> None:
    cut(subject, 0)
    Head.objects.filter(subject=subject).update(seq=0, hash="0" * 64)


ATTACKS = [
    (change_text, "changed", 2),
    (change_text_and_hash, "changed", 5),
    (change_column, "changed", 3),
    (remove_row, "removed", 3),
    (lambda subject: cut(subject, 5), "shortened", 6),
    (cut_and_move_head, "shortened", 4),
    (recompute, "recomputed", 4),
    (recompute_after_removal, "recomputed", 4),
    (vanish, "shortened", 1),
    (change_personal, "personal", 2),
    (lose_personal, "missing", 2),
]


@pytest.mark.parametrize(("attack", "kind", "seq"), ATTACKS, ids=[f"{n}-{a[1]}" for n, a in enumerate(ATTACKS)])
def test_every_kind_of_tampering_is_told_apart_and_its_first_row_named(subject, attack, kind: str, seq: int) -> None:
    assert verify().is_whole
    with tampering():
        attack(subject)
    first = verify().first
    assert (first.kind, first.place) == (kind, f"{subject.ref}#{seq}")


def test_the_export_shows_the_same_findings_as_the_live_ledger(subject, tmp_path: Path) -> None:
    for number, (attack, kind, seq) in enumerate(ATTACKS):
        folder = export(tmp_path / f"good-{number}")
        assert verify_ledger.verify_export(folder).is_whole, kind
        before = {table: list(table.objects.values()) for table in (Event, Personal, Head)}
        with tampering():
            attack(subject)
            first = verify_ledger.verify_export(export(tmp_path / f"bad-{number}")).first
            assert (first.kind, first.place) == (kind, f"{subject.ref}#{seq}")
            put_back(before)


def put_back(before: dict[Any, list[dict[str, Any]]]) -> None:
    delete(Event.objects.all())
    for row in before[Event]:
        Event.objects.create(**row)
    for row in before[Personal]:
        Personal.objects.create(**row)
    for row in before[Head]:
        Head.objects.filter(pk=row["subject_id"]).update(seq=row["seq"], hash=row["hash"])


def export(folder: Path) -> Path:
    """The whole ledger as an export writes it."""
    folder.mkdir(parents=True)
    with (folder / "ledger.jsonl").open("w", encoding="utf-8") as file:
        for event in Event.objects.order_by("position"):
            personal = list(Personal.objects.filter(event=event).values("field", "salt", "value"))
            columns = {"seq": event.seq, "actor": event.actor}
            row = {"text": event.text, "hash": event.hash, "personal": personal, "columns": columns}
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    with (folder / "seals.jsonl").open("w") as file:
        for seal in Seal.objects.order_by("number"):
            file.write(json.dumps({"text": seal.text, "hash": seal.hash, "signature": seal.signature}) + "\n")
    heads = {h.subject_id: {"seq": h.seq, "hash": h.hash} for h in Head.objects.filter(seq__gt=0)}
    (folder / "heads.json").write_text(json.dumps({"is_complete": True, "heads": heads}))
    return folder


def test_an_erasure_on_the_record_is_no_failure(subject, root) -> None:
    erase_personal(root, event=rows(subject).get(seq=2).event, field="who", reason="asked")
    report = verify()
    assert report.is_whole
    assert [(f.place, f.detail) for f in report.information if f.kind == "erased"] == [(f"{subject.ref}#2", "who")]


def test_a_value_that_comes_back_after_its_erasure_is_found(subject, root) -> None:
    value = Personal.objects.get(event=rows(subject).get(seq=2), field="who")
    erase_personal(root, event=value.event.event, field="who", reason="asked")
    Personal.objects.create(event=value.event, field="who", salt=value.salt, value=value.value)
    assert verify().first.kind == "personal"


def test_only_an_outside_seal_shows_a_ledger_rewritten_together_with_its_seals(subject, seals: Path) -> None:
    """The administrator of the database drops the seals, rewrites the chain, and has no key to make new ones."""
    kept = [json.loads(file.read_text()) for file in seals.iterdir()]
    with tampering():
        recompute(subject)
        SealDelivery.objects.all().delete()
        Seal.objects.all().delete()
    assert verify(outside=[]).is_whole  # he got away with it inside
    report = verify(outside=kept)
    assert {f.kind for f in report.failures} == {"shortened", "recomputed"}
    assert any(f.kind == "recomputed" and f.place == f"{subject.ref}#4" for f in report.failures)


def test_a_seal_of_another_key_and_a_seal_out_of_line_are_named(subject, console) -> None:
    sealing.seal(console)
    seal = Seal.objects.get(number=2)
    forged = base64.b64encode(Ed25519PrivateKey.generate().sign(seal.text.encode())).decode()
    with tampering():
        Seal.objects.filter(number=2).update(signature=forged)
        assert (verify().first.kind, verify().first.place) == ("forged", "seal 2")
        Seal.objects.filter(number=2).update(signature=seal.signature)
        body = json.loads(seal.text) | {"prev": "1" * 64}
        text = canonical(body)
        signed = base64.b64encode(settings.KEYS.signer.sign(text.encode())).decode()
        Seal.objects.filter(number=2).update(text=text, hash=digest(text), signature=signed)
        assert (verify().first.kind, verify().first.place) == ("unlinked", "seal 2")


def test_a_seal_lists_what_changed_links_back_and_leaves_the_database_once(subject, console, seals: Path) -> None:
    first = Seal.objects.get(number=1)
    body = json.loads(first.text)
    assert [subject.ref, 4, rows(subject).get(seq=4).hash] in body["entries"]
    assert body["prev"] == "0" * 64
    assert body["is_demo"] is False
    second = sealing.seal(console, is_wanted=False)
    body = json.loads(second.text)
    assert [entry[:2] for entry in body["entries"] if entry[0] == subject.ref] == [[subject.ref, 6]]
    assert body["prev"] == first.hash
    assert sealing.seal(console, is_wanted=False) is None  # nothing but sealing itself was recorded since
    assert sealing.seal(console).number == 3
    assert sealing.deliver_seals(console) == 2
    assert sealing.deliver_seals(console) == 0
    assert sorted(file.name[-8:-5] for file in seals.iterdir()) == ["001", "002", "003"]
    assert verify().is_whole


def test_another_seal_in_the_folder_is_never_overwritten(subject, console, seals: Path) -> None:
    made = sealing.seal(console)
    seals.joinpath(sealing.file_name(made)).write_text("{}")
    with pytest.raises(Refused):
        sealing.deliver_seals(console)


@pytest.mark.django_db
def test_nothing_is_sealed_in_a_database_that_is_not_installed(console) -> None:
    assert sealing.seal(console, is_wanted=False) is None
    with pytest.raises(Refused):
        sealing.seal(console)


def test_what_a_check_found_is_on_the_record(subject, console) -> None:
    with tampering():
        change_text(subject)
    verify_on_record(console)
    said = values_of(Event.objects.get(name="events.verified@1"))[0]
    assert said["failures"] == 1
    assert said["first"] == f"changed {subject.ref}#2"


def run(*arguments: object, language: str = "en_US.UTF-8") -> "subprocess.CompletedProcess[str]":
    environment = {"LANG": language, "PATH": os.environ["PATH"], "PYTHONIOENCODING": "utf-8"}
    # -I -S: nothing but the standard library can be imported.
    command = [sys.executable, "-I", "-S", SCRIPT, *map(str, arguments)]
    return subprocess.run(command, env=environment, capture_output=True, text=True)


def test_the_script_alone_reads_a_folder_and_a_zip_and_answers_in_both_languages(subject, seals: Path, tmp_path: Path) -> None:
    folder = export(tmp_path / "export")
    packed = tmp_path / "export.zip"
    with zipfile.ZipFile(packed, "w") as file:
        for path in folder.iterdir():
            file.write(path, f"INC-2026-001/{path.name}")
    outside = [part for path in seals.iterdir() for part in ("--seal", path)]
    for given in (folder, packed):
        done = run(given, *outside, "--public-key", settings.KEYS.public)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith("The ledger is whole")
    assert "원장은 온전합니다" in run(folder, language="ko_KR.UTF-8").stdout
    assert "no public key was given" in run(folder).stdout
    found = run(folder, "--public-key", base64.b64encode(b"1" * 32).decode(), "--json")
    assert found.returncode == 1
    assert json.loads(found.stdout)["first"]["kind"] == "forged"


def test_a_slice_of_the_ledger_is_checked_without_the_rest(subject, tmp_path: Path) -> None:
    folder = export(tmp_path / "slice")
    mine = [line for line in (folder / "ledger.jsonl").read_text().splitlines() if subject.ref in json.loads(line)["text"]]
    (folder / "ledger.jsonl").write_text("\n".join(mine[:-1]))
    (folder / "heads.json").write_text(json.dumps({"heads": {}}))
    assert run(folder).returncode == 0
    (folder / "ledger.jsonl").write_text("\n".join(mine[:3]))
    assert "shortened" in run(folder).stdout


@pytest.mark.parametrize("content", ["", "nonsense", "[1]", '{"text": 5}', '{"text": "{}", "hash": "x"}', '{"hash": null}'])
def test_what_is_no_export_is_said_to_be_none(tmp_path: Path, content: str) -> None:
    assert run(tmp_path / "nowhere").returncode == 2
    assert run(tmp_path).returncode == 2
    (tmp_path / "ledger.jsonl").write_text(content)
    done = run(tmp_path)
    assert done.returncode in (0, 1, 2)
    assert "Traceback" not in done.stderr
    assert (done.returncode == 0) == (content == "")


def test_the_signature_check_agrees_with_the_cryptography_package() -> None:
    for number in range(12):
        private = Ed25519PrivateKey.generate()
        public = private.public_key().public_bytes_raw()
        message = os.urandom(number * 37)
        signature = private.sign(message)
        assert is_signed(public, message, signature)
        assert not is_signed(public, message + b"x", signature)
        for place in (0, 31, 32, 63):
            bad = bytearray(signature)
            bad[place] ^= 1
            assert not is_signed(public, message, bytes(bad))
        assert not is_signed(Ed25519PrivateKey.generate().public_key().public_bytes_raw(), message, signature)
    # RFC 8032, 7.1, test 2; and a signature whose scalar is not reduced (malleability).
    public = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
    signature = bytes.fromhex(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )
    assert is_signed(public, b"\x72", signature)
    larger = int.from_bytes(signature[32:], "little") + verify_ledger.ORDER
    assert not is_signed(public, b"\x72", signature[:32] + larger.to_bytes(32, "little"))
    assert not is_signed(b"\xff" * 32, b"", bytes(64))


def test_an_export_of_one_record_carries_its_own_check(subject, console, bob, tmp_path: Path) -> None:
    sealing.seal(console)
    folder = tmp_path / "INC-2026-001"
    folder.mkdir()
    (folder / exporting.SCRIPT_NAME).write_bytes(exporting.script())
    held = exporting.ledger_rows(console, subject.ref, is_withheld=lambda event: event.seq == 2)
    for name, rows in (("ledger.jsonl", held), ("seals.jsonl", exporting.seal_rows(subject.ref))):
        (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    command = [sys.executable, "-I", "-S", folder / exporting.SCRIPT_NAME, folder, "--public-key", settings.KEYS.public, "--json"]
    found = json.loads(subprocess.run(list(map(str, command)), capture_output=True, text=True).stdout)
    assert found["is_whole"]
    assert (found["rows"], found["seals"], found["counts"]) == (6, 2, {"withheld": 1})
    with pytest.raises(NotFound):
        list(exporting.ledger_rows(bob, begin(restricted=True).ref))

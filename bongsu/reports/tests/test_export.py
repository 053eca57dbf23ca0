"""The whole record as a ZIP that is verified without Bongsu (M1, E4)."""

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bongsu.events import sealing
from bongsu.events.models import Event, Reader
from bongsu.files import actions as files
from bongsu.incidents import actions as incidents
from bongsu.incidents.models import Incident
from bongsu.kernel.actors import Actor
from bongsu.kernel.canonical import digest
from bongsu.kernel.errors import Forbidden, NotFound
from bongsu.reports import actions

pytestmark = pytest.mark.django_db

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40


@pytest.fixture(autouse=True)
def installed(db: None) -> None:
    """Before anybody or anything else is there: the first row of the ledger."""
    sealing.install(Actor(key="console:tests"), is_demo=False)


@pytest.fixture
def record(installed: None, alice: Actor, bob: Actor, default_pack: None) -> Incident:
    """A restricted incident with evidence of every label and a report in both languages."""
    incident = incidents.open_incident(
        alice, title="답변에 남의 주소", type="security", subtype="prompt_injection", severity="P1", restriction="a colleague",
        readers=[bob.person_id],  # type: ignore[list-item]
    )  # fmt: skip
    for name, labels, values in (
        ("screen of Kim.png", [], {}),
        ("악성 출력.txt", ["harmful"], {"is_harmful": True}),
        ("counsel memo.pdf", ["privileged"], {"is_privileged": True}),
    ):
        stored = files.store(alice, subject=incident.subject_id, name=name, content=PICTURE + name.encode(), labels=labels)
        incidents.add_evidence(alice, incident=incident.id, title=f"title of {name}", file=stored, **values)
    incidents.add_evidence(alice, incident=incident.id, title="log", quote="WARN cache key has no customer")
    actions.draft(alice, incident=incident.id, language="ko")
    actions.draft(alice, incident=incident.id, language="en")
    return incident


def unpacked(taken: Any, where: Path) -> Path:
    with taken.content, zipfile.ZipFile(taken.content) as packed:
        packed.extractall(where)
    return where / taken.number


def verified(folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """With the standard library only, nothing of Bongsu in reach, as whoever got the ZIP would."""
    command = [sys.executable, "-I", "-S", "verify_ledger.py", ".", "--public-key", "public-key.txt", *more]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=120, env={"LC_ALL": "ko_KR.UTF-8", "PYTHONUTF8": "1"}
    )


def test_an_export_is_whole_and_says_so_offline(alice: Actor, record: Incident, tmp_path: Path) -> None:
    folder = unpacked(actions.take_export(alice, number=record.number), tmp_path)
    answer = verified(folder)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    told = json.loads(verified(folder, "--json").stdout)
    assert told["is_whole"]
    assert told["seals"] >= 1
    assert not told["unsealed"]
    names = {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}
    assert {
        "README.ko.md",
        "README.en.md",
        "checksums.sha256",
        "heads.json",
        "access.jsonl",
        "messages.jsonl",
        "incident.json",
    } <= names
    assert {
        f"report/{record.number}-incident-report-{language}-draft.{form}"
        for language in ("ko", "en")
        for form in ("md", "html", "pdf")
    } <= names
    assert (folder / "report" / f"{record.number}-incident-report-ko-draft.pdf").read_bytes().startswith(b"%PDF")
    access = [json.loads(line) for line in (folder / "access.jsonl").read_text().splitlines()]
    assert any(row["name"] == "Alice" and row.get("door") == "export" for row in access)


def test_names_in_the_export_carry_only_the_id(alice: Actor, record: Incident, tmp_path: Path) -> None:
    taken = actions.take_export(alice, number=record.number)
    names = zipfile.ZipFile(taken.content).namelist()
    assert all(name.startswith(f"{record.number}/") and name.isascii() for name in names)
    assert not [name for name in names if any(word in name for word in ("Kim", "memo", "title", "screen"))]


def test_harmful_evidence_lies_apart_and_privileged_stays_back(
    alice: Actor, lena: Actor, ivy: Actor, record: Incident, tmp_path: Path
) -> None:
    for person in (lena, ivy):
        incidents.let_in(alice, incident=record.id, person=person.person_id, reason="needed")  # type: ignore[arg-type]
    folder = unpacked(actions.take_export(alice, number=record.number), tmp_path / "a")
    rows = json.loads((folder / "evidence.json").read_text())
    assert [r.get("withheld") for r in rows] == [None, None, "privileged", None]
    assert rows[1]["file"].startswith("evidence/harmful/")
    assert "title" not in rows[2]
    assert "file" not in rows[2]
    everything = b"".join(p.read_bytes() for p in folder.rglob("*") if p.is_file())
    assert b"counsel memo" not in everything
    assert verified(folder).returncode == 0
    assert "withheld" in verified(folder, "--json").stdout
    with pytest.raises(Forbidden):
        actions.take_export(alice, number=record.number, is_privileged_included=True)
    folder = unpacked(actions.take_export(lena, number=record.number, is_privileged_included=True), tmp_path / "b")
    rows = json.loads((folder / "evidence.json").read_text())
    assert (folder / rows[2]["file"]).read_bytes() == PICTURE + b"counsel memo.pdf"
    assert verified(folder).returncode == 0
    folder = unpacked(actions.take_export(ivy, number=record.number), tmp_path / "c")  # an auditor may not reveal
    rows = json.loads((folder / "evidence.json").read_text())
    assert rows[1]["withheld"] == "harmful"
    assert not (folder / "evidence" / "harmful").exists()
    assert Event.objects.filter(name="reports.exported@1").count() == 3


def test_harmful_lines_and_addresses_stand_nowhere_in_clear(alice: Actor, ivy: Actor, record: Incident, tmp_path: Path) -> None:
    """They lie apart, each a file of its own that evidence.json names with its hash, and the script verifies them."""
    incidents.add_evidence(alice, incident=record.id, title="", quote="how to build the thing", is_harmful=True)
    incidents.add_evidence(alice, incident=record.id, title="", url="https://bad.example/thing", is_harmful=True)
    folder = unpacked(actions.take_export(alice, number=record.number), tmp_path / "a")
    rows = [row for row in json.loads((folder / "evidence.json").read_text()) if row["is_harmful"] and row["kind"] != "file"]
    assert [(folder / row["file"]).read_text() for row in rows] == ["how to build the thing", "https://bad.example/thing"]
    for row in rows:
        assert row["file"].startswith("evidence/harmful/")
        assert row["sha256"] == digest((folder / row["file"]).read_bytes())
    elsewhere = b"".join(p.read_bytes() for p in folder.rglob("*") if p.is_file() and p.parent.name != "harmful")
    assert b"build the thing" not in elsewhere
    assert b"bad.example" not in elsewhere
    assert len(list((folder / "evidence" / "harmful").iterdir())) == 3
    assert "evidence/harmful/ (3)" in (folder / "README.en.md").read_text()
    answer = verified(folder)
    assert answer.returncode == 0, answer.stdout
    (folder / rows[0]["file"]).write_text("how to bake a cake")
    assert verified(folder).returncode == 1
    incidents.let_in(alice, incident=record.id, person=ivy.person_id, reason="needed")  # type: ignore[arg-type]
    folder = unpacked(actions.take_export(ivy, number=record.number), tmp_path / "b")  # an auditor may not reveal
    assert b"build the thing" not in b"".join(p.read_bytes() for p in folder.rglob("*") if p.is_file())


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("ledger.jsonl", ""), ("seals.jsonl", "forged"), ("evidence/001*", "file"), ("incident.json", "file"),
        ("report/*-ko-draft.pdf", "file"), ("messages.txt", ""), ("heads.json", ""),
    ],
)  # fmt: skip
def test_a_changed_byte_is_found(alice: Actor, record: Incident, tmp_path: Path, name: str, kind: str) -> None:
    folder = unpacked(actions.take_export(alice, number=record.number), tmp_path)
    (path,) = folder.glob(name)
    content = bytearray(path.read_bytes() or b"x")
    place = content.index(b"a", len(content) // 2) if b"a" in content[len(content) // 2 :] else len(content) // 2
    content[place] ^= 1
    path.write_bytes(content)
    answer = verified(folder, "--json")
    assert answer.returncode in (1, 2), answer.stdout
    assert kind in answer.stdout


def test_evidence_that_was_exchanged_together_with_its_checksum_is_found(alice: Actor, record: Incident, tmp_path: Path) -> None:
    folder = unpacked(actions.take_export(alice, number=record.number), tmp_path)
    (path,) = folder.glob("evidence/001*")
    sums, old = folder / "checksums.sha256", digest(path.read_bytes())
    path.write_bytes(b"another picture")
    sums.write_text(sums.read_text().replace(old, digest(b"another picture")))
    answer = verified(folder)
    assert answer.returncode == 1
    assert "evidence/001" in answer.stdout


def test_a_removed_entry_and_a_removed_file_are_found(alice: Actor, record: Incident, tmp_path: Path) -> None:
    folder = unpacked(actions.take_export(alice, number=record.number), tmp_path)
    lines = (folder / "ledger.jsonl").read_text().splitlines(keepends=True)
    (folder / "ledger.jsonl").write_text("".join(lines[:2] + lines[3:]))
    next(iter(folder.glob("evidence/001*"))).unlink()
    told = json.loads(verified(folder, "--json").stdout)
    assert told["counts"]["removed"] == 1
    assert told["counts"]["file"] == 2


def test_who_may_not_export_gets_nothing(alice: Actor, charlie: Actor, bora: Actor, lena: Actor, record: Incident) -> None:
    with pytest.raises(NotFound):
        actions.take_export(charlie, number=record.number)
    Reader.objects.get_or_create(subject_id=record.subject_id, person_id=bora.person_id)
    with pytest.raises(Forbidden):
        actions.take_export(bora, number=record.number)
    with pytest.raises(NotFound):
        actions.take_export(lena, number=record.number)
    with pytest.raises(NotFound):
        actions.take_export(alice, number="INC-1999-001")
    assert not Event.objects.filter(name="reports.exported@1").exists()


def test_the_doors_of_report_and_export(
    alice_client: Any, charlie_client: Any, bob_client: Any, record: Incident, drain: Callable[..., int]
) -> None:
    panel = alice_client.get(f"/incidents/{record.number}/panels/report/").content.decode()
    assert "application/zip" not in panel
    assert f"/incidents/{record.number}/export/" in panel
    assert '<b class="num">0 %</b>' in panel
    assert "As it stands, unfinished:" in panel
    words = alice_client.get(f"/incidents/{record.number}/export/").content.decode()  # what is in it; nothing is taken yet
    assert "without Bongsu" in words
    assert Event.objects.filter(name="reports.exported@1").count() == 0
    answer = alice_client.post(f"/incidents/{record.number}/export/")
    assert answer["Content-Disposition"] == f'attachment; filename="{record.number}-export.zip"'
    assert answer.streaming
    assert zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))).testzip() is None
    answer = alice_client.post(f"/incidents/{record.number}/report/draft/", {"language": "en"})
    assert answer.status_code == 302
    assert answer["Location"].startswith("/documents/")
    assert alice_client.post(f"/incidents/{record.number}/report/draft/", {"language": "xx"}).status_code == 422
    for path in (f"/incidents/{record.number}/export/", f"/incidents/{record.number}/report/draft/"):
        assert charlie_client.post(path).status_code in (403, 404)
    assert alice_client.get(f"/incidents/{record.number}/report/draft/").status_code == 405


def test_the_api_of_the_report(alice: Actor, lena: Actor, record: Incident, token_of: Callable[..., str], client: Any) -> None:
    mine = {"HTTP_AUTHORIZATION": f"Bearer {token_of(alice)}"}
    base = f"/api/v1/incidents/{record.number}/report"
    told = client.get(base, {"language": "en"}, **mine).json()
    assert told["language"] == "en"
    assert told["prompts"]
    assert told["state"] == "draft"
    assert [p["key"] for p in client.get(f"{base}/parts", **mine).json()][:2] == ["summary", "timeline"]
    assert client.post(base, data={"language": "en"}, content_type="application/json", **mine).json()["id"] == told["id"]
    answer = client.get(f"{base}/as/pdf", **mine)
    assert answer["Content-Disposition"] == f'attachment; filename="{record.number}-incident-report-en-draft.pdf"'
    assert client.get(f"{base}/as/docx", **mine).status_code == 422
    assert client.post(base, data={"language": "fr"}, content_type="application/json", **mine).status_code == 422
    assert client.get("/api/v1/incidents/INC-1999-001/report", **mine).status_code == 404
    assert client.get(base).status_code == 401
    theirs = {"HTTP_AUTHORIZATION": f"Bearer {token_of(lena)}"}
    export = f"/api/v1/incidents/{record.number}/export"
    assert client.post(export, data={}, content_type="application/json", **theirs).status_code == 404
    packed = client.post(export, data={}, content_type="application/json", **mine, HTTP_IDEMPOTENCY_KEY="once")
    assert Event.objects.filter(name="reports.exported@1").count() == 1  # an idempotency key takes nothing off the record
    assert packed["Content-Type"] == "application/zip"
    assert b"".join(packed.streaming_content)[:2] == b"PK"

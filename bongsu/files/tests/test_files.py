"""B2: evidence files with who, when, hash; blurred until revealed; nothing accepted is lost."""

import io
import os
import time
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction

from bongsu.events.actions import action, open_subject, restrict
from bongsu.events.models import Event
from bongsu.files import actions, queries, reactions
from bongsu.files.models import Reveal, StoredFile
from bongsu.files.rules import path_of
from bongsu.kernel import clock
from bongsu.kernel.actors import Actor, system
from bongsu.kernel.canonical import digest
from bongsu.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Refused

pytestmark = pytest.mark.django_db
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 40


@pytest.fixture(autouse=True)
def storage(settings: Any, tmp_path: Any) -> Any:
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path}},
    }
    return tmp_path


@pytest.fixture
def subject(database: None) -> str:
    opened = action(lambda actor: open_subject(actor, subject="incident:00000000-0000-7000-8000-000000000001").ref)
    return opened(system("tests"))


def test_an_action_that_has_to_run_again_reads_the_upload_again_from_its_beginning(bob: Actor, subject: str) -> None:
    upload = io.BytesIO(b"the whole of it")
    actions.store(bob, subject=subject, name="a.txt", content=upload)
    again = actions.store(bob, subject=subject, name="a.txt", content=upload)
    assert queries.open_file(bob, again.id)[1] == b"the whole of it"


def test_a_stored_file_comes_back_as_it_was_and_lies_encrypted(bob: Actor, subject: str, storage: Any) -> None:
    stored = actions.store(bob, subject=subject, name="../log.txt", content=b"secret line", media_type="text/plain")
    assert (stored.name, stored.sha256, stored.size) == ("log.txt", digest(b"secret line"), 11)
    assert queries.open_file(bob, stored.id)[1] == b"secret line"
    assert b"secret line" not in (storage / path_of(stored.sha256)).read_bytes()
    assert Event.objects.get(name="files.stored@1").actor == bob.key


def test_an_open_file_is_read_and_the_same_bytes_are_kept_once(bob: Actor, subject: str, storage: Any) -> None:
    first = actions.store(bob, subject=subject, name="a.txt", content=io.BytesIO(b"same"))
    second = actions.store(bob, subject=subject, name="b.txt", content=b"same")
    assert first.sha256 == second.sha256
    assert first.id != second.id
    assert len([p for p in storage.rglob("*") if p.is_file()]) == 1


@pytest.mark.parametrize(
    ("name", "content", "labels"),
    [("a.txt", b"", ()), ("a.txt", b"x" * (25 * 1024**2 + 1), ()), ("setup.exe", b"x", ()), ("a.txt", b"x", ("secret",))],
)
def test_bad_uploads_are_refused_with_a_field_and_leave_nothing(
    bob: Actor, subject: str, storage: Any, name: str, content: bytes, labels: tuple[str, ...]
) -> None:
    with pytest.raises(Invalid) as refusal:
        actions.store(bob, subject=subject, name=name, content=content, labels=labels)
    assert refusal.value.fields
    assert not StoredFile.objects.exists()
    assert not list(storage.rglob("*.*"))


def test_a_stranger_neither_stores_nor_reads(charlie: Actor, ivy: Actor, bob: Actor, subject: str) -> None:
    stored = actions.store(bob, subject=subject, name="a.txt", content=b"x")
    with pytest.raises(NotFound):
        queries.open_file(charlie, stored.id)
    with pytest.raises(NotFound):
        actions.store(charlie, subject=subject, name="a.txt", content=b"x")
    with pytest.raises(Forbidden):
        actions.store(ivy, subject=subject, name="a.txt", content=b"x")


def test_a_file_cut_short_by_a_crash_is_written_anew(bob: Actor, subject: str, storage: Any) -> None:
    stored = actions.store(bob, subject=subject, name="a.txt", content=b"whole")
    place = storage / path_of(stored.sha256)
    place.write_bytes(place.read_bytes()[:10])
    with pytest.raises(queries.Damaged):
        queries.open_file(bob, stored.id)
    actions.store(bob, subject=subject, name="again.txt", content=b"whole")
    assert queries.open_file(bob, stored.id)[1] == b"whole"


def test_missing_bytes_are_said_to_be_missing(bob: Actor, subject: str, storage: Any) -> None:
    stored = actions.store(bob, subject=subject, name="a.txt", content=b"x")
    (storage / path_of(stored.sha256)).unlink()
    with pytest.raises(queries.Damaged, match="missing"):
        queries.open_file(bob, stored.id)


def test_orphans_are_swept_after_an_hour_and_files_of_records_never(bob: Actor, subject: str, storage: Any) -> None:
    kept = actions.store(bob, subject=subject, name="a.txt", content=b"kept")

    class Broken(Exception): ...

    @action
    def store_and_break(actor: Actor) -> None:
        actions.store(actor, subject=subject, name="b.txt", content=b"orphan")
        raise Broken

    with pytest.raises(Broken):
        store_and_break(bob)
    orphan = storage / path_of(digest(b"orphan"))
    reactions.sweep()
    assert orphan.exists(), "young: its transaction may still be open"
    long_ago = time.time() - 7200
    os.utime(orphan, (long_ago, long_ago))
    os.utime(storage / path_of(kept.sha256), (long_ago, long_ago))
    reactions.sweep()
    reactions.sweep()
    assert not orphan.exists()
    assert default_storage.exists(path_of(kept.sha256))


def test_blurred_content_is_not_sent_before_it_is_revealed_and_the_reveal_is_on_the_record(bob: Actor, subject: str) -> None:
    stored = actions.store(bob, subject=subject, name="a.png", content=PNG, media_type="image/png", labels=["harmful"])
    with pytest.raises(Refused):
        queries.open_file(bob, stored.id)
    with pytest.raises(Invalid):
        actions.reveal(bob, file_id=stored.id, reason="  ")
    actions.reveal(bob, file_id=stored.id, reason="assessing harm")
    assert queries.open_file(bob, stored.id)[1] == PNG
    assert Event.objects.get(name="files.evidence_revealed@1").actor == bob.key


def test_a_reveal_is_for_one_person_and_for_ten_minutes(bob: Actor, alice: Actor, subject: str) -> None:
    with clock.simulated(clock.now()):
        stored = actions.store(bob, subject=subject, name="a.png", content=PNG, media_type="image/png", labels=["harmful"])
        actions.reveal(bob, file_id=stored.id, reason="assessing harm")
        with pytest.raises(Refused):
            queries.open_file(alice, stored.id)
        clock.advance(timedelta(minutes=11))
        with pytest.raises(Refused):
            queries.open_file(bob, stored.id)
        assert Reveal.objects.count() == 1


def test_an_auditor_may_not_reveal_and_a_clear_file_needs_no_reveal(ivy: Actor, bob: Actor, subject: str) -> None:
    blurred = actions.store(bob, subject=subject, name="a.png", content=PNG, labels=["harmful"])
    clear = actions.store(bob, subject=subject, name="b.png", content=PNG)
    with pytest.raises(Forbidden):
        actions.reveal(ivy, file_id=blurred.id, reason="curious")
    with pytest.raises(Refused):
        actions.reveal(bob, file_id=clear.id, reason="none")


def test_labels_change_with_a_reason_and_legal_takes_its_own_off(bob: Actor, lena: Actor, subject: str) -> None:
    stored = actions.store(bob, subject=subject, name="a.txt", content=b"x")
    actions.label(bob, file_id=stored.id, labels=["legal_hold", "privileged"], reason="lawsuit")
    with pytest.raises(Forbidden):
        actions.label(bob, file_id=stored.id, labels=[], reason="done")
    with pytest.raises(Invalid):
        actions.label(lena, file_id=stored.id, labels=[], reason="")
    actions.label(lena, file_id=stored.id, labels=["privileged"], reason="case closed")
    assert StoredFile.objects.get().labels == ["privileged"]
    assert Event.objects.filter(name="files.labelled@1").count() == 2


def test_privileged_files_are_left_out_of_exports_unless_asked(bob: Actor, subject: str) -> None:
    actions.store(bob, subject=subject, name="a.txt", content=b"a", labels=["privileged"])
    open_one = actions.store(bob, subject=subject, name="b.txt", content=b"b")
    assert queries.for_export(bob, subject) == [open_one]
    assert len(queries.for_export(bob, subject, is_privileged_included=True)) == 2


def test_a_file_is_superseded_not_removed_and_only_once(bob: Actor, subject: str) -> None:
    old = actions.store(bob, subject=subject, name="old.txt", content=b"old")
    new = actions.store(bob, subject=subject, name="new.txt", content=b"new")
    actions.supersede(bob, file_id=old.id, by=new.id, reason="wrong log")
    assert list(queries.files(bob, subject)) == [new]
    assert queries.open_file(bob, old.id)[1] == b"old"
    with pytest.raises(Conflict):
        actions.supersede(bob, file_id=old.id, by=new.id, reason="again")
    with pytest.raises(Invalid):
        actions.supersede(bob, file_id=new.id, by=new.id, reason="itself")
    with pytest.raises(IntegrityError), transaction.atomic():
        StoredFile.objects.filter(pk=new.id).update(superseded_at=clock.now())


def test_a_download_is_an_attachment_no_browser_runs(bob: Actor, bob_client: Any, subject: str) -> None:
    stored = actions.store(bob, subject=subject, name='보고서".svg', content=b"<svg onload=alert(1)>", media_type="image/svg+xml")
    answer = bob_client.get(f"/files/{stored.id}/")
    assert answer.status_code == 200
    assert answer.content == b"<svg onload=alert(1)>"
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"].startswith("attachment;")
    assert "%EB%B3%B4" in answer["Content-Disposition"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert bob_client.get(f"/files/{stored.id}/picture/").status_code == 409


def test_the_page_asks_for_a_reason_before_blurred_content_leaves(bob: Actor, bob_client: Any, subject: str) -> None:
    stored = actions.store(bob, subject=subject, name="a.png", content=PNG, media_type="image/png", labels=["harmful"])
    assert bob_client.get(f"/files/{stored.id}/")["Location"] == f"/files/{stored.id}/reveal/"
    assert bob_client.get(f"/files/{stored.id}/picture/").status_code == 409
    page = bob_client.get(f"/files/{stored.id}/reveal/")
    assert page.status_code == 200
    assert b"/picture/" not in page.content
    assert bob_client.post(f"/files/{stored.id}/reveal/", {"reason": ""}).status_code == 422
    bob_client.post(f"/files/{stored.id}/reveal/", {"reason": "assessing harm"})
    assert bob_client.get(f"/files/{stored.id}/picture/").content == PNG


def test_reading_a_file_of_a_restricted_record_is_on_the_record(
    bob: Actor, alice_client: Any, bob_client: Any, subject: str
) -> None:
    stored = actions.store(bob, subject=subject, name="a.txt", content=b"x")
    restrict(system("tests"), subject=subject, readers=[bob.person_id], reason="personal data")
    assert alice_client.get(f"/files/{stored.id}/").status_code == 404
    assert bob_client.get(f"/files/{stored.id}/").status_code == 200
    assert Event.objects.filter(name="events.record_read@1", actor=bob.key).exists()


def test_machines_store_read_label_and_reveal(bob: Actor, bob_client: Any, token_of: Any, subject: str) -> None:
    door = {"headers": {"Authorization": f"Bearer {token_of(bob)}"}}
    upload = {"subject": subject, "labels": ["harmful"], "file": io.BytesIO(b"hello")}
    made = bob_client.post("/api/v1/files", upload, **door)
    assert made.status_code == 201, made.content
    file_id = made.json()["id"]
    assert made.json()["labels"] == ["harmful"]
    assert bob_client.get(f"/api/v1/files/{file_id}/content", **door).status_code == 409
    reason = {"data": {"reason": "check"}, "content_type": "application/json"}
    assert bob_client.post(f"/api/v1/files/{file_id}/reveal", **reason, **door).status_code == 200
    assert bob_client.get(f"/api/v1/files/{file_id}/content", **door).content == b"hello"
    listed = bob_client.get("/api/v1/files", {"subject": subject}, **door).json()["items"]
    assert [one["sha256"] for one in listed] == [digest(b"hello")]

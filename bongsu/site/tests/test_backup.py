"""Backup and restore on both databases: a round trip that verifies, keys apart, nothing outgoing afterwards (M4)."""

import json
import shutil
import stat
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from bongsu.events import sealing
from bongsu.events.models import Event
from bongsu.events.verification import verify
from bongsu.files import actions as files
from bongsu.files.models import StoredFile
from bongsu.files.queries import bytes_of
from bongsu.integrations.queries import open_hold
from bongsu.kernel.actors import Actor
from bongsu.kernel.errors import Forbidden, Invalid, Refused
from bongsu.kernel.secrets import load_keys
from bongsu.people.actions import create_person
from bongsu.people.models import Person
from bongsu.site import backup
from bongsu.site import restore as restoring

CONSOLE = Actor(key="console:tests", name="tests")
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 100


@pytest.fixture
def home(committed_db: str, tmp_path: Path, settings: Any) -> Path:
    """A home of its own with an installed database, a person, a stored file and a seal outside."""
    place = tmp_path / "home"
    place.mkdir()
    settings.HOME, settings.KEYS = place, load_keys(place / "keys.json")
    standing = settings.STORAGES["default"]
    settings.STORAGES = {**settings.STORAGES, "default": {**standing, "OPTIONS": {"location": place / "files"}}}
    installed = sealing.install(CONSOLE, is_demo=False)
    create_person(CONSOLE, email="kim@example.org", name="Kim", language="ko", roles=["commander"])
    files.store(CONSOLE, subject=f"installation:{installed.id}", name="a.png", content=PICTURE)
    sealing.seal(CONSOLE)
    sealing.deliver_seals(CONSOLE)
    return place


def changed(path: Path, name: str, change: Any, where: Path) -> Path:
    """A copy of the archive in which one member is another; None leaves it out."""
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(where, "w") as new:
        for member in old.namelist():
            content = change(old.read(member)) if member == name else old.read(member)
            if content is not None:
                new.writestr(member, content)
    return where


def test_a_round_trip_brings_everything_back_and_holds_what_is_outgoing(home: Path, tmp_path: Path) -> None:
    made = backup.back_up(CONSOLE, path=tmp_path / "a.backup", keys=tmp_path / "a.keys")
    create_person(CONSOLE, email="later@example.org", name="Later", language="ko")
    rows = Event.objects.count()
    with pytest.raises(Refused, match="force"):
        restoring.restore(CONSOLE, path=tmp_path / "a.backup")
    assert Event.objects.count() == rows
    assert Person.objects.filter(email="later@example.org").exists()
    found = restoring.restore(CONSOLE, path=tmp_path / "a.backup", is_forced=True)
    assert found == made
    assert not Person.objects.filter(email="later@example.org").exists()
    assert Person.objects.filter(email="kim@example.org").exists()
    assert bytes_of(StoredFile.objects.get().sha256) == PICTURE
    report = verify()
    assert (report.is_whole, report.seals) == (True, 1), report.failures
    hold = open_hold()
    assert hold is not None
    assert made.made_at[:10] in hold.reason["ko"]
    assert Event.objects.filter(name="site.restored@1").count() == 1
    (aside,) = home.glob("before-restore-*")
    assert {p.name for p in aside.iterdir()} >= {
        "files",
        "seals",
        "copy.sqlite3" if connection.vendor == "sqlite" else "database.pgdump",
    }
    assert not list(home.glob(".restore-*"))


def test_the_keys_are_never_inside_and_lie_apart_for_their_owner_only(home: Path, tmp_path: Path) -> None:
    backup.back_up(CONSOLE, path=tmp_path / "a.backup", keys=tmp_path / "a.keys")
    keys = json.loads((home / "keys.json").read_text())
    with zipfile.ZipFile(tmp_path / "a.backup") as archive:
        assert not [name for name in archive.namelist() if "key" in name]
        everything = b"".join(archive.read(name) for name in archive.namelist())
    assert not [secret for secret in (keys["django"], *keys["fernet"], keys["seal"]) if secret.encode() in everything]
    for path in (tmp_path / "a.backup", tmp_path / "a.keys"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (tmp_path / "a.keys").read_bytes() == (home / "keys.json").read_bytes()


def test_into_an_empty_home_with_other_keys_it_needs_its_own(home: Path, tmp_path: Path, settings: Any) -> None:
    backup.back_up(CONSOLE, path=tmp_path / "a.backup", keys=tmp_path / "a.keys")
    standing = settings.KEYS
    settings.KEYS = load_keys(tmp_path / "other.json")
    with pytest.raises(Refused, match="--keys"):
        restoring.restore(CONSOLE, path=tmp_path / "a.backup", is_forced=True)
    assert Person.objects.filter(email="kim@example.org").exists()
    shutil.copy(tmp_path / "other.json", home / "keys.json")
    restoring.restore(CONSOLE, path=tmp_path / "a.backup", keys=tmp_path / "a.keys", is_forced=True)
    assert load_keys(home / "keys.json") == standing
    (aside,) = home.glob("before-restore-*")
    assert load_keys(aside / "keys.json") == settings.KEYS
    settings.KEYS = standing
    assert bytes_of(StoredFile.objects.get().sha256) == PICTURE
    assert verify().is_whole


def test_a_damaged_or_forged_backup_changes_nothing(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.backup"
    made = backup.back_up(CONSOLE, path=path)
    database, stored = made.database, next(name for name in made.files if name.startswith("files/"))
    raw = path.read_bytes()
    truncated, empty, text = tmp_path / "t", tmp_path / "e", tmp_path / "x"
    truncated.write_bytes(raw[: len(raw) // 2])
    empty.write_bytes(b"")
    text.write_bytes(b"not a backup")
    flipped = bytearray(raw)
    flipped[len(raw) // 3] ^= 1
    (tmp_path / "f").write_bytes(flipped)

    def other(manifest: bytes) -> bytes:
        values = json.loads(manifest)
        values["files"][stored][0] = "0" * 64
        return json.dumps(values).encode()

    def outside(manifest: bytes) -> bytes:
        values = json.loads(manifest)
        values["files"]["../../evil"] = ["0" * 64, 1]
        return json.dumps(values).encode()

    bad = [
        truncated, empty, text, tmp_path / "f", tmp_path / "missing",
        changed(path, backup.MANIFEST, other, tmp_path / "m1"),
        changed(path, backup.MANIFEST, outside, tmp_path / "m2"),
        changed(path, backup.MANIFEST, lambda _: b"[]", tmp_path / "m3"),
        changed(path, backup.MANIFEST, lambda _: None, tmp_path / "m4"),
        changed(path, backup.SIGNATURE, lambda _: b"QUFB", tmp_path / "s1"),
        changed(path, stored, lambda content: content[:-1] + b"?", tmp_path / "c1"),
        changed(path, stored, lambda _: None, tmp_path / "c2"),
        changed(path, database, lambda content: content + b"more", tmp_path / "c3"),
    ]  # fmt: skip
    rows = Event.objects.count()
    for one in bad:
        with pytest.raises(Refused):
            restoring.restore(CONSOLE, path=one, is_forced=True)
        assert (Event.objects.count(), open_hold()) == (rows, None), one
        assert not [p for p in home.iterdir() if "restore" in p.name], one
    assert bytes_of(StoredFile.objects.get().sha256) == PICTURE


def test_what_cannot_be_backed_up_or_restored_is_refused_with_its_reason(
    home: Path, tmp_path: Path, alice: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.backup"
    backup.back_up(CONSOLE, path=path)
    with pytest.raises(Refused, match="exists already"):
        backup.back_up(CONSOLE, path=path)
    with pytest.raises(Invalid):
        backup.back_up(CONSOLE, path=tmp_path / "no" / "folder")
    with pytest.raises(Invalid):
        backup.back_up(CONSOLE, path=tmp_path / "b", keys=tmp_path / "b")
    with pytest.raises(Forbidden):
        backup.back_up(alice, path=tmp_path / "c")
    with pytest.raises(Forbidden):
        restoring.restore(alice, path=path, is_forced=True)
    (tmp_path / "no.keys").write_text("{}")
    with pytest.raises(Invalid, match="key file"):
        restoring.restore(CONSOLE, path=path, keys=tmp_path / "no.keys", is_forced=True)
    monkeypatch.setattr(restoring, "is_worker_silent", lambda: False)
    with pytest.raises(Refused, match="worker"):
        restoring.restore(CONSOLE, path=path, is_forced=True)
    assert not (tmp_path / "b").exists()
    assert not list(tmp_path.glob(".a.backup*"))


def test_a_backup_of_a_newer_bongsu_or_another_database_is_refused(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup, "applied", lambda: [["people", "0999_later"]])
    backup.back_up(CONSOLE, path=tmp_path / "new.backup")
    with pytest.raises(Refused, match="0999_later"):
        restoring.restore(CONSOLE, path=tmp_path / "new.backup", is_forced=True)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="only PostgreSQL has client programs")
def test_without_pg_dump_it_says_what_to_install(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backup.shutil, "which", lambda _name: None)
    monkeypatch.setattr(backup.Path, "glob", lambda *_: iter(()))
    with pytest.raises(Refused, match="pg_dump is not installed"):
        backup.back_up(CONSOLE, path=tmp_path / "a.backup")


@pytest.mark.skipif(connection.vendor != "postgresql", reason="a file is a whole database of its own")
def test_tables_of_somebody_else_are_data_too(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """DATABASE_URL points at the wrong database: nothing is dropped without --force."""
    backup.back_up(CONSOLE, path=tmp_path / "a.backup")
    monkeypatch.setattr(restoring, "stored", lambda: iter(()))
    with connection.cursor() as cursor:
        tables = ", ".join(map(connection.ops.quote_name, connection.introspection.table_names()))
        cursor.execute(f"DROP TABLE {tables} CASCADE; CREATE TABLE other_app (id int); INSERT INTO other_app VALUES (7)")
    with pytest.raises(Refused, match="--force"):
        restoring.restore(CONSOLE, path=tmp_path / "a.backup")
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM other_app")
        assert cursor.fetchall() == [(7,)]
        cursor.execute("DROP TABLE other_app")
    restoring.restore(CONSOLE, path=tmp_path / "a.backup")  # an empty database takes it without
    assert Person.objects.filter(email="kim@example.org").exists()

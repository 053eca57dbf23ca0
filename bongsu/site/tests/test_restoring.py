"""A restore that does not end leaves the old home, or one that says so and serves nothing (M4)."""

import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as house
from django.db import connection, connections

from bongsu.events.verification import verify
from bongsu.files.models import StoredFile
from bongsu.files.queries import bytes_of
from bongsu.integrations.queries import open_hold
from bongsu.kernel.errors import Refused
from bongsu.people.actions import create_person
from bongsu.people.models import Person
from bongsu.site import backup, restore

from .test_backup import CONSOLE, PICTURE, home  # noqa: F401  (a fixture)

HERE = Path(__file__).resolve().parents[3]
LATER = "later@example.org"
# The steps in their order; a process is killed as it begins one.
STEPS = ["_bring_up", "_move_aside", "_put_in_place", "_unmark"]
VICTIM = """
import os, sys
from bongsu.site.cli import prepare
prepare()
from pathlib import Path
from bongsu.kernel.actors import Actor
from bongsu.site import restore
setattr(restore, sys.argv[2], lambda *_, **__: os.kill(os.getpid(), 9))
restore.restore(Actor(key="console:victim", name="victim"), path=Path(sys.argv[1]), is_forced=True)
"""


@pytest.fixture
def made(home: Path, tmp_path: Path) -> Path:
    """A backup; somebody was added after it."""
    backup.back_up(CONSOLE, path=tmp_path / "a.backup")
    create_person(CONSOLE, email=LATER, name="Later", language="ko")
    return tmp_path / "a.backup"


@pytest.fixture
def run(home: Path, committed_db: str) -> Callable[..., subprocess.CompletedProcess[str]]:
    """A process of its own on this home and database."""

    def start(*arguments: str) -> subprocess.CompletedProcess[str]:
        connections.close_all()
        environment = os.environ | {"BONGSU_HOME": str(home), "DATABASE_URL": committed_db, "LANGUAGE": "en"}
        environment["DJANGO_SETTINGS_MODULE"] = "bongsu.site.settings"
        command = [sys.executable, *arguments]
        return subprocess.run(command, cwd=HERE, env=environment, capture_output=True, text=True, timeout=120)

    return start


def is_old() -> bool:
    return Person.objects.filter(email=LATER).exists()


def damaged(path: Path, where: Path, change: Callable[[bytes], bytes]) -> Path:
    """The same backup with another database in it, and a manifest that fits and is signed."""
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(where, "w") as new:
        values = json.loads(old.read(backup.MANIFEST))
        name = backup.DATABASES[values["engine"]]
        content = change(old.read(name))
        values["files"][name] = [hashlib.sha256(content).hexdigest(), len(content)]
        text = json.dumps(values)
        signed = {name: content, backup.MANIFEST: text.encode()}
        signed[backup.SIGNATURE] = base64.b64encode(house.KEYS.signer.sign(text.encode()))
        for member in old.namelist():
            new.writestr(member, signed.get(member) or old.read(member))
    return where


@pytest.mark.parametrize("share", [0.0, 0.5, 0.97])
def test_a_database_that_cannot_be_read_changes_nothing(home: Path, made: Path, tmp_path: Path, share: float) -> None:
    cut = damaged(made, tmp_path / "cut", lambda content: content[: int(len(content) * share)] or b"?")
    before = {path.name for path in home.iterdir()}
    with pytest.raises(Refused):
        restore.restore(CONSOLE, path=cut, is_forced=True)
    assert is_old()
    assert {path.name for path in home.iterdir()} == before
    assert bytes_of(StoredFile.objects.get().sha256) == PICTURE
    assert open_hold() is None
    restore.must_not_be_restoring()


def test_what_a_newer_bongsu_added_since_goes_with_the_old_database(home: Path, made: Path) -> None:
    with connection.cursor() as cursor:
        kind = "uuid" if connection.vendor == "postgresql" else "char(32)"
        cursor.execute(f"CREATE TABLE later_thing (id {kind} PRIMARY KEY REFERENCES people_person (id))")
        cursor.execute("INSERT INTO later_thing SELECT id FROM people_person")
    restore.restore(CONSOLE, path=made, is_forced=True)
    assert not is_old()
    assert "later_thing" not in connection.introspection.table_names()
    assert verify().is_whole


@pytest.mark.kill
@pytest.mark.parametrize("step", STEPS)
def test_killed_at_any_step_it_is_the_old_home_or_one_that_refuses_to_serve(
    home: Path,
    made: Path,
    run: Callable[..., Any],
    step: str,
) -> None:
    victim = run("-c", VICTIM, str(made), step)
    assert victim.returncode == -9, victim.stderr
    is_marked = (home / restore.MARKER).exists()
    # SQLite's database is brought up beside the old one: until then nothing was changed.
    assert is_marked == (step != "_bring_up" or connection.vendor == "postgresql")
    if not is_marked:
        assert is_old()
        assert bytes_of(StoredFile.objects.get().sha256) == PICTURE
    for command in (["serve", "--port", "0"], ["worker"], ["people", "list"]) if step == "_move_aside" else ():
        refused = run("-m", "bongsu", *command)
        assert refused.returncode == 1, command
        assert str(made) in refused.stderr
        assert "--force" in refused.stderr
        assert "before-restore-" in refused.stderr
    restore.restore(CONSOLE, path=made, is_forced=True)
    assert not (home / restore.MARKER).exists()
    assert not list(home.glob(f"{restore.STAGED}*"))
    assert not is_old()
    assert Person.objects.filter(email="kim@example.org").exists()
    assert bytes_of(StoredFile.objects.get().sha256) == PICTURE
    assert verify().is_whole
    assert open_hold() is not None


def test_a_second_try_still_names_where_the_first_put_the_old_home(home: Path, made: Path, monkeypatch: Any) -> None:
    def fail(*_values: Any) -> None:
        raise OSError("the disk is full")

    said = []
    for _each in range(2):
        with monkeypatch.context() as patched:
            patched.setattr(restore, "_put_in_place", fail)
            with pytest.raises(OSError):
                restore.restore(CONSOLE, path=made, is_forced=True)
        with pytest.raises(Refused) as refusal:
            restore.must_not_be_restoring()
        said.append(refusal.value.text.values["aside"])
    assert said[0] == said[1]
    aside = Path(said[0])
    assert (aside / "files").exists()
    if connection.vendor == "sqlite":  # going back by hand, as the page says
        shutil.move(aside / "copy.sqlite3", connection.settings_dict["NAME"])
        connections.close_all()
        assert is_old()


def test_a_second_try_that_is_refused_leaves_the_marker_of_the_first(
    home: Path,
    made: Path,
    tmp_path: Path,
    monkeypatch: Any,
) -> None:
    def fail(*_values: Any) -> None:
        raise OSError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(restore, "_put_in_place", fail)
        with pytest.raises(OSError):
            restore.restore(CONSOLE, path=made, is_forced=True)
    cut = damaged(made, tmp_path / "cut", lambda content: content[: len(content) // 2])
    with pytest.raises(Refused):
        restore.restore(CONSOLE, path=cut, is_forced=True)
    with pytest.raises(Refused):
        restore.must_not_be_restoring()

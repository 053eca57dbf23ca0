"""Restore: a backup put in the place of what stands in the home (M4).

Everything is unpacked and checked beside the home, and the new database is migrated and its outgoing held, before a file is
moved. From the first change to the last a marker lies in the home: while it does nothing is served and nothing works, and the
next start says what to do. PostgreSQL's database cannot be built beside the old one: it is replaced in one transaction, after
the old one was dumped aside.
"""

import base64
import hashlib
import json
import os
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader

from bongsu.events.actions import action, record
from bongsu.events.models import Installation
from bongsu.events.queries import is_worker_silent
from bongsu.events.triggers import forget_transactions
from bongsu.integrations.actions import hold_everything
from bongsu.kernel.actors import Actor
from bongsu.kernel.clock import now
from bongsu.kernel.errors import Invalid, Refused
from bongsu.kernel.refs import ref
from bongsu.kernel.secrets import Keys, load_keys
from bongsu.kernel.text import Text
from bongsu.kernel.text import gettext_noop as _
from bongsu.ui.language import both

from .backup import (
    MANIFEST,
    PIECE,
    SIGNATURE,
    Backup,
    applied,
    database_name,
    dump_postgres,
    private,
    read_manifest,
    run_postgres,
    stored,
)
from .facts import BackupRestored

MARKER = "RESTORING"
STAGED = ".restore-"
LONGEST_MANIFEST = 512 * 1024 * 1024
DAMAGED = _("This is no backup of Bongsu, or it is damaged: {why}")
# What a damaged or foreign archive makes zipfile, zlib and json say.
UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    KeyError,
    TypeError,
    EOFError,
    OSError,
    ValueError,
    NotImplementedError,
    RuntimeError,
)
RELEASE = _("Restored. Nothing leaves the house until a person releases it on the page “Outgoing”.")
UNFINISHED = _(
    "A restore of {backup} began at {began_at} and did not end: what stands in {home} is of two kinds. "
    "Restore again with --force. What stood there before lies in {aside}."
)


def restore(actor: Actor, *, path: Path, keys: Path | None = None, is_forced: bool = False) -> Backup:
    """Put a backup into an empty home. Everything is checked before anything is touched; with `is_forced` what stands there
    is moved aside, never deleted. Afterwards all that is outgoing is held. Refuses while a worker runs, when a hash or the
    signature is wrong, when the keys are others, and when the backup is of a newer Bongsu or the other database."""
    actor.require("connections.manage")
    opening = _keys_from(keys) if keys else settings.KEYS
    home = Path(settings.HOME)
    _must_be_free(home, is_forced)
    with _staging(home) as staged:
        found = _unpacked(path, staged, opening)
        _must_fit(found)
        aside = home / f"before-restore-{now():%Y%m%dT%H%M%S%f}"
        if found.engine == "sqlite":
            _prepare_sqlite(actor, staged / found.database, found)
            _mark(home, path, aside)
        else:
            _replace_postgres(actor, home, staged, aside, path=path, found=found)
        _move_aside(home, aside)
        _put_in_place(home, staged, aside, keys)
        if found.engine == "sqlite":
            (staged / found.database).replace(database_name())
    _unmark(home)
    return found


def must_not_be_restoring() -> None:
    """Refuse, and say what to do, while a restore that did not end has left its marker."""
    home = Path(settings.HOME)
    if (home / MARKER).exists():
        raise Refused(UNFINISHED, home=str(home), **_marked(home))


def _marked(home: Path) -> dict[str, Any]:
    return dict(json.loads((home / MARKER).read_text(encoding="utf-8")))


def _mark(home: Path, path: Path, aside: Path) -> None:
    told = {"backup": str(path), "began_at": f"{now():%Y-%m-%d %H:%M:%S} UTC", "aside": str(aside)}
    if (home / MARKER).exists():  # the second try: what stood here at first lies where the first one put it
        told["aside"] = _marked(home)["aside"]
    unfinished = home / f".{MARKER}"
    unfinished.unlink(missing_ok=True)
    with private(unfinished) as target:
        target.write(json.dumps(told, ensure_ascii=False).encode())
    unfinished.replace(home / MARKER)
    _to_disk(home)


def _unmark(home: Path) -> None:
    _to_disk(home)  # what was moved stays moved, whatever happens now
    (home / MARKER).unlink()
    _to_disk(home)


def _to_disk(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _staging(home: Path) -> Iterator[Path]:
    """A folder beside what it will replace; one that a killed restore has left goes first."""
    for left in home.glob(f"{STAGED}*"):
        shutil.rmtree(left)
    with tempfile.TemporaryDirectory(prefix=STAGED, dir=home) as folder:
        yield Path(folder)


def _replace_postgres(actor: Actor, home: Path, staged: Path, aside: Path, *, path: Path, found: Backup) -> None:
    """The old database is dumped aside; in one transaction its tables go, also those the backup does not know, and the backup's
    come; then it is migrated, and its outgoing held. A dump that cannot be read changes nothing, also not the marker of a try
    before; whatever fails later leaves the marker."""
    script = staged / f"{found.database}.sql"
    run_postgres(
        "pg_restore", "--clean", "--if-exists", "--no-owner", "--no-privileges", f"--file={script}", str(staged / found.database)
    )
    found_there = _tables()
    before = [f"--command=DROP TABLE {', '.join(map(connection.ops.quote_name, found_there))} CASCADE"] if found_there else []
    was_marked = (home / MARKER).exists()
    if found_there:
        aside.mkdir(mode=0o700)
        dump_postgres(aside / found.database)
    _mark(home, path, aside)
    connection.close()
    try:
        run_postgres(
            "psql", "--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", *before, f"--file={script}"
        )
    except Refused:
        if not was_marked:
            _unmark(home)
        shutil.rmtree(aside, ignore_errors=True)
        raise
    _bring_up(actor, found)


def _keys_from(path: Path) -> Keys:
    try:
        raw = json.loads(path.read_text())
        found = load_keys(path) if {"django", "fernet", "seal"} <= raw.keys() else None
    except (OSError, ValueError, AttributeError):
        found = None
    if found is None:
        raise Invalid(_("{path} is no key file."), path=str(path), fields={"keys": _("The file that was written by --keys.")})
    return found


def _must_be_free(home: Path, is_forced: bool) -> None:
    tables = _tables() if _has_database() else []
    if "events_heartbeat" in tables and not is_worker_silent():
        raise Refused(_("A worker is running on this database. Stop the server first."))
    if connection.vendor == "sqlite" and Path(database_name()).parent.stat().st_dev != home.stat().st_dev:
        raise Refused(_("The database is not on the disk of {home}: it could not be put in its place at once."), home=str(home))
    if (tables or any(stored())) and not is_forced:
        why = _("There is data in {home} or in its database already. With --force it is moved aside first.")
        raise Refused(why, home=str(home))


def _tables() -> list[str]:
    """All tables but those of extensions, which are not ours to drop."""
    if connection.vendor != "postgresql":
        return connection.introspection.table_names()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_class c WHERE c.relkind IN ('r', 'p') AND pg_table_is_visible(c.oid) AND c.relnamespace = "
            "current_schema()::regnamespace AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')"
        )
        return [name for (name,) in cursor.fetchall()]


def _has_database() -> bool:
    place = Path(database_name())
    return connection.vendor != "sqlite" or (place.exists() and place.stat().st_size > 0)


def _unpacked(path: Path, staged: Path, keys: Keys) -> Backup:
    """The archive's content beside the home, every byte checked."""
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.getinfo(MANIFEST).file_size > LONGEST_MANIFEST:
                raise Refused(DAMAGED, why=MANIFEST)
            text = archive.read(MANIFEST).decode()
            found = read_manifest(text)
            _must_be_signed(text, archive.read(SIGNATURE), found, keys)
            extra = set(archive.namelist()) ^ {*found.files, MANIFEST, SIGNATURE}
            if extra:
                raise Refused(_("The backup does not fit its manifest: {name}"), name=sorted(extra)[0])
            for name, (expected, size) in found.files.items():
                _unpack(archive, name, staged / name, expected, size)
    except UNREADABLE as error:
        raise Refused(DAMAGED, why=str(error)) from error
    return found


def _must_be_signed(text: str, signature: bytes, found: Backup, keys: Keys) -> None:
    if found.key != keys.public:
        raise Refused(
            _("The keys here are not those of this backup: what it holds could not be read. Give its key file with --keys.")
        )
    try:
        Ed25519PublicKey.from_public_bytes(base64.b64decode(keys.public)).verify(base64.b64decode(signature), text.encode())
    except InvalidSignature:
        raise Refused(_("The manifest of this backup was changed: its signature is wrong.")) from None


def _unpack(archive: zipfile.ZipFile, name: str, target: Path, expected: str, size: int) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    found, written = hashlib.sha256(), 0
    with archive.open(name) as source, target.open("wb") as kept:
        while piece := source.read(PIECE):
            found.update(piece)
            written += len(piece)
            if written > size:
                break
            kept.write(piece)
        kept.flush()
        os.fsync(kept.fileno())  # the marker may only go when all of it lies on the disk
    if (found.hexdigest(), written) != (expected, size):
        raise Refused(_("The backup does not fit its manifest: {name}"), name=name)


def _must_fit(found: Backup) -> None:
    if found.engine != connection.vendor:
        raise Refused(
            _("This backup is of {its}, the database here is {here}. Set DATABASE_URL accordingly."),
            its=found.engine,
            here=connection.vendor,
        )
    known = set(MigrationLoader(None).disk_migrations)
    unknown = [f"{app}.{name}" for app, name in found.migrations if (app, name) not in known]
    if unknown:
        raise Refused(_("This backup is of a newer Bongsu (it has {migration}). Install that one first."), migration=unknown[0])


def _prepare_sqlite(actor: Actor, staged: Path, found: Backup) -> None:
    """Migrate and hold the new database where it lies, before it takes the place of the old one."""
    standing = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = str(staged)
    try:
        _must_be_whole(found)
        _bring_up(actor, found)
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except DatabaseError as error:
        raise Refused(DAMAGED, why=str(error)) from error
    finally:
        connection.close()
        connection.settings_dict["NAME"] = standing


def _must_be_whole(found: Backup) -> None:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA quick_check(1)")
        (said,) = cursor.fetchone()
    if said != "ok" or applied() != found.migrations:
        raise Refused(DAMAGED, why=said)


def _bring_up(actor: Actor, found: Backup) -> None:
    call_command("migrate", interactive=False, verbosity=0)
    forget_transactions()
    reason = Text(
        _("restored from the backup of {at}; release it when that is right"), {"at": found.made_at[:16].replace("T", " ")}
    )
    _note_restore(actor, found=found, reason=both(reason))


@action
def _note_restore(actor: Actor, *, found: Backup, reason: dict[str, str]) -> None:
    hold_everything(actor, reason=reason)
    home = Installation.objects.first()
    if home:
        record(actor, BackupRestored(subject=ref("installation", home.id), sha256=found.sha256, made_at=found.made_at))


def _move_aside(home: Path, aside: Path) -> None:
    """What stands in the home goes into a folder of its own; nothing is deleted."""
    database = Path(database_name())
    old = [home / "files", home / "seals"]
    if connection.vendor == "sqlite":
        old += [database, *(database.with_name(f"{database.name}{end}") for end in ("-wal", "-shm"))]
    for path in old:
        if path.exists():
            aside.mkdir(mode=0o700, exist_ok=True)
            path.rename(aside / path.name)


def _put_in_place(home: Path, staged: Path, aside: Path, keys: Path | None) -> None:
    for name in ("files", "seals"):
        if (staged / name).exists():
            (staged / name).rename(home / name)
    if keys:  # never a moment without: a start that finds none makes new ones
        aside.mkdir(mode=0o700, exist_ok=True)
        with private(aside / "keys.json") as kept:
            kept.write((home / "keys.json").read_bytes())
        with private(staged / "keys.json") as target:
            target.write(keys.read_bytes())
        (staged / "keys.json").replace(home / "keys.json")

"""Backup and restore: the database and the files in one archive, the keys apart (M4).

An archive is a ZIP with a manifest of hashes that the sealing key has signed. The database is copied first: the bytes of a
file lie on the disk before its row commits, so a copy never names a file it lacks. Restoring builds everything beside the
home, holds all that is outgoing in the new database, and only then puts it in place.
"""

import base64
import hashlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

import bongsu
from bongsu.events.actions import action, record
from bongsu.events.models import Installation
from bongsu.events.queries import is_worker_silent
from bongsu.events.triggers import forget_transactions
from bongsu.integrations.actions import hold_everything
from bongsu.kernel.actors import Actor
from bongsu.kernel.canonical import canonical, digest, moment
from bongsu.kernel.clock import now
from bongsu.kernel.errors import Invalid, Refused
from bongsu.kernel.refs import ref
from bongsu.kernel.secrets import Keys, load_keys
from bongsu.kernel.text import Text
from bongsu.kernel.text import gettext_noop as _
from bongsu.ui.language import say

from .facts import BackupMade, BackupRestored

FORMAT = 1
MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"
DATABASES = {"sqlite": "database.sqlite3", "postgresql": "database.pgdump"}
NAME = re.compile(r"files/[0-9a-f]{2}/[0-9a-f]{2}/[0-9a-f]{64}|seals/seal-[0-9a-z-]{1,80}\.json|database\.(?:sqlite3|pgdump)")
PIECE = 1 << 20
LONGEST_MANIFEST = 512 * 1024 * 1024
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
KEYS_APART = _(
    "The keys are not in it: without keys.json the files and secrets in it cannot be read. Keep them apart (--keys FILE)."
)
KEYS_WRITTEN = _("The keys were written apart; keep them in another place than the backup:")
RELEASE = _("Restored. Nothing leaves the house until a person releases it on the page “Outgoing”.")


@dataclass(frozen=True)
class Backup:
    """What an archive says of itself; `sha256` is of its manifest."""

    sha256: str
    engine: str
    made_at: str
    key: str
    migrations: list[list[str]]
    files: dict[str, list[Any]]  # name -> [sha256, size]

    @property
    def database(self) -> str:
        return DATABASES[self.engine]


# ---- making ------------------------------------------------------------------------------------------------------------


def back_up(actor: Actor, *, path: Path, keys: Path | None = None) -> Backup:
    """Write database and files to `path`; the keys, when asked for, to a file of their own (mode 600). Refuses to overwrite."""
    actor.require("connections.manage")
    for place in (path, keys):
        if place and not place.absolute().parent.is_dir():
            raise Invalid(_("There is no folder {path}."), path=str(place.parent))
        if place and place.exists():
            raise Refused(_("{path} exists already; nothing is overwritten."), path=str(place))
    if keys and keys.resolve() == path.resolve():
        raise Invalid(_("The keys go to another file than the backup."), fields={"keys": _("Choose another file.")})
    home = Installation.objects.first()
    if home is None:
        raise Refused(_("This database is not installed yet; there is nothing to back up."))
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with _private(unfinished) as target:
            made = _written(target)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    if keys:
        with _private(keys) as target:
            target.write((Path(settings.HOME) / "keys.json").read_bytes())
    _note_backup(actor, made=made, home=home, has_keys_beside=keys is not None)
    return made


@action
def _note_backup(actor: Actor, *, made: Backup, home: Installation, has_keys_beside: bool) -> None:
    size = sum(size for _hash, size in made.files.values())
    fact = BackupMade(
        subject=ref("installation", home.id),
        sha256=made.sha256,
        files=len(made.files),
        size=size,
        has_keys_beside=has_keys_beside,
    )
    record(actor, fact)


@contextmanager
def _private(path: Path) -> Iterator[IO[bytes]]:
    """A new file only its owner may read, on the disk when the block ends."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
        yield target
        target.flush()
        os.fsync(target.fileno())


def _written(target: IO[bytes]) -> Backup:
    engine, files = connection.vendor, {}
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        with tempfile.TemporaryDirectory(prefix="bongsu-backup-", dir=settings.HOME) as folder:
            copy = Path(folder) / DATABASES[engine]
            made_at = moment(now())
            _copy_sqlite(copy) if engine == "sqlite" else _dump_postgres(copy)
            files[copy.name] = _add(archive, copy.name, copy)
        for name, path in _stored():
            files[name] = _add(archive, name, path)
        text = canonical(
            {
                "format": FORMAT, "version": bongsu.__version__, "engine": engine, "made_at": made_at,
                "key": settings.KEYS.public, "migrations": _applied(), "files": files,
            }
        )  # fmt: skip
        archive.writestr(MANIFEST, text)
        archive.writestr(SIGNATURE, base64.b64encode(settings.KEYS.signer.sign(text.encode())))
    return _read_manifest(text)


def _add(archive: zipfile.ZipFile, name: str, path: Path) -> list[Any]:
    found, size = hashlib.sha256(), 0
    with path.open("rb") as source, archive.open(name, "w", force_zip64=True) as target:
        while piece := source.read(PIECE):
            found.update(piece)
            size += len(piece)
            target.write(piece)
    return [found.hexdigest(), size]


def _stored() -> Iterator[tuple[str, Path]]:
    """Stored files (encrypted as they lie there) and the seals that were put into the home."""
    for folder in ("files", "seals"):
        for path in sorted((Path(settings.HOME) / folder).rglob("*")):
            name = path.relative_to(settings.HOME).as_posix()
            if path.is_file() and NAME.fullmatch(name):
                yield name, path


def _copy_sqlite(copy: Path) -> None:
    """SQLite's own online backup: whole, while others go on writing."""
    with closing(sqlite3.connect(_database_name())) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target, pages=2000)
        target.execute("PRAGMA journal_mode=DELETE")


def _dump_postgres(copy: Path) -> None:
    _run("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={copy}")


def _run(program: str, *arguments: str) -> None:
    """One of PostgreSQL's programs on our database; refuses with what it said."""
    found = shutil.which(program) or next(
        map(str, sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"), reverse=True)), None
    )
    if found is None:
        raise Refused(
            _("{program} is not installed here. Install PostgreSQL’s client programs, then try again."), program=program
        )
    values = connection.settings_dict
    environment = {**os.environ, "PGDATABASE": values["NAME"], "PGPASSWORD": values["PASSWORD"], "PGUSER": values["USER"]}
    environment |= {"PGHOST": values["HOST"], "PGPORT": str(values["PORT"] or 5432)}
    done = subprocess.run([found, *arguments], env=environment, capture_output=True, text=True)
    if done.returncode:
        raise Refused(_("{program} did not do it: {why}"), program=program, why=done.stderr.strip()[-500:])


def _applied() -> list[list[str]]:
    return sorted([app, name] for app, name in MigrationLoader(connection).applied_migrations)


# ---- reading back -----------------------------------------------------------------------------------------------------------


def restore(actor: Actor, *, path: Path, keys: Path | None = None, is_forced: bool = False) -> Backup:
    """Put a backup into an empty home. Everything is checked before anything is touched; with `is_forced` what stands there
    is moved aside, never deleted. Afterwards all that is outgoing is held. Refuses while a worker runs, when a hash or the
    signature is wrong, when the keys are others, and when the backup is of a newer Bongsu or the other database."""
    actor.require("connections.manage")
    opening = _keys_from(keys) if keys else settings.KEYS
    home = Path(settings.HOME)
    _must_be_free(home, is_forced)
    with tempfile.TemporaryDirectory(prefix=".restore-", dir=home) as folder:
        staged = Path(folder)
        found = _unpacked(path, staged, opening)
        _must_fit(found)
        if found.engine == "sqlite":
            _prepare_sqlite(actor, staged / found.database, found)
        aside = home / f"before-restore-{now():%Y%m%dT%H%M%S%f}"
        _move_aside(home, aside, is_with_keys=keys is not None)
        if found.engine == "postgresql" and is_forced:
            aside.mkdir(mode=0o700, exist_ok=True)
            _dump_postgres(aside / found.database)
        for name in ("files", "seals"):
            if (staged / name).exists():
                (staged / name).rename(home / name)
        if keys:
            with _private(home / "keys.json") as target:
                target.write(keys.read_bytes())
        if found.engine == "sqlite":
            (staged / found.database).replace(_database_name())
        else:
            connection.close()
            _run("pg_restore", "--clean", "--if-exists", "--no-owner", "--no-privileges", "--single-transaction",
                 f"--dbname={_database_name()}", str(staged / found.database))  # fmt: skip
            _bring_up(actor, found)
    return found


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
    is_used = "events_heartbeat" in connection.introspection.table_names() if _has_database() else False
    if is_used and not is_worker_silent():
        raise Refused(_("A worker is running on this database. Stop the server first."))
    if connection.vendor == "sqlite" and Path(_database_name()).parent.stat().st_dev != home.stat().st_dev:
        raise Refused(_("The database is not on the disk of {home}: it could not be put in its place at once."), home=str(home))
    if (is_used or any(_stored())) and not is_forced:
        raise Refused(_("There is data in {home} already. With --force it is moved aside first."), home=str(home))


def _has_database() -> bool:
    place = Path(_database_name())
    return connection.vendor != "sqlite" or (place.exists() and place.stat().st_size > 0)


def _database_name() -> str:
    return str(connection.settings_dict["NAME"])


def _unpacked(path: Path, staged: Path, keys: Keys) -> Backup:
    """The archive's content beside the home, every byte checked."""
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.getinfo(MANIFEST).file_size > LONGEST_MANIFEST:
                raise Refused(_("This is no backup of Bongsu, or it is damaged: {why}"), why=MANIFEST)
            text = archive.read(MANIFEST).decode()
            found = _read_manifest(text)
            _must_be_signed(text, archive.read(SIGNATURE), found, keys)
            extra = set(archive.namelist()) ^ {*found.files, MANIFEST, SIGNATURE}
            if extra:
                raise Refused(_("The backup does not fit its manifest: {name}"), name=sorted(extra)[0])
            for name, (expected, size) in found.files.items():
                _unpack(archive, name, staged / name, expected, size)
    except UNREADABLE as error:
        raise Refused(_("This is no backup of Bongsu, or it is damaged: {why}"), why=str(error)) from error
    return found


def _read_manifest(text: str) -> Backup:
    raw = json.loads(text)
    if raw["format"] != FORMAT or raw["engine"] not in DATABASES or DATABASES[raw["engine"]] not in raw["files"]:
        raise ValueError(MANIFEST)
    if wrong := [name for name in raw["files"] if not NAME.fullmatch(name)]:
        raise ValueError(wrong[0])
    return Backup(digest(text), *(raw[name] for name in ("engine", "made_at", "key", "migrations", "files")))


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
        _bring_up(actor, found)
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()
        connection.settings_dict["NAME"] = standing


def _bring_up(actor: Actor, found: Backup) -> None:
    call_command("migrate", interactive=False, verbosity=0)
    forget_transactions()
    reason = Text(
        _("restored from the backup of {at}; release it when that is right"), {"at": found.made_at[:16].replace("T", " ")}
    )
    _note_restore(actor, found=found, reason=say(reason, settings.LANGUAGE_CODE))


@action
def _note_restore(actor: Actor, *, found: Backup, reason: str) -> None:
    hold_everything(actor, reason=reason)
    home = Installation.objects.first()
    if home:
        record(actor, BackupRestored(subject=ref("installation", home.id), sha256=found.sha256, made_at=found.made_at))


def _move_aside(home: Path, aside: Path, *, is_with_keys: bool) -> None:
    """What stands in the home goes into a folder of its own; nothing is deleted."""
    database = Path(_database_name())
    old = [home / "files", home / "seals"]
    if connection.vendor == "sqlite":
        old += [database, *(database.with_name(f"{database.name}{end}") for end in ("-wal", "-shm"))]
    if is_with_keys:
        old.append(home / "keys.json")
    for path in old:
        if path.exists():
            aside.mkdir(mode=0o700, exist_ok=True)
            path.rename(aside / path.name)

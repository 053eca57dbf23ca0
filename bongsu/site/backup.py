"""Backup: the database and the files in one archive, the keys apart (M4). The way back is `restore`.

An archive is a ZIP with a manifest of hashes that the sealing key has signed. The database is copied first: the bytes of a
file lie on the disk before its row commits, so a copy never names a file it lacks.
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
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader

import bongsu
from bongsu.events.actions import action, record
from bongsu.events.models import Installation
from bongsu.kernel.actors import Actor
from bongsu.kernel.canonical import canonical, digest, moment
from bongsu.kernel.clock import now
from bongsu.kernel.errors import Invalid, Refused
from bongsu.kernel.refs import ref
from bongsu.kernel.text import gettext_noop as _

from .facts import BackupMade

FORMAT = 1
MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"
DATABASES = {"sqlite": "database.sqlite3", "postgresql": "database.pgdump"}
NAME = re.compile(r"files/[0-9a-f]{2}/[0-9a-f]{2}/[0-9a-f]{64}|seals/seal-[0-9a-z-]{1,80}\.json|database\.(?:sqlite3|pgdump)")
PIECE = 1 << 20
KEYS_APART = _(
    "The keys are not in it: without keys.json the files and secrets in it cannot be read. Keep them apart (--keys FILE)."
)
KEYS_WRITTEN = _("The keys were written apart; keep them in another place than the backup:")


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
        with private(unfinished) as target:
            made = _written(target)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    if keys:
        with private(keys) as target:
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
def private(path: Path) -> Iterator[IO[bytes]]:
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
            _copy_sqlite(copy) if engine == "sqlite" else dump_postgres(copy)
            files[copy.name] = _add(archive, copy.name, copy)
        for name, path in stored():
            files[name] = _add(archive, name, path)
        text = canonical(
            {
                "format": FORMAT, "version": bongsu.__version__, "engine": engine, "made_at": made_at,
                "key": settings.KEYS.public, "migrations": applied(), "files": files,
            }
        )  # fmt: skip
        archive.writestr(MANIFEST, text)
        archive.writestr(SIGNATURE, base64.b64encode(settings.KEYS.signer.sign(text.encode())))
    return read_manifest(text)


def _add(archive: zipfile.ZipFile, name: str, path: Path) -> list[Any]:
    found, size = hashlib.sha256(), 0
    with path.open("rb") as source, archive.open(name, "w", force_zip64=True) as target:
        while piece := source.read(PIECE):
            found.update(piece)
            size += len(piece)
            target.write(piece)
    return [found.hexdigest(), size]


def stored() -> Iterator[tuple[str, Path]]:
    """Stored files (encrypted as they lie there) and the seals that were put into the home."""
    for folder in ("files", "seals"):
        for path in sorted((Path(settings.HOME) / folder).rglob("*")):
            name = path.relative_to(settings.HOME).as_posix()
            if path.is_file() and NAME.fullmatch(name):
                yield name, path


def read_manifest(text: str) -> Backup:
    raw = json.loads(text)
    if raw["format"] != FORMAT or raw["engine"] not in DATABASES or DATABASES[raw["engine"]] not in raw["files"]:
        raise ValueError(MANIFEST)
    if wrong := [name for name in raw["files"] if not NAME.fullmatch(name)]:
        raise ValueError(wrong[0])
    return Backup(digest(text), *(raw[name] for name in ("engine", "made_at", "key", "migrations", "files")))


def database_name() -> str:
    return str(connection.settings_dict["NAME"])


def _copy_sqlite(copy: Path) -> None:
    """SQLite's own online backup: whole, while others go on writing."""
    with closing(sqlite3.connect(database_name())) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target, pages=2000)
        target.execute("PRAGMA journal_mode=DELETE")


def dump_postgres(copy: Path) -> None:
    run_postgres("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={copy}")


def run_postgres(program: str, *arguments: str) -> None:
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


def applied() -> list[list[str]]:
    return sorted([app, name] for app, name in MigrationLoader(connection).applied_migrations)

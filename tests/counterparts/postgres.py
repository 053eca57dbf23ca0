"""A throw-away PostgreSQL cluster: UTF-8, on a free port of 127.0.0.1, without fsync. Root starts it as user postgres."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .processes import free_port, is_listening, running, wait_until

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum_naptime": "10min",
}


def programs() -> Path | None:
    """The directory of initdb and postgres, newest version first; None when PostgreSQL is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parent.parent.name), reverse=True)
    if found:
        return found[0].parent
    here = shutil.which("initdb")
    return Path(here).resolve().parent if here else None


def may_run() -> bool:
    """PostgreSQL refuses to run as root: then there must be a user postgres."""
    return programs() is not None and (os.geteuid() != 0 or _postgres_user() is not None)


def _postgres_user() -> "pwd.struct_passwd | None":
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return None


@contextmanager
def cluster() -> Iterator[str]:
    """Yields the URL of the maintenance database; everything is gone afterwards."""
    where = programs()
    if where is None:
        raise FileNotFoundError("initdb: PostgreSQL is not installed")
    home = Path(tempfile.mkdtemp(prefix="bongsu-pg-"))
    identity = _identity(home)
    log = home / "log"
    try:
        options = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N"]
        command = [f"{where}/initdb", "-D", f"{home}/data", *options]
        subprocess.run(command, check=True, capture_output=True, cwd=home, **identity)  # type: ignore[call-overload]
        port = free_port()
        options = [f"-c{name}={value}" for name, value in SETTINGS.items()]
        server = [f"{where}/postgres", "-D", f"{home}/data", "-k", str(home), "-p", str(port), *options]
        with running(server, log=log, polite=signal.SIGINT, cwd=home, **identity):
            wait_until(lambda: is_listening(port) and _accepts(where, port), what="PostgreSQL", seconds=60, log=log)
            yield f"postgres://postgres@127.0.0.1:{port}/postgres"
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _identity(home: Path) -> dict[str, object]:
    user = _postgres_user()
    if os.geteuid() != 0 or user is None:
        return {}
    os.chown(home, user.pw_uid, user.pw_gid)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _accepts(where: Path, port: int) -> bool:
    return subprocess.run([f"{where}/pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)], check=False).returncode == 0

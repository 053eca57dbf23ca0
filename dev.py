#!/usr/bin/env python3
"""Bongsu's two commands, and three small ones. Needs Python >= 3.11 and nothing else.

python3 dev.py up        install, migrate, load the demo, serve
python3 dev.py test      everything CI runs
python3 dev.py check     the fast part of it, under a minute
python3 dev.py bongsu    the command line of Bongsu
python3 dev.py messages  bring the Korean catalogues up to date with the code
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
OLDEST = (3, 11)
LAST_UP = "last-up.json"
SAME_HOUSE = ("BONGSU_URL", "DATABASE_URL")


def main() -> int:
    arguments = sys.argv[1:]
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # compiling everything anew costs each start two seconds
    if arguments[:1] == ["bongsu"]:
        install("base")
        return subprocess.run([*bongsu(), *arguments[1:]], cwd=HERE, env={**last_up(), **os.environ}).returncode
    parser = argparse.ArgumentParser(prog="dev.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("up", help="install, migrate, load the demo, serve")
    command.add_argument("--port", type=int, help="default: 8000, or the next free one")
    command.add_argument("--database-url", help="postgres://user:password@host/name; default: SQLite in var/")
    command.add_argument("--workers", type=int, default=-1, help="web and worker processes; default: one process on SQLite")
    command.add_argument("--empty", action="store_true", help="without the demo organisation")
    command = commands.add_parser("test", help="everything CI runs")
    command.add_argument("paths", nargs="*", metavar="PATH", help="only these files or directories")
    command.add_argument("-k", metavar="EXPRESSION", help="only tests whose name matches")
    command.add_argument("--long", action="store_true", help="also what is slow")
    command.add_argument("--no-install", action="store_true", help="install no system packages")
    commands.add_parser("check", help="lint, types, contracts, translations, quick tests: under a minute")
    commands.add_parser("messages", help="update the .po files")
    commands.add_parser("bongsu", help="the command line of Bongsu")
    commands.add_parser("_mlflow")
    options = parser.parse_args()
    return {"up": up, "test": test, "check": check, "messages": messages, "_mlflow": mlflow}[options.command](options)


def say(words: str) -> None:
    print(words, flush=True)


class Hopeless(Exception):
    """Cannot go on; the text says what to do."""


# --- environment ------------------------------------------------------------------------------------------------------


def python(venv: str = ".venv") -> str:
    return str(HERE / venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))


def install(lock: str, venv: str = ".venv") -> None:
    """An environment with exactly what requirements/<lock>.txt names, by hash; nothing to do when its stamp matches."""
    path = HERE / "requirements" / f"{lock}.txt"
    wanted = hashlib.sha256(path.read_bytes()).hexdigest()
    stamps = HERE / venv / "installed.json"
    known = json.loads(stamps.read_text()) if stamps.exists() else {}
    if known.get(lock) == wanted and Path(python(venv)).exists():
        return
    make_environment(venv)
    count = len(re.findall(r"^\S+==", path.read_text(), re.MULTILINE))
    say(f"Installing {count} packages (requirements/{lock}.txt) into {venv} ...")
    began = time.monotonic()
    run_installer(path, venv)
    known[lock] = wanted
    if lock == "dev":  # its lock is a superset
        known["base"] = hashlib.sha256((HERE / "requirements/base.txt").read_bytes()).hexdigest()
    stamps.write_text(json.dumps(known))
    say(f"  done in {time.monotonic() - began:.0f} s")


def make_environment(venv: str) -> None:
    if Path(python(venv)).exists():
        return
    say(f"Making {venv} ...")
    has_pip_later = works([sys.executable, "-c", "import ensurepip, venv"])
    if has_pip_later:
        subprocess.run([sys.executable, "-m", "venv", str(HERE / venv)], check=True)
    elif has_uv():
        subprocess.run(["uv", "venv", "-q", "--python", sys.executable, str(HERE / venv)], check=True)
    elif works([sys.executable, "-m", "pip", "--version"]) and works([sys.executable, "-c", "import venv"]):
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(HERE / venv)], check=True)
    else:
        short = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise Hopeless(
            f"{sys.executable} cannot make a virtual environment (no ensurepip). On Debian and Ubuntu:\n"
            f"    sudo apt install python{short}-venv\nthen run this command again. Having `uv` installed would do as well."
        )


def run_installer(path: Path, venv: str) -> None:
    """uv when there is one, else the environment's pip, else the system's pip on the environment."""
    ways = []
    if has_uv():
        ways.append(["uv", "pip", "install", "-q", "--python", python(venv), "--require-hashes", "-r", str(path)])
    pip = ["install", "-q", "--disable-pip-version-check", "--require-hashes", "-r", str(path)]
    if works([python(venv), "-m", "pip", "--version"]):
        ways.append([python(venv), "-m", "pip", *pip])
    elif works([sys.executable, "-m", "pip", "--version"]):
        ways.append([sys.executable, "-m", "pip", "--python", python(venv), *pip])
    for way in ways:
        if subprocess.run(way, cwd=HERE).returncode == 0:
            return
        say(f"  {way[0]} could not install.")
    raise Hopeless(
        f"The packages could not be installed into {venv}. Is there a network, and may it reach a package index?\n"
        f"Behind a mirror or proxy: set PIP_INDEX_URL, HTTPS_PROXY. A broken {venv} may be deleted; then run this again."
    )


def has_uv() -> bool:
    return shutil.which("uv") is not None and works(["uv", "--version"])


def works(command: list[str]) -> bool:
    try:
        return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=HERE).returncode == 0
    except OSError:
        return False


def find_python() -> None:
    """Go on under a Python that is new enough, or say which is needed."""
    if sys.version_info >= OLDEST:
        return
    for minor in range(15, OLDEST[1] - 1, -1):
        found = shutil.which(f"python3.{minor}")
        if found and works([found, "-c", f"import sys; sys.exit(sys.version_info < {OLDEST})"]):
            os.execv(found, [found, *sys.argv])
    raise Hopeless("Bongsu needs Python 3.11 or newer. On Debian and Ubuntu: sudo apt install python3 python3-venv")


def mlflow(_options: object) -> int:
    install("mlflow", ".venv-mlflow")
    return 0


# --- up ---------------------------------------------------------------------------------------------------------------


def up(options: argparse.Namespace) -> int:
    install("base")
    environment = dict(os.environ)
    if options.database_url:
        environment["DATABASE_URL"] = options.database_url
    port = options.port or next_free_port(8000)
    environment.setdefault("BONGSU_URL", f"http://127.0.0.1:{port}")
    home = house()
    environment["BONGSU_HOME"] = str(home)
    say(f"Database: {'PostgreSQL' if environment.get('DATABASE_URL', '').startswith('postgres') else home / 'bongsu.sqlite3'}")
    if options.empty and not (home / LAST_UP).exists():
        say("The first administrator: python3 dev.py bongsu people create you@example.org 'Your Name' --role administrator")
    return serve(port, options.workers, not options.empty, environment)


def serve(port: int, workers: int, has_demo: bool, environment: dict[str, str]) -> int:
    """The server as a child that ends with us, and the demo's history beside it."""
    lifeline, held = os.pipe()
    environment["BONGSU_LIFELINE"] = str(lifeline)
    command = [*bongsu(), "serve", "--migrate", "--port", str(port), "--workers", str(workers), *(["--demo"] if has_demo else [])]
    server = subprocess.Popen(command, cwd=HERE, env=environment, pass_fds=[lifeline])
    os.close(lifeline)
    history: subprocess.Popen[bytes] | None = None
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a script's `&` would have us ignore it
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        if not wait_for(f"http://127.0.0.1:{port}/health/live", server):
            raise Hopeless(
                "Bongsu did not start; the words above say why.\n"
                "`--empty` starts without the demo, BONGSU_HOME=<dir> with another database and other keys."
            )
        remember(environment)
        say("  Ctrl-C ends it.\n")
        if has_demo:
            history = subprocess.Popen([*bongsu(), "demo", "history"], cwd=HERE, env=environment)
        code = server.wait()
        say(f"\nThe server ended by itself (exit code {code}). Run the same command again: what was stored is there.")
        return code
    except KeyboardInterrupt:
        say("\nEnding ...")
        return 0
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        os.close(held)
        for process in filter(None, (history, server)):
            end(process)


def house() -> Path:
    return HERE / (os.environ.get("BONGSU_HOME") or "var")


def remember(environment: dict[str, str]) -> None:
    """Which house is served, so that `dev.py bongsu` means the same one; the database's password may be among it."""
    path = house() / LAST_UP
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as kept:
        json.dump({name: environment[name] for name in SAME_HOUSE if name in environment}, kept)


def last_up() -> dict[str, str]:
    try:
        kept = json.loads((house() / LAST_UP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {name: str(kept[name]) for name in SAME_HOUSE if name in kept}


def end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(25)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def bongsu() -> list[str]:
    return [python(), "-m", "bongsu"]


def next_free_port(first: int) -> int:
    for port in range(first, first + 100):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise Hopeless(f"No free port from {first} on; choose one with --port.")


def wait_for(url: str, server: subprocess.Popen[bytes]) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while server.poll() is None:
        try:
            opener.open(url, timeout=2).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
        else:
            return True
    return False


# --- test -------------------------------------------------------------------------------------------------------------


def check(_options: argparse.Namespace) -> int:
    install("dev")
    from tests import suite

    run = suite.Run()
    suite.look(run)
    run.pytest("quick tests", ["--quick", "-n", "2", "-m", suite.ORDINARY])
    return run.finish()


def test(options: argparse.Namespace) -> int:
    install("dev")
    from tests import suite

    missing = suite.missing_packages() if options.no_install else suite.install_packages()
    run = suite.Run(not_run=[f"what needs {what} (apt install {package})" for what, package in missing.items()])
    environment = subprocess.Popen([sys.executable, str(HERE / "dev.py"), "_mlflow"], cwd=HERE)
    try:
        if options.paths or options.k:
            narrowed = options.paths + (["-k", options.k] if options.k else []) + ([] if options.long else ["-m", "not long"])
            suite.chosen(run, missing, environment, narrowed)
        else:
            suite.everything(run, missing, environment, is_long=options.long)
    finally:
        end(environment)
    return run.finish()


def messages(_options: argparse.Namespace) -> int:
    install("dev")
    return subprocess.run([python(), "-m", "bongsu.site.translations", "update"], cwd=HERE).returncode


if __name__ == "__main__":
    try:
        find_python()
        sys.exit(main())
    except Hopeless as reason:
        print(f"\n{reason}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)

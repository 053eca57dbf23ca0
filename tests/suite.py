"""What `dev.py test` and `dev.py check` run, in which order, and how it went. Standard library only."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .counterparts.postgres import cluster, may_run, programs

HERE = Path(__file__).resolve().parent.parent
PYTHON = str(HERE / ".venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))
FEW = 5  # failures that get a second try
ORDINARY = "not browser and not kill and not counterpart and not long"
BY_FILE = ["-n", "2", "--dist", "loadfile"]  # much of these is waiting for servers; a file keeps its own
# The real counterparts are mostly waited for, so three; MLflow starts once: those who need it are one group.
BY_GROUP = ["-n", "3", "--dist", "loadgroup"]
PACKAGES = {  # what tests need from the system: what is looked for -> the Debian package that brings it
    "PostgreSQL": "postgresql",
    "Prometheus": "prometheus",
    "Alertmanager": "prometheus-alertmanager",
    "Chromium": "chromium",
    "a Korean font": "fonts-noto-cjk",
    "pdftotext": "poppler-utils",
}


def say(words: str) -> None:
    print(words, flush=True)


@dataclass
class Run:
    """What was run and how it went."""

    counts: dict[str, int] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    not_run: list[str] = field(default_factory=list)
    second_tries: list[str] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    def steps(self, commands: dict[str, list[str]]) -> None:
        """Checks that are silent when they pass, all at once."""
        began = time.monotonic()
        pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        checks = {name: subprocess.Popen(command, cwd=HERE, env=quiet_home(), **pipes) for name, command in commands.items()}
        for name, check in checks.items():
            words, _none = check.communicate()
            self._said(name, began, check.returncode == 0)
            if check.returncode:
                say(words.rstrip())

    def pytest(self, name: str, arguments: list[str], **environment: str) -> None:
        """Tests; their words pass through and their counts are added up.

        A few that fail get a second try, one after another and on record: two cores that drive browsers, servers and
        databases at once are late now and then, and a real fault fails twice.
        """
        began = time.monotonic()
        say(f"--- {name}")
        code, counts, failed = self._pytest(arguments, environment)
        if code == 1 and 0 < len(failed) <= FEW:
            say(f"--- {name}: a second try of {', '.join(failed)}")
            code, again, _still = self._pytest(failed, environment)
            passed = again.get("passed", 0)
            counts["passed"] = counts.get("passed", 0) + passed
            counts["failed"] = max(0, counts.get("failed", 0) + counts.pop("error", 0) - passed)
            self.second_tries += [f"{name}: {test}" for test in failed]
        for what, count in counts.items():
            self.counts[what] = self.counts.get(what, 0) + count
        self._said(name, began, code in (0, 5))

    def shown(self, name: str, command: list[str]) -> None:
        """A command whose words are the result."""
        began = time.monotonic()
        say(f"--- {name}")
        self._said(name, began, subprocess.run(command, cwd=HERE, env=quiet_home()).returncode == 0)

    def _pytest(self, arguments: list[str], environment: dict[str, str]) -> tuple[int, dict[str, int], list[str]]:
        """Exit code, counts, and the tests that failed."""
        command = [PYTHON, "-m", "pytest", "-q", "--no-header", "-p", "no:cacheprovider", *arguments]
        child = subprocess.Popen(
            command, cwd=HERE, env=quiet_home() | environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        assert child.stdout
        last, failed = "", []
        for line in child.stdout:
            sys.stdout.write(line)
            sys.stdout.flush()
            if re.search(r"\d+ (passed|failed|errors?|skipped)\b.* in [\d.]+s", line):
                last = line
            if found := re.match(r"(?:FAILED|ERROR) (\S+::.+?)(?: - .*)?$", line.rstrip()):
                failed.append(found[1])
        child.wait()
        counts = {what: int(count) for count, what in re.findall(r"(\d+) (passed|failed|error|skipped)", last)}
        return child.returncode, counts, list(dict.fromkeys(failed))

    def _said(self, name: str, began: float, is_well: bool) -> None:
        say(f"{'ok    ' if is_well else 'BROKEN'} {name} ({time.monotonic() - began:.0f} s)")
        if not is_well:
            self.broken.append(name)

    def finish(self) -> int:
        if os.environ.get("CI") == "true":
            self.broken += [f"did not run: {what}" for what in self.not_run]
        elif self.not_run:
            say("\nDid not run:\n" + "\n".join(f"  - {what}" for what in self.not_run))
        if self.second_tries:
            say("\nNeeded a second try:\n" + "\n".join(f"  - {what}" for what in self.second_tries))
        if self.broken:
            say("\nBroken:\n" + "\n".join(f"  - {what}" for what in self.broken))
        failed = self.counts.get("failed", 0) + self.counts.get("error", 0)
        failed = max(failed, len(self.broken))
        say(f"\n{time.monotonic() - self.began:.0f} s")
        say(f"{self.counts.get('passed', 0)} passed, {failed} failed")
        return 1 if self.broken else 0


_home: "tempfile.TemporaryDirectory[str] | None" = None


def quiet_home() -> dict[str, str]:
    """Tests have their own keys and databases; their many processes share compiled code."""
    global _home
    _home = _home or tempfile.TemporaryDirectory(prefix="bongsu-test-")
    environment = {"BONGSU_HOME": _home.name, **os.environ}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    return environment


def look(run: Run) -> None:
    """Everything that needs no test."""
    manage = [PYTHON, "-m", "bongsu", "manage"]
    run.steps(
        {
            "ruff": [PYTHON, "-m", "ruff", "check", "."],
            "ruff format": [PYTHON, "-m", "ruff", "format", "--check", "."],
            "import contracts": [str(Path(PYTHON).with_name("lint-imports")), "--no-logo"],
            "translations": [PYTHON, "-m", "bongsu.site.translations"],
            "migrations": [*manage, "makemigrations", "--check", "--dry-run"],
            "mypy": [PYTHON, "-m", "mypy", "bongsu", "dev.py", "--cache-dir", str(HERE / ".mypy_cache")],
        }
    )


def chosen(run: Run, missing: dict[str, str], environment: "subprocess.Popen[bytes]", narrowed: list[str]) -> None:
    """Only what the caller named, on both databases."""
    wait_for_mlflow(environment, run)
    run.pytest("chosen tests on SQLite", narrowed)
    on_postgres(run, missing, [("chosen tests on PostgreSQL", narrowed)])


def everything(run: Run, missing: dict[str, str], environment: "subprocess.Popen[bytes]", *, is_long: bool) -> None:
    look(run)
    run.pytest("tests on SQLite", ["-n", "2", "-m", ORDINARY])
    seen = "(kill or browser)" if "Chromium" not in missing else "kill"
    run.pytest("kill -9 on SQLite, and Chromium", [*BY_FILE, "-m", f"{seen} and not long"])
    wait_for_mlflow(environment, run)
    sets = [("tests on PostgreSQL, kill -9, real counterparts", [*BY_GROUP, "-m", "not browser and not long"])]
    if is_long:
        run.pytest("slow tests on SQLite", ["-m", "long"])
        sets.append(("slow tests on PostgreSQL", ["-m", "long"]))
    has_postgres = on_postgres(run, missing, sets)
    if not has_postgres:
        run.pytest("real counterparts on SQLite", [*BY_GROUP, "-m", "counterpart and not long"])
    if is_long:
        for store in ["sqlite", "postgres"] if has_postgres else ["sqlite"]:
            run.shown(f"bench on {store}", [PYTHON, "bench/measure.py", "--store", store])


def on_postgres(run: Run, missing: dict[str, str], sets: list[tuple[str, list[str]]]) -> bool:
    """Whether there is one to run on; why not stands in the list of what did not run."""
    if "PostgreSQL" in missing:
        return False
    if not may_run():
        run.not_run.append("PostgreSQL (it refuses to run as root and there is no user postgres)")
        return False
    with cluster() as url:
        for name, arguments in sets:
            run.pytest(name, arguments, DATABASE_URL=url)
    return True


def wait_for_mlflow(environment: "subprocess.Popen[bytes]", run: Run) -> None:
    if environment.wait():
        run.not_run.append("what needs MLflow (its environment could not be made)")


def missing_packages() -> dict[str, str]:
    there = {
        "PostgreSQL": programs() is not None,
        "Prometheus": shutil.which("prometheus") is not None,
        "Alertmanager": any(map(shutil.which, ("prometheus-alertmanager", "alertmanager"))),
        "Chromium": any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))),
        "a Korean font": shutil.which("fc-list") is not None
        and bool(subprocess.run(["fc-list", ":lang=ko"], capture_output=True, text=True).stdout.strip()),
        "pdftotext": shutil.which("pdftotext") is not None,
    }
    return {what: PACKAGES[what] for what, is_there in there.items() if not is_there}


def install_packages() -> dict[str, str]:
    """Install what is missing where we may (root and apt); returns what is still missing."""
    missing = missing_packages()
    if not missing or not hasattr(os, "geteuid") or os.geteuid() != 0 or not shutil.which("apt-get"):
        return missing
    names = [*missing.values(), "fontconfig"]
    say(f"Installing system packages with apt (--no-install refuses): {' '.join(names)}")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    wait = ["-o", "DPkg::Lock::Timeout=300", "-q"]
    subprocess.run(["apt-get", "update", *wait], env=quiet, stdout=subprocess.DEVNULL)
    subprocess.run(["apt-get", "install", "-y", "--no-install-recommends", *wait, *names], env=quiet, stdout=subprocess.DEVNULL)
    return missing_packages()

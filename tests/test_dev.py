"""`dev.py` on a machine that lacks something says what to do, and leaves nothing half made (M8)."""

import os
import shutil
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest

from tests import suite

HERE = Path(__file__).resolve().parents[1]


@pytest.fixture
def bare(tmp_path: Path):
    """`bare("ensurepip")` runs `dev.py up` in a checkout of its own under a Python without these modules and without uv."""
    shutil.copy(HERE / "dev.py", tmp_path)
    shutil.copytree(HERE / "requirements", tmp_path / "requirements")
    hidden = tmp_path / "hidden"
    hidden.mkdir()

    def run(*modules: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        for module in modules:
            (hidden / f"{module}.py").write_text("raise ImportError('not on this machine')\n")
        return subprocess.run(
            [sys.executable, "dev.py", "up", "--empty"],
            cwd=tmp_path,
            env={"PATH": "/nowhere", "HOME": os.environ.get("HOME", "/"), "PYTHONPATH": str(hidden), **environment},
            capture_output=True,
            text=True,
            timeout=120,
        )

    return run


def test_a_plain_debian_is_told_which_package_it_lacks(bare, tmp_path):
    done = bare("ensurepip", "pip")
    assert done.returncode == 2
    assert f"apt install python{sys.version_info.major}.{sys.version_info.minor}-venv" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / ".venv").exists()


@pytest.mark.counterpart
def test_without_a_package_index_it_says_where_to_look(bare, tmp_path):
    done = bare(PIP_INDEX_URL="http://127.0.0.1:9/simple", PIP_RETRIES="0", PIP_CONFIG_FILE=os.devnull, PIP_NO_CACHE_DIR="1")
    assert done.returncode == 2
    assert "PIP_INDEX_URL" in done.stderr
    assert "Traceback" not in done.stderr.rpartition("The packages could not be installed")[2]
    assert not (tmp_path / ".venv" / "installed.json").exists()


class Plan(suite.Run):
    """Notes what would run."""

    def steps(self, commands):
        pass

    def pytest(self, name, arguments, **environment):
        self.plan = [*getattr(self, "plan", []), (name, " ".join(arguments), "DATABASE_URL" in environment)]


def planned(missing, **values):
    run = Plan(not_run=[f"what needs {what} (apt install {package})" for what, package in missing.items()])
    suite.everything(run, missing, subprocess.Popen([sys.executable, "-c", ""]), is_long=False, **values)
    return run


def test_without_postgresql_and_chromium_the_rest_runs_and_the_end_says_what_did_not(monkeypatch, capsys):
    missing = {"PostgreSQL": "postgresql", "Chromium": "chromium"}
    run = planned(missing)
    assert "counterpart and not long" in run.plan[-1][1]  # the real counterparts are not PostgreSQL's alone
    assert not any("browser)" in arguments or on_postgres for _name, arguments, on_postgres in run.plan)
    for is_ci, code in (("", 0), ("true", 1)):
        monkeypatch.setenv("CI", is_ci)
        assert run.finish() == code
        words = capsys.readouterr().out
        assert "what needs PostgreSQL (apt install postgresql)" in words
        assert "what needs Chromium (apt install chromium)" in words


def test_with_everything_there_both_databases_and_the_browser_run(monkeypatch):
    monkeypatch.setattr(suite, "may_run", lambda: True)
    monkeypatch.setattr(suite, "cluster", lambda: nullcontext("postgres://here"))
    run = planned({})
    assert [on_postgres for _name, _arguments, on_postgres in run.plan] == [False, False, True]
    assert any("(kill or browser)" in arguments for _name, arguments, _on_postgres in run.plan)
    assert run.not_run == []


def test_the_command_line_means_the_house_that_up_serves(tmp_path, monkeypatch):
    monkeypatch.setenv("BONGSU_HOME", str(tmp_path))
    monkeypatch.syspath_prepend(str(HERE))
    import dev

    assert dev.last_up() == {}
    dev.remember({"BONGSU_URL": "http://127.0.0.1:8123", "DATABASE_URL": "postgres://b:secret@h/b", "PATH": "/bin"})
    assert dev.last_up() == {"BONGSU_URL": "http://127.0.0.1:8123", "DATABASE_URL": "postgres://b:secret@h/b"}
    assert (tmp_path / dev.LAST_UP).stat().st_mode & 0o077 == 0
    dev.remember({"BONGSU_URL": "http://127.0.0.1:8000"})  # served on SQLite since: the other database is not meant any more
    assert dev.last_up() == {"BONGSU_URL": "http://127.0.0.1:8000"}
    (tmp_path / dev.LAST_UP).write_text("{")
    assert dev.last_up() == {}

"""`dev.py` on a machine that lacks something says what to do, and leaves nothing half made (M8)."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

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

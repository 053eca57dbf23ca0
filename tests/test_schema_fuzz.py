"""Whatever the description of the API allows, and much that it does not: no answer is a 500 (M5, issue section 11)."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bongsu.kernel.actors import Actor

BIN = Path(sys.executable).parent


def fuzz(address: str, token: str, *, examples: int, seconds: int) -> str:
    """Every operation with generated input through the real server, bounded in time; the report when it found a 500."""
    command = [
        str(BIN / "schemathesis"), "--no-color", "run", f"{address}/api/v1/openapi.json", "-H", f"Authorization: Bearer {token}",
        "--checks", "not_a_server_error", "--max-examples", str(examples), "--max-time", str(seconds), "--workers", "2",
        "--phases", "examples,fuzzing", "--suppress-health-check", "all", "--request-timeout", "20", "--warnings", "off",
        "--generation-database", "none", "--seed", "7",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 120)
    assert "Collected" in done.stdout or "Operations" in done.stdout or "tested" in done.stdout, done.stdout + done.stderr
    return "" if done.returncode == 0 else done.stdout


@pytest.fixture
def anybody(make_person: Callable[..., Actor], default_pack: Any) -> Actor:
    return make_person("omar", "commander", "administrator", "legal")


@pytest.mark.counterpart
def test_no_generated_request_is_answered_with_a_500(anybody: Actor, token_of: Callable[..., str], served: str) -> None:
    assert fuzz(served, token_of(anybody), examples=3, seconds=35) == ""


@pytest.mark.long
def test_no_generated_request_of_many_is_answered_with_a_500(anybody: Actor, token_of: Callable[..., str], served: str) -> None:
    assert fuzz(served, token_of(anybody), examples=100, seconds=900) == ""

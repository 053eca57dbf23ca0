"""`bongsu incident report` and `bongsu incident export` against a served site (E4, M1)."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bongsu.incidents import actions as incidents
from bongsu.kernel.actors import Actor
from bongsu.packs.actions import install_default
from bongsu.reports.cli import app


def test_the_commands_take_report_and_record_along(
    served: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_person: Callable[..., Actor], token_of: Callable[..., str]
) -> None:
    install_default(Actor(key="console:tests", name="tests"))
    dana = make_person("dana", "commander")
    incident = incidents.open_incident(dana, title="느림", type="operational", subtype="slowdown", severity="P2")
    monkeypatch.setenv("BONGSU_URL", served)
    monkeypatch.setenv("BONGSU_TOKEN", token_of(dana))
    monkeypatch.chdir(tmp_path)
    run = CliRunner().invoke
    answer = run(app, ["incident", "report", incident.number, "--draft", "--format", "pdf", "--language", "ko"])
    assert answer.exit_code == 0, answer.output
    assert (tmp_path / f"{incident.number}-incident-report-ko-draft.pdf").read_bytes().startswith(b"%PDF")
    assert "draft" in run(app, ["incident", "report", incident.number]).output
    answer = run(app, ["incident", "export", incident.number])
    assert answer.exit_code == 0, answer.output
    packed = tmp_path / f"{incident.number}-export.zip"
    assert zipfile.ZipFile(packed).testzip() is None
    assert packed.stat().st_mode & 0o077 == 0
    for bad in (
        ["incident", "export", incident.number],  # it lies there already
        ["incident", "export", "INC-1999-001"],
        ["incident", "export", "../../etc"],
        ["incident", "report", incident.number, "--format", "docx"],
        ["incident", "export", incident.number, "--privileged", "-o", "p.zip"],
        ["incident", "export", incident.number, "-o", "no/folder.zip"],
    ):
        assert run(app, bad).exit_code == 1, bad
    monkeypatch.setenv("BONGSU_TOKEN", "")
    assert run(app, ["incident", "export", incident.number, "-o", "t.zip"]).exit_code == 1
    assert sorted(p.name for p in tmp_path.iterdir() if p.suffix in (".zip", ".pdf")) == [
        f"{incident.number}-export.zip", f"{incident.number}-incident-report-ko-draft.pdf",
    ]  # fmt: skip

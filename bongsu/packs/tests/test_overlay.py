"""An organisation's own pack laid over the one that ships: checked, imported, put in force (M3)."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from bongsu.incidents import actions as incidents
from bongsu.kernel.actors import Actor
from bongsu.packs import actions, queries
from bongsu.packs.cli import app

HEAD = """id: onsaemi-playbook
version: 1.0.0
kind: playbook
extends: bongsu-default
title: {ko: 온새미 플레이북, en: Onsaemi playbook}
publisher: Onsaemi
languages: [ko, en]
valid_from: 2026-12-01
reviewed_on: 2026-11-23
sources: [{citation: AI 거버넌스 위원회 결정 2026-11, read_on: 2026-11-23}]
"""


@pytest.fixture
def overlay(tmp_path: Path) -> Path:
    folder = tmp_path / "onsaemi"
    (folder / "templates").mkdir(parents=True)
    (folder / "pack.yaml").write_text(HEAD, encoding="utf-8")
    below = (queries.LIBRARY / queries.DEFAULT_PACK / "templates" / "broadcast.md").read_text(encoding="utf-8")
    (folder / "templates" / "broadcast.md").write_text(
        below.replace("version: 1", "version: 2")
        .replace("<!-- ko -->\n", "<!-- ko -->\n온새미 상황판. ")
        .replace("<!-- en -->\n", "<!-- en -->\nOnsaemi's board. "),
        encoding="utf-8",
    )
    return folder


def test_the_check_takes_an_overlay_and_counts_what_lies_below_it(overlay: Path) -> None:
    said = CliRunner().invoke(app, ["check", str(overlay)])
    assert said.exit_code == 0, said.output
    assert said.output.startswith("onsaemi-playbook 1.0.0: 3 runbooks")


@pytest.mark.django_db
def test_an_overlay_in_force_changes_what_it_names_and_nothing_else_and_open_incidents_keep_theirs(
    root: Actor, alice: Actor, overlay: Path
) -> None:
    actions.install_default(root)
    before = incidents.open_incident(alice, title="before", type="model", subtype="performance_drop", severity="P1")
    actions.activate_pack(root, version_id=actions.import_pack(root, folder=overlay).id)
    after = incidents.open_incident(alice, title="after", type="model", subtype="performance_drop", severity="P1")
    assert (before.pack.pack_id, after.pack.pack_id) == ("bongsu-default", "onsaemi-playbook")
    assert "온새미 상황판." in queries.template("broadcast", after.pack_id).ko.body
    assert "온새미 상황판." not in queries.template("broadcast", before.pack_id).ko.body
    assert queries.taxonomy(after.pack_id).severities == queries.taxonomy(before.pack_id).severities
    incidents.change_severity(alice, incident=before.id, severity="P0", reason="it grows")  # by the version it began with
    before.refresh_from_db()
    assert (before.severity, before.pack.pack_id) == ("P0", "bongsu-default")

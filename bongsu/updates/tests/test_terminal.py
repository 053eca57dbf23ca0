"""`bongsu update` and `bongsu escalate`, over the API of a served house (D2, D3)."""

from typing import Any

import pytest
from typer.testing import CliRunner

from bongsu.escalations.cli import app as escalations
from bongsu.incidents.actions import open_incident
from bongsu.kernel.actors import Actor
from bongsu.updates.cli import app as updates
from bongsu.updates.models import StatusUpdate


def test_a_terminal_sends_updates_and_climbs_the_ladder(
    served: str, alice: Actor, token_of: Any, default_pack: Any, drain: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BONGSU_URL", served)
    monkeypatch.setenv("BONGSU_TOKEN", token_of(alice))
    incident = open_incident(alice, title="성능 급락", type="model", subtype="performance_drop", severity="P1")
    drain()
    run = CliRunner()
    first = run.invoke(updates, [incident.number, "--done", "원인 파악", "--doing", "필터 적용"])
    assert first.exit_code == 0, first.output
    assert "상태 업데이트 #1" in first.output
    second = run.invoke(updates, [incident.number, "--keep", "--done", "공지 준비"])
    assert second.exit_code == 0, second.output
    assert [i["text"] for i in StatusUpdate.objects.get(number=2).items] == ["공지 준비", "필터 적용"]
    empty = run.invoke(updates, [incident.number])
    assert (empty.exit_code, "422" in empty.output or "items" in empty.output) == (1, True)
    shown = run.invoke(escalations, [incident.number])
    assert "P1-60" in shown.output
    assert "waiting" in shown.output
    pressed = run.invoke(escalations, [incident.number, "--reason", "늘고 있음", "--json"])
    assert pressed.exit_code == 0, pressed.output
    assert '"key": "P1-60"' in pressed.output

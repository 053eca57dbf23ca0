"""Commands over the API of a served site: an incident's life from a terminal (M8)."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner


@pytest.fixture
def run(served: str, alice: Any, default_pack: Any, token_of: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """`run("list", "--json")` as alice; the answer's text."""
    from bongsu.incidents.cli import app

    monkeypatch.setenv("BONGSU_URL", served)
    monkeypatch.setenv("BONGSU_TOKEN", token_of(alice))

    def command(*arguments: str, code: int = 0) -> str:
        ended = CliRunner().invoke(app, list(arguments))
        assert ended.exit_code == code, ended.output
        return ended.output

    return command


def test_an_incident_is_declared_led_and_resolved_from_a_terminal(run: Any) -> None:
    declared = json.loads(
        run("declare", "foreign orders", "--type", "security", "--subtype", "prompt_injection", "--severity", "P2", "--json")
    )
    number = declared["number"]
    assert number in run("list")
    assert run("note", number, "the index is poisoned", "--decision").strip() == f"{number}: noted."
    assert "P1" in run("severity", number, "P1", "-r", "more than one customer")
    assert "Severity" not in run("severity", number, "P1", "-r", "again", code=1)
    run("move", number, "mitigating")
    assert "resolved" in run("resolve", number, "-r", "metrics are back")
    shown = run("show", number)
    assert "the index is poisoned" in shown
    assert "One fire: calm." in run("list")
    assert "no such record" in run("show", "INC-1999-001", code=1)


def test_the_command_that_is_offered_is_taken_from_a_terminal(run: Any, alice: Any, bob: Any) -> None:
    from bongsu.incidents import actions

    found = actions.open_incident(bob, title="x", type="model", subtype="bias", severity="P3", commander=alice.person_id)
    assert "Alice" in run("accept", found.number)
    assert "offer" in run("accept", found.number, code=1)  # and only once


def test_a_terminal_names_systems_by_their_key_and_says_when_there_is_nothing(run: Any, root: Any) -> None:
    from bongsu.integrations.cli import app as letters
    from bongsu.people.actions import create_entity
    from bongsu.signals.cli import app as signals
    from bongsu.systems.actions import register_system
    from bongsu.systems.cli import app as systems

    def told(app: Any, *arguments: str) -> str:
        ended = CliRunner().invoke(app, list(arguments))
        assert ended.exit_code == 0, ended.output
        return ended.output

    assert "No AI system is registered." in told(systems, "list")
    assert "Nothing waits for an answer." in told(signals, "proposals", "list")
    assert "Nothing failed." in told(letters, "dead-letters", "list")
    bank = create_entity(root, key="bank", name="Bank", country="KR", zone="Asia/Seoul")
    register_system(root, key="chat", name="Chat", entity=bank.id, stage="production")
    assert told(systems, "list").startswith("chat  production  Chat  ")
    own = ("--type", "model", "--subtype", "bias", "--severity", "P3", "--system")
    assert "INC-" in run("declare", "unfair answers", *own, "chat")
    assert "no such AI system" in run("declare", "unfair answers", *own, "chatty", code=1)
    assert "proposal" in told(signals, "report", "the chat names a customer", "--system", "chat")
    [line] = [line for line in told(signals, "proposals", "list").splitlines() if "the chat" in line]
    assert "T" not in line.split("open")[1].split("the chat")[0].replace("UTC", "").replace("KST", "")

"""Legal hold, erasure and dead letters from a terminal, over the API of a served site (M1, M3)."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from typer.testing import CliRunner

from bongsu.events.models import Delivery, Event
from bongsu.incidents import actions as incidents
from bongsu.kernel.clock import now


@pytest.fixture
def as_(served: str, token_of: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """`as_(lena, app, "records", "show", ...)`: the command's output."""

    def command(actor: Any, app: Any, *arguments: str, code: int = 0) -> str:
        monkeypatch.setenv("BONGSU_URL", served)
        monkeypatch.setenv("BONGSU_TOKEN", token_of(actor))
        ended = CliRunner().invoke(app, list(arguments))
        assert ended.exit_code == code, ended.output
        return ended.output

    return command


def test_a_record_is_held_and_erased_from_a_terminal(
    as_: Callable[..., str], alice: Any, lena: Any, bob: Any, default_pack: Any
) -> None:
    from bongsu.events.cli import app

    incident = incidents.open_incident(alice, title="t", type="model", subtype="bias", severity="P3")
    event = incidents.add_note(alice, incident=incident.id, text="his name is Hong")
    shown = json.loads(as_(lena, app, "records", "show", incident.number, "--json"))
    assert shown["subject"] == incident.subject_id
    assert str(event) in as_(lena, app, "records", "show", incident.subject_id)
    assert "under legal hold" in as_(lena, app, "records", "hold", incident.number, "-r", "court")
    assert "legal hold" in as_(lena, app, "records", "erase", str(event), "text", "-r", "asked", code=1)
    assert "under legal hold" not in as_(lena, app, "records", "lift", incident.number, "-r", "over")
    assert "right" in as_(bob, app, "records", "hold", incident.number, "-r", "mine", code=1)
    assert "▒▒▒" in as_(lena, app, "records", "erase", str(event), "text", "-r", "asked")
    assert "Hong" not in as_(lena, app, "records", "show", incident.number)


def test_dead_letters_are_listed_and_tried_again_from_a_terminal(
    as_: Callable[..., str], alice: Any, root: Any, bob: Any, default_pack: Any
) -> None:
    from bongsu.integrations.cli import app

    incident = incidents.open_incident(alice, title="t", type="model", subtype="bias", severity="P3")
    row = Delivery.objects.create(
        event=Event.objects.filter(subject=incident.subject_id).first(), listener="tests.nobody", due_at=now(), dead_at=now(),
        subject_id=incident.subject_id, attempts=8, error="ValueError: broken",
    )  # fmt: skip
    assert f"delivery {row.pk}  8x  tests.nobody" in as_(root, app, "dead-letters", "list", "--kind", "delivery")
    listed = json.loads(as_(root, app, "dead-letters", "list", "--json"))
    assert [one["id"] for one in listed["delivery"]] == [row.pk]
    assert (listed["timer"], listed["call"]) == ([], [])
    assert "right" in as_(bob, app, "dead-letters", "retry", "delivery", str(row.pk), code=1)
    assert "is tried again" in as_(root, app, "dead-letters", "retry", "delivery", str(row.pk))
    assert "gone" in as_(root, app, "dead-letters", "retry", "delivery", str(10**6), code=1)
    as_(root, app, "dead-letters", "retry", "telegram", "1", code=2)

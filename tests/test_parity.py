"""Every act of the page has its door for machines (M8): what the pages can post, the API can do."""

from typing import Any

import pytest

from bongsu.incidents.models import Incident
from bongsu.integrations import actions as integrations
from bongsu.integrations.queries import open_hold

pytestmark = pytest.mark.django_db


@pytest.fixture
def door(client: Any, root: Any, alice: Any, token_of: Any) -> Any:
    """`door("post", "/drill", who=alice)`."""

    def ask(method: str, path: str, body: Any = None, *, who: Any = root) -> Any:
        sent = {} if body is None else {"data": body, "content_type": "application/json"}
        return getattr(client, method)(f"/api/v1{path}", headers={"Authorization": f"Bearer {token_of(who)}"}, **sent)

    return ask


def test_a_drill_is_started_by_a_program_for_its_person(door: Any, alice: Any, default_pack: Any) -> None:
    answer = door("post", "/drill", {}, who=alice)
    assert answer.status_code == 201, answer.content
    incident = Incident.objects.get(number=answer.json()["number"])
    assert incident.is_drill
    assert incident.number.startswith("DRL-")


def test_an_old_intake_address_is_closed_and_only_once(door: Any, root: Any, default_pack: Any) -> None:
    made = integrations.create_connection(root, plugin_slug="alertmanager", name="am", values={}, signature="none")
    integrations.rotate_in_token(root, connection=made.id)
    slot = made.in_tokens.filter(ended_at=None).get().slot
    assert door("delete", f"/connections/{made.id}/tokens/{slot}").status_code == 204
    assert not made.in_tokens.filter(ended_at=None).exists()
    assert door("delete", f"/connections/{made.id}/tokens/{slot}").status_code in (404, 409)


def test_a_hold_is_released_by_a_program(door: Any, root: Any) -> None:
    integrations.hold_everything(root, reason="after a restore")
    assert open_hold() is not None
    assert door("post", "/calls/release", {}).status_code == 422
    assert open_hold() is not None
    assert door("post", "/calls/release", {"is_letting_go": False}).status_code == 204
    assert open_hold() is None

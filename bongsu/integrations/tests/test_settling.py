"""What a hold has left waiting: read, let go or discarded in one act, with a reason (B6, M4)."""

import pytest

from bongsu.events.actions import open_subject
from bongsu.events.models import Event
from bongsu.integrations import actions
from bongsu.integrations.models import Call
from bongsu.integrations.queries import open_hold
from bongsu.kernel.actors import system
from bongsu.kernel.errors import Conflict, Invalid
from bongsu.ui.language import say

pytestmark = pytest.mark.django_db
HOUSE = system("tests")


@pytest.fixture
def waiting(root, slack_connection, drain):
    """A posting that a hold kept, and that was left when the hold ended."""
    open_subject(HOUSE, subject="thing:1")
    actions.hold_everything(root, reason={"ko": "복원함", "en": "restored"})
    asked = {"channel": "C123", "title": "[P1] INC-2026-001 Loans", "text": "a"}
    row = actions.call(
        HOUSE, connection=slack_connection, operation="post", payload=asked, subject="thing:1", target="channel:C123",
        idempotency_key="a",
    )  # fmt: skip
    drain()
    return row


def test_one_reads_what_waits_for_whom_and_why_nothing_leaves(waiting, root_client):
    page = root_client.get("/outgoing/").content.decode()
    assert "C123</b> · [P1] INC-2026-001 Loans" in page
    assert "<p>restored ·" in page
    assert "Send this one" not in page  # while everything is held it would only be held again
    assert say(open_hold().said, "ko") == "복원함"


def test_nothing_held_is_tried_again_while_the_hold_is_open(waiting, root):
    with pytest.raises(Conflict, match="held again"):
        actions.retry_call(root, call=waiting.id)
    with pytest.raises(Conflict):
        actions.settle_waiting(root, is_letting_go=True, reason="now")
    waiting.refresh_from_db()
    assert waiting.state == "held"


def test_what_was_left_is_discarded_in_one_act_with_a_reason(waiting, root, slack, drain):
    actions.release_everything(root, is_letting_go=False)
    with pytest.raises(Invalid):
        actions.settle_waiting(root, is_letting_go=False, reason=" ")
    assert actions.settle_waiting(root, is_letting_go=False, reason="told by telephone") == 1
    drain()
    waiting.refresh_from_db()
    assert (waiting.state, waiting.dropped_because, slack.messages) == ("dropped", "discarded", {})
    assert Event.objects.filter(name="integrations.waiting_settled@1", actor=root.key).exists()
    with pytest.raises(Conflict):
        actions.settle_waiting(root, is_letting_go=False, reason="again")


def test_what_was_left_is_sent_in_one_act_on_the_page(waiting, root, root_client, alice_client, drain):
    actions.release_everything(root, is_letting_go=False)
    given = {"is_letting_go": "1", "reason": "still right"}
    assert alice_client.post("/outgoing/settle/", given).status_code == 403
    assert "Send all of it" in root_client.get("/outgoing/").content.decode()
    root_client.post("/outgoing/settle/", given)
    drain()
    assert Call.objects.get(pk=waiting.pk).attempts  # it left the house; whether the channel is there is another matter


def test_machines_settle_it_too(waiting, root, client, token_of):
    own = {"HTTP_AUTHORIZATION": f"Bearer {token_of(root)}", "content_type": "application/json"}
    body = '{"is_letting_go": false, "reason": "told by telephone"}'
    assert client.post("/api/v1/calls/settle", body, **own).json() == {"count": 1}
    [row] = client.get("/api/v1/calls?subject=thing:1", HTTP_AUTHORIZATION=own["HTTP_AUTHORIZATION"]).json()["items"]
    assert (row["recipient"], row["about"], row["state"]) == ("C123", "[P1] INC-2026-001 Loans", "dropped")

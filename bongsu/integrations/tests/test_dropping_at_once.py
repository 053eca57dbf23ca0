"""Withdrawing a call while a worker reaches for it, on a database that is committed to (C7, M1)."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from bongsu.events.actions import action, open_subject
from bongsu.integrations import actions, gate
from bongsu.integrations.models import Call, Connection
from bongsu.integrations.rules import ENDED
from bongsu.kernel.actors import system
from tests.fakes.slack import TOKEN

HOUSE = system("tests")
ABOUT = "incident:1"


def elsewhere(run):
    """What `run` returns in another thread, with a connection of its own."""

    def body():
        try:
            return run()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(body).result(30)


def test_a_worker_lets_be_what_is_being_withdrawn_at_this_moment(committed_db, root):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer: the worker waits for it")
    slack = actions.create_connection(
        root, plugin_slug="slack", name="Slack", values={"token": TOKEN, "url": "http://127.0.0.1:9"}
    )
    action(lambda actor: open_subject(actor, subject=ABOUT))(HOUSE)
    actions.call(
        HOUSE, connection=slack, operation="post", payload={"channel": "C1", "text": "a"}, subject=ABOUT, target="C1",
        idempotency_key="a",
    )  # fmt: skip
    with transaction.atomic():
        assert actions.drop_calls(HOUSE, subject=ABOUT, keys=["a"], reason=ENDED) == 1
        assert elsewhere(lambda: actions.claim_call(gate.GATE, connection=slack.id, lane="outside")) is None
    assert actions.claim_call(gate.GATE, connection=slack.id, lane="outside") is None
    assert Call.objects.get().state == "dropped"
    assert Connection.objects.get().health == "unknown"

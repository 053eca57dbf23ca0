"""A chat, a pager and a mail server as strict as the real ones, and a night that begins at noon in Seoul."""

import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from bongsu.incidents import actions
from bongsu.incidents.models import Incident
from bongsu.integrations.actions import create_connection
from bongsu.kernel import clock
from bongsu.kernel.actors import Actor
from tests.fakes.pagerduty import ROUTING_KEY, FakePagerDuty
from tests.fakes.slack import TOKEN, FakeSlack

START = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)  # 12:00 in Seoul


class Inbox:
    def __init__(self) -> None:
        self.mails: list[tuple[str, str]] = []
        self.refused: set[str] = set()

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address in self.refused:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.mails.append((envelope.rcpt_tos[0], envelope.content.decode()))
        return "250 OK"


@pytest.fixture(autouse=True)
def night() -> Iterator[None]:
    with clock.simulated(START):
        yield


@pytest.fixture
def slack(root: Actor) -> Iterator[Any]:
    fake: Any = FakeSlack().start()
    values = {"token": TOKEN, "url": f"{fake.url}/api"}
    fake.connection = create_connection(root, plugin_slug="slack", name="Slack", values=values, allowed_targets=[fake.target])
    yield fake
    fake.stop()


@pytest.fixture
def pagerduty(root: Actor) -> Iterator[Any]:
    fake: Any = FakePagerDuty().start()
    values = {"routing_key": ROUTING_KEY, "url": fake.url}
    create_connection(root, plugin_slug="pagerduty", name="Pager", values=values, allowed_targets=[fake.target])
    yield fake
    fake.stop()


@pytest.fixture
def inbox(root: Actor) -> Iterator[Inbox]:
    box = Inbox()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    target = f"127.0.0.1:{port}"
    values = {"server": target, "sender": "bongsu@example.org", "security": "none"}
    create_connection(root, plugin_slug="email_smtp", name="Mail", values=values, allowed_targets=[target])
    yield box
    controller.stop()


@pytest.fixture
def opened(default_pack: Any) -> Callable[..., Incident]:
    def declare(actor: Actor, severity: str = "P1", **values: Any) -> Incident:
        given = {"title": "여신 모델 성능 급락", "type": "model", "subtype": "performance_drop"}
        return actions.open_incident(actor, **{**given, "severity": severity, **values})

    return declare

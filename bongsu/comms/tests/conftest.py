"""People with ways to be reached, a mail server, a chat, a pager, and templates of a pack."""

import socket

import pytest
from aiosmtpd.controller import Controller

from bongsu.integrations.actions import create_connection
from tests.fakes.pagerduty import ROUTING_KEY, FakePagerDuty
from tests.fakes.slack import TOKEN, FakeSlack


class Inbox:
    """Keeps what is mailed; refuses the addresses in `refused`."""

    def __init__(self):
        self.mails, self.refused = [], set()

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.refused:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.mails.append((envelope.rcpt_tos[0], envelope.content.decode()))
        return "250 OK"


@pytest.fixture
def inbox():
    box = Inbox()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        box.port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=box.port)
    controller.start()
    yield box
    controller.stop()


@pytest.fixture
def mail(root, inbox):
    target = f"127.0.0.1:{inbox.port}"
    values = {"server": target, "sender": "bongsu@example.org", "security": "none"}
    return create_connection(root, plugin_slug="email_smtp", name="Mail", values=values, allowed_targets=[target])


@pytest.fixture
def slack(root):
    fake = FakeSlack().start()
    values = {"token": TOKEN, "url": f"{fake.url}/api"}
    fake.connection = create_connection(root, plugin_slug="slack", name="Slack", values=values, allowed_targets=[fake.target])
    yield fake
    fake.stop()


@pytest.fixture
def pagerduty(root):
    fake = FakePagerDuty().start()
    values = {"routing_key": ROUTING_KEY, "url": fake.url}
    create_connection(root, plugin_slug="pagerduty", name="Pager", values=values, allowed_targets=[fake.target])
    yield fake
    fake.stop()

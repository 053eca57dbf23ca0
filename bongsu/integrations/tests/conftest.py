"""Connections to counterparts that run here."""

import pytest

from bongsu.integrations.actions import create_connection
from tests.fakes.pagerduty import ROUTING_KEY, FakePagerDuty
from tests.fakes.slack import TOKEN, FakeSlack


@pytest.fixture
def slack():
    fake = FakeSlack().start()
    yield fake
    fake.stop()


@pytest.fixture
def pagerduty():
    fake = FakePagerDuty().start()
    yield fake
    fake.stop()


@pytest.fixture
def slack_connection(root, slack):
    values = {"token": TOKEN, "url": f"{slack.url}/api"}
    return create_connection(root, plugin_slug="slack", name="Slack", values=values, allowed_targets=[slack.target])


@pytest.fixture
def pager_connection(root, pagerduty):
    return create_connection(
        root, plugin_slug="pagerduty", name="PagerDuty", values={"routing_key": ROUTING_KEY, "url": pagerduty.url},
        allowed_targets=[pagerduty.target],
    )  # fmt: skip

"""Which channels connections serve, without any connection."""

import pytest

from bongsu.people import queries


@pytest.fixture(autouse=True)
def connected(monkeypatch):
    """The channels that connections serve; a test takes away what it wants gone."""
    served = {"email", "slack", "pager"}
    monkeypatch.setattr(queries, "_connected", [lambda: served])
    return served

"""Pages and API of connections."""

import re

import pytest

from bongsu.integrations.models import Call, Connection
from bongsu.integrations.queries import connection_for_token
from tests.fakes.pagerduty import ROUTING_KEY

pytestmark = pytest.mark.django_db


def test_a_connection_is_made_in_the_browser_and_its_secret_never_comes_back(root_client):
    assert root_client.get("/connections/").status_code == 200
    given = {"name": "Pager", "set_routing_key": ROUTING_KEY, "set_url": ""}
    page = root_client.post("/connections/new/pagerduty/", given, follow=True)
    assert page.status_code == 200
    assert ROUTING_KEY not in page.content.decode()
    row = Connection.objects.get()
    root_client.post(f"/connections/{row.id}/test/")
    assert Call.objects.get().operation == "test"


def test_bad_settings_are_said_beside_the_field_and_nothing_is_kept(root_client):
    page = root_client.post("/connections/new/pagerduty/", {"name": "Pager", "set_url": "ftp://x"})
    assert page.status_code == 422
    assert not Connection.objects.exists()


def test_an_intake_address_is_shown_once_and_a_sample_is_tried(root_client):
    root_client.post("/connections/new/alertmanager/", {"name": "AM", "signature": "none"})
    row = Connection.objects.get()
    shown = re.findall(r"/in/([\w-]{40,})/", root_client.post(f"/connections/{row.id}/rotate/").content.decode())
    assert connection_for_token(shown[0]) == row
    assert shown[0] not in root_client.get(f"/connections/{row.id}/").content.decode()
    tried = root_client.post(f"/connections/{row.id}/try/", {"sample": "{}"}).content.decode()
    assert "version 4" in tried


def test_others_may_look_but_not_touch(alice_client, charlie_client):
    assert alice_client.get("/connections/").status_code == 200
    assert alice_client.get("/outgoing/").status_code == 200
    assert alice_client.post("/connections/new/pagerduty/", {"name": "x"}).status_code == 403
    assert charlie_client.get("/connections/").status_code in (403, 404)

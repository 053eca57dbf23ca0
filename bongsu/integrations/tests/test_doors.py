"""Pages and API of connections."""

import re

import pytest

from bongsu.integrations import actions
from bongsu.integrations.models import Call, Connection
from bongsu.integrations.queries import connection_for_token
from bongsu.kernel.errors import Refused
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


def test_a_new_source_shows_its_intake_address_at_once(root_client):
    made = root_client.post("/connections/new/alertmanager/", {"name": "AM", "signature": "none"})
    [address] = re.findall(r"/in/([\w-]{40,})/", made.content.decode().partition("How to set it up")[0])
    assert connection_for_token(address) == Connection.objects.get()


def test_a_source_that_has_received_nothing_says_so_and_is_not_asked(root_client, root):
    root_client.post("/connections/new/alertmanager/", {"name": "AM", "signature": "none"})
    row = Connection.objects.get()
    page = root_client.get(f"/connections/{row.id}/").content.decode()
    assert "nothing received yet" in page
    assert f"/connections/{row.id}/test/" not in page
    assert "nothing received yet" in root_client.get("/connections/").content.decode()
    with pytest.raises(Refused):
        actions.test_connection(root, connection=row.id)


def test_who_posts_with_a_wrong_proof_is_seen_on_the_connection(root_client, client):
    given = {"name": "AM", "signature": "header", "signature_header": "Authorization", "secret_0": "right"}
    made = root_client.post("/connections/new/alertmanager/", given).content.decode()
    [address] = set(re.findall(r"/in/[\w-]{40,}/", made))
    assert client.post(address, "{}", content_type="application/json", HTTP_AUTHORIZATION="wrong").status_code == 401
    page = root_client.get(f"/connections/{Connection.objects.get().id}/").content.decode()
    assert "1 turned away" in page
    assert "compare the secret" in page


def test_only_a_secret_that_is_kept_is_called_kept(root_client):
    given = {"name": "AM", "signature": "header", "signature_header": "X-Proof", "secret_0": "right"}
    root_client.post("/connections/new/alertmanager/", given)
    page = root_client.get(f"/connections/{Connection.objects.get().id}/").content.decode()
    assert page.count("Kept. Leave empty") == 1
    mail = {"name": "Mail", "set_server": "mail.example.org:25", "set_sender": "b@example.org", "set_security": "starttls"}
    root_client.post("/connections/new/email_smtp/", mail)
    assert "Kept." not in root_client.get(f"/connections/{Connection.objects.get(name='Mail').id}/").content.decode()


def test_what_is_needed_is_not_called_optional(root_client):
    page = root_client.get("/connections/new/email_smtp/").content.decode()
    assert re.search(r'name="set_server"[^>]* required', page)
    assert not re.search(r'name="set_user"[^>]* required', page)

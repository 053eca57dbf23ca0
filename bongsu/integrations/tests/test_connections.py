"""Connections: settings from a form, secrets that do not come back, intake tokens with two live, proofs of senders."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime

import pytest

from bongsu.integrations import actions, queries
from bongsu.integrations.models import Connection, InToken
from bongsu.integrations.rules import is_proven, read_target
from bongsu.kernel.errors import Forbidden, Invalid
from tests.fakes.pagerduty import ROUTING_KEY

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def make(root, **more):
    given = {"plugin_slug": "pagerduty", "name": "Pager", "values": {"routing_key": ROUTING_KEY}} | more
    return actions.create_connection(root, **given)


@pytest.mark.django_db
def test_secrets_are_encrypted_and_an_empty_field_keeps_them(root):
    row = make(root)
    assert ROUTING_KEY not in row.box
    assert ROUTING_KEY not in str(row.settings)
    actions.change_connection(root, connection=row.id, name="Pager 2", values={"routing_key": "", "url": ""})
    row.refresh_from_db()
    assert queries.secrets_of(row)["routing_key"] == ROUTING_KEY
    assert row.settings["url"] == "https://events.pagerduty.com"


@pytest.mark.django_db
def test_only_who_keeps_connections_may_change_them(alice):
    with pytest.raises(Forbidden):
        make(alice)
    assert not Connection.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"name": " "}, "name"),
        ({"values": {}}, "routing_key"),
        ({"values": {"routing_key": "x", "url": "ftp://x"}}, "url"),
        ({"values": {"routing_key": "x", "url": "https://u:p@x"}}, "url"),
        ({"values": {"routing_key": "x", "url": "http://x:99999"}}, "url"),
        ({"values": {"routing_key": "x", "colour": "red"}}, "colour"),
        ({"allowed_targets": ["10.0.0.1"]}, "allowed_targets"),
        ({"signature": "rot13"}, "signature"),
        ({"signature": "header"}, "signature_secrets"),
    ],
)
def test_unusable_settings_are_refused_by_field(root, more, field):
    with pytest.raises(Invalid) as refused:
        make(root, **more)
    assert field in refused.value.fields
    assert not Connection.objects.exists()


@pytest.mark.django_db
def test_a_name_is_taken_once(root):
    make(root)
    with pytest.raises(Invalid):
        make(root)


@pytest.mark.django_db
def test_two_intake_tokens_live_at_once_and_a_third_ends_the_first(root):
    row = make(root, plugin_slug="alertmanager", name="AM", values={})
    first, second = (actions.rotate_in_token(root, connection=row.id) for _ in range(2))
    assert queries.connection_for_token(first) == queries.connection_for_token(second) == row
    third = actions.rotate_in_token(root, connection=row.id)
    assert queries.connection_for_token(first) is None
    assert queries.connection_for_token(second) == queries.connection_for_token(third) == row
    assert first not in str(list(InToken.objects.values_list()))
    actions.end_in_token(root, connection=row.id, slot=InToken.objects.get(ended_at=None, hash=_hash(second)).slot)
    assert queries.connection_for_token(second) is None
    actions.switch_connection(root, connection=row.id, is_enabled=False)
    assert queries.connection_for_token(third) is None


def _hash(token):
    return hashlib.sha256(token.encode()).hexdigest()


@pytest.mark.django_db
def test_proof_secrets_live_beside_the_settings_and_rotate(root):
    row = make(root, plugin_slug="alertmanager", name="AM", values={}, signature="header", signature_secrets=["one"])
    assert queries.signature_secrets(row) == ["one"]
    row = actions.change_connection(root, connection=row.id, signature_secrets=["one", "two"])
    assert queries.signature_secrets(row) == ["one", "two"]
    row = actions.change_connection(root, connection=row.id, name="AM 2")
    assert queries.signature_secrets(row) == ["one", "two"]
    assert queries.loaded(row) is not None


def hexed(key, body):
    return hmac.new(key, body, hashlib.sha256).hexdigest()


def coded(key, body):
    return base64.b64encode(hmac.new(key, body, hashlib.sha256).digest()).decode()


BODY = b'{"a": 1}'
STAMP = str(int(NOW.timestamp()))
OLD = str(int(NOW.timestamp()) - 600)


@pytest.mark.parametrize(
    ("scheme", "header", "headers", "is_right"),
    [
        ("none", "", {}, True),
        ("header", "", {"authorization": "Bearer new"}, True),
        ("header", "x-secret", {"x-secret": "old"}, True),
        ("header", "x-secret", {"x-secret": "other"}, False),
        ("header", "x-secret", {}, False),
        ("hmac_sha256", "x-hub-signature-256", {"x-hub-signature-256": f"sha256={hexed(b'new', BODY)}"}, True),
        ("hmac_sha256", "x-s", {"x-s": f"v1={hexed(b'no', BODY)},v1={hexed(b'old', BODY)}"}, True),
        ("hmac_sha256", "x-s", {"x-s": hexed(b"new", BODY + b" ")}, False),
        ("hmac_sha256", "x-s", {"x-s": ""}, False),
        ("mlflow", "", {"x-mlflow-delivery-id": "d", "x-mlflow-timestamp": STAMP,
                        "x-mlflow-signature": "v1," + coded(b"new", f"d.{STAMP}.".encode() + BODY)}, True),
        ("mlflow", "", {"x-mlflow-delivery-id": "d", "x-mlflow-timestamp": OLD,
                        "x-mlflow-signature": "v1," + coded(b"new", f"d.{OLD}.".encode() + BODY)}, False),
        ("standard_webhooks", "", {"webhook-id": "i", "webhook-timestamp": STAMP,
                                   "webhook-signature": "v1,x v1," + coded(b"secret", f"i.{STAMP}.".encode() + BODY)}, True),
        ("standard_webhooks", "", {"webhook-id": "i", "webhook-timestamp": STAMP, "webhook-signature": "v1,x"}, False),
        ("rot13", "x", {"x": "new"}, False),
    ],
)  # fmt: skip
def test_a_sender_proves_itself_by_any_of_two_live_secrets(scheme, header, headers, is_right):
    secrets = ["whsec_" + base64.b64encode(b"secret").decode()] if scheme == "standard_webhooks" else ["old", "new"]
    assert is_proven(scheme, header, headers, BODY, secrets, NOW) is is_right


def test_no_secret_proves_nothing():
    assert not is_proven("header", "x", {"x": ""}, BODY, [""], NOW)


@pytest.mark.parametrize("raw", ["host", "host:0", "host:70000", "http://host:80", "a b:80", ":80"])
def test_targets_are_written_exactly(raw):
    with pytest.raises(ValueError):
        read_target(raw)
    assert read_target(" MLflow.Internal:5000 ") == "mlflow.internal:5000"
    assert read_target("[::1]:5000") == "[::1]:5000"

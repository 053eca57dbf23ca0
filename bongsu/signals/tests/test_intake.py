"""What comes in at the door: stored or refused, never lost, never twice (B3)."""

import gzip
import json
from typing import Any

import pytest
from django.db import DatabaseError

from bongsu.kernel.canonical import digest
from bongsu.signals.models import DeadLetter, Proposal, Receipt, Signal, Tally

from .conftest import NIGHT, alert

pytestmark = pytest.mark.django_db


def test_a_delivery_is_stored_encrypted_and_answered_202(connect: Any, post: Any) -> None:
    _row, token = connect()
    body = json.dumps(alert(summary="call hong@example.org")).encode()
    answer = post(token, body)
    assert answer.status_code == 202, answer.content
    receipt = Receipt.objects.get()
    assert receipt.body_hash == digest(body)
    assert b"hong@example.org" not in bytes(receipt.body)
    assert receipt.is_authenticated
    assert "authorization" not in receipt.headers


def test_the_same_delivery_again_answers_the_same_and_adds_no_row(connect: Any, post: Any, drain: Any, night: Any) -> None:
    _row, token = connect()
    first, again = post(token, alert()), post(token, alert())
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    drain()
    post(token, alert())
    drain()
    assert Receipt.objects.count() == 1
    assert Receipt.objects.get().times == 3
    assert Signal.objects.get().times == 3
    assert Proposal.objects.count() == 1


def test_accepting_takes_three_statements_and_one_commit(connect: Any, post: Any, django_assert_num_queries: Any) -> None:
    _row, token = connect()
    post(token, alert())
    with django_assert_num_queries(5) as seen:  # of which SAVEPOINT and RELEASE stand for BEGIN and COMMIT
        post(token, alert(fingerprint="aa"))
    assert sum("SAVEPOINT" in q["sql"] for q in seen.captured_queries) == 2


NUL = json.dumps(alert()).encode().replace(b"income", b"in\x00come")
DEEP = b'{"a":' * 200 + b"1" + b"}" * 200
WIDE = b"[" + b"1," * 60_000 + b"1]"
BOMB = gzip.compress(b" " * 50_000_000)
BAD: list[tuple[str, bytes, dict[str, str], int]] = [
    ("empty", b"", {}, 400),
    ("only blanks", b"   ", {}, 400),
    ("not JSON", b"alert!", {}, 400),
    ("cut short", json.dumps(alert()).encode()[:-20], {}, 400),
    ("a bare number", b"42", {}, 400),
    ("a bare text", b'"firing"', {}, 400),
    ("NaN is no JSON", b'{"a": NaN}', {}, 400),
    ("NUL in the body", NUL, {}, 400),
    ("too deep", DEEP, {}, 400),
    ("too deep in lists", b"[" * 5_000 + b"]" * 5_000, {}, 400),
    ("too many parts", WIDE, {}, 400),
    ("not UTF-8", "점검".encode("euc-kr") + b"{}", {}, 400),
    ("not UTF-8 inside", b'{"a": "\xff\xfe"}', {}, 400),
    ("another character set", b'{"a": 1}', {"content_type": "application/json; charset=euc-kr"}, 400),
    ("UTF-16", '{"a": 1}'.encode("utf-16"), {}, 400),
    ("gzip that is none", b'{"a": 1}', {"HTTP_CONTENT_ENCODING": "gzip"}, 400),
    ("gzip that ends early", gzip.compress(b'{"a": 1}' * 500)[:-12], {"HTTP_CONTENT_ENCODING": "gzip"}, 400),
    ("gzip bomb", BOMB, {"HTTP_CONTENT_ENCODING": "gzip"}, 413),
    ("unknown packing", b'{"a": 1}', {"HTTP_CONTENT_ENCODING": "br"}, 400),
    ("huge", b'{"a": "' + b"x" * 1_100_000 + b'"}', {}, 413),
]


@pytest.mark.parametrize(("body", "headers", "status"), [b[1:] for b in BAD], ids=[b[0] for b in BAD])
def test_a_bad_body_is_refused_with_one_dead_letter_and_nothing_else(
    body: bytes, headers: dict[str, str], status: int, connect: Any, post: Any
) -> None:
    _row, token = connect()
    for _again in range(3):
        assert post(token, body, **headers).status_code == status
    letter = DeadLetter.objects.filter(body_hash=digest(body)).first()
    assert letter is None if len(body) > 1_048_576 else letter and letter.times == 3
    assert DeadLetter.objects.count() <= 1
    assert not Receipt.objects.exists()


def test_text_that_postgresql_refuses_survives_as_a_replacement(connect: Any, post: Any, drain: Any, night: Any) -> None:
    _row, token = connect()
    body = json.dumps(alert(summary="half \ud800 surrogate and \x00 escaped NUL drift")).encode()
    assert post(token, body).status_code == 202
    drain()
    assert "\x00" not in Signal.objects.get().title
    assert "drift" in Signal.objects.get().title


@pytest.mark.parametrize("secret", [None, "wrong", "", "ünïcode"])
def test_a_wrong_secret_leaves_a_counter_and_no_row(secret: str | None, connect: Any, post: Any) -> None:
    _row, token = connect()
    assert post(token, alert(), secret=secret).status_code == 401
    assert not Receipt.objects.exists()
    assert not DeadLetter.objects.exists()
    assert Tally.objects.get().times == 1
    assert Tally.objects.get().kind == "unauthorized"


@pytest.mark.parametrize("token", ["nonsense", "a" * 500, "한글", "%00", "../admin"])
def test_a_wrong_token_is_answered_like_a_wrong_secret(token: str, connect: Any, post: Any) -> None:
    connect()
    assert post(token, alert()).status_code in (401, 404)
    assert not Receipt.objects.exists()


def test_a_signature_is_checked_over_the_raw_body_and_its_age(connect: Any, post: Any, night: Any) -> None:
    import base64
    import hmac

    from .conftest import SECRET

    _row, token = connect(signature="mlflow")
    body = json.dumps(alert()).encode()

    def headers(at: int, signed: bytes = body) -> dict[str, str]:
        text = f"d1.{at}.".encode() + signed
        proof = base64.b64encode(hmac.new(SECRET.encode(), text, "sha256").digest()).decode()
        return {"HTTP_X_MLFLOW_SIGNATURE": f"v1,{proof}", "HTTP_X_MLFLOW_TIMESTAMP": str(at), "HTTP_X_MLFLOW_DELIVERY_ID": "d1"}

    at = int(NIGHT.timestamp())
    assert post(token, body, secret=None, **headers(at - 3600)).status_code == 401
    assert post(token, body, secret=None, **headers(at, b"{}")).status_code == 401
    assert post(token, body, secret=None, **headers(at)).status_code == 202
    assert Receipt.objects.get().delivery == "d1"


def test_a_disabled_connection_takes_nothing(connect: Any, post: Any, root: Any) -> None:
    from bongsu.integrations import actions

    row, token = connect()
    actions.switch_connection(root, connection=row.id, is_enabled=False, reason="noise")
    assert post(token, alert()).status_code == 401


def test_two_tokens_live_at_once_during_a_rotation(connect: Any, post: Any, root: Any) -> None:
    from bongsu.integrations import actions

    row, old = connect()
    new = actions.rotate_in_token(root, connection=row.id)
    assert post(old, alert()).status_code == post(new, alert()).status_code == 202
    assert Receipt.objects.count() == 1


def test_only_the_source_that_keeps_being_wrong_has_to_wait(connect: Any, post: Any) -> None:
    _row, token = connect()
    statuses = [post("wrong", alert()).status_code for _n in range(70)]
    assert statuses[0] == 401
    assert statuses[-1] == 429
    assert post("wrong", alert())["Retry-After"]
    assert post(token, alert()).status_code == 202
    assert Tally.objects.filter(kind="limited").exists()


def test_a_database_that_fails_is_503_with_retry_after(connect: Any, post: Any, monkeypatch: Any) -> None:
    _row, token = connect()

    def fail(*_args: Any) -> None:
        raise DatabaseError("disk full")

    monkeypatch.setattr("bongsu.signals.actions.receiving._insert", fail)
    answer = post(token, alert())
    assert answer.status_code == 503
    assert answer["Retry-After"]


def test_the_token_stands_in_no_log(connect: Any, post: Any, caplog: Any) -> None:
    _row, token = connect()
    caplog.set_level("DEBUG")
    post(token, b"nonsense")
    post(token, alert(), secret="wrong")
    assert token not in caplog.text


def test_get_is_refused_and_the_handshake_of_cloudevents_answered(client: Any, connect: Any) -> None:
    _row, token = connect()
    assert client.get(f"/in/{token}/").status_code == 405
    answer = client.options(f"/in/{token}/", headers={"WebHook-Request-Origin": "events.example"})
    assert answer.status_code == 204
    assert answer["WebHook-Allowed-Origin"] == "events.example"


def test_what_the_plugin_does_not_understand_is_a_dead_letter_that_can_be_read_again(
    connect: Any, post: Any, drain: Any, root: Any, night: Any
) -> None:
    from bongsu.signals import actions

    _row, token = connect()
    assert post(token, {"hello": "hong@example.org"}).status_code == 202
    drain()
    letter = DeadLetter.objects.get()
    assert "hong@example.org" not in letter.excerpt
    assert Receipt.objects.get().state == "dead"
    actions.retry_dead_letter(root, letter=letter.id)
    drain()
    letter.refresh_from_db()
    assert letter.times == 2
    assert letter.dismissed_at is None
    actions.dismiss_dead_letter(root, letter=letter.id, reason="a probe")
    letter.refresh_from_db()
    assert letter.dismissed_at


def test_the_delivery_that_breaks_is_the_one_that_is_blamed(connect: Any, post: Any, night: Any, monkeypatch: Any) -> None:
    from bongsu.kernel.actors import system
    from bongsu.signals import actions
    from bongsu.signals.actions import draining
    from bongsu.signals.reactions import Receipts

    row, token = connect()
    for name in ("first", "bad", "last"):
        post(token, alert(fingerprint=name, group=name))
    take, seen = draining.take, draining.due_receipts(str(row.id))

    def breaking(actor: Any, understood: Any, *args: Any) -> Any:
        if understood.dedupe_key == "bad":
            raise RuntimeError("a bug")
        return take(actor, understood, *args)

    monkeypatch.setattr(draining, "take", breaking)
    monkeypatch.setattr(draining, "due_receipts", lambda key: seen)
    actions.drain_receipts(system("signals"), connection=row.id, only=seen[0])  # another worker was faster
    assert Receipts()._one_by_one(str(row.id)) == 3
    assert [(r.state, r.attempts) for r in (Receipt.objects.get(pk=pk) for pk in seen)] == [
        ("done", 0), ("waiting", 1), ("done", 0),
    ]  # fmt: skip
    draining.put_off(system("signals"), receipt=seen[0], error="blamed for nothing")
    assert Receipt.objects.get(pk=seen[0]).attempts == 0


def test_one_poisoned_delivery_holds_nobody_up(connect: Any, post: Any, drain: Any, night: Any, monkeypatch: Any) -> None:
    from bongsu.signals.actions import draining

    _row, token = connect()
    post(token, alert(fingerprint="bad", group="bad"))
    post(token, alert(fingerprint="good", group="good"))
    take = draining.take

    def breaking(actor: Any, understood: Any, *args: Any) -> Any:
        if understood.dedupe_key == "bad":
            raise RuntimeError("a bug")
        return take(actor, understood, *args)

    monkeypatch.setattr(draining, "take", breaking)
    drain()
    assert Signal.objects.get().dedupe_key == "good"
    bad = Receipt.objects.get(state="waiting")
    assert bad.attempts >= 1
    assert "a bug" in bad.error
    assert bad.body
    drain(until=NIGHT.replace(hour=4))
    assert Receipt.objects.get(pk=bad.pk).state == "dead"
    assert DeadLetter.objects.get().reason

"""Legal hold and erasure by page, API and command: who may, with which reason, and what the ledger says afterwards (M1, B2)."""

import json
from typing import Any

import pytest
from django.test import Client

from bongsu.events import queries
from bongsu.events.models import Event, Personal, Subject
from bongsu.events.verification import verify
from bongsu.kernel.actors import Actor

from .telling import US, begin, tell

pytestmark = pytest.mark.django_db
NAME = "홍길동"


@pytest.fixture
def subject() -> str:
    ref = begin().ref
    tell(US, "a", subject=ref, who=NAME)
    return ref


def event_of(subject: str) -> Event:
    return Event.objects.get(subject=subject, seq=1)


def facts(subject: str) -> list[str]:
    names = Event.objects.filter(subject=subject).order_by("seq").values_list("name", flat=True)
    return [name.partition("@")[0] for name in names]


def test_legal_holds_a_record_and_lifts_it_from_the_page(subject: str, lena_client: Client, root_client: Client) -> None:
    page = lena_client.get(f"/ledger/records/{subject}/").content.decode()
    assert NAME in page
    assert f"/ledger/records/{subject}/hold/" in page
    assert lena_client.post(f"/ledger/records/{subject}/hold/", {"reason": " "}).status_code == 422
    assert lena_client.post(f"/ledger/records/{subject}/hold/", {"reason": "court order 12"}).status_code == 302
    assert Subject.objects.get(pk=subject).has_legal_hold
    assert "court order 12" in lena_client.get(f"/ledger/records/{subject}/").content.decode()
    assert lena_client.post(f"/ledger/records/{subject}/hold/", {"reason": "again"}).status_code == 409
    erase = f"/ledger/entries/{event_of(subject).event}/erase/"
    assert "legal hold" in root_client.get(erase).content.decode()
    held = root_client.post(erase, {"field": "who", "reason": "asked"})
    assert held.status_code == 409
    assert "legal hold" in held.content.decode()
    assert Personal.objects.filter(event__subject=subject).exists()
    assert lena_client.post(f"/ledger/records/{subject}/lift/", {"reason": "court order 13"}).status_code == 302
    assert lena_client.post(f"/ledger/records/{subject}/lift/", {"reason": "again"}).status_code == 409
    assert not Subject.objects.get(pk=subject).has_legal_hold
    assert facts(subject)[1:] == ["events.legal_hold_set", "events.legal_hold_lifted"]


@pytest.mark.parametrize("who", ["lena_client", "root_client"])
def test_an_erased_value_is_gone_and_the_entry_says_by_whom_and_why(
    subject: str, who: str, request: pytest.FixtureRequest, ivy_client: Client
) -> None:
    client: Client = request.getfixturevalue(who)
    url = f"/ledger/entries/{event_of(subject).event}/erase/"
    assert NAME in client.get(url).content.decode()
    for wrong in ({}, {"field": "who"}, {"field": "who", "reason": "  "}, {"field": "words", "reason": "x"}, {"reason": "x"}):
        assert client.post(url, wrong).status_code == 422, wrong
    assert Personal.objects.filter(event__subject=subject).exists()
    assert client.post(url, {"field": "who", "reason": "the person asked"}).status_code == 302
    page = ivy_client.get(f"/ledger/records/{subject}/").content.decode()
    name = who.partition("_")[0].capitalize()
    assert NAME not in page
    assert f"▒▒▒ (erased on the record by {name}: the person asked)" in page
    assert url not in page
    assert client.post(url, {"field": "who", "reason": "again"}).status_code == 422
    report = verify(outside=[])
    assert report.is_whole
    assert report.counts["erased"] == 1
    assert "missing" not in report.counts


def test_in_korean_the_place_speaks_korean(subject: str, lena: Actor, lena_client: Client) -> None:
    lena_client.post(f"/ledger/entries/{event_of(subject).event}/erase/", {"field": "who", "reason": "당사자 요청"})
    lena_client.cookies["bongsu_language"] = "ko"
    page = lena_client.get(f"/ledger/records/{subject}/").content.decode()
    assert "▒▒▒ (Lena 님이 기록을 남기고 삭제: 당사자 요청)" in page
    assert "법적 보존" in page
    assert "Put under legal hold" not in page


def test_nobody_else_holds_erases_or_even_looks(
    subject: str, alice_client: Client, bob_client: Client, charlie_client: Client, ivy_client: Client, root_client: Client
) -> None:
    event = event_of(subject).event
    for client in (alice_client, bob_client, charlie_client):
        assert client.get(f"/ledger/records/{subject}/").status_code == 403
        assert client.get(f"/ledger/entries/{event}/erase/").status_code == 403
    assert ivy_client.get(f"/ledger/records/{subject}/").status_code == 200
    assert "/erase/" not in ivy_client.get(f"/ledger/records/{subject}/").content.decode()
    assert ivy_client.post(f"/ledger/entries/{event}/erase/", {"field": "who", "reason": "x"}).status_code == 403
    for client in (ivy_client, root_client):
        assert client.post(f"/ledger/records/{subject}/hold/", {"reason": "x"}).status_code == 403
    assert facts(subject) == ["tests.told"]


def test_of_a_restricted_record_only_its_readers_know(lena: Actor, root: Actor, signed_in: Any) -> None:
    assert lena.person_id
    ref = begin(restricted=True, readers=[lena.person_id]).ref
    tell(US, "a", subject=ref, who=NAME)
    event = event_of(ref).event
    outsider, reader = signed_in(root), signed_in(lena)
    for url in (f"/ledger/records/{ref}/", f"/ledger/records/{ref}/hold/", f"/ledger/entries/{event}/erase/"):
        assert outsider.get(url).status_code == 404, url
        assert reader.get(url).status_code == 200, url
    assert outsider.post(f"/ledger/entries/{event}/erase/", {"field": "who", "reason": "x"}).status_code == 404
    assert "events.record_read" in facts(ref)
    for url in ("/ledger/records/test:none/", "/ledger/records/x/hold/", "/ledger/records/test:none/?before=rubbish"):
        assert reader.get(url).status_code == 404, url


def test_machines_hold_lift_and_erase(subject: str, lena: Actor, bob: Actor, token_of: Any, client: Client) -> None:
    def ask(actor: Actor, method: str, path: str, body: Any = None) -> Any:
        more = {"data": json.dumps(body), "content_type": "application/json"} if body is not None else {}
        return getattr(client, method)(f"/api/v1/ledger{path}", headers={"Authorization": f"Bearer {token_of(actor)}"}, **more)

    here, event = f"/records/{subject}", event_of(subject).event
    shown = ask(lena, "get", here).json()
    assert (shown["seq"], shown["has_legal_hold"], shown["subject"]) == (1, False, subject)
    (row,) = ask(lena, "get", f"{here}/entries").json()["items"]
    assert (row["personal"], row["erased"], row["event"]) == (["who"], [], str(event))
    assert ask(lena, "post", f"{here}/hold", {}).status_code == 422
    assert ask(lena, "post", f"{here}/hold", {"reason": " "}).json()["fields"] == {"reason": "Say why."}
    assert ask(lena, "post", f"{here}/hold", {"reason": "court"}).json()["has_legal_hold"] is True
    refused = ask(lena, "post", f"/entries/{event}/erase", {"field": "who", "reason": "x"})
    assert (refused.status_code, "legal hold" in refused.json()["detail"]) == (409, True)
    assert ask(lena, "post", f"{here}/hold/lift", {"reason": "over"}).json()["has_legal_hold"] is False
    assert ask(lena, "post", f"/entries/{event}/erase", {"field": "words", "reason": "x"}).status_code == 404
    erased = ask(lena, "post", f"/entries/{event}/erase", {"field": "who", "reason": "asked"}).json()
    assert (erased["personal"], erased["erased"]) == ([], ["who"])
    assert "▒▒▒ (erased on the record by Lena: asked)" in erased["sentence"]
    assert ask(lena, "get", f"{here}/entries?before=2&limit=1").json()["items"][0]["seq"] == 1
    assert ask(bob, "get", here).status_code == 403
    assert ask(bob, "post", f"/entries/{event}/erase", {"field": "who", "reason": "x"}).status_code == 403
    assert ask(lena, "get", "/records/test:none").status_code == 404


def test_a_token_that_may_not_have_the_answer_has_changed_nothing(
    subject: str, lena: Actor, token_of: Any, client: Client
) -> None:
    token = token_of(lena, scopes=["see", "record.hold"])
    door = {"headers": {"Authorization": f"Bearer {token}"}, "content_type": "application/json"}
    url = f"/api/v1/ledger/records/{subject}/hold"
    assert client.post(url, {"reason": "court"}, **door).status_code == 403
    assert not Subject.objects.get(pk=subject).has_legal_hold
    Subject.objects.filter(pk=subject).update(has_legal_hold=True)
    assert client.post(f"{url}/lift", {"reason": "over"}, **door).status_code == 403
    assert Subject.objects.get(pk=subject).has_legal_hold


def test_many_entries_are_read_page_by_page(subject: str, lena: Actor) -> None:
    for number in range(4):
        tell(US, str(number), subject=subject)
    first, following = queries.entries(lena, subject, limit=3)
    rest, end = queries.entries(lena, subject, before=following or 0, limit=3)
    assert [e.seq for e in first + rest] == [5, 4, 3, 2, 1]
    assert end is None

"""Reading a restricted incident stands in the ledger, whatever the door: once per person, door and hour (B6)."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bongsu.documents import actions as documents
from bongsu.events.models import Event
from bongsu.files import actions as files
from bongsu.incidents import actions
from bongsu.incidents.models import Incident
from bongsu.kernel import clock
from bongsu.kernel.actors import Actor, system

pytestmark = pytest.mark.django_db
START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def stopped_clock() -> Any:
    with clock.simulated(START):
        yield


@pytest.fixture
def secret(alice: Actor, bob: Actor, default_pack: Any, drain: Any) -> Incident:
    found = actions.open_incident(
        alice, title="a colleague is involved", type="data", subtype="personal_data_leak", severity="P1",
        restriction="a colleague is involved", readers=[bob.person_id],
    )  # fmt: skip
    drain()
    return found


def readings(actor: Actor) -> list[str]:
    texts = Event.objects.filter(name="events.record_read@1", actor=actor.key).order_by("position").values_list("text", flat=True)
    return [json.loads(text)["data"]["door"] for text in texts]


def test_the_page_and_its_live_parts_are_one_reading_an_hour(secret: Incident, bob: Actor, bob_client: Client) -> None:
    here = f"/incidents/{secret.number}/"
    parts = ["", "part/timeline/", "part/head/", "panels/runbook/", "part/timeline/", "act/note/"]
    assert [bob_client.get(here + part).status_code for part in parts] == [200] * len(parts)
    assert readings(bob) == ["incidents"]
    clock.advance(timedelta(minutes=59))
    bob_client.get(here + "part/timeline/")
    assert readings(bob) == ["incidents"]
    clock.advance(timedelta(minutes=1))
    bob_client.get(here + "part/timeline/")
    assert readings(bob) == ["incidents", "incidents"]


def test_one_who_opens_only_a_part_has_read_it_too(secret: Incident, bob: Actor, bob_client: Client) -> None:
    bob_client.get(f"/incidents/{secret.number}/part/evidence/")
    assert readings(bob) == ["incidents"]


def test_every_other_door_is_noted_under_its_own_name(secret: Incident, bob: Actor, bob_client: Client, drain: Any) -> None:
    stored = files.store(bob, subject=secret.subject_id, name="a.txt", content=b"x")
    made = documents.create_document(
        bob, subject=secret.subject_id, about_ref=secret.ref, kind="report", kind_title="Report", number=secret.number,
        title="t", language="en",
    )  # fmt: skip
    for url in (f"/documents/{made.id}/", f"/files/{stored.id}/", f"/incidents/{secret.number}/updates/"):
        assert bob_client.get(url).status_code == 200, url
    assert readings(bob) == ["documents", "evidence", "updates"]
    files.store(bob, subject=secret.subject_id, name="b.txt", content=b"y")
    assert bob_client.get("/api/v1/files", {"subject": secret.subject_id}).status_code == 200
    assert readings(bob)[3:] == ["api"]


def test_the_api_is_a_door_whichever_route_is_asked(
    secret: Incident, bob: Actor, client: Client, token_of: Any, drain: Any
) -> None:
    door = {"headers": {"Authorization": f"Bearer {token_of(bob)}"}}
    for rest in ("", "/timeline", "/duties", "/escalation", "/channel"):
        client.get(f"/api/v1/incidents/{secret.number}{rest}", **door)
    assert readings(bob) == ["api"]
    clock.advance(timedelta(hours=1))
    assert client.get("/api/v1/incidents", **door).json()["items"][0]["number"] == secret.number
    assert readings(bob) == ["api", "api"]


def test_a_list_of_what_stands_in_it_is_a_reading(secret: Incident, bob: Actor, client: Client, token_of: Any) -> None:
    door = {"headers": {"Authorization": f"Bearer {token_of(bob)}"}}
    assert client.get("/api/v1/documents", **door).json()["items"] == []
    assert readings(bob) == []
    documents.create_document(
        bob, subject=secret.subject_id, about_ref=secret.ref, kind="report", kind_title="Report", number=secret.number,
        title="named in it", language="en",
    )  # fmt: skip
    assert client.get("/api/v1/documents", **door).json()["items"][0]["title"] == "named in it"
    assert readings(bob) == ["api"]


def test_a_page_that_comes_again_with_its_errors_is_a_reading(secret: Incident, bob: Actor, bob_client: Client) -> None:
    clock.advance(timedelta(hours=2))
    answer = bob_client.post(f"/incidents/{secret.number}/act/note/", {"text": "", "kind": "note"})
    assert answer.status_code == 422
    assert readings(bob) == ["incidents"]


def test_an_api_answer_that_says_only_what_was_wrong_is_none(secret: Incident, bob: Actor, client: Client, token_of: Any) -> None:
    door = {"headers": {"Authorization": f"Bearer {token_of(bob)}"}}
    wrong = client.post(f"/api/v1/incidents/{secret.number}/notes", {"text": ""}, content_type="application/json", **door)
    assert wrong.status_code == 422
    assert readings(bob) == []


def test_what_takes_the_list_along_notes_what_stands_in_it(secret: Incident, alice: Actor, alice_client: Client) -> None:
    alice_client.get("/incidents/")
    assert readings(alice) == []  # a line with its number is no reading
    assert secret.title in b"".join(alice_client.get("/incidents.csv")).decode()  # type: ignore[arg-type]
    assert readings(alice) == ["incidents"]


def test_a_message_read_is_a_reading(secret: Incident, alice: Actor, bob: Actor, bob_client: Client, drain: Any) -> None:
    from bongsu.comms.models import Message

    actions.assign_role(alice, incident=secret.id, role="technical_lead", person=bob.person_id)  # type: ignore[arg-type]
    drain()
    row = Message.objects.filter(subject=secret.subject_id, person=bob.person_id).first()
    assert row is not None
    assert bob_client.get(f"/messages/{row.id}/").status_code == 200
    assert readings(bob) == ["comms"]


def test_neither_a_refusal_nor_an_open_incident_nor_the_machine_is_noted(
    secret: Incident, lena: Actor, root: Actor, charlie: Actor, signed_in: Any, alice: Actor, bob: Actor, bob_client: Client
) -> None:
    for stranger in (charlie, root):
        assert signed_in(stranger).get(f"/incidents/{secret.number}/").status_code in (403, 404)
    ordinary = actions.open_incident(alice, title="t", type="model", subtype="bias", severity="P3")
    assert bob_client.get(f"/incidents/{ordinary.number}/").status_code == 200
    from bongsu.incidents import queries

    queries.incident(system("tests"), secret.number)
    assert not Event.objects.filter(name="events.record_read@1").exists()


def test_what_one_does_is_its_own_fact_and_no_reading(secret: Incident, bob: Actor, bob_client: Client) -> None:
    assert bob_client.post(f"/incidents/{secret.number}/act/note/", {"text": "seen", "kind": "note"}).status_code == 302
    assert readings(bob) == []


def test_a_page_read_again_asks_the_database_nothing_more(secret: Incident, bob_client: Client) -> None:
    here, live = f"/incidents/{secret.number}/part/timeline/", {"HX-Request": "true"}
    bob_client.get(here, headers=live)
    with CaptureQueriesContext(connection) as asked:
        bob_client.get(here, headers=live)
    assert not [q["sql"] for q in asked if "events_head" in q["sql"] or "INSERT" in q["sql"]]
    assert len(asked) <= 8


def test_another_process_sees_in_the_ledger_what_this_one_noted(secret: Incident, bob: Actor, bob_client: Client) -> None:
    from django.core.cache import cache

    for _each in range(2):
        bob_client.get(f"/incidents/{secret.number}/")
        cache.clear()
    assert readings(bob) == ["incidents"]

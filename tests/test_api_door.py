"""The API's own manners: who is calling, refusals (RFC 9457), idempotency keys, the description (M8)."""

import json
import threading
from uuid import uuid4

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client

from bongsu.kernel.clock import now
from bongsu.kernel.errors import Invalid
from bongsu.people.models import Person
from bongsu.site.actions import answer_once
from bongsu.site.models import Answer

PROBLEM = "application/problem+json"


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


ROUTE = "/api/v1/incidents"  # what everybody who may see anything may get


@pytest.mark.django_db
def test_the_description_is_openapi_3_1_and_names_the_refusals(client):
    said = client.get("/api/v1/openapi.json").json()
    assert said["openapi"].startswith("3.1")
    assert "Problem" in said["components"]["schemas"]
    for ways in said["paths"].values():
        for operation in ways.values():
            assert PROBLEM in operation["responses"]["default"]["content"]


@pytest.mark.django_db
def test_the_page_of_the_api_loads_nothing_from_outside(client):
    words = client.get("/api/v1/docs").content.decode()
    assert "swagger-ui-bundle.js" in words
    assert "://" not in words.replace("http://www.w3.org", "")


@pytest.mark.django_db
def test_without_session_or_token_the_answer_is_401_as_a_problem(client):
    answer = client.get(ROUTE)
    assert (answer.status_code, answer["Content-Type"]) == (401, PROBLEM)
    assert answer["WWW-Authenticate"] == "Bearer"
    assert answer.json()["type"] == "urn:bongsu:problem:unauthenticated"


@pytest.mark.django_db
@pytest.mark.parametrize("header", ["Bearer nonsense", "Bearer ", "Basic YTpi", "Bearer ‮x", "x"])
def test_a_header_that_is_no_token_of_ours_is_401(client, header):
    answer = client.get(ROUTE, headers={"Authorization": header.encode().decode("latin-1")})
    assert (answer.status_code, answer["Content-Type"]) == (401, PROBLEM)


@pytest.mark.django_db
def test_a_token_opens_the_door_and_a_revoked_one_does_not(client, alice, token_of, console):
    from bongsu.people.actions import revoke_token
    from bongsu.people.models import ApiToken

    token, route = token_of(alice), ROUTE
    assert client.get(route, headers=bearer(token)).status_code == 200
    revoke_token(console, token=ApiToken.objects.get().id, reason="lost")
    assert client.get(route, headers=bearer(token)).status_code == 401


@pytest.mark.django_db
def test_an_unknown_address_is_a_problem_in_the_callers_language(client):
    english = client.get("/api/v1/nothing", headers={"Accept-Language": "en"})
    korean = client.get("/api/v1/nothing", headers={"Accept-Language": "ko"})
    assert english.status_code == korean.status_code == 404
    assert english.json()["detail"] != korean.json()["detail"]


@pytest.mark.django_db
def test_the_callers_request_id_comes_back_unless_it_is_no_plain_word(client):
    assert client.get(ROUTE, headers={"X-Request-Id": "abc-1"})["X-Request-Id"] == "abc-1"
    assert client.get(ROUTE, headers={"X-Request-Id": "a b<c>"})["X-Request-Id"] != "a b<c>"


@pytest.mark.django_db
def test_a_session_without_csrf_token_changes_nothing(alice):
    client = Client(enforce_csrf_checks=True)
    client.force_login(Person.objects.get(pk=alice.person_id), backend="allauth.account.auth_backends.AuthenticationBackend")
    paths = client.get("/api/v1/openapi.json").json()["paths"]
    route = next((path for path, ways in paths.items() if "post" in ways and "{" not in path), None)
    assert route, "the API has no POST"
    assert client.post(route, "{}", content_type="application/json").status_code == 403


@pytest.mark.django_db
@pytest.mark.parametrize("body", ['{"a": "\\u0000"}', '{"a": NaN}', '{"a": "\\ud800"}', "[" * 100_000, "{", "\xff"])
def test_json_that_no_database_can_keep_is_refused_with_400(alice, token_of, client, body):
    paths = client.get("/api/v1/openapi.json").json()["paths"]
    route = next(
        path
        for path, ways in paths.items()
        if "{" not in path and "application/json" in ways.get("post", {}).get("requestBody", {}).get("content", {})
    )
    data = body.encode("latin-1")
    answer = client.post(route, data, content_type="application/json", headers=bearer(token_of(alice)))
    assert (answer.status_code, answer["Content-Type"]) == (400, PROBLEM)


# --- idempotency keys -------------------------------------------------------------------------------------------------


def post(body: object) -> HttpRequest:
    request = HttpRequest()
    request.method, request.path, request._body = "POST", "/api/v1/things", json.dumps(body).encode()
    return request


def mark(words: str) -> HttpResponse:
    """An act that leaves a row, so that doing it twice shows."""
    Answer.objects.create(caller="mark", route="mark", key=uuid4().hex, body_hash="", recorded_at=now())
    return HttpResponse(words, status=201, content_type="application/json")


def marks() -> int:
    return Answer.objects.filter(caller="mark").count()


@pytest.mark.django_db
def test_the_same_key_acts_once_and_answers_the_same(bob):
    first = answer_once(bob, request=post(1), key="k", answer=lambda: mark("one"))
    second = answer_once(bob, request=post(1), key="k", answer=lambda: mark("two"))
    assert (first.content, second.content, second.status_code, marks()) == (b"one", b"one", 201, 1)
    assert second["Idempotency-Replayed"] == "true"


@pytest.mark.django_db
def test_the_same_key_with_another_body_is_refused(bob):
    answer_once(bob, request=post(1), key="k", answer=lambda: mark("one"))
    with pytest.raises(Invalid):
        answer_once(bob, request=post(2), key="k", answer=lambda: mark("two"))


@pytest.mark.django_db
def test_the_key_of_one_person_is_not_the_key_of_another(alice, bob):
    answer_once(bob, request=post(1), key="k", answer=lambda: mark("one"))
    assert answer_once(alice, request=post(1), key="k", answer=lambda: mark("two")).content == b"two"


@pytest.mark.django_db
def test_a_refusal_is_not_kept_and_leaves_nothing(bob):
    def refuse() -> HttpResponse:
        mark("half done")
        return HttpResponse(status=409)

    assert answer_once(bob, request=post(1), key="k", answer=refuse).status_code == 409
    assert marks() == 0
    assert answer_once(bob, request=post(1), key="k", answer=lambda: mark("now")).content == b"now"


@pytest.mark.parametrize("key", ["x" * 201, "a\nb"])
@pytest.mark.django_db
def test_a_key_that_is_too_long_or_not_printable_is_refused(bob, key):
    with pytest.raises(Invalid):
        answer_once(bob, request=post(1), key=key, answer=lambda: mark("one"))


def test_eight_at_once_with_one_key_act_once(committed_db, bob):
    from django.db import connection

    answers, gate = [], threading.Barrier(8)

    def send() -> None:
        gate.wait()
        answers.append(answer_once(bob, request=post(1), key="k", answer=lambda: mark(uuid4().hex)).content)
        connection.close()

    threads = [threading.Thread(target=send) for _each in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(answers), len(set(answers)), marks()) == (8, 1, 1)


@pytest.mark.django_db
def test_a_token_made_with_an_idempotency_key_is_kept_nowhere_in_the_clear(client, alice):
    client.force_login(Person.objects.get(pk=alice.person_id), backend="allauth.account.auth_backends.AuthenticationBackend")
    body = json.dumps({"name": "ci", "scopes": ["see"]})
    first = client.post("/api/v1/tokens", body, content_type="application/json", headers={"Idempotency-Key": "k1"})
    again = client.post("/api/v1/tokens", body, content_type="application/json", headers={"Idempotency-Key": "k1"})
    assert (first.status_code, again.status_code) == (201, 409)
    raw = next(value for value in first.json().values() if isinstance(value, str) and value.startswith("bsu_"))
    assert not any(raw.encode() in bytes(row.content) for row in Answer.objects.all())


# --- what is sent to us ---------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_every_body_refuses_a_field_it_does_not_know(client):
    """A word that was mistyped, `is_dril` for one, must never be passed over."""
    said = client.get("/api/v1/openapi.json").json()
    shapes, loose = said["components"]["schemas"], []
    for path, ways in said["paths"].items():
        for method, operation in ways.items():
            content = operation.get("requestBody", {}).get("content", {}).get("application/json")
            if content and _is_loose(content["schema"], shapes, set()):
                loose.append(f"{method} {path}")
    assert loose == []


def _is_loose(schema, shapes, seen):
    name = schema.get("$ref", "").rpartition("/")[2]
    if name in seen:
        return False
    found = shapes[name] if name else schema
    below = [*found.get("properties", {}).values(), *found.get("anyOf", []), *filter(None, [found.get("items")])]
    is_open = "properties" in found and found.get("additionalProperties") is not False
    return is_open or any(_is_loose(one, shapes, seen | {name}) for one in below)


@pytest.mark.django_db
def test_a_mistyped_field_is_named_in_the_callers_language_and_nothing_is_declared(client, alice, token_of, default_pack):
    from bongsu.incidents.models import Incident

    sent = {"title": "x", "type": "model", "subtype": "performance_drop", "severity": "P1", "is_dril": True}
    told = {}
    for language in ("ko", "en"):
        headers = {**bearer(token_of(alice)), "Accept-Language": language}
        answer = client.post("/api/v1/incidents", sent, content_type="application/json", headers=headers)
        assert (answer.status_code, answer["Content-Type"]) == (422, PROBLEM)
        told[language] = answer.json()["fields"]
    assert told == {"ko": {"is_dril": "그런 필드는 없습니다."}, "en": {"is_dril": "There is no such field."}}
    assert not Incident.objects.exists()


@pytest.mark.django_db
def test_a_way_an_address_does_not_take_is_a_problem_too(client, alice, token_of):
    answer = client.delete("/api/v1/incidents", headers={**bearer(token_of(alice)), "Accept-Language": "en"})
    assert (answer.status_code, answer["Content-Type"]) == (405, PROBLEM)
    assert "GET" in answer["Allow"]
    assert "DELETE" in answer.json()["detail"]


@pytest.mark.django_db
def test_a_program_that_mistyped_an_address_hears_so(alice, token_of):
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post("/api/v1/incidentz", {}, content_type="application/json", headers=bearer(token_of(alice)))
    assert (answer.status_code, answer["Content-Type"]) == (404, PROBLEM)


@pytest.mark.django_db
def test_an_address_that_leads_nowhere_speaks_the_persons_language(client, alice, token_of, alice_client, console):
    from bongsu.people.actions import change_person

    for language, words in (("ko", "주소"), ("en", "There is no such address")):
        change_person(console, person=alice.person_id, language=language)
        assert words in client.get("/api/v1/nowhere", headers=bearer(token_of(alice))).json()["detail"]
        page = alice_client.get("/nowhere/", headers={"Accept-Language": "en" if language == "ko" else "ko"})
        assert (page.status_code, page["Content-Language"]) == (404, language)

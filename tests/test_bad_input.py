"""Bad input at the doors of incidents and desk (issue 2, "what it must show" 4): forms, API, uploads, commands. Each has
its clear error, nothing is stored and nothing is lost.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from typer.testing import CliRunner

from bongsu.events.models import Event
from bongsu.files.models import StoredFile
from bongsu.incidents import actions
from bongsu.incidents.models import Duty, Evidence, Incident
from bongsu.kernel.actors import Actor
from bongsu.kernel.clock import now

HERE = Path(__file__).resolve().parent.parent
pytestmark = pytest.mark.django_db
TOMORROW = (now() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
GOOD = {"title": "the chatbot shows foreign orders", "classification": "security/prompt_injection", "severity": "P1"}


@pytest.fixture
def incident(alice: Actor, default_pack: Any) -> Incident:
    return actions.open_incident(alice, title="burning", type="security", subtype="prompt_injection", severity="P1")


def stored() -> tuple[int, ...]:
    """How much there is of everything an incident's doors can write; that a token was used is noted all the same."""
    said = Event.objects.exclude(name__startswith="people.").count()
    return (said, *(model.objects.count() for model in (Incident, Evidence, Duty, StoredFile)))


# --- forms: (what is sent, what the page says about it) ---------------------------------------------------------------

DECLARING: dict[str, tuple[dict[str, Any], str]] = {
    "no title": ({"title": ""}, "required"),
    "a title of blanks": ({"title": "   "}, "required"),
    "a title of 201 characters": ({"title": "x" * 201}, "at most 200"),
    "a NUL in the title": ({"title": "a\x00b"}, "Null characters"),
    "no severity": ({"severity": ""}, "required"),
    "a severity that is none": ({"severity": "P9"}, "P9 is not one of"),
    "a type that is none": ({"classification": "weather/rain"}, "weather/rain is not one of"),
    "a sub-type of another type": ({"classification": "model/personal_data_leak"}, "is not one of"),
    "a system that is none": ({"system": "0198c0de-0000-7000-8000-000000000000"}, "is not one of"),
    "noticed tomorrow": ({"detected_at": TOMORROW}, "detected in the future"),
    "a moment that is none": ({"occurred_at": "yesterday"}, "valid date/time"),
    "a commander who is nobody": ({"commander": "me"}, "me is not one of"),
}


@pytest.mark.parametrize("case", DECLARING)
def test_declaring_says_what_is_wrong_and_keeps_what_was_typed(case: str, alice_client: Client, default_pack: Any) -> None:
    sent, said = DECLARING[case]
    before = stored()
    answer = alice_client.post("/incidents/declare/", {**GOOD, "description": "what I typed", **sent})
    words = answer.content.decode()
    assert answer.status_code == 422
    assert said in words
    assert "what I typed" in words
    assert stored() == before


ACTS: dict[str, tuple[str, dict[str, Any], int, str]] = {
    "a severity without a reason": ("severity", {"severity": "P0"}, 422, "required"),
    "the severity it has": ("severity", {"severity": "P1", "reason": "same"}, 409, "It is P1 already"),
    "a state that is no way on": ("state", {"state": "closed", "reason": "done"}, 422, "closed is not one of"),
    "an empty note": ("note", {"text": " ", "kind": "note"}, 422, "required"),
    "a note of a kind that is none": ("note", {"text": "x", "kind": "poem"}, 422, "poem is not one of"),
    "a note of tomorrow": ("note", {"text": "x", "kind": "note", "occurred_at": TOMORROW}, 422, "not in the future"),
    "awareness in the future": ("awareness", {"aware_at": TOMORROW, "how": "call"}, 422, "not in the future"),
    "awareness without how": ("awareness", {"aware_at": "2026-01-01T10:00"}, 422, "required"),
    "fewer than no users": ("impact", {"affected_users": "-1"}, 422, "greater than or equal to 0"),
    "a currency of one letter": ("impact", {"currency": "W"}, 422, "at least 3"),
    "a deadline in no zone": (
        "deadline",
        {"name": "x", "authority": "y", "due": TOMORROW, "zone": "Mars/Base"},
        422,
        "Asia/Seoul",
    ),
    "a duty nobody owes": ("met", {"key": "no-such", "proof": "x"}, 404, "no such duty"),
    "retracting what is not there": (
        "retract",
        {"event": "0198c0de-0000-7000-8000-000000000000", "reason": "x"},
        404,
        "no such entry",
    ),
    "an entry that is no id": ("retract", {"event": "x", "reason": "x"}, 422, "valid UUID"),
    "a role to nobody": ("role", {"role": "technical_lead", "person": "x"}, 422, "is not one of"),
    "taking a command that is not offered": ("accept", {}, 409, "not offered to you"),
    "an act that is none": ("dance", {}, 404, "no such record"),
    "labels of evidence that is not there": (
        "labels",
        {"evidence": "0198c0de-0000-7000-8000-000000000000"},
        404,
        "no such evidence",
    ),
}


@pytest.mark.parametrize("case", ACTS)
def test_an_act_is_refused_with_its_reason(case: str, incident: Incident, alice_client: Client) -> None:
    act, sent, status, said = ACTS[case]
    before = stored()
    answer = alice_client.post(f"/incidents/{incident.number}/act/{act}/", sent)
    assert answer.status_code == status, answer.content.decode()[-1500:]
    assert said in answer.content.decode()
    assert stored() == before


def test_a_form_sent_by_htmx_comes_back_as_its_fragment(incident: Incident, alice_client: Client) -> None:
    answer = alice_client.post(f"/incidents/{incident.number}/act/severity/", {"severity": "P0"}, headers={"HX-Request": "true"})
    assert answer.status_code == 422
    assert answer.content.decode().startswith("<dialog")


# --- uploads ----------------------------------------------------------------------------------------------------------

UPLOADS: dict[str, tuple[Callable[[], dict[str, Any]], str]] = {
    "an empty file": (lambda: {"file": SimpleUploadedFile("a.txt", b"")}, "empty"),
    "a file that starts by itself": (lambda: {"file": SimpleUploadedFile("a.exe", b"MZ")}, "file"),
    "neither file nor link nor words": (dict, "one thing"),
    "a link that runs": (lambda: {"url": "javascript:alert(1)"}, "valid URL"),
    "a link and words at once": (lambda: {"url": "https://example.org", "quote": "x"}, "one thing"),
    "the second of two files is empty": (
        lambda: {"file": [SimpleUploadedFile("a.txt", b"x"), SimpleUploadedFile("b.txt", b"")]}, "empty",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", UPLOADS)
def test_evidence_that_cannot_be_kept_leaves_nothing(case: str, incident: Incident, alice_client: Client) -> None:
    make, said = UPLOADS[case]
    before = stored()
    answer = alice_client.post(f"/incidents/{incident.number}/evidence/", make())
    assert answer.status_code in (413, 422), answer.content.decode()[-1500:]
    assert said in answer.content.decode()
    assert stored() == before


def test_the_composer_wants_words_or_a_file(incident: Incident, alice_client: Client) -> None:
    before = stored()
    answer = alice_client.post(f"/incidents/{incident.number}/compose/", {"text": " ", "kind": "note"})
    assert answer.status_code == 422
    assert "choose a file" in answer.content.decode()
    assert stored() == before


# --- the API ----------------------------------------------------------------------------------------------------------

BODY = {"title": "x", "type": "security", "subtype": "prompt_injection", "severity": "P1"}
API: dict[str, tuple[str, str, Any, int, str]] = {
    "a declaration without severity": ("post", "", {k: v for k, v in BODY.items() if k != "severity"}, 422, "severity"),
    "an unknown type": ("post", "", {**BODY, "type": "weather"}, 422, "type"),
    "a moment without zone": ("post", "", {**BODY, "detected_at": "2026-01-01T10:00:00"}, 422, "detected_at"),
    "readers who are no ids": ("post", "", {**BODY, "readers": ["bob"]}, 422, "readers"),
    "a system nobody has": ("post", "", {**BODY, "system": "0198c0de-0000-7000-8000-000000000000"}, 422, "system"),
    "an incident that is not there": ("get", "/INC-1999-001", None, 404, "no such record"),
    "a cursor of somebody else": ("get", "?cursor=abc", None, 422, "cursor"),
    "a page of ten thousand": ("get", "?limit=10000", None, 422, "limit"),
    "a note that is too long": ("post", "/{n}/notes", {"text": "x" * 20_001}, 422, "20,000"),
    "a note of an unknown kind": ("post", "/{n}/notes", {"text": "x", "kind": "poem"}, 422, "kind"),
    "a state that is none": ("post", "/{n}/state", {"state": "party"}, 409, "party"),
    "evidence of two kinds": ("post", "/{n}/evidence", {"url": "https://a.example", "quote": "x"}, 422, "one thing"),
    "evidence from this disk": ("post", "/{n}/evidence", {"url": "file:///etc/passwd"}, 422, "http"),
    "losing less than nothing": ("patch", "/{n}/impact", {"loss": "-1"}, 422, "loss"),
    "an empty title": ("patch", "/{n}/details", {"title": " "}, 422, "title"),
    "glass that nobody else may break": ("post", "/{n}/break-glass", {"reason": "curious me"}, 403, "breakglass"),
    "a role that is none": (
        "post",
        "/{n}/roles",
        {"role": "jester", "person": "0198c0de-0000-7000-8000-000000000000"},
        422,
        "role",
    ),
}


@pytest.mark.parametrize("case", API)
def test_the_api_refuses_as_a_problem_and_stores_nothing(
    case: str, incident: Incident, alice: Actor, token_of: Any, client: Client
) -> None:
    method, path, body, status, said = API[case]
    headers = {"Authorization": f"Bearer {token_of(alice)}"}
    before = stored()
    sent = {} if method == "get" else {"data": json.dumps(body), "content_type": "application/json"}
    answer = getattr(client, method)(f"/api/v1/incidents{path.replace('{n}', incident.number)}", headers=headers, **sent)
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json"), answer.content
    assert said in answer.content.decode()
    assert stored() == before


# --- commands ---------------------------------------------------------------------------------------------------------

COMMANDS: dict[str, tuple[list[str], dict[str, str], int, str]] = {
    "no token": (["list"], {"BONGSU_TOKEN": ""}, 2, "BONGSU_TOKEN is not set"),
    "a server that is not there": (["show", "INC-2026-001"], {"BONGSU_URL": "http://127.0.0.1:9"}, 1, "127.0.0.1"),
    "declaring without a severity": (["declare", "x", "--type", "security", "--subtype", "bias"], {}, 2, "--severity"),
    "changing severity without a reason": (["severity", "INC-2026-001", "P0"], {}, 2, "--reason"),
    "a command that is none": (["dance"], {}, 2, "No such command"),
}


@pytest.mark.parametrize("case", COMMANDS)
def test_a_command_says_what_is_wrong_and_ends_with_a_code(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from bongsu.incidents.cli import app

    arguments, environment, code, said = COMMANDS[case]
    for name, value in {"BONGSU_TOKEN": "bgs_nobody", **environment}.items():
        monkeypatch.setenv(name, value)
    ended = CliRunner().invoke(app, arguments, env={"COLUMNS": "200", "NO_COLOR": "1"})
    assert ended.exit_code == code, ended.output
    assert said in ended.output


@pytest.mark.parametrize(("language", "said"), [("en_US.UTF-8", "start the server first"), ("ko_KR.UTF-8", "먼저 서버를 시작")])
def test_a_command_in_a_home_without_a_database_says_what_to_do(language: str, said: str, tmp_path: Any) -> None:
    environment = {
        **os.environ,
        "BONGSU_HOME": str(tmp_path),
        "LANG": language,
        "DATABASE_URL": f"sqlite:///{tmp_path}/none.sqlite3",
    }
    environment.pop("LC_ALL", None)
    command = [sys.executable, "-m", "bongsu", "ledger", "verify"]
    done = subprocess.run(command, cwd=HERE, env=environment, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


# --- desk -------------------------------------------------------------------------------------------------------------


def test_home_has_only_its_own_parts(alice_client: Client, default_pack: Any) -> None:
    assert alice_client.get("/desk/kitchen/").status_code == 404


def test_a_drill_without_a_pack_in_force_says_so(alice_client: Client) -> None:
    before = Incident.objects.count()
    assert alice_client.post("/drill/").status_code == 409
    assert Incident.objects.count() == before


@pytest.mark.parametrize("query", ["", "\x00", "%", "'; DROP TABLE", "x" * 5000, "가" * 2000])
def test_the_finder_and_the_list_bear_every_query(query: str, alice_client: Client, incident: Incident) -> None:
    assert alice_client.get("/ui/find/", {"q": query}).status_code == 200
    assert alice_client.get("/incidents/", {"text": query, "severity": query[:50], "cursor": ""}).status_code == 200


@pytest.mark.parametrize("cursor", ["abc", "'", "W10", "bnVsbA", "eyJhIjoxfQ", "WyIyMDI2IiwgIngiXQ"])
def test_a_foreign_cursor_of_the_list_is_refused(cursor: str, alice_client: Client, incident: Incident) -> None:
    answer = alice_client.get("/incidents/", {"cursor": cursor})
    assert answer.status_code == 422
    assert "cursor" in answer.content.decode()

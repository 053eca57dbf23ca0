"""Pages and API of signals: each does what the action does, and hides what the reader must not know (B1, B3, A4)."""

import json
from datetime import timedelta
from typing import Any

import pytest

from bongsu.incidents.models import Incident
from bongsu.integrations.contract import Signal as Understood
from bongsu.packs.queries import taxonomy
from bongsu.people.models import Person
from bongsu.signals import actions
from bongsu.signals.models import Proposal, Report, Signal

from .conftest import NIGHT

pytestmark = pytest.mark.django_db
STEEP = "accuracy of the credit model dropped 36 percent"


@pytest.fixture
def proposal(desk: Any, bob: Any, drain: Any, night: Any) -> Proposal:
    actions.push_signal(
        bob, signal=Understood(dedupe_key="k", title=STEEP, links=("javascript:alert(1)",), labels={"model": "credit"})
    )
    drain()
    return Proposal.objects.get()


@pytest.fixture
def api(client: Any, token_of: Any) -> Any:
    """`api(actor, method, path, body)` with an API token."""

    def ask(actor: Any, method: str, path: str, body: Any = None) -> Any:
        return client.generic(
            method,
            f"/api/v1{path}",
            json.dumps(body) if body is not None else "",
            content_type="application/json",
            headers={"Authorization": f"Bearer {token_of(actor)}"},
        )

    return ask


PAGES = ["/signals/", "/proposals/", "/proposals/?all=1", "/report/", "/signals/?state=open&severity=P1&text=credit&drill=0"]


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", ["ko", "en"])
def test_a_responder_reads_every_page(path: str, language: str, proposal: Proposal, bob_client: Any) -> None:
    answer = bob_client.get(path, headers={"Accept-Language": language})
    assert answer.status_code == 200
    assert b"style=" not in answer.content


def test_the_signal_page_shows_links_as_text_only(proposal: Proposal, bob_client: Any) -> None:
    page = bob_client.get(f"/signals/{Signal.objects.get().id}/").content.decode()
    assert "javascript:alert(1)" in page
    assert 'href="javascript' not in page
    assert STEEP in page


def test_the_triage_desk_declares_on_the_page(proposal: Proposal, bob_client: Any) -> None:
    page = bob_client.get(f"/proposals/{proposal.id}/")
    assert page.status_code == 200
    assert proposal.rule in page.content.decode()
    refused = bob_client.post(f"/proposals/{proposal.id}/answer/", {"act": "declare", "severity": "P3"})
    assert refused.status_code == 422
    assert not Incident.objects.exists()
    done = bob_client.post(f"/proposals/{proposal.id}/answer/", {"act": "declare", "severity": "P2", "reason": "one region only"})
    incident = Incident.objects.get()
    assert done.status_code == 302
    assert incident.number in done["Location"]
    assert incident.severity == "P2"
    panel = bob_client.get(f"/incidents/{incident.number}/panels/signals/")
    assert panel.status_code == 200
    assert STEEP in panel.content.decode()


@pytest.mark.parametrize(
    ("act", "data", "state"), [("confirm", {}, "confirmed"), ("reject", {"reason": "a load test"}, "rejected")]
)
def test_the_other_answers_on_the_page(act: str, data: dict[str, str], state: str, proposal: Proposal, bob_client: Any) -> None:
    assert bob_client.post(f"/proposals/{proposal.id}/answer/", {"act": act, **data}).status_code == 302
    proposal.refresh_from_db()
    assert proposal.state == state


@pytest.mark.parametrize(
    "data",
    [
        {"act": "reject"},
        {"act": "attach", "incident": "INC-0"},
        {"act": "merge", "into": "x"},
        {"act": "declare", "classification": "x/y"},
    ],
)
def test_a_wrong_answer_is_refused_and_changes_nothing(data: dict[str, str], proposal: Proposal, bob_client: Any) -> None:
    assert 400 <= bob_client.post(f"/proposals/{proposal.id}/answer/", data).status_code < 500
    proposal.refresh_from_db()
    assert proposal.state == "open"


def test_A4_what_was_proposed_stays_beside_what_a_person_made_of_it(
    proposal: Proposal, bob: Any, bob_client: Any, api: Any
) -> None:
    by_rules = proposal.severity
    assert by_rules != "P2"
    answer = {"act": "confirm", "severity": "P2", "reason": "one region only"}
    assert bob_client.post(f"/proposals/{proposal.id}/answer/", answer).status_code == 302
    found = api(bob, "GET", f"/proposals/{proposal.id}").json()
    assert (found["proposed"]["severity"], found["decided"]["severity"], found["severity"]) == (by_rules, "P2", "P2")
    page = bob_client.get(f"/proposals/{proposal.id}/").content.decode()
    asked, _title, made = page.partition("What a person made of it")
    assert f"<b>{by_rules} ·" in asked
    assert "<b>P2 ·" in made
    assert "instead of what was proposed" in made
    again = {"act": "declare", "severity": by_rules, "reason": "it spreads"}
    bob_client.post(f"/proposals/{proposal.id}/answer/", again)
    proposal.refresh_from_db()
    assert (proposal.by_rules["severity"], proposal.severity) == (by_rules, by_rules)


def test_A4_an_unanswered_proposal_has_no_decision(proposal: Proposal, bob: Any, api: Any) -> None:
    found = api(bob, "GET", f"/proposals/{proposal.id}").json()
    assert (found["decided"], found["proposed"]["severity"]) == (None, proposal.severity)


def test_D8_the_proposal_says_who_could_not_be_asked(proposal: Proposal, bob_client: Any) -> None:
    page = bob_client.get(f"/proposals/{proposal.id}/").content.decode()
    assert "was written to 1 time." in page
    assert "not reached" in page


def test_a_stranger_reports_on_the_page_and_sees_nothing_else(desk: Any, proposal: Proposal, charlie_client: Any) -> None:
    for path in ("/signals/", "/proposals/", f"/proposals/{proposal.id}/"):
        assert charlie_client.get(path).status_code in (403, 404)
    shown = charlie_client.post("/report/judge/", {"what": "the bot shows the chat history of other users"})
    assert "data.leak" in shown.content.decode()
    done = charlie_client.post(
        "/report/", {"what": "the bot shows the chat history of other users", "is_ongoing": "yes", "act": "declare"}
    )
    assert done.status_code == 403
    assert not Report.objects.exists()
    done = charlie_client.post("/report/", {"what": "the bot shows the chat history of other users", "is_ongoing": "yes"})
    assert done.status_code == 302
    seen = charlie_client.get(done["Location"])
    assert seen.status_code == 200
    assert "data.leak" in seen.content.decode()


def test_a_responder_declares_from_the_report_form(desk: Any, bob_client: Any, night: Any) -> None:
    done = bob_client.post("/report/", {"what": "prompt injection succeeded in production", "is_ongoing": "no", "act": "declare"})
    assert done.status_code == 302
    assert Incident.objects.get().number in done["Location"]


@pytest.mark.parametrize(
    "data",
    [
        {"what": ""},
        {"what": "x", "is_ongoing": "maybe"},
        {"what": "x", "is_ongoing": "no", "noticed_at": "yesterday"},
        {"what": "x", "is_ongoing": "no", "evidence_url": "javascript:1"},
        {"what": "a\x00b", "is_ongoing": "no"},
        {"what": "x", "is_ongoing": "no", "system": "nonsense"},
    ],
)
def test_a_bad_report_form_says_where(data: dict[str, str], desk: Any, charlie_client: Any) -> None:
    assert charlie_client.post("/report/", data).status_code == 422
    assert not Report.objects.exists()


def test_the_mapping_is_tried_on_a_sample_and_nothing_is_kept(desk: Any, root_client: Any, bob_client: Any, night: Any) -> None:
    sample = {"rule": {"name": "accuracy dropped 40 percent for a@example.org", "id": "7"}}
    form = {"mapping": json.dumps({"title": "rule.name", "dedupe_key": "rule.id"}), "sample": json.dumps(sample)}
    page = root_client.post("/signals/mapping/", form)
    assert page.status_code == 200
    assert "P1" in page.content.decode()
    assert "a@example.org" not in page.content.decode().split("<dl")[1]
    assert not Signal.objects.exists()
    for wrong in ({"mapping": "{"}, {"mapping": "[]"}, {"sample": "nope"}, {"sample": "[" * 99}, {"mapping": '{"title": "a"}'}):
        assert root_client.post("/signals/mapping/", {**form, **wrong}).status_code == 422
    assert bob_client.get("/signals/mapping/").status_code == 403


def test_dead_letters_are_for_who_keeps_connections(connect: Any, post: Any, root_client: Any, bob_client: Any) -> None:
    _row, token = connect()
    post(token, b"nonsense")
    page = root_client.get("/signals/dead-letters/")
    assert page.status_code == 200
    assert "nonsense" in page.content.decode()
    assert bob_client.get("/signals/dead-letters/").status_code == 403


def test_the_api_does_every_act(proposal: Proposal, bob: Any, alice: Any, api: Any) -> None:
    listed = api(bob, "GET", "/proposals?is_waiting=true").json()
    assert [p["id"] for p in listed["items"]] == [str(proposal.id)]
    assert listed["items"][0]["signals"]
    assert api(bob, "POST", f"/proposals/{proposal.id}/declare", {"severity": "P3"}).status_code == 422
    done = api(bob, "POST", f"/proposals/{proposal.id}/declare", {}).json()
    assert done["state"] == "declared"
    assert done["incident"].startswith("INC-")
    assert api(bob, "POST", f"/proposals/{proposal.id}/reject", {"reason": "late"}).status_code == 409
    pushed = api(bob, "POST", "/signals", {"dedupe_key": "z", "title": "income drift is confirmed"})
    assert pushed.status_code == 201
    assert pushed.json()["verdict"]["severity"] == "P2"
    other = pushed.json()["proposal"]
    assert (
        api(bob, "POST", f"/proposals/{other}/attach", {"incident": done["incident"], "reason": "same"}).json()["state"]
        == "attached"
    )
    assert len(api(bob, "GET", "/signals").json()["items"]) == 2
    assert api(bob, "GET", f"/signals/{pushed.json()['id']}").json()["incident"] == done["incident"]
    report = api(bob, "POST", "/reports", {"what": "the bot swears at customers"}).json()
    assert report["severity"]
    assert api(bob, "GET", f"/reports/{report['id']}").json()["id"] == report["id"]
    assert api(bob, "POST", "/reports/judge", {"what": STEEP}).json()["severity"] == "P1"


@pytest.mark.parametrize(
    ("language", "cell", "because"),
    [
        ("ko", "데이터 × P0: 대량 개인정보 유출", "개인정보가 대량으로 유출"),
        ("en", "Data × P0: Mass personal-data leak", "Personal data leaked"),
    ],
)
def test_every_door_names_the_cell_and_the_reason_in_the_readers_language(
    language: str, cell: str, because: str, desk: Any, bob: Any, bob_client: Any, api: Any, night: Any
) -> None:
    """A4: the form while one writes, the page of the report and the proposal, and the API in both languages."""
    words = "회원 3.2만 명의 개인정보가 챗봇 답변으로 유출되었습니다"
    Person.objects.filter(pk=bob.person_id).update(language=language)
    typed = bob_client.post("/report/judge/", {"what": words}).content.decode()
    judged = api(bob, "POST", "/reports/judge", {"what": words}).json()
    filed = api(bob, "POST", "/reports", {"what": words}).json()
    kept = api(bob, "GET", f"/proposals/{filed['proposal']}").json()
    page = bob_client.get(f"/proposals/{filed['proposal']}/").content.decode()
    for shown in (typed, page):
        assert cell in shown
        assert because in shown
        assert "data.mass_leak" in shown
    for said in (judged, filed, kept):
        assert said["cell"][language] == cell
        assert because in said["why"][language]
        assert said["rule"] == "data.mass_leak"


def test_who_may_not_triage_still_reports_with_a_token(proposal: Proposal, ivy: Any, api: Any) -> None:
    mine = api(ivy, "POST", "/reports", {"what": "the bot swears at customers"})
    assert mine.status_code == 201
    assert mine.json()["id"] in [r["id"] for r in api(ivy, "GET", "/reports").json()["items"]]
    assert api(ivy, "POST", "/signals", {"dedupe_key": "a", "title": "b"}).status_code == 403
    assert api(ivy, "POST", f"/proposals/{proposal.id}/declare", {}).status_code == 403


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/reports", {}),
        ("/reports", {"what": ""}),
        ("/reports", {"what": "a\u0000"}),
        ("/reports", {"what": "x", "system": "nope"}),
        ("/signals", {"title": "x"}),
        ("/signals", {"dedupe_key": "x", "title": "y", "state": "broken"}),
        ("/signals", {"dedupe_key": "x", "title": "y", "episode_start": "never"}),
        ("/signals/mapping", {"mapping": {}, "sample": 1}),
        ("/signals/mapping", {"mapping": {"title": "a", "dedupe_key": "b"}, "sample": {}}),
    ],
)
def test_bad_input_at_the_api_is_a_clear_refusal(path: str, body: Any, desk: Any, root: Any, api: Any) -> None:
    answer = api(root, "POST", path, body)
    assert answer.status_code in (400, 422), answer.content
    assert answer["Content-Type"] == "application/problem+json"


def test_restricted_signals_are_on_no_page_and_in_no_count(proposal: Proposal, bob: Any, lena_client: Any) -> None:
    actions.declare_proposal(bob, proposal=proposal.id, restriction="names a customer")
    for path in ("/signals/", "/proposals/?all=1"):
        assert STEEP not in lena_client.get(path).content.decode()
    assert lena_client.get(f"/signals/{Signal.objects.get().id}/").status_code == 404


def test_the_lists_ask_few_questions_however_long_they_are(
    desk: Any, bob: Any, bob_client: Any, night: Any, django_assert_max_num_queries: Any
) -> None:
    for n in range(12):
        actions.push_signal(bob, signal=Understood(dedupe_key=f"k{n}", title=STEEP, detected_at=NIGHT - timedelta(minutes=n)))
    for path in ("/signals/", "/proposals/"):
        with django_assert_max_num_queries(20):
            assert bob_client.get(path).status_code == 200


def test_B1_without_a_pack_the_report_is_refused_with_what_was_typed(bob_client: Any, database: Any) -> None:
    typed = {"what": "The chatbot names a customer", "harmed": ""}
    assert bob_client.post("/report/judge/", typed).status_code == 200
    refused = bob_client.post("/report/", {"what": "The chatbot names a customer", "is_ongoing": "yes", "act": "report"})
    assert refused.status_code == 422
    page = refused.content.decode()
    assert "The chatbot names a customer" in page
    assert 'role="alert"' in page


def test_the_list_says_in_words_what_a_proposal_was_taken_for(proposal: Proposal, bob_client: Any) -> None:
    page = bob_client.get("/proposals/").content.decode()
    assert proposal.rule not in page
    assert f"<small>{taxonomy().subtype(proposal.subtype).label.en}</small>" in page

"""The pages of incidents: what stands on them, in whose words, at what price (C3, E4, M6, M8)."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bongsu.events.models import Event
from bongsu.files.models import StoredFile
from bongsu.incidents import actions, queries
from bongsu.incidents.models import Evidence, Incident
from bongsu.incidents.views.shown import PARTS
from bongsu.kernel.actors import Actor
from bongsu.kernel.clock import now
from bongsu.kernel.errors import Invalid
from bongsu.ui.doors import csv_cell

pytestmark = pytest.mark.django_db
COCKPIT, FRAGMENT, LIST = 22, 8, 13  # with an alarm about messages; PostgreSQL asks once more for the place in the stream
HTMX = {"HX-Request": "true"}


@pytest.fixture
def incident(alice: Actor, bob: Actor, default_pack: Any, drain: Any) -> Incident:
    """With notes, evidence, duties, an offer and people: enough for a query per row to show."""
    found = actions.open_incident(alice, title="foreign orders", type="security", subtype="prompt_injection", severity="P1")
    for n in range(6):
        actions.add_note(alice, incident=found.id, text=f"note {n}")
        actions.add_evidence(bob, incident=found.id, title="", quote=f"line {n}")
        actions.enter_deadline(
            alice, incident=found.id, title=f"due {n}", authority="x", due_at=now() + timedelta(hours=n + 1), zone="Asia/Seoul"
        )
    actions.assign_role(alice, incident=found.id, role="technical_lead", person=bob.person_id)  # type: ignore[arg-type]
    actions.offer_command(alice, incident=found.id, person=bob.person_id)  # type: ignore[arg-type]
    drain()
    return found


def page(client: Client, url: str) -> str:
    answer = client.get(url, headers=HTMX if "/part/" in url else None)
    assert answer.status_code == 200, answer.content.decode()[:500]
    return answer.content.decode()


def asked(client: Client, url: str) -> list[str]:
    page(client, url)
    with CaptureQueriesContext(connection) as questions:
        page(client, url)
    return [q["sql"][:160] for q in questions]


def test_the_cockpit_its_parts_and_the_list_keep_their_budget(incident: Incident, alice: Actor, alice_client: Client) -> None:
    for n in range(4):
        actions.open_incident(alice, title=f"other {n}", type="model", subtype="bias", severity="P3")
    here = f"/incidents/{incident.number}/"
    budgets = {here: COCKPIT, "/incidents/": LIST, **{f"{here}part/{part}/": FRAGMENT for part in PARTS}}
    for url, most in budgets.items():
        questions = asked(alice_client, url)
        assert len(questions) <= most, f"{url}: {len(questions)}\n" + "\n".join(questions)


def test_the_timeline_says_keys_as_words_and_moments_in_the_readers_zone(
    incident: Incident, alice: Actor, alice_client: Client
) -> None:
    actions.move_state(alice, incident=incident.id, state="mitigating", reason="found it")
    actions.set_awareness(alice, incident=incident.id, aware_at=now(), how="call")
    actions.change_severity(alice, incident=incident.id, severity="P0", reason="personal data")
    words = page(alice_client, f"/incidents/{incident.number}/part/timeline/")
    assert "Declared → Mitigating" in words
    assert "P1 High → P0 Critical" in words
    assert "made Bob Technical lead" in words
    assert "+00:00 (call)" not in words
    assert "KST, Alice (call)" in words


def test_the_same_sentences_in_korean(incident: Incident, alice_client: Client) -> None:
    alice_client.cookies["bongsu_language"] = "ko"
    words = page(alice_client, f"/incidents/{incident.number}/")
    assert "Bob 님에게 역할 배정 — 기술 담당" in words
    assert "P1 높음" in words
    assert "Change severity" not in words


def test_one_retracts_only_what_one_wrote_and_the_tombstone_stays(
    incident: Incident, alice: Actor, bob_client: Client, alice_client: Client
) -> None:
    event = actions.add_note(alice, incident=incident.id, text="wrong system")
    url = f"/incidents/{incident.number}/act/retract/?event={event}".replace("&", "&amp;")
    part = f"/incidents/{incident.number}/part/timeline/"
    assert url in page(alice_client, part)
    assert url not in page(bob_client, part)
    alice_client.post(f"/incidents/{incident.number}/act/retract/", {"event": event, "reason": "the other one"})
    words = page(alice_client, part)
    assert "Retracted by Alice: the other one" in words
    assert "wrong system" not in words


def test_an_earlier_moment_is_marked_as_entered_later(incident: Incident, alice_client: Client) -> None:
    at = (now() + timedelta(hours=9) - timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M")
    alice_client.post(f"/incidents/{incident.number}/compose/", {"text": "earlier", "kind": "note", "occurred_at": at})
    assert "entered later" in page(alice_client, f"/incidents/{incident.number}/part/timeline/")


def test_the_composer_keeps_words_links_and_files_as_what_they_are(incident: Incident, alice_client: Client) -> None:
    url, before = f"/incidents/{incident.number}/compose/", Evidence.objects.count()
    alice_client.post(url, {"text": "https://example.org/graph", "kind": "evidence"})
    alice_client.post(url, {"text": "a line of a log", "kind": "evidence"})
    files = [SimpleUploadedFile("a.txt", b"one"), SimpleUploadedFile("b.txt", b"two")]
    alice_client.post(url, {"text": "two files", "kind": "note", "file": files})
    added = list(Evidence.objects.order_by("added_at", "id").values_list("kind", "title"))[before:]
    assert added == [
        ("link", "https://example.org/graph"), ("quote", "a line of a log"), ("file", "a.txt"), ("file", "b.txt"),
    ]  # fmt: skip
    assert "two files" in page(alice_client, f"/incidents/{incident.number}/part/timeline/")


def test_what_cannot_be_kept_whole_leaves_nothing_behind_and_keeps_what_was_typed(
    incident: Incident, alice_client: Client
) -> None:
    before = (Evidence.objects.count(), StoredFile.objects.count())
    later = (now() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    sent = {"text": "typed at length", "kind": "note", "occurred_at": later, "file": SimpleUploadedFile("a.txt", b"one")}
    answer = alice_client.post(f"/incidents/{incident.number}/compose/", sent)
    assert (answer.status_code, "typed at length" in answer.content.decode()) == (422, True)
    sent = {"url": "https://example.org", "quote": "quoted at length", "file": SimpleUploadedFile("b.txt", b"two")}
    answer = alice_client.post(f"/incidents/{incident.number}/evidence/", sent)
    assert (answer.status_code, "quoted at length" in answer.content.decode()) == (422, True)
    assert (Evidence.objects.count(), StoredFile.objects.count()) == before
    assert not Event.objects.filter(name="files.stored@1", subject=incident.subject_id, text__contains="a.txt").exists()


def test_by_htmx_an_act_answers_with_what_makes_the_page_fetch_again(incident: Incident, alice_client: Client) -> None:
    url = f"/incidents/{incident.number}/act/severity/"
    assert alice_client.get(url, headers=HTMX).content.decode().startswith("<dialog")
    answer = alice_client.post(url, {"severity": "P0", "reason": "personal data"}, headers=HTMX)
    assert answer.headers["HX-Trigger"] == f"bongsu:{incident.subject_id}"
    assert "HX-Redirect" not in answer.headers


def test_harmful_words_are_not_on_the_page_until_somebody_says_why(
    incident: Incident, alice: Actor, alice_client: Client
) -> None:
    row = actions.add_evidence(alice, incident=incident.id, title="", quote="unspeakable", is_harmful=True)
    for url in (f"/incidents/{incident.number}/", f"/incidents/{incident.number}/part/evidence/"):
        assert "unspeakable" not in page(alice_client, url)
    url = f"/incidents/{incident.number}/evidence/{row.id}/reveal/"
    assert alice_client.post(url, {"reason": " "}).status_code == 422
    assert "unspeakable" in alice_client.post(url, {"reason": "to judge the harm"}, headers=HTMX).content.decode()


def test_the_offered_command_is_taken_by_whom_it_was_offered_to(
    incident: Incident, alice_client: Client, bob_client: Client
) -> None:
    here = f"/incidents/{incident.number}/"
    assert "Take the command" in page(bob_client, here)
    waiting = page(alice_client, here)
    assert "Take the command" not in waiting
    assert "The command is offered to Bob" in waiting
    bob_client.post(f"{here}act/accept/")
    assert "Take the command" not in page(bob_client, here)


def test_an_auditor_reads_and_is_offered_nothing_to_do(incident: Incident, ivy_client: Client) -> None:
    words = page(ivy_client, f"/incidents/{incident.number}/")
    assert "foreign orders" in words
    assert f"/incidents/{incident.number}/act/" not in words
    assert "compose-text" not in words


def test_the_list_is_filtered_by_its_address_and_every_word_counts(
    incident: Incident, alice: Actor, alice_client: Client
) -> None:
    actions.open_incident(alice, title="drift of the scorer", type="model", subtype="bias", severity="P3")
    assert "drift of the scorer" not in page(alice_client, "/incidents/?text=orders foreign")
    assert "drift of the scorer" in page(alice_client, "/incidents/?severity=P3&type=model&open=1")
    assert "foreign orders" not in page(alice_client, "/incidents/?drill=1")


def test_csv_cells_do_not_run_in_a_spreadsheet(
    alice: Actor, alice_client: Client, charlie_client: Client, default_pack: Any
) -> None:
    for sign in "=+-@":
        actions.open_incident(alice, title=f"{sign}HYPERLINK(1)", type="model", subtype="bias", severity="P3")
    answer = alice_client.get("/incidents.csv")
    rows = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode().lstrip("\ufeff"))))
    cells = [cell for row in rows for cell in row if "HYPERLINK" in cell]
    assert sorted(cells) == sorted(f"'{sign}HYPERLINK(1)" for sign in "=+-@")
    assert [csv_cell(f"{sign}x") for sign in "\t\r"] == ["'\tx", "'\rx"]  # a title loses these; other columns may not
    assert charlie_client.get("/incidents.csv").status_code == 403


def test_the_rules_advise_while_one_types_and_can_be_taken(alice: Actor, alice_client: Client, incident: Incident) -> None:
    sent = {"title": "foreign orders shown: prompt injection succeeded", "classification": "security/prompt_injection"}
    words = alice_client.post("/incidents/declare/advice/", sent).content.decode()
    assert "Prompt injection succeeded" in words  # the cell of the matrix
    assert incident.number in words  # it may be that one
    taken = alice_client.post("/incidents/declare/", {**sent, "take": "data/personal_data_leak|P0"})
    assert taken.status_code == 200
    assert '<option value="data/personal_data_leak" selected>' in taken.content.decode()
    assert queries.incidents(alice).count() == 1


def test_the_form_of_a_move_says_what_is_still_missing(incident: Incident, alice_client: Client, alice: Actor) -> None:
    for state in ("investigating", "mitigating", "resolved"):
        actions.move_state(alice, incident=incident.id, state=state, reason="step")
    words = page(alice_client, f"/incidents/{incident.number}/act/state/")
    assert "Closed" in words
    assert "due 3" in words  # an open duty stands beside the way


def test_a_move_that_is_named_says_what_it_ends_and_what_stays_owed(
    incident: Incident, alice: Actor, alice_client: Client
) -> None:
    actions.enter_deadline(
        alice, incident=incident.id, title="Tell the regulator", authority="PIPC", due_at=now() + timedelta(hours=4), zone="UTC"
    )
    url = f"/incidents/{incident.number}/act/state/?state=resolved"
    words = page(alice_client, url)
    assert "Call it resolved" in words
    assert "The escalation and its clocks stop." in words
    assert "What is still owed stays open, and closing asks for it." in words
    assert "Tell the regulator" in words
    assert 'name="state" value="resolved"' in words  # and no list of other ways
    assert "Start investigating" not in words
    refused = alice_client.post(url, {"state": "resolved", "reason": ""})
    assert refused.status_code == 422  # this way needs a reason, and the form says so before the action does
    assert "Call it resolved" in refused.content.decode()
    assert queries.incident(alice, incident.number).state == "declared"


def test_an_act_on_a_page_of_its_own_leads_back_to_the_incident(incident: Incident, alice_client: Client) -> None:
    url = f"/incidents/{incident.number}/act/state/?state=investigating"
    words = page(alice_client, url)
    assert "hx-post" not in words.split('<div class="card">')[1]
    done = alice_client.post(url, {"state": "investigating", "reason": ""})
    assert (done.status_code, done.headers["Location"]) == (302, f"/incidents/{incident.number}/")


def test_E4_a_note_that_is_too_long_is_told_one_thing_only(incident: Incident, alice_client: Client) -> None:
    sent = {"text": "x" * 20_001, "kind": "note"}
    words = alice_client.post(f"/incidents/{incident.number}/compose/", sent, headers=HTMX).content.decode()
    assert "20000" in words
    assert "Write something" not in words


def test_B5_a_quote_is_bounded_on_the_page_in_the_action_and_in_the_api(
    incident: Incident, alice: Actor, alice_client: Client, client: Client, token_of: Any
) -> None:
    long = "x" * 20_001
    with pytest.raises(Invalid) as refused:
        actions.add_evidence(alice, incident=incident.id, title="", quote=long)
    assert set(refused.value.fields) == {"quote"}
    assert alice_client.post(f"/incidents/{incident.number}/evidence/", {"quote": long}).status_code == 422
    url = f"/api/v1/incidents/{incident.number}/evidence"
    headers = {"Authorization": f"Bearer {token_of(alice)}"}
    assert client.post(url, {"quote": long}, content_type="application/json", headers=headers).status_code == 422
    assert incident.evidence.filter(quote=long).count() == 0
    assert client.post(url, {"quote": long[:-1]}, content_type="application/json", headers=headers).status_code == 201


def test_B5_revealed_lines_stand_in_their_own_place_and_can_be_blurred_again(
    incident: Incident, alice: Actor, alice_client: Client
) -> None:
    row = actions.add_evidence(alice, incident=incident.id, title="", quote="harmful words", is_harmful=True)
    url = f"/incidents/{incident.number}/evidence/{row.id}/reveal/"
    form = page(alice_client, f"/incidents/{incident.number}/part/evidence/").split('class="blurred"')[1].split("</form>")[0]
    assert f'hx-post="{url}" hx-target="this"' in form  # and not the card, whose target it would inherit
    words = alice_client.post(url, {"reason": "to judge it"}, headers=HTMX).content.decode()
    assert "harmful words" in words
    assert "<section" not in words
    assert f'hx-get="/incidents/{incident.number}/part/evidence/" hx-target="#incident-evidence"' in words
    alone = alice_client.post(url, {"reason": "without script"}).content.decode()
    assert "harmful words" in alone
    assert "<html" in alone


def test_C3_a_duty_that_is_late_says_so_beside_its_moment(incident: Incident, alice: Actor, alice_client: Client) -> None:
    actions.enter_deadline(
        alice, incident=incident.id, title="gone by", authority="x", due_at=now() - timedelta(hours=1), zone="Asia/Seoul"
    )
    words = page(alice_client, f"/incidents/{incident.number}/part/duties/")
    line = next(one for one in words.split("<li") if "gone by" in one)
    assert '<b class="late">late · <time' in line
    assert words.count('class="late"') == 1

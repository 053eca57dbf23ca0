"""Pages and API of the run: what a person at the cockpit sees and presses (C1, C6, C7, C8, M6)."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from bongsu.events.models import Event
from bongsu.incidents.models import Incident
from bongsu.kernel.actors import Actor
from bongsu.kernel.errors import Invalid
from bongsu.kernel.facts import known_facts
from bongsu.packs import queries as packs
from bongsu.runbooks import actions, queries
from bongsu.runbooks.models import Containment, StepRun
from bongsu.runbooks.views.acts import ACTS
from bongsu.systems.models import AISystem
from bongsu.updates.actions.updating import send_update
from bongsu.updates.rules import Item

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("night")]
Open = Callable[..., Incident]


@pytest.fixture
def incident(alice: Actor, opened: Open, system: AISystem, drain: Any) -> Incident:
    found = opened(alice, system=system)
    drain()
    return found


def url(incident: Incident, *parts: str) -> str:
    return f"/incidents/{incident.number}/runbook/{'/'.join(parts)}/"


def test_C1_the_cockpit_shows_the_next_step_with_one_main_button_and_moves_on(
    incident: Incident, alice_client: Client, alice: Actor
) -> None:
    page = alice_client.get(f"/incidents/{incident.number}/").content.decode()
    assert "Confirm with a second signal" in page
    assert url(incident, "step", "confirm", "tick") in page
    refused = alice_client.post(url(incident, "step", "confirm", "tick"), {"note": ""}, headers={"HX-Request": "true"})
    assert refused.status_code == 422
    done = alice_client.post(url(incident, "step", "confirm", "tick"), {"note": "두 지표 확인"}, headers={"HX-Request": "true"})
    assert (done.status_code, done.headers["HX-Trigger"]) == (200, f"bongsu:{incident.subject_id}")
    assert "Assess the severity" in alice_client.get(f"/incidents/{incident.number}/panels/next-step/").content.decode()


@pytest.mark.parametrize("panel", ["next-step", "runbook", "containment", "verification", "measures"])
def test_C3_every_panel_is_served_within_its_queries(
    incident: Incident, alice_client: Client, django_assert_max_num_queries: Any, panel: str
) -> None:
    with django_assert_max_num_queries(24):
        answer = alice_client.get(f"/incidents/{incident.number}/panels/{panel}/")
    assert answer.status_code == 200


def test_C1_every_form_opens_as_a_dialog_and_as_a_page(incident: Incident, alice: Actor, alice_client: Client) -> None:
    measure = actions.set_measure(
        alice, incident=incident.id, is_permanent=False, kind="model_replacement", text="롤백", owner=alice.person_id
    )
    keys = {
        "step": "confirm", "measure": str(measure.id), "containment": str(Containment.objects.get().id),
        "verification": str(queries.verifications(alice, incident)[0].id),
    }  # fmt: skip
    for kind, name in ACTS:
        where = url(incident, kind, *([keys[kind]] if kind in keys else []), name)
        for headers in ({}, {"HX-Request": "true"}):
            assert alice_client.get(where, headers=headers).status_code == 200, where


def test_C7_the_form_that_asks_shows_the_exact_effect(incident: Incident, alice_client: Client, drain: Any) -> None:
    row = Containment.objects.get()
    shown = alice_client.get(url(incident, "containment", str(row.id), "ask")).content.decode()
    assert "from version 2 to version 1" in shown
    alice_client.post(url(incident, "containment", str(row.id), "ask"), {"approver": ""})
    drain()
    row.refresh_from_db()
    assert row.state == "approval"


def test_B6_a_stranger_and_a_reader_who_is_left_out_find_nothing(
    alice: Actor, opened: Open, charlie_client: Client, bob_client: Client, alice_client: Client, drain: Any
) -> None:
    hidden = opened(alice, restriction="수사 중")
    drain()
    for client in (charlie_client, bob_client):
        api = f"/api/v1/incidents/{hidden.number}/runbook"
        for where in (url(hidden, "step", "confirm", "tick"), url(hidden, "run", "propose"), api):
            assert client.get(where).status_code in (401, 403, 404), where
    actions.review_run(alice, incident=hidden.id, lesson="비밀스러운 교훈")
    shown = bob_client.get("/runbook-lessons/")
    assert shown.status_code == 200
    assert "비밀" not in shown.content.decode()
    assert "비밀" in alice_client.get("/runbook-lessons/").content.decode()
    assert Event.objects.filter(name="events.record_read@1", subject=hidden.subject_id, actor=alice.key).exists()


def test_C1_the_api_reads_and_moves_the_run(incident: Incident, alice: Actor, token_of: Any, drain: Any) -> None:
    client = Client(headers={"Authorization": f"Bearer {token_of(alice)}"})
    base = f"/api/v1/incidents/{incident.number}"
    run = client.get(f"{base}/runbook").json()
    assert [s["step"] for s in run["steps"] if s["is_next"]] == ["confirm"]
    moved = client.post(f"{base}/steps/confirm", {"state": "done", "note": "확인"}, content_type="application/json")
    assert moved.status_code == 200
    assert StepRun.objects.get(run__incident=incident, step="confirm").state == "done"
    assert client.post(f"{base}/steps/smoke", {"state": "skipped"}, content_type="application/json").status_code == 422
    assert [len(one["items"]) for one in client.get(f"{base}/checklists").json()] == [5, 5, 4]
    row = client.get(f"{base}/containments").json()[0]
    assert (row["state"], row["before"], row["after"]) == ("proposed", "2", "1")
    assert client.post(f"{base}/containments/{row['id']}/ask", {}, content_type="application/json").status_code == 200
    drain()
    kept = client.get(f"{base}/containments").json()[0]
    assert kept["state"] == "approval"
    assert kept["snapshot"]
    check = client.get(f"{base}/verifications").json()[0]
    assert client.post(f"{base}/verifications/{check['id']}/check").status_code == 200
    drain()
    assert client.get(f"{base}/verifications").json()[0]["checks"][0]["verdict"]
    given = {"is_permanent": True, "kind": "model_replacement", "text": "재학습", "owner": str(alice.person_id)}
    assert client.post(f"{base}/measures", given, content_type="application/json").status_code == 201
    client.post(f"{base}/runbook/lesson", {"lesson": "없음"}, content_type="application/json")
    assert client.get("/api/v1/runbook-lessons").json()["items"][0]["lesson"] == "없음"


def test_M6_the_panels_and_the_exact_effect_speak_korean(incident: Incident, make_person: Any, signed_in: Any) -> None:
    client = signed_in(make_person("dana", "commander", language="ko"))
    page = client.get(f"/incidents/{incident.number}/panels/containment/").content.decode()
    assert "서빙 보고" in page
    assert "2 버전에서 1 버전으로 옮깁니다" in page
    assert "Undo" not in page


def test_C1_ticking_names_the_step_and_asks_why_now_only_while_earlier_ones_are_open(
    incident: Incident, alice_client: Client
) -> None:
    first = alice_client.get(url(incident, "step", "confirm", "tick")).content.decode()
    assert '<p class="step">Confirm with a second signal</p>' in first
    assert 'name="reason"' not in first
    early = alice_client.get(url(incident, "step", "assess", "tick")).content.decode()
    assert '<p class="step">Assess the severity</p>' in early
    assert "<li>Confirm with a second signal</li>" in early
    assert 'name="reason"' in early


def test_C1_what_no_fact_shows_is_ticked_with_a_word_only(incident: Incident, alice: Actor, alice_client: Client) -> None:
    where = url(incident, "step", "first_update", "tick")
    assert "Nothing on record shows yet" in alice_client.get(where).content.decode()
    refused = alice_client.post(where, {"note": ""})
    assert refused.status_code == 422
    with pytest.raises(Invalid) as told:
        actions.move_step(alice, incident=incident.id, step="first_update", state="done")
    assert set(told.value.fields) == {"note"}
    send_update(alice, incident=incident.id, items=[Item("done", "되돌림")])
    assert "Nothing on record shows yet" not in alice_client.get(where).content.decode()
    assert actions.move_step(alice, incident=incident.id, step="first_update", state="done").state == "done"


def test_M3_a_step_is_shown_by_facts_that_exist(default_pack: Any) -> None:
    named = {step.shown_by for book in packs.pack().runbooks for step in book.steps if step.shown_by}
    assert named == {"updates.sent", "documents.sealed"}
    assert {f"{name}@1" for name in named} <= known_facts().keys()


def test_C7_by_hand_begins_with_the_steps_own_kind_and_keeps_the_way_back(
    alice: Actor, opened: Open, drain: Any, alice_client: Client, client: Client, token_of: Any
) -> None:
    found = opened(alice, type="security", subtype="prompt_injection")
    drain()
    form = alice_client.get(url(found, "run", "by-hand")).content.decode()
    wanted = queries.next_containment(found)
    assert wanted
    assert f'<option value="{wanted}" selected>' in form
    sent = {"kind": wanted, "text": "도구를 껐음", "way_back": "콘솔에서 order.lookup을 켠다"}
    alice_client.post(url(found, "run", "by-hand"), sent)
    row = Containment.objects.get(incident=found)
    assert "콘솔에서 order.lookup을 켠다" in alice_client.get(f"/incidents/{found.number}/panels/containment/").content.decode()
    assert "콘솔에서" in alice_client.get(url(found, "containment", str(row.id), "undo")).content.decode()
    door = {"content_type": "application/json", "headers": {"Authorization": f"Bearer {token_of(alice)}"}}
    made = client.post(f"/api/v1/incidents/{found.number}/containments", {**sent, "kind": "feature_off"}, **door).json()
    assert made["way_back"] == sent["way_back"]

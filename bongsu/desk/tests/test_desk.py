"""Home, palette and the guided drill (E4, B6)."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bongsu.desk import actions, queries
from bongsu.desk.rules import progress
from bongsu.documents.actions.writing import edit_part
from bongsu.documents.models import Document
from bongsu.events.models import Event
from bongsu.incidents import actions as incidents
from bongsu.incidents import queries as incidents_seen
from bongsu.incidents.models import Incident
from bongsu.kernel.clock import now
from bongsu.kernel.errors import Forbidden
from bongsu.runbooks import actions as runbooks
from bongsu.runbooks.models import StepRun
from bongsu.signals.models import Signal
from bongsu.updates.actions.updating import send_update
from bongsu.updates.rules import Item

pytestmark = pytest.mark.django_db


def opened(actor, **values):
    given = {"title": "챗봇이 다른 고객의 주문을 보여 줌", "type": "security", "subtype": "prompt_injection", "severity": "P1"}
    return incidents.open_incident(actor, **{**given, **values})


def test_calm_home_draws_one_fire_and_offers_the_drill(alice_client, default_pack):
    words = alice_client.get("/").content.decode()
    assert "One fire: calm" in words
    assert 'href="/drill/"' in words


def test_home_shows_the_gravest_first_and_drills_last(alice, alice_client, default_pack):
    opened(alice, title="second worst", severity="P2")
    opened(alice, title="worst of all", severity="P0")
    opened(alice, title="only practised", severity="P0", is_drill=True)
    assert [row.incident.title for row in queries.burning(alice)] == ["worst of all", "second worst", "only practised"]
    words = alice_client.get("/").content.decode()
    assert "One fire: calm" not in words
    assert words.index("worst of all") < words.index("second worst") < words.index("only practised")


def test_a_command_offered_to_me_waits_for_me_and_for_nobody_else(alice, bob, default_pack):
    incident = opened(alice)
    incidents.offer_command(alice, incident=incident.id, person=bob.person_id)
    assert [o.incident for o in queries.waiting(bob).offers] == [incident]
    assert not queries.waiting(alice).offers


def test_a_change_of_awareness_waits_for_a_second_person(alice, lena, default_pack):
    from bongsu.kernel.clock import now

    incident = opened(alice)
    incidents.set_awareness(alice, incident=incident.id, aware_at=now(), how="call")
    incidents.ask_awareness_change(alice, incident=incident.id, aware_at=now(), how="call", reason="wrong call")
    assert len(queries.waiting(lena).changes) == 1
    assert not queries.waiting(alice).changes


def test_a_stranger_sees_how_to_report_and_nothing_else(alice, charlie_client, default_pack):
    opened(alice, title="secret of the house")
    words = charlie_client.get("/").content.decode()
    assert "/report/" in words
    assert "secret of the house" not in words
    assert charlie_client.get("/desk/burning/").status_code == 403


def test_the_palette_finds_by_number_and_by_title(alice, alice_client, charlie_client, default_pack):
    incident = opened(alice)
    for query in (incident.number, "다른 고객"):
        assert incident.title in alice_client.get("/ui/find/", {"q": query}).content.decode()
        assert incident.title not in charlie_client.get("/ui/find/", {"q": query}).content.decode()


def test_the_drill_begins_with_an_alert_and_an_offered_command(alice, alice_client, default_pack, drain):
    answer = alice_client.post("/drill/")
    incident = Incident.objects.get()
    assert answer.headers["Location"] == f"/incidents/{incident.number}/"
    assert incident.is_drill
    assert incident.number.startswith("DRL-")
    assert Signal.objects.get().is_drill
    assert Signal.objects.get().incident == incident
    offer = incidents_seen.open_offer(incident)
    assert offer is not None
    assert offer.person_id == alice.person_id
    drain()
    assert "Take the command" in alice_client.get(answer.headers["Location"]).content.decode()


def test_the_guide_follows_what_was_done(alice, default_pack):
    incident = actions.start_drill(alice)
    assert [p.step.key for p in progress(queries.happened(incident)) if p.is_next] == ["command"]
    incidents.accept_command(alice, incident=incident.id)
    assert [p.step.key for p in progress(queries.happened(incident)) if p.is_next] == ["runbook"]
    incidents.move_state(alice, incident=incident.id, state="resolved", reason="only a drill")
    incident.refresh_from_db()
    assert next(p for p in progress(queries.happened(incident)) if p.step.key == "resolve").is_done


def test_E4_the_report_is_a_persons_work_and_the_end_of_a_drill_has_its_buttons(alice, alice_client, default_pack, drain):
    incident = actions.start_drill(alice)
    incidents.accept_command(alice, incident=incident.id)
    drain()
    runbooks.move_step(
        alice,
        incident=incident.id,
        step=StepRun.objects.filter(run__incident=incident).first().step,
        state="skipped",
        reason="only a drill",
    )
    send_update(alice, incident=incident.id, items=[Item("done", "alert confirmed")])
    incidents.move_state(alice, incident=incident.id, state="resolved", reason="only a drill")
    drain()
    incident.refresh_from_db()
    assert "reports.drafted" in {e.name.partition("@")[0] for e in Event.objects.filter(subject=incident.subject_id)}
    assert [p.step.key for p in progress(queries.happened(incident)) if p.is_next] == ["report"]
    report = Document.objects.get(about_ref=incident.ref)
    part = report.parts.order_by("rank").first()
    edit_part(alice, part=part.id, text="in our own words", version=part.version)
    words = alice_client.get(f"/incidents/{incident.number}/").content.decode()
    guide = words.split('class="card guide"')[1].split("</section>")[0]
    assert "act/state/?state=closed" in guide
    assert 'href="/drill/"' in guide
    assert "?panel=report" in guide


def test_E4_the_guide_is_for_whose_drill_it_is_and_knows_whether_an_alert_came(alice, alice_client, bob_client, default_pack):
    guided = actions.start_drill(alice)
    assert 'class="card guide"' in alice_client.get(f"/incidents/{guided.number}/").content.decode()
    assert 'class="card guide"' not in bob_client.get(f"/incidents/{guided.number}/").content.decode()
    by_hand = opened(alice, is_drill=True)
    assert "An alert came in" not in alice_client.get(f"/incidents/{by_hand.number}/").content.decode()


def test_every_step_of_the_guide_listens_to_a_fact_that_exists(default_pack):
    from bongsu.desk.rules import STEPS
    from bongsu.kernel.facts import known_facts

    known = {name.partition("@")[0] for name in known_facts()} | {"incidents.resolved"}
    missing = {fact for step in STEPS for fact in step.facts if fact not in known}
    assert not missing


def test_who_may_not_declare_starts_no_drill(ivy, default_pack):
    with pytest.raises(Forbidden):
        actions.start_drill(ivy)
    assert not Event.objects.filter(name__startswith="desk.").exists()


def test_home_and_its_parts_keep_their_budget(alice, alice_client, default_pack, drain):
    for severity in ("P0", "P1", "P2", "P3"):
        opened(alice, severity=severity)
    drain()
    budgets = {"/": 18, "/desk/burning/": 8, "/desk/deadlines/": 8, "/desk/waiting/": 8, "/desk/house/": 8}
    for url, most in budgets.items():
        alice_client.get(url)
        with CaptureQueriesContext(connection) as asked:
            assert alice_client.get(url, headers={"HX-Request": "true"}).status_code == 200
        assert len(asked) <= most, f"{url}: {len(asked)}\n" + "\n".join(q["sql"][:150] for q in asked)


def test_the_palette_offers_the_main_acts_on_an_incidents_page_only(alice, alice_client, default_pack):
    incident = opened(alice)
    acts = ["updates/new/", "export/", "act/state/", "act/severity/", "act/offer/", "evidence/", "runbook/run/propose/"]
    words = alice_client.get(f"/incidents/{incident.number}/").content.decode()
    palette = words.split('id="palette"')[1]
    assert [act for act in acts if f"/incidents/{incident.number}/{act}" not in palette] == []
    assert "내보내기" in palette  # by either language, and by what people call it
    assert "export/" not in alice_client.get("/").content.decode().split('id="palette"')[1]
    assert "act/state/" not in alice_client.get("/incidents/garbage/").content.decode()


def test_on_every_page_of_a_closed_incident_the_palette_offers_only_what_a_closed_one_takes(
    alice, alice_client, default_pack, drain
):
    incident = opened(alice)
    for state in ("resolved", "closed"):
        drain()
        incidents.move_state(alice, incident=incident.id, state=state, reason="over")
    for page in ("", "updates/"):
        palette = alice_client.get(f"/incidents/{incident.number}/{page}").content.decode().split('id="palette"')[1]
        assert f"/incidents/{incident.number}/act/state/" in palette
        assert f"/incidents/{incident.number}/act/severity/" not in palette


def test_E4_home_says_for_which_post_somebody_is_on_call_and_what_is_late_stands_first(alice, alice_client, default_pack, drain):
    assert "Triage desk" in alice_client.get("/desk/house/").content.decode()
    incident = opened(alice)
    due_at = now() - timedelta(minutes=5)
    incidents.enter_deadline(alice, incident=incident.id, title="gone by", authority="x", due_at=due_at, zone="UTC")
    drain()
    first = alice_client.get("/desk/deadlines/").content.decode().split("<article")[1]
    assert "gone by" in first
    assert 'class="late' in first

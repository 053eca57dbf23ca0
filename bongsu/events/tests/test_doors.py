"""Pages, API and commands of the ground floor, and the bars it puts on every page (M3, M4, M8)."""

import json

import pytest
from django.test import RequestFactory
from typer.testing import CliRunner

from bongsu.events import cli, frame, sealing, worker
from bongsu.events.models import Delivery, Heartbeat, Seal
from bongsu.events.verification import note_verification, verify_on_record
from bongsu.events.verify_ledger import Report
from bongsu.kernel.clock import now

from .telling import US, begin, tell


@pytest.fixture(autouse=True)
def _seals(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BONGSU_SEALS", str(tmp_path / "seals"))


@pytest.fixture
def installed(db: None, console) -> None:
    """Asked for before any person: it is the first row of the ledger."""
    sealing.install(console, is_demo=False)


@pytest.fixture
def dead(db: None) -> Delivery:
    tell(US, "a", subject=begin().ref)
    row = Delivery.objects.order_by("pk").first()
    row.dead_at, row.error, row.attempts = now(), "ValueError: secret detail", 8
    row.save()
    return row


@pytest.mark.django_db
def test_the_ledger_page_shows_what_the_auditor_may_see(installed, ivy_client, bob_client, client, console, bob) -> None:
    tell(US, "seen words", subject=begin().ref)
    tell(US, "hidden words", subject=begin(restricted=True, readers=[bob.person_id]).ref)
    verify_on_record(console)
    page = ivy_client.get("/ledger/").content.decode()
    assert "seen words" in page
    assert "hidden words" not in page
    assert ivy_client.get("/ledger/?before=1").status_code == 200
    assert ivy_client.get("/ledger/?before=rubbish").status_code == 200
    assert bob_client.get("/ledger/").status_code == 403
    assert client.get("/ledger/").status_code == 302


@pytest.mark.django_db
def test_an_auditor_seals_from_the_page(installed, ivy_client) -> None:
    assert ivy_client.post("/ledger/seal/").status_code == 302
    assert Seal.objects.get().deliveries.count() == 1
    assert Seal.objects.get().hash[:16] in ivy_client.get("/ledger/").content.decode()


def test_a_dead_letter_is_tried_again_from_the_page_by_those_who_may(dead, root_client, bob_client, charlie_client) -> None:
    assert "secret detail" in root_client.get("/dead-letters/").content.decode()
    seen = bob_client.get("/dead-letters/").content.decode()
    assert dead.listener in seen
    assert "secret detail" not in seen
    assert charlie_client.get("/dead-letters/").status_code == 403
    url = f"/dead-letters/deliveries/{dead.pk}/retry/"
    assert bob_client.post(url).status_code == 403
    assert root_client.post(url).status_code == 302
    assert root_client.post(url).status_code == 404
    dead.refresh_from_db()
    assert dead.dead_at is None


def test_the_api_lists_and_retries_dead_letters(dead, root, bob, token_of, client) -> None:
    def ask(actor, method: str, path: str):
        return getattr(client, method)(f"/api/v1{path}", headers={"Authorization": f"Bearer {token_of(actor)}"})

    assert ask(root, "get", "/dead-letters/deliveries").json()["items"][0]["error"] == "ValueError: secret detail"
    assert ask(bob, "get", "/dead-letters/deliveries").json()["items"][0]["error"] == ""
    assert ask(bob, "post", f"/dead-letters/deliveries/{dead.pk}/retry").status_code == 403
    assert ask(root, "post", f"/dead-letters/deliveries/{dead.pk}/retry").status_code == 204
    assert ask(root, "get", "/dead-letters/timers").json() == {"items": [], "next": None}
    assert ask(root, "get", "/ledger/verification").json() is None
    assert ask(root, "post", "/ledger/seals").status_code == 409
    assert ask(bob, "get", "/ledger/seals").status_code == 403


@pytest.mark.django_db
def test_all_see_that_the_worker_is_silent_and_the_auditor_that_the_ledger_was_changed(installed, ivy, bob, console) -> None:
    def bars(actor) -> int:
        request = RequestFactory().get("/")
        request.actor = actor
        return len(frame.worker_is_silent(request) + frame.ledger_is_broken(request))

    assert bars(bob) == bars(ivy) == 1
    worker.beat("one")
    assert bars(bob) == bars(ivy) == 0
    row = sealing.seal(console)
    report = Report()
    report.add("changed", "test:1#2")
    note_verification(console, report=report)
    assert (bars(bob), bars(ivy)) == (0, 1)
    assert row.deliveries.count() == 0
    Heartbeat.objects.all().delete()
    assert bars(ivy) == 2


@pytest.mark.django_db
def test_the_commands_seal_check_and_show_heads(installed, tmp_path) -> None:
    run = CliRunner()
    subject = begin()
    tell(US, "a", subject=subject.ref)
    assert run.invoke(cli.app, ["ledger", "seal"]).output.startswith("1 ")
    assert run.invoke(cli.app, ["ledger", "head", subject.ref]).output.startswith(f"{subject.ref} 1 ")
    assert "seal 1 " in run.invoke(cli.app, ["ledger", "head"]).output
    done = run.invoke(cli.app, ["ledger", "verify", "--json"])
    assert done.exit_code == 0
    assert json.loads(done.output)["is_whole"]
    assert "온전합니다" in run.invoke(cli.app, ["ledger", "verify"], env={"LC_ALL": "ko_KR.UTF-8"}).output
    assert run.invoke(cli.app, ["ledger", "verify", str(tmp_path)]).exit_code == 2

"""One alert, all the way (house plan, section 6): with payloads recorded from the other one, and with the real counterparts."""

import io
import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pypdf import PdfReader

from bongsu.comms.models import Message
from bongsu.events import sealing
from bongsu.incidents.models import Incident
from bongsu.integrations.models import Call
from bongsu.kernel import clock
from bongsu.kernel.actors import Actor
from bongsu.runbooks.tests.fakes import FakeModelHouse
from bongsu.signals.models import Signal
from tests.counterparts.processes import wait_until
from tests.fakes.pagerduty import FakePagerDuty
from tests.fakes.slack import FakeSlack
from tests.walk import steps
from tests.walk.scene import ALIAS, BAD, GOOD, MODEL, SENDER_SECRET, Scene, connect, connect_models

DATA = Path(__file__).with_name("walk")


@pytest.fixture
def installed(database: None, console: Actor) -> None:
    sealing.install(console, is_demo=False)


@pytest.fixture
def crew(installed: None, default_pack: Any, make_person: Callable[..., Actor]) -> SimpleNamespace:
    roles = {"alice": "commander", "carol": "commander", "bob": "responder", "lena": "legal", "bora": "board",
             "chloe": "board", "root": "administrator", "ivy": "auditor"}  # fmt: skip
    return SimpleNamespace(**{name: make_person(name, role, language="ko") for name, role in roles.items()})


@pytest.fixture
def slack() -> Iterator[Any]:
    fake = FakeSlack().start()
    yield fake
    fake.stop()


@pytest.fixture
def pagerduty() -> Iterator[Any]:
    fake = FakePagerDuty().start()
    yield fake
    fake.stop()


def nothing_is_stuck() -> None:
    """No message without its receipt, no call that failed or waits."""
    assert not Message.objects.exclude(state="sent").exists(), list(Message.objects.exclude(state="sent").values())
    assert not Call.objects.exclude(state="done").exists(), list(Call.objects.exclude(state="done").values())


def read(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


# ---- with recorded payloads -----------------------------------------------------------------------------------------


@pytest.fixture
def night() -> Iterator[datetime]:
    """A moment after the recorded alert fired."""
    alert = json.loads((DATA / "firing.json").read_text())["alerts"][0]
    with clock.simulated(datetime.fromisoformat(alert["startsAt"]) + timedelta(seconds=5)):
        yield clock.now()


@pytest.fixture
def house(night: datetime) -> Iterator[FakeModelHouse]:
    """Version 1 scored 0.93; version 2, live since half a minute before the alert, scores 0.61."""
    fake = FakeModelHouse().start()
    fake.loads = False
    began = night.timestamp() - 30

    def value(query: str, at: float) -> float:
        if "predictions" in query:
            return 5000.0
        return 0.93 if at < began or (healed and at >= healed[0]) else 0.61

    healed: list[float] = []
    fake.healed = healed  # type: ignore[attr-defined]
    fake.value = value
    yield fake
    fake.stop()


@pytest.fixture
def recorded(
    night: datetime, crew: SimpleNamespace, mailbox: Any, slack: Any, pagerduty: Any, house: FakeModelHouse, drain: Any
) -> Scene:
    def until(is_so: Callable[[], Any], what: str) -> None:
        drain()
        assert is_so(), what

    scene = Scene(crew, mailbox, slack, pagerduty, until)
    connect(scene)
    connect_models(scene, registry=house.url, metrics=house.url, serving=house.url)
    return scene


@pytest.mark.quick
def test_one_alert_all_the_way_with_recorded_payloads(
    committed_db: str, recorded: Scene, house: FakeModelHouse, client: Any, drain: Any, tmp_path: Path
) -> None:
    def post(name: str, secret: str = SENDER_SECRET) -> int:
        body, proof = (DATA / name).read_bytes(), {"HTTP_AUTHORIZATION": f"Bearer {secret}"}
        answer = client.post(f"/in/{recorded.hook_token}/", data=body, content_type="application/json", **proof)
        return int(answer.status_code)

    def load() -> None:
        house.loaded = house.alias
        house.healed.append(clock.now().timestamp())  # type: ignore[attr-defined]
        drain(until=clock.now() + timedelta(seconds=30))

    assert post("firing.json", secret="wrong") == 401
    assert (post("firing.json"), post("firing.json")) == (202, 202)  # a sender that repeats itself
    proposal = steps.proposed(recorded)
    drain(until=clock.now() + timedelta(minutes=14))
    assert not Incident.objects.exists()
    drain(until=clock.now() + timedelta(minutes=2))  # nobody answered
    incident = Incident.objects.get()
    proposal.refresh_from_db()
    assert proposal.is_by_itself
    steps.everything_started(recorded, incident)
    steps.people_told(recorded, incident)
    deadline = steps.deadline_entered(recorded, incident)
    steps.command_taken(recorded, incident)
    steps.update_sent(recorded, incident)
    steps.contained(recorded, incident, alias=lambda: house.alias, reload=load)
    drain(until=clock.now() + timedelta(minutes=45))
    steps.recovered(recorded, incident)
    assert post("resolved.json") == 202
    drain()
    assert Signal.objects.get().state == "resolved"
    steps.worked_through(recorded, incident)
    steps.resolved(recorded, incident, deadline)
    assert incident.number in read(steps.reported(recorded, incident))
    steps.closed(recorded, incident)
    steps.taken_along(recorded, incident, tmp_path)
    nothing_is_stuck()
    steps.every_reaction_again_changes_nothing(drain)
    steps.ledger_is_whole()


# ---- with the real ones ---------------------------------------------------------------------------------------------

RULE = {
    "alert": "ModelAccuracyLow",
    "expr": "model_accuracy < 0.8",
    "for": "1s",
    "labels": {"severity": "critical"},
    "annotations": {"summary": "accuracy of {{ $labels.model }} dropped from 0.93 to {{ $value }}"},
}
PATIENCE = 90  # seconds; only a broken house waits that long


@pytest.fixture
def real(crew: SimpleNamespace, mailbox: Any, slack: Any, pagerduty: Any, served: str) -> Scene:
    def until(is_so: Callable[[], Any], what: str) -> None:
        wait_until(lambda: bool(is_so()), what=what, seconds=PATIENCE)

    scene = Scene(crew, mailbox, slack, pagerduty, until)
    connect(scene)
    return scene


@pytest.mark.counterpart
@pytest.mark.xdist_group("models")
def test_one_alert_all_the_way_with_prometheus_alertmanager_mlflow_and_smtp(
    real: Scene, served: str, mlflow_server: Any, start_serving: Any, start_monitoring: Any, tmp_path: Path
) -> None:
    assert mlflow_server.register(MODEL, [0.93, 0.61]) == [GOOD, BAD]
    mlflow_server.set_alias(MODEL, ALIAS, GOOD)
    serving = start_serving(MODEL, ALIAS)
    hook = f"{served}/in/{real.hook_token}/"
    monitoring = start_monitoring(hook, token=SENDER_SECRET, rules=[RULE], scrape=[serving.target])
    connect_models(real, registry=mlflow_server.url, metrics=monitoring.prometheus, serving=serving.url)
    with serving.customers():
        good = f'count_over_time(model_accuracy{{model="{MODEL}"}}[30s]) > 20'
        real.until(lambda: monitoring.query(good), "twenty seconds of a good model")
        mlflow_server.set_alias(MODEL, ALIAS, BAD)
        assert serving.reload() == BAD  # the release that goes wrong
        incident = steps.declared_by_a_person(real, steps.proposed(real))
        steps.everything_started(real, incident)
        steps.measured_faster(real, incident)
        steps.people_told(real, incident)
        deadline = steps.deadline_entered(real, incident)
        steps.command_taken(real, incident)
        steps.update_sent(real, incident)
        alias = lambda: mlflow_server.alias(MODEL, ALIAS)  # noqa: E731
        steps.contained(real, incident, alias=alias, reload=serving.reload)
        steps.recovered(real, incident)
        real.until(lambda: Signal.objects.get().state == "resolved", "Alertmanager says that it is over")
    incident.refresh_from_db()
    assert incident.is_open  # a resolved alert closes nothing
    steps.worked_through(real, incident)
    steps.resolved(real, incident, deadline)
    assert incident.number in read(steps.reported(real, incident))
    steps.closed(real, incident)
    steps.taken_along(real, incident, tmp_path)
    nothing_is_stuck()
    steps.ledger_is_whole()

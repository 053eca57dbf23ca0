"""The same against a real MLflow server with a real serving process, and a real Prometheus (C7, C8)."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from bongsu.approvals import actions as approvals
from bongsu.approvals.models import Approval
from bongsu.incidents.models import Duty, Incident
from bongsu.kernel.actors import Actor
from bongsu.kernel.clock import now
from bongsu.runbooks import actions, queries
from bongsu.runbooks.models import Containment, Verification
from bongsu.systems.models import AISystem
from tests.counterparts.processes import wait_until

pytestmark = [pytest.mark.django_db, pytest.mark.counterpart, pytest.mark.xdist_group("models")]
Open = Callable[..., Incident]
MODEL = "runbook-credit"


def settled(drain: Callable[[], int], row: Any, states: tuple[str, ...], seconds: float = 40) -> str:
    """Work until the row is in one of the states; real servers answer in their own time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        drain()
        row.refresh_from_db()
        if row.state in states:
            return str(row.state)
        time.sleep(0.3)
    return str(row.state)


def test_C7_a_real_alias_is_rolled_back_and_done_only_when_the_real_serving_process_loaded_it(
    mlflow_server: Any, start_serving: Any, connect: Any, make_system: Callable[..., AISystem], opened: Open, alice: Actor,
    make_person: Any, drain: Any,
) -> None:  # fmt: skip
    carol = make_person("carol", "commander")
    mlflow_server.register(MODEL, [0.93, 0.71])
    mlflow_server.set_alias(MODEL, "champion", "2")
    serving = start_serving(MODEL, "champion")
    connection = connect("mlflow", mlflow_server.url)
    connection.allowed_targets = [*connection.allowed_targets, serving.target]
    connection.save()
    incident = opened(alice, system=make_system(serving.url, registry_model=MODEL))
    drain()
    row = Containment.objects.get(incident=incident)
    assert settled(drain, row, ("proposed",)) == "proposed"
    assert (row.before, row.after, mlflow_server.alias(MODEL, "champion")) == ("2", "1", "2")
    actions.ask_for_containment(alice, incident=incident.id, containment=row.id, approver=carol.person_id)
    assert settled(drain, row, ("approval",)) == "approval"
    assert mlflow_server.alias(MODEL, "champion") == "2"
    waiting = Approval.objects.get(about_ref=row.ref)
    approvals.decide(carol, approval=waiting.id, is_approved=True, text_hash=waiting.text_hash)
    assert settled(drain, row, ("moved",)) == "moved"
    assert (mlflow_server.alias(MODEL, "champion"), serving.version()) == ("1", "2")
    assert Duty.objects.get(incident=incident, key="containment.done").met_at is None
    serving.reload()
    actions.check_again(alice, incident=incident.id, containment=row.id)
    assert settled(drain, row, ("done",)) == "done"
    assert (row.serving_version, serving.version()) == ("1", "1")
    assert Duty.objects.get(incident=incident, key="containment.done").met_at is not None


def test_C8_a_real_prometheus_says_recovered_not_recovered_and_no_data(
    start_monitoring: Any, connect: Any, make_system: Callable[..., AISystem], opened: Open, alice: Actor, drain: Any
) -> None:
    monitoring = start_monitoring("http://127.0.0.1:9/in/x/")
    monitoring.set("model_accuracy", 0.95, model=MODEL)
    monitoring.set("model_predictions_total", 500, model=MODEL)
    wait_until(lambda: bool(monitoring.query("model_accuracy")), what="the first scrape", seconds=20)
    time.sleep(4)  # the time before the incident, from which the baseline is taken
    connect("prometheus", monitoring.prometheus)
    began = now()
    monitoring.set("model_accuracy", 0.6, model=MODEL)
    incident = opened(alice, system=make_system("http://127.0.0.1:9", registry_model=MODEL), occurred_at=began)
    drain()
    row = Verification.objects.get(incident=incident)
    actions.change_verification(
        alice, incident=incident.id, verification=row.id, reason="시험용 짧은 시간", window=1.0, dwell=3.0, minimum_traffic=100,
        query='model_accuracy{model="{model}"}', traffic='sum(model_predictions_total{model="{model}"})',
    )  # fmt: skip
    time.sleep(5)  # the dwell time, with the bad value in it
    assert checked(alice, incident, row, drain) == "not_recovered"
    row.refresh_from_db()
    assert row.baseline is not None
    assert abs(float(row.baseline) - 0.95) < 1e-9
    monitoring.set("model_accuracy", 0.95, model=MODEL)
    time.sleep(5)
    assert checked(alice, incident, row, drain) == "recovered"
    assert Duty.objects.get(incident=incident, key="verification.passed").met_at is not None
    assert queries.series_of(incident)[-1].points
    monitoring.numbers.clear()  # the exporter says nothing any more
    time.sleep(6)
    assert checked(alice, incident, row, drain) == "no_data"
    assert Duty.objects.get(incident=incident, key="verification.passed").met_at is None


def checked(actor: Actor, incident: Incident, row: Verification, drain: Any) -> str:
    """The verdict of one look at this moment."""
    Verification.objects.filter(pk=row.pk).update(watch_until_at=None)
    check = actions.check_recovery(actor, incident=incident.id, verification=row.id)
    until = now() + timedelta(seconds=30)
    while not check.verdict and now() < until:
        drain()
        check.refresh_from_db()
    return check.verdict

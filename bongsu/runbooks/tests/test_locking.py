"""The incident is locked before any row of it, by people and by the machine: nobody waits for anybody crosswise (M1)."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bongsu.incidents.models import Incident
from bongsu.kernel.actors import Actor
from bongsu.runbooks import actions
from bongsu.runbooks.actions.calling import ME
from bongsu.runbooks.models import Check

from .test_containment import only

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("night")]
Act = Callable[[Incident], object]


def a_check(incident: Incident) -> Check:
    row = incident.verifications.get()
    return actions.check_recovery(ME, incident=incident.id, verification=row.id)


ACTS: dict[str, tuple[Act, str]] = {
    "expiry": (lambda i: actions.expire_containment(ME, containment=only(i).id), "runbooks_containment"),
    "time-out": (lambda i: actions.time_out_containment(ME, containment=only(i).id), "runbooks_containment"),
    "poll": (lambda i: actions.poll_serving(ME, containment=only(i).id), "runbooks_containment"),
    "baseline": (lambda i: actions.freeze_baseline(ME, verification=i.verifications.get().id), "runbooks_verification"),
    "look": (lambda i: actions.look_again(ME, verification=i.verifications.get().id), "runbooks_verification"),
    "late check": (lambda i: actions.give_up_check(ME, check=Check.objects.latest("asked_at").id), "runbooks_verification"),
    "late snapshot": (lambda i: actions.finish_late(ME, snapshot=i.snapshots.get().id), "runbooks_snapshot"),
    "withdrawal": (lambda i: actions.withdraw_idle(ME, incident=i.id, reason="closed"), "runbooks_containment"),
}


@pytest.mark.parametrize("name", ACTS)
def test_M1_the_machine_locks_the_incident_first_and_then_its_own_row(name: str, incident: Incident, alice: Actor) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer and locks no rows")
    run, table = ACTS[name]
    actions.take_snapshot(alice, incident=incident.id)
    a_check(incident)
    with CaptureQueriesContext(connection) as asked:
        run(incident)
    locked = [found for q in asked if (found := locked_table(q))]
    assert locked[0] == "incidents_incident"
    assert table in locked


def locked_table(query: dict[str, Any]) -> str:
    """The table a statement takes rows of, when it takes any."""
    found = re.search(r'FROM "(\w+)".* FOR (NO KEY )?UPDATE', query["sql"]) or re.match(r'UPDATE "(\w+)"', query["sql"])
    return str(found[1]) if found else ""

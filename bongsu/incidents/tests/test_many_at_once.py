"""Two hundred people declare at the same moment (B1): every number once, no gap, on both databases."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connections

from bongsu.events.models import Head
from bongsu.incidents.actions import open_incident
from bongsu.incidents.models import Counter, Incident
from bongsu.kernel.actors import Actor
from bongsu.kernel.errors import BongsuError

MANY = 200


def declare(actor: Actor, n: int) -> str:
    try:
        return open_incident(
            actor, title=f"{n}", type="model", subtype="performance_drop", severity="P3", group_key=f"g{n % 150}"
        ).number
    except BongsuError as error:
        return type(error).__name__
    finally:
        connections.close_all()


def test_two_hundred_declarations_at_once_leave_no_gap_and_one_open_per_group(
    committed_db: str, alice: Actor, default_pack: Any
) -> None:
    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(lambda n: declare(alice, n), range(MANY)))
    numbers = sorted(Incident.objects.values_list("number", flat=True))
    assert len(numbers) == 150, set(answers)
    assert [int(n.rpartition("-")[2]) for n in numbers] == list(range(1, 151))
    assert Counter.objects.get(is_drill=False).last == 150
    refused = [a for a in answers if not a.startswith("INC-")]
    assert len(refused) == MANY - 150
    assert set(refused) == {"Conflict"}
    assert Head.objects.filter(subject__ref__startswith="incident:", seq=0).count() == 0

"""Many at once, on databases that are committed to: nothing twice, nothing lost, one proposal (B3)."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import close_old_connections, connection

from bongsu.events.models import Event
from bongsu.signals import actions
from bongsu.signals.models import Proposal, Receipt, Signal

from .conftest import SECRET, alert

HEADERS = {"authorization": f"Bearer {SECRET}", "content-type": "application/json"}


def all_at_once(number: int, run: Any) -> None:
    def one(n: int) -> None:
        close_old_connections()
        try:
            run(n)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(number)))


def send(token: str, body: Any) -> None:
    from bongsu.kernel.actors import ANONYMOUS

    actions.receive(ANONYMOUS, token=token, body=json.dumps(body).encode(), headers=HEADERS)


def test_parallel_duplicates_make_one_receipt_and_lose_no_count(committed_db: str, connect: Any, drain: Any) -> None:
    _row, token = connect()
    all_at_once(40, lambda _n: send(token, alert()))
    assert Receipt.objects.get().times == 40
    drain()
    assert Signal.objects.get().times == 40
    assert Proposal.objects.count() == 1


def test_parallel_workers_open_one_proposal_for_one_group(committed_db: str, connect: Any) -> None:
    from bongsu.kernel.actors import system

    row, token = connect()
    for n in range(12):
        send(token, alert(fingerprint=f"f{n}", group="one"))

    def work(_number: int) -> None:
        while actions.drain_receipts(system("signals"), connection=row.id, limit=3):
            pass

    all_at_once(4, work)
    assert Signal.objects.count() == 12
    assert Proposal.objects.count() == 1


def test_a_storm_of_two_thousand_is_one_proposal_and_few_messages(committed_db: str, connect: Any, drain: Any) -> None:
    from bongsu.comms.models import Message

    _row, token = connect()
    for n in range(2_000):
        send(token, alert(fingerprint=f"f{n % 5}", group="storm"))
    drain()
    assert sum(Signal.objects.values_list("times", flat=True)) == 2_000
    assert Receipt.objects.count() == 5
    assert Proposal.objects.count() == 1
    assert Message.objects.count() <= 2


def test_a_long_body_is_understood_in_pieces_and_each_delivery_of_it_counts_once(
    committed_db: str, connect: Any, drain: Any, monkeypatch: Any
) -> None:
    from bongsu.kernel.actors import system
    from bongsu.signals.actions import draining

    row, token = connect()
    body = alert(fingerprint="f0", group="long")
    body["alerts"] = [{**body["alerts"][0], "fingerprint": f"f{n}"} for n in range(5)]
    send(token, body)
    monkeypatch.setattr(draining, "ENOUGH", -1.0)  # no time at all: one signal, then the next batch
    actions.drain_receipts(system("signals"), connection=row.id)
    assert (Signal.objects.count(), Receipt.objects.get().state) == (1, "waiting")
    send(token, body)  # the sender asks again while we are at it
    drain()
    assert Receipt.objects.get().state == "done"
    assert list(Signal.objects.values_list("times", flat=True)) == [2] * 5
    assert Proposal.objects.count() == 1
    received = Event.objects.filter(name="signals.received@1")
    assert sum(json.loads(e.text)["data"]["count"] for e in received) == 2

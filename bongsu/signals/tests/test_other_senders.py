"""CloudEvents and any JSON at the same door as Alertmanager's (B3): stored, understood, redacted; the raw body goes."""

import json
from pathlib import Path
from typing import Any

import pytest

from bongsu import plugins
from bongsu.signals.models import Proposal, Receipt, Signal

pytestmark = pytest.mark.django_db
PLUGINS = Path(plugins.__file__).parent


def test_cloudevents_posted_to_the_intake_become_signals(connect: Any, post: Any, drain: Any) -> None:
    fixtures = PLUGINS / "cloudevents" / "fixtures"
    _row, token = connect("cloudevents", name="ce")
    sent = json.loads((fixtures / "batch.json").read_text())
    assert post(token, sent, content_type="application/cloudevents-batch+json").status_code == 202
    drain()
    wanted = json.loads((fixtures / "batch.expected.json").read_text())
    assert sorted(Signal.objects.values_list("title", flat=True)) == sorted(one["title"] for one in wanted)
    assert Receipt.objects.get().state == "done"


def test_generic_json_posted_to_the_intake_is_read_by_its_mapping(connect: Any, post: Any, drain: Any) -> None:
    fixtures = PLUGINS / "generic_json" / "fixtures"
    _row, token = connect("generic_json", name="any", values=json.loads((fixtures / "list.config.json").read_text()))
    assert post(token, json.loads((fixtures / "list.json").read_text())).status_code == 202
    drain()
    assert list(Signal.objects.order_by("title").values_list("title", "state")) == [("cost", "open"), ("latency", "resolved")]


def test_the_body_goes_once_it_is_redacted_and_its_hash_stays(connect: Any, post: Any, drain: Any) -> None:
    from .conftest import alert

    _row, token = connect()
    post(token, alert(summary="call hong@example.org about income drift"))
    before = Receipt.objects.get()
    assert bytes(before.body)
    drain()
    after = Receipt.objects.get()
    assert not after.body
    assert after.body_hash == before.body_hash
    signal = Signal.objects.get()
    assert "hong@example.org" not in json.dumps([signal.title, signal.text, signal.labels])
    assert Proposal.objects.count() == 1

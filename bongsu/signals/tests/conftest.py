"""What the tests of signals share: the pack in force, a triage desk, an Alertmanager connection with and without a proof."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bongsu.kernel import clock

NIGHT = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
SECRET = "s3cret-of-the-sender"


@pytest.fixture
def night() -> Iterator[datetime]:
    with clock.simulated(NIGHT):
        yield NIGHT


@pytest.fixture(autouse=True)
def _no_grudges() -> Iterator[None]:
    from bongsu.signals.actions.receiving import forget_sources

    forget_sources()
    return


@pytest.fixture
def desk(default_pack: Any, bob: Any, root: Any) -> Any:
    """Bob is on duty at the triage desk."""
    from bongsu.people import actions as people

    people.set_post_holder(root, post="triage_desk", person=bob.person_id)
    return bob


@pytest.fixture
def connect(desk: Any, root: Any) -> Callable[..., tuple[Any, str]]:
    """`connect()` -> (connection, token); with a header secret unless told otherwise."""
    from bongsu.integrations import actions

    def make(plugin: str = "alertmanager", *, name: str = "am", signature: str = "header", values: Any = None) -> tuple[Any, str]:
        row = actions.create_connection(
            root,
            plugin_slug=plugin,
            name=name,
            values=values or {},
            signature=signature,
            signature_header="authorization" if signature == "header" else "",
            signature_secrets=[SECRET] if signature != "none" else [],
        )
        return row, actions.rotate_in_token(root, connection=row.id)

    return make


def alert(
    name: str = "Drift",
    *,
    status: str = "firing",
    fingerprint: str = "66202c2f39e0e80c",
    starts: datetime = NIGHT - timedelta(minutes=1),
    group: str = "",
    summary: str = "income drift is confirmed",
    **labels: str,
) -> dict[str, Any]:
    return {
        "version": "4",
        "groupKey": group or f'{{}}:{{alertname="{name}"}}',
        "status": status,
        "receiver": "rai",
        "truncatedAlerts": 0,
        "groupLabels": {},
        "commonLabels": {},
        "commonAnnotations": {},
        "externalURL": "http://am",
        "alerts": [
            {
                "status": status,
                "labels": {"alertname": name, **labels},
                "annotations": {"summary": summary},
                "startsAt": starts.isoformat().replace("+00:00", "Z"),
                "endsAt": "0001-01-01T00:00:00Z" if status == "firing" else (starts + timedelta(minutes=5)).isoformat(),
                "generatorURL": "",
                "fingerprint": fingerprint,
            }
        ],
    }


@pytest.fixture
def post(client: Any) -> Callable[..., Any]:
    """Post to an intake address as a sender does."""

    def send(
        token: str, body: Any, *, secret: str | None = SECRET, content_type: str = "application/json", **headers: str
    ) -> Any:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        if secret:
            headers["HTTP_AUTHORIZATION"] = f"Bearer {secret}"
        return client.post(f"/in/{token}/", data=raw, content_type=content_type, **headers)

    return send

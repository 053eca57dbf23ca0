"""An AI system whose registry, serving process and metrics run here."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from bongsu.incidents import actions as incidents
from bongsu.incidents.models import Incident
from bongsu.integrations.actions import create_connection
from bongsu.kernel import clock
from bongsu.kernel.actors import Actor
from bongsu.people.actions import create_entity
from bongsu.people.models import LegalEntity
from bongsu.systems.actions import register_system
from bongsu.systems.models import AISystem

from .fakes import FakeModelHouse

START = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)


@pytest.fixture
def night() -> Iterator[None]:
    with clock.simulated(START):
        yield


@pytest.fixture
def house() -> Iterator[FakeModelHouse]:
    fake = FakeModelHouse().start()
    yield fake
    fake.stop()


@pytest.fixture
def connect(root: Actor) -> Callable[[str, str], Any]:
    """`connect("mlflow", url)`: a connection that may speak to this address."""

    def make(plugin: str, url: str) -> Any:
        targets = [url.removeprefix("http://")]
        return create_connection(root, plugin_slug=plugin, name=plugin, values={"url": url}, allowed_targets=targets)

    return make


@pytest.fixture
def make_system(default_pack: Any, console: Actor) -> Callable[..., AISystem]:
    def make(url: str, **values: Any) -> AISystem:
        entity = LegalEntity.objects.first() or create_entity(console, key="bank", name="Bongsu Bank")
        given = {"key": "credit-scoring", "name": "신용 평가", "registry_model": "credit", "registry_alias": "champion",
                 "serving_url": f"{url}/version", "good_version": "1"}  # fmt: skip
        return register_system(console, entity=entity.id, **{**given, **values})

    return make


@pytest.fixture
def system(house: FakeModelHouse, connect: Callable[[str, str], Any], make_system: Callable[..., AISystem]) -> AISystem:
    connect("mlflow", house.url)
    connect("prometheus", house.url)
    return make_system(house.url)


@pytest.fixture
def opened(default_pack: Any) -> Callable[..., Incident]:
    def make(actor: Actor, **values: Any) -> Incident:
        given = {"title": "정확도 급락", "type": "model", "subtype": "performance_drop", "severity": "P1"}
        return incidents.open_incident(actor, **{**given, **values})

    return make


@pytest.fixture
def carol(make_person: Callable[..., Actor]) -> Actor:
    """A second commander."""
    return make_person("carol", "commander")


@pytest.fixture
def incident(alice: Actor, opened: Callable[..., Incident], system: AISystem, drain: Any) -> Incident:
    found = opened(alice, system=system)
    drain()
    return found


@pytest.fixture
def drain() -> Callable[..., int]:
    """Do all work that waits. A leap in time rings only our own timers: a day of everybody's reminders proves nothing here."""
    from bongsu.events.draining import drain
    from bongsu.events.models import Timer

    def run(*, until: datetime | None = None) -> int:
        done = drain()
        if until is not None:
            Timer.objects.filter(done_at=None).exclude(kind__startswith="runbooks.").delete()
        return done + drain(until=until)

    return run

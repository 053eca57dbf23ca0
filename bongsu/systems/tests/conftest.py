"""The house's people, made by the real actions: names, not flags."""

from collections.abc import Callable

import pytest
from django.test import Client

from bongsu.kernel.actors import Actor
from bongsu.people.actions import create_person
from bongsu.people.models import Person
from bongsu.people.queries import actor_of

CONSOLE = Actor(key="console:tests", name="tests")
PASSWORD = "beacon fires at dusk"


def _person(name: str, *roles: str) -> Person:
    return create_person(CONSOLE, email=f"{name}@example.org", name=name.capitalize(), language="en", password=PASSWORD, roles=roles)


@pytest.fixture
def console() -> Actor:
    return CONSOLE


@pytest.fixture
def root(db: None) -> Actor:
    return actor_of(_person("root", "administrator"))


@pytest.fixture
def alice(db: None) -> Actor:
    return actor_of(_person("alice", "commander"))


@pytest.fixture
def bob(db: None) -> Actor:
    return actor_of(_person("bob", "responder"))


@pytest.fixture
def charlie(db: None) -> Actor:
    return actor_of(_person("charlie"))


@pytest.fixture
def ivy(db: None) -> Actor:
    return actor_of(_person("ivy", "auditor"))


@pytest.fixture
def signed_in() -> Callable[[Actor], Client]:
    """A browser of this person, signed in with the session only (no second look at the password)."""

    def open_browser(actor: Actor) -> Client:
        client = Client()
        client.force_login(Person.objects.get(pk=actor.person_id))
        return client

    return open_browser

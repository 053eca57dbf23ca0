"""What every test may use: the house's people, work done on demand, databases that may be committed to, a served site.

A test that needs rows of its own takes `@pytest.mark.django_db`; one that commits (threads, processes, browsers) takes
`committed_db` instead and never the mark: the ledger's triggers refuse the flush such a mark would end with.
"""

import gc
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import stamina

os.environ.setdefault("BONGSU_HOME", f"/tmp/bongsu-test-{os.getuid()}")

pytest_plugins = ["tests.counterparts.fixtures"]

PASSWORD = "beacon fires at dusk"
PEOPLE = {
    "alice": "commander",
    "bob": "responder",
    "charlie": None,
    "ivy": "auditor",
    "lena": "legal",
    "root": "administrator",
    "bora": "board",
}


def pytest_configure(config: pytest.Config) -> None:
    from django.conf import settings

    from bongsu.site.translations import compile_catalogues

    stamina.set_testing(True, attempts=3, cap=True)  # asks again as often, without the pause
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # a person per test: a slow hash costs minutes
    if not hasattr(config, "workerinput") and compile_catalogues():
        _forget_catalogues()


def _forget_catalogues() -> None:
    """Django was set up before they were compiled, and may have looked at what was there then."""
    import gettext

    from django.utils.translation import trans_real

    gettext._translations.clear()
    trans_real._translations.clear()
    trans_real._default = None


DATABASE_FIXTURES = {"db", "transactional_db", "database", "committed_db", "django_db_setup"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--quick", action="store_true", help="only what touches no database, and what is marked quick")


def pytest_collection_finish(session: pytest.Session) -> None:
    """What is loaded by now stays: looking through it for garbage costs a tenth of every run."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 50)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.option.quick:
        _keep(config, items, lambda item: bool(item.get_closest_marker("quick")) or not _asks_a_database(item))
    if os.environ.get("DATABASE_URL", "").startswith("postgres"):
        # What touches no database has been seen on SQLite; a second time it proves nothing.
        _keep(config, items, _asks_a_database)
    if config.option.markexpr:
        return
    for item in items:
        if item.get_closest_marker("long"):
            item.add_marker(pytest.mark.skip(reason="slow: dev.py test --long, or -m long"))


def _keep(config: pytest.Config, items: list[pytest.Item], wanted: Callable[[pytest.Item], bool]) -> None:
    config.hook.pytest_deselected(items=[item for item in items if not wanted(item)])
    items[:] = [item for item in items if wanted(item)]


def _asks_a_database(item: pytest.Item) -> bool:
    needed = DATABASE_FIXTURES.intersection(getattr(item, "fixturenames", ()))
    return bool(needed) or any(map(item.get_closest_marker, ("django_db", "browser", "kill", "counterpart", "long")))


@pytest.fixture(autouse=True)
def _fresh_cache() -> Iterator[None]:
    from django.core.cache import cache

    yield
    cache.clear()


# --- databases --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_modify_db_settings: None, django_db_blocker: Any) -> Iterator[None]:
    """The migrated test database, also when every chosen test commits (pytest-django makes it only for marked ones)."""
    from django.test.utils import setup_databases, teardown_databases

    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright's loop runs in the thread of the test
    with django_db_blocker.unblock():
        made = setup_databases(verbosity=0, interactive=False, aliases={"default"})
    yield
    with django_db_blocker.unblock():
        teardown_databases(made, verbosity=0)


@pytest.fixture
def database(request: pytest.FixtureRequest) -> None:
    """The database of this test: a copy that is committed to when it asked for one, else a transaction rolled back."""
    request.getfixturevalue("committed_db" if "committed_db" in request.fixturenames else "db")


@pytest.fixture
def committed_db(django_db_setup: None, django_db_blocker: Any, tmp_path: Path) -> Iterator[str]:
    """A copy of the migrated database for this test alone; yields its DATABASE_URL for child processes."""
    from django.db import connection, connections

    with django_db_blocker.unblock(), ExitStack() as after:
        settings = connection.settings_dict
        template = settings["NAME"]
        url = _copy_postgres(after, template) if connection.vendor == "postgresql" else _copy_sqlite(template, tmp_path)
        settings["NAME"] = url.rpartition("/")[2] if connection.vendor == "postgresql" else url.removeprefix("sqlite:///")
        try:
            yield url
        finally:
            connections.close_all()
            settings["NAME"] = template


def _copy_sqlite(template: str, where: Path) -> str:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return f"sqlite:///{shutil.copy(template, where / 'copy.sqlite3')}"


def _copy_postgres(after: ExitStack, template: str) -> str:
    import psycopg
    from django.db import connection

    connection.close()
    settings = connection.settings_dict
    name = f"{template}_{threading.get_ident()}_{os.urandom(4).hex()}"
    address = {"host": settings["HOST"], "port": settings["PORT"], "user": settings["USER"], "password": settings["PASSWORD"]}
    outside = psycopg.connect(dbname="postgres", autocommit=True, **address)
    after.callback(outside.close)
    outside.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    after.callback(outside.execute, f'DROP DATABASE "{name}" WITH (FORCE)')
    password = f":{settings['PASSWORD']}" if settings["PASSWORD"] else ""
    return f"postgres://{settings['USER']}{password}@{settings['HOST']}:{settings['PORT']}/{name}"


@pytest.fixture
def drain() -> Callable[..., int]:
    """Do all work that waits; `drain(until=...)` moves the simulated clock."""
    from bongsu.events.draining import drain

    return drain


@pytest.fixture
def default_pack(database: None, console: Any) -> Any:
    """The pack that ships, in force."""
    from bongsu.packs.actions import install_default

    return install_default(console)


# --- people -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def console() -> Any:
    from bongsu.kernel.actors import Actor

    return Actor(key="console:tests", name="tests")


@pytest.fixture
def make_person(database: None, console: Any) -> Callable[..., Any]:
    """`make_person("dana", "responder")` -> Actor, who may sign in with `conftest.PASSWORD`."""
    from bongsu.people.actions import create_person
    from bongsu.people.queries import actor_of

    def make(name: str, *roles: str, language: str = "en") -> Any:
        email = f"{name}@example.org"
        person = create_person(console, email=email, name=name.capitalize(), language=language, password=PASSWORD, roles=roles)
        return actor_of(person)

    return make


def _person(name: str, role: str | None) -> Any:
    @pytest.fixture(name=name)
    def somebody(make_person: Callable[..., Any]) -> Any:
        return make_person(name, *([role] if role else []))

    return somebody


def _client(name: str) -> Any:
    @pytest.fixture(name=f"{name}_client")
    def browser(request: pytest.FixtureRequest, signed_in: Callable[..., Any]) -> Any:
        return signed_in(request.getfixturevalue(name))

    return browser


@pytest.fixture
def signed_in() -> Callable[..., Any]:
    """`signed_in(actor)`: a Django client with this person's session."""
    from django.test import Client

    from bongsu.people.models import Person

    def open_browser(actor: Any) -> Client:
        client = Client()
        client.force_login(Person.objects.get(pk=actor.person_id), backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return open_browser


for _name, _role in PEOPLE.items():
    globals()[f"{_name}_fixture"] = _person(_name, _role)
    globals()[f"{_name}_client_fixture"] = _client(_name)


@pytest.fixture
def token_of() -> Callable[..., str]:
    """`token_of(actor, scopes=[...])`: a fresh API token of this person; without scopes, with all of their rights."""
    from bongsu.people.actions import create_token

    def make(actor: Any, scopes: list[str] | None = None, **options: Any) -> str:
        wanted = sorted(actor.grants) if scopes is None else scopes
        return create_token(actor, person=actor.person_id, name="tests", scopes=wanted, **options)[1]

    return make


# --- a served site and a browser --------------------------------------------------------------------------------------


@pytest.fixture
def served(committed_db: str) -> Iterator[str]:
    """The whole site with its worker on a free port, in this process; yields its address."""
    from tests.serving_site import serving

    with serving() as address:
        yield address


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    from tests.counterparts.fixtures import program

    chromium = program("Chromium", "chromium", "chromium-browser", "google-chrome")
    return {**browser_type_launch_args, "executable_path": chromium, "args": ["--no-sandbox"]}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_context_args, "locale": "ko-KR", "timezone_id": "Asia/Seoul"}


@pytest.fixture
def page_of(served: str, page: Any, signed_in: Callable[..., Any]) -> Callable[..., Any]:
    """`page_of(actor)`: the browser's page with this person's session, on the home page of the served site."""
    from django.conf import settings

    def open_page(actor: Any, path: str = "/") -> Any:
        session = signed_in(actor).cookies[settings.SESSION_COOKIE_NAME].value
        page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": served}])
        page.goto(f"{served}{path}")
        return page

    return open_page

"""The face alone in a browser: no database, Alice signed in by a middleware, a page with panels at /page/."""

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.test import override_settings

from bongsu.kernel.actors import Actor
from bongsu.ui import frame, language, panels

ALICE = Actor(key="person:alice", name="앨리스", person_id=uuid.uuid4(), grants=frozenset({"see"}))


class Signed:
    """Alice sits here."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        request.actor = ALICE
        return self.get_response(request)


class Quiet(WSGIRequestHandler):
    def log_message(self, *args):
        pass


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


ALONE = {
    "ROOT_URLCONF": "bongsu.ui.tests.urls",
    "SESSION_ENGINE": "django.contrib.sessions.backends.signed_cookies",
    "UI_GALLERY": True,
    "MIDDLEWARE": [
        "django.middleware.security.SecurityMiddleware",
        "whitenoise.middleware.WhiteNoiseMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "bongsu.ui.language.LanguageMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "bongsu.ui.tests.conftest.Signed",
        "django.contrib.messages.middleware.MessageMiddleware",
        "csp.middleware.CSPMiddleware",
        "django_htmx.middleware.HtmxMiddleware",
        "bongsu.ui.problems.RefusalMiddleware",
    ],
}


@pytest.fixture
def alone(monkeypatch) -> Iterator[None]:
    """The settings of the face alone, with empty registers."""
    for register in ("_nav", "_commands"):
        monkeypatch.setattr(frame, register, {})
    for register in ("_alarms", "_banners", "_finders", "_stream_place"):
        monkeypatch.setattr(frame, register, [])
    monkeypatch.setattr(panels, "_panels", {})
    monkeypatch.setattr(language, "_remember", [])
    templates = [{**settings.TEMPLATES[0], "DIRS": [Path(__file__).parent / "templates"]}]
    with override_settings(**ALONE, TEMPLATES=templates):
        yield


@contextmanager
def served_alone() -> Iterator[str]:
    """The address of a running server of the present settings, without worker or database."""
    server = make_server("127.0.0.1", 0, WSGIHandler(), server_class=Server, handler_class=Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def house(alone) -> Iterator[str]:
    """The address of a running face."""
    with served_alone() as address:
        yield address


@pytest.fixture
def entrance() -> Iterator[str]:
    """The address of the whole house for somebody signed out, who needs no database to see the entrance."""
    with served_alone() as address:
        yield address

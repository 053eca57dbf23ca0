"""Korean and English, switchable on any page, also signed out (M8)."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone, translation

from bongsu.kernel.actors import Actor
from bongsu.kernel.text import Text, text
from bongsu.ui import language

from .conftest import ALICE


@pytest.fixture
def client(alone):
    return Client()


def lang(response):
    return response.headers["Content-Language"]


@pytest.mark.parametrize(
    ("header", "expected"),
    [("", "ko"), ("en-GB,en;q=0.8", "en"), ("ko-KR", "ko"), ("de, en;q=0.5", "en"), ("de", "ko"), (";;,q=", "ko")],
)
def test_the_browser_is_heard_and_korean_is_the_default(header, expected):
    request = RequestFactory().get("/", headers={"Accept-Language": header})
    assert language.asked(request) == expected


def test_a_switch_is_kept_and_stronger_than_the_browser(client):
    response = client.post("/ui/language/", {"language": "en", "next": "/ui/gallery/?a=1"})
    assert response.headers["Location"] == "/ui/gallery/?a=1"
    assert lang(client.get("/ui/gallery/", headers={"Accept-Language": "ko"})) == "en"


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_a_switch_never_leads_out_of_the_house(client, back):
    assert client.post("/ui/language/", {"language": "en", "next": back}).headers["Location"] == "/"


def test_an_unknown_language_changes_nothing(client):
    client.post("/ui/language/", {"language": "xx"})
    assert lang(client.get("/ui/gallery/")) == "ko"


def test_a_get_does_not_switch(client):
    assert client.get("/ui/language/", {"language": "en"}).status_code == 405


def test_a_switch_is_told_to_whoever_keeps_it(client, monkeypatch):
    kept = []
    monkeypatch.setattr(language, "_remember", [])
    language.register_remember(lambda request, code: kept.append((request.actor.key, code)))
    client.post("/ui/language/", {"language": "en"})
    assert kept == [(ALICE.key, "en")]


def test_the_persons_language_and_zone_are_used_unless_another_is_chosen_here():
    seen = []
    middleware = language.LanguageMiddleware(lambda request: HttpResponse())
    actor = Actor(key="person:x", person_id=ALICE.person_id, language="en", zone="Europe/Berlin")

    def view(request):
        request.actor = actor
        middleware.process_view(request, view, (), {})
        seen.append((translation.get_language(), timezone.get_current_timezone_name()))
        return HttpResponse()

    middleware.get_response = view
    before = translation.get_language()
    middleware(RequestFactory().get("/"))
    chosen = RequestFactory().get("/")
    chosen.COOKIES[language.COOKIE] = "ko"
    middleware(chosen)
    assert seen == [("en", "Europe/Berlin"), ("ko", "Europe/Berlin")]
    assert translation.get_language() == before


def test_an_unknown_zone_of_a_person_falls_back_to_the_organisations():
    assert language._zone("Nowhere/At all").key == settings.ORGANISATION_ZONE
    assert language._zone("../../etc/passwd").key == settings.ORGANISATION_ZONE


def test_a_text_is_said_with_its_values_in_the_readers_language():
    needs = text("You may not do this. It needs the right “{grant}”.", grant="see")
    assert language.say(needs, "ko") == "권한이 없습니다. “see” 권한이 필요합니다."
    assert language.say(needs, "en") == "You may not do this. It needs the right “see”."
    assert (
        language.say(Text("for {span}: {what}", {"span": timedelta(minutes=107), "what": text("calm")}), "ko")
        == "for 1시간 47분: 평온"
    )
    assert language.say("") == language.say(None) == ""
    assert language.say("a {brace} without values") == "a {brace} without values"


def test_every_korean_sentence_of_the_face_is_there():
    site = pytest.importorskip("bongsu.site.translations")
    assert list(site._complaints("ui")) == []


def test_templates_say_nothing_untranslated():
    """Hangul stands in the catalogue; the page drawn without a request is the one exception."""
    templates = Path(language.__file__).parent / "templates"
    found = [p.name for p in templates.rglob("*.html") if any("가" <= c <= "힣" for c in p.read_text())]
    assert sorted(found) == ["500.html", "gallery.html"]


def test_a_value_that_is_gone_leaves_a_gap_and_the_page_stands():
    assert language.say(text("{actor} wrote: {words}", actor="Kim"), "en") == "Kim wrote: …"

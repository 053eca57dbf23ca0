"""What stands around every page (M6, M8), and the panels of the floors above."""

import pytest
from django.test import Client, RequestFactory
from django.utils import translation

from bongsu.kernel.actors import ANONYMOUS, Actor
from bongsu.kernel.errors import NotFound
from bongsu.kernel.text import text
from bongsu.ui import frame, panels

from .conftest import ALICE


@pytest.fixture
def request_of(alone):
    def make(actor=ALICE, path="/ui/gallery/"):
        request = RequestFactory().get(path)
        request.actor = actor
        return request

    return make


def test_navigation_is_ordered_granted_and_knows_where_it_is(request_of):
    frame.register_nav("b", "People", "ui:gallery", order=20, grant="see")
    frame.register_nav("a", "Incidents", "ui:find", order=10)
    frame.register_nav("c", "Hidden", "ui:find", order=5, grant="people.manage")
    frame.register_nav("d", "Not installed", "nowhere:list", order=1)
    with translation.override("ko"):
        nav = frame.Frame(request_of()).nav
    assert [(n["label"], n["is_current"]) for n in nav] == [("인시던트", False), ("사람", True)]


def test_a_stranger_who_is_not_signed_in_gets_no_entries(request_of):
    frame.register_nav("a", "Incidents", "ui:find")
    frame.register_command("a", "Save", "ui:find")
    drawn = frame.Frame(request_of(ANONYMOUS))
    assert (drawn.nav, drawn.commands, drawn.stream_url) == ([], [], "")


def test_a_command_is_found_by_either_language_and_may_stay_away(request_of):
    frame.register_command("update", "Status update", "ui:find", words="Hourly")
    frame.register_command("here", "Save", url=lambda request: None)
    frame.register_command("there", "Delete", url=lambda request: f"{request.path}delete/", order=1)
    commands = frame.Frame(request_of()).commands
    assert [c["url"] for c in commands] == ["/ui/gallery/delete/", "/ui/find/"]
    assert {"status update", "상태 업데이트", "hourly"} <= {
        w for w in ("status update", "상태 업데이트", "hourly") if w in commands[1]["words"]
    }


def test_an_alarm_and_a_banner_stand_on_every_page(alone):
    frame.register_alarm(lambda request: [frame.Alarm(text("Storing files"), "/ui/gallery/", "Show")])
    frame.register_banner(lambda request: [frame.Banner("Nothing leaves the house.", tone="demo")])
    html = Client().get("/ui/gallery/").content.decode()
    assert '<div class="alarm" role="alert">' in html
    assert "파일을 저장하는 중" in html
    assert '<div class="banner demo"' in html


def test_a_page_that_stands_open_asks_for_the_notices_and_a_stranger_gets_nothing(alone, monkeypatch):
    frame.register_alarm(lambda request: [frame.Alarm("The worker is silent.")])
    assert "The worker is silent." in Client().get("/ui/notices/").content.decode()
    monkeypatch.setattr("bongsu.ui.tests.conftest.ALICE", ANONYMOUS)
    assert Client().get("/ui/notices/").status_code == 204


def test_the_stream_begins_where_the_page_was_drawn(request_of):
    assert frame.Frame(request_of()).stream_url == "/stream/"
    frame.register_stream_place(lambda request: "7:42")
    assert frame.Frame(request_of()).stream_url == "/stream/?after=7%3A42"


def test_the_palette_finds_only_for_the_signed_in(alone, monkeypatch):
    frame.register_finder(lambda request, query: [frame.Found(f"INC {query}", "/x/", "<b>")])
    html = Client().get("/ui/find/", {"q": "001"}).content.decode()
    assert 'data-url="/x/"' in html
    assert "&lt;b&gt;" in html
    assert "INC" not in Client().get("/ui/find/", {"q": " "}).content.decode()
    monkeypatch.setattr("bongsu.ui.tests.conftest.ALICE", ANONYMOUS)
    assert "INC" not in Client().get("/ui/find/", {"q": "001"}).content.decode()


def test_the_gallery_is_closed_where_nobody_debugs(alone, settings):
    settings.UI_GALLERY = False
    assert Client().get("/ui/gallery/").status_code == 404


def put(key, order=1, **more):
    values = {"context": lambda request, obj: {"count": 1}, "template": "ui/tests_panel.html", "title": "People", **more}
    panels.register(page="test", key=key, order=order, **values)


def test_panels_come_in_order_for_their_place_and_grant(request_of):
    put("second", 2, place="left")
    put("first", 1, place="left")
    put("secret", 0, place="left", grant="people.manage")
    put("elsewhere", 0, place="right")
    assert [p.key for p in panels.registered("test", "left", request_of())] == ["first", "second"]


def test_a_panel_shows_title_badge_and_question_in_the_readers_language(request_of):
    put("one", place="left", badge=lambda request, obj: 3, question="What happened?")
    with translation.override("ko"):
        html = panels.respond(request_of(), "test", "one", {"name": "x"}, url="/p/", live="incident:1").content.decode()
    for part in ("사람", "<small>3</small>", "무슨 일이 있었나요?", 'hx-get="/p/one/"', "bongsu:incident:1 from:body"):
        assert part in html


def test_a_panel_with_nothing_to_show_is_not_there(request_of):
    put("none", place="left", context=lambda request, obj: None)
    assert panels.respond(request_of(), "test", "none", {}, url="/p/").content == b""
    put("none", place="left", context=lambda request, obj: None, comes_late=True)
    place = panels.respond(request_of(), "test", "none", {}, url="/p/", live="incident:1").content.decode()
    assert place.startswith('<div id="panel-none" hidden hx-get="/p/none/"')  # unless it may fill: then its place stands


@pytest.mark.parametrize("key", ["unknown", "secret"])
def test_a_panel_one_may_not_see_does_not_exist(request_of, key):
    put("secret", grant="people.manage")
    with pytest.raises(NotFound):
        panels.respond(request_of(Actor(key="person:y", person_id=ALICE.person_id)), "test", key, {}, url="/p/")

"""The face in Chromium (M6, M8): axe finds nothing, the console stays silent under the strict CSP, keys suffice, live heals."""

from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import translation

from bongsu.ui import frame, moments, panels
from bongsu.ui.tests.urls import Stream

pytestmark = pytest.mark.browser


@pytest.fixture
def complaints(page):
    """What the console says; the strict CSP speaks there too."""
    said = []
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    return said


@pytest.fixture
def live(page):
    """The stream of the test page, silent and up."""
    Stream.facts, Stream.is_down, Stream.opened = [], False, 0
    yield Stream
    Stream.is_down = True


@pytest.fixture
def counted(alone):
    """A panel that counts how often it was drawn."""
    drawn = {"left": 0, "below": 0}

    def context(place):
        def give(request, obj):
            drawn[place] += 1
            return {"count": drawn[place]}

        return give

    panels.register(
        page="test", key="one", title="One", order=1, template="ui/tests_panel.html", context=context("left"), place="left"
    )
    panels.register(page="test", key="two", title="Two", order=1, template="ui/tests_panel.html", context=context("below"))
    return drawn


def speak(page, house, language):
    page.context.add_cookies([{"name": "bongsu_language", "value": language, "url": house}])


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("width", "language"), [(1360, "ko"), (390, "en")])
def test_the_gallery_has_no_violations_and_a_silent_console(house, page, complaints, scheme, width, language, tmp_path):
    frame.register_nav("gallery", "Incidents", "ui:gallery")
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    speak(page, house, language)
    page.goto(f"{house}/ui/gallery/")
    page.wait_for_function("typeof htmx === 'object'")
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "the page is wider than the window"
    assert not [c for c in complaints if "/stream/" not in c]


def test_the_icons_are_drawn_from_the_sprite_and_the_style_is_there(house, page):
    page.goto(f"{house}/ui/gallery/")
    assert page.locator(".fires .on").first.evaluate("e => getComputedStyle(e).fill") != "rgb(0, 0, 0)"
    assert page.locator(".clocks article").count() == 4
    names = set(page.locator("svg use").evaluate_all("all => all.map(u => u.getAttribute('href').split('#')[1])"))
    sprite = page.request.get(f"{house}/static/ui/icons.svg").text()
    assert {n for n in names if f'id="{n}"' not in sprite} == set()


def test_the_palette_opens_by_keys_finds_in_korean_and_english_and_goes(house, page):
    frame.register_command("gallery", "Status update", "ui:gallery")
    frame.register_command("other", "Save", "ui:language")
    frame.register_finder(lambda request, query: [frame.Found("INC-2026-001", "/ui/gallery/#found")] if "inc" in query else [])
    speak(page, house, "ko")
    page.goto(f"{house}/page/")
    page.wait_for_function("typeof htmx === 'object'")
    page.keyboard.press("Control+k")
    options = page.locator("#palette-list [role=option]:visible")
    for typed in ("상태", "ㅅㅌ", "status upd"):
        page.keyboard.press("Control+a")
        page.keyboard.insert_text(typed)
        assert options.all_inner_texts() == ["상태 업데이트"], typed
    page.keyboard.press("Control+a")
    page.keyboard.insert_text("inc")
    page.get_by_role("option", name="INC-2026-001").wait_for()
    page.keyboard.press("Enter")
    page.wait_for_url("**/ui/gallery/#found")


def test_clocks_tick_and_turn(house, page):
    page.goto(f"{house}/ui/gallery/")
    clock = page.locator(".clocks article [data-left]").nth(1)
    before = clock.inner_text()
    page.wait_for_function("before => document.querySelectorAll('.clocks [data-left]')[1].textContent !== before", arg=before)
    late = page.locator(".clocks article").first
    assert "late" in late.get_attribute("class")
    assert late.inner_text().count("+") == 1


def test_what_leaves_the_house_is_shown_before_it_goes(house, page):
    speak(page, house, "en")
    page.goto(f"{house}/ui/gallery/")
    page.get_by_role("button", name="Send").click()
    box = page.get_by_role("dialog", name="Please look once more")
    assert "14 people" in box.inner_text()
    box.get_by_role("button", name="No, go back").click()
    assert page.url.endswith("/ui/gallery/")
    page.get_by_role("button", name="Send").click()
    box.get_by_role("button", name="Yes, do it").click()
    page.wait_for_url("**/ui/gallery/?")


def test_files_are_taken_by_paste(house, page):
    page.goto(f"{house}/ui/gallery/")
    page.wait_for_function("typeof htmx === 'object'")
    page.evaluate(
        """() => { const data = new DataTransfer(); data.items.add(new File(["x"], "shot.png", {type: "image/png"}));
        const paste = new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true});
        document.getElementById("what").dispatchEvent(paste); }"""
    )
    assert "shot.png" in page.locator(".drop .chosen").first.inner_text()
    assert page.locator(".drop input").first.evaluate("e => e.files.length") == 1


def test_a_refusal_of_htmx_is_a_line_in_the_message_area(house, page):
    page.goto(f"{house}/page/")
    page.get_by_role("button", name="Close it").click()
    page.locator("#messages .toast.error").wait_for()
    assert "3" in page.locator("#messages").inner_text()
    assert page.locator("#never").inner_text() == "untouched"


def test_a_fact_refetches_the_panel_of_its_subject_only(house, page, live, counted):
    page.goto(f"{house}/page/")
    page.get_by_text("thing seen 1 times").first.wait_for()
    live.facts.append({"subject": "incident:2", "fact": "incidents.opened"})
    live.facts.append({"subject": "incident:1", "fact": "incidents.opened"})
    page.locator("#panel-one").get_by_text("seen 2 times").wait_for()
    page.wait_for_timeout(500)
    assert counted["left"] == 2


def test_a_panel_that_was_empty_when_the_page_stood_comes_when_it_has_something(house, page, live, alone):
    shown = []
    panels.register(
        page="test", key="later", title="Later", order=1, template="ui/tests_panel.html", place="left", comes_late=True,
        context=lambda request, obj: {"count": 7} if shown else None,
    )  # fmt: skip
    page.goto(f"{house}/page/")
    page.locator("#panel-later").wait_for(state="hidden")
    shown.append(True)
    live.facts.append({"subject": "incident:1", "fact": "incidents.opened"})
    page.locator("#panel-later").get_by_text("seen 7 times").wait_for()


def test_an_alarm_comes_to_a_page_that_stands_open(house, page, live, counted):
    page.clock.install()
    page.goto(f"{house}/page/")
    page.wait_for_function("typeof htmx === 'object'")
    assert page.locator("#notices .alarm").count() == 0
    frame.register_alarm(lambda request: [frame.Alarm("The worker is silent.")])
    page.clock.run_for(21_000)
    page.locator("#notices .alarm").get_by_text("The worker is silent.").wait_for()


def test_words_being_typed_are_not_taken_away_by_a_refetch(house, page, live, counted):
    page.goto(f"{house}/page/")
    page.locator("#panel-one input").fill("half a sent")
    live.facts.append({"subject": "incident:1", "fact": "incidents.opened"})
    page.wait_for_timeout(900)
    assert page.locator("#panel-one input").input_value() == "half a sent"
    page.locator("#panel-one input").blur()
    page.locator("#panel-one").get_by_text("seen 2 times").wait_for()


def test_a_lost_connection_is_said_and_heals(house, page, live, counted):
    page.goto(f"{house}/page/")
    page.locator("#panel-one").wait_for()
    live.is_down = True
    page.locator("#lost:not([hidden])").wait_for(timeout=8000)
    live.is_down = False
    page.locator("#lost").wait_for(state="hidden", timeout=12000)
    page.locator("#panel-one").get_by_text("seen 2 times").wait_for()


def test_two_tabs_share_one_stream(house, context, live, counted):
    first, second = context.new_page(), context.new_page()
    for tab in (first, second):
        tab.goto(f"{house}/page/")
    first.wait_for_timeout(600)
    assert live.opened == 1
    live.facts.append({"subject": "incident:1", "fact": "incidents.opened"})
    for tab in (first, second):
        tab.locator("#panel-one").get_by_text("seen").wait_for()
    first.wait_for_timeout(900)
    assert counted["left"] == 4, "both tabs fetched once more"


def test_tabs_load_lazily_and_the_address_follows(house, page, live, counted):
    page.goto(f"{house}/page/")
    page.locator("#panel-below").get_by_text("seen").wait_for()
    page.get_by_role("navigation", name="패널").get_by_role("link", name="Two").click()
    page.wait_for_url("**/page/?panel=two")


def test_light_and_dark_are_kept(house, page):
    page.emulate_media(color_scheme="light")
    page.goto(f"{house}/ui/gallery/")
    page.locator("[data-theme-switch]").click()
    page.reload()
    assert page.locator("html").get_attribute("data-theme") == "dark"


def test_the_language_switch_comes_back_to_the_same_page(house, page):
    page.context.set_extra_http_headers({"Accept-Language": "ko"})
    page.goto(f"{house}/ui/gallery/?sort=at")
    assert page.locator("html").get_attribute("lang") == "ko"
    page.get_by_role("button", name="English").click()
    page.wait_for_url("**/ui/gallery/?sort=at")
    assert page.locator("html").get_attribute("lang") == "en"


def test_the_script_writes_time_as_the_server_does(house, page):
    speak(page, house, "ko")
    page.goto(f"{house}/ui/gallery/")
    spans = [0, 5, 59, 60, 760, 3599, 3600, 6465, 86399, 86400, 4 * 86400 - 1, 4 * 86400, 15 * 86400 + 11529, -301]
    script = """async spans => { const clocks = await import("/static/ui/clocks.js");
        return spans.map(s => [clocks.countdown(s, "{n}일"), clocks.elapsed(s)]); }"""
    with translation.override("ko"):
        written = [[moments.countdown(timedelta(seconds=s)), moments.elapsed(timedelta(seconds=s))] for s in spans]
    assert page.evaluate(script, spans) == written

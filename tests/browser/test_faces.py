"""Home, list, declaring and the cockpit in Chromium: axe finds nothing, the console is silent, in two languages, light,
dark and on a phone (E4, M6, M8); every act opens over the page; what one person writes another sees without reload (C3).
"""

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import Resolver404, resolve
from playwright.sync_api import expect

from bongsu.kernel.clock import now

pytestmark = pytest.mark.browser
LOOKS = {
    "ko-light": ("ko", "light", 1360, 900),
    "en-dark": ("en", "dark", 1360, 900),
    "ko-phone": ("ko", "light", 390, 844),
}


@pytest.fixture
def burning(committed_db: str, alice: Any, bob: Any, default_pack: Any, drain: Any) -> Any:
    """An incident with something in every corner of its page."""
    from bongsu.incidents import actions

    incident = actions.open_incident(
        alice, title="상담 챗봇이 다른 고객의 주문 내역을 출력", type="security",
        subtype="prompt_injection", severity="P1", description="색인된 문서 안의 지시문을 챗봇이 따랐습니다.",
        affected_scope="주문 상담", occurred_at=now() - timedelta(minutes=40),
    )  # fmt: skip
    drain()
    on = {"incident": incident.id}
    actions.change_impact(alice, affected_users=1240, regions=["KR", "EU"], **on)
    actions.move_state(alice, state="mitigating", reason="공격 경로를 찾음", **on)
    actions.add_note(alice, text="공격 경로 확인: 색인된 문서의 지시문", occurred_at=now() - timedelta(minutes=12), **on)
    wrong = actions.add_note(alice, text="결제 시스템도 영향", **on)
    actions.retract_entry(alice, event=wrong, reason="확인해 보니 아님", **on)
    actions.add_note(bob, text="쓰기 도구를 끄기로 함", kind="decision", **on)
    actions.add_evidence(bob, title="대화 기록 46건", quote="order.lookup(customer=*)", is_harmful=True, **on)
    actions.add_evidence(bob, title="", url="https://grafana.example.org/d/guardrail", **on)
    actions.enter_deadline(
        alice,
        title="개인정보보호위원회 신고",
        authority="개인정보보호위원회",
        due_at=now() + timedelta(hours=70),
        zone="Asia/Seoul",
        **on,
    )
    actions.assign_role(alice, role="technical_lead", person=bob.person_id, **on)
    drain()
    return incident


def dress(page: Any, served: str, language: str, scheme: str, width: int, height: int) -> None:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": height})
    page.context.add_cookies([{"name": "bongsu_language", "value": language, "url": served}])


def no_violations(page: Any) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("look", LOOKS)
def test_the_pages_have_no_violations_and_a_silent_console(
    look: str, burning: Any, alice: Any, page_of: Any, served: str, complaints: list[str], shot: Any, page: Any
) -> None:
    dress(page, served, *LOOKS[look])
    page = page_of(alice)
    for name, path in (
        ("home", "/"),
        ("list", "/incidents/"),
        ("declare", "/incidents/declare/"),
        ("drill", "/drill/"),
        ("cockpit", f"/incidents/{burning.number}/"),
    ):
        page.goto(f"{served}{path}")
        page.wait_for_timeout(600)  # the parts that come after the page
        shot(f"{name}-{look}")
        no_violations(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} is wider than the screen"
    page.click("text=심각도 변경" if look.startswith("ko") else "text=Change severity")
    page.wait_for_selector("dialog[open] form")
    shot(f"dialog-{look}")
    no_violations(page)
    assert [line for line in complaints if "favicon" not in line] == []


LEFT_OUT = {"account_logout", "ui:language", "events:stream"}


def route_of(address: str) -> str:
    """The name of the page behind an address; empty for what is no page of ours."""
    try:
        found = resolve(urlsplit(address).path)
    except Resolver404:
        return ""
    return "" if found.view_name in LEFT_OUT or address.startswith(("/api/", "/static/")) else found.view_name


def test_every_room_that_a_link_leads_to_has_no_violations(
    burning: Any, alice: Any, make_person: Any, page_of: Any, served: str, complaints: list[str], shot: Any, page: Any
) -> None:
    """From the home page by links, each kind of page once, by turns Korean and light, English and dark."""
    from bongsu.reports.actions import draft

    report = draft(alice, incident=burning.id)
    page = page_of(make_person("omar", "commander", "administrator", "legal", "auditor"))
    waiting, seen = ["/", f"/incidents/{burning.number}/", f"/documents/{report.id}/"], {""}
    broken = []
    while waiting:
        address = waiting.pop(0)
        route = route_of(address)
        if route in seen:
            continue
        seen.add(route)
        look = "en-dark" if len(seen) % 2 else "ko-light"
        dress(page, served, *LOOKS[look])
        answer = page.context.request.get(f"{served}{address}")
        if "text/html" not in answer.headers["content-type"]:
            continue  # something to take along
        page.goto(f"{served}{address}")
        page.wait_for_load_state("load")
        shot(f"room-{route.replace(':', '-')}-{look}")
        if answer.status != 200:
            broken.append(f"{address}: {answer.status}")
        found = Axe().run(page)
        if found.violations_count:
            broken.append(f"{address} ({look}): {found.generate_report()}")
        links = page.eval_on_selector_all("a[href^='/']", "all => all.map(one => one.getAttribute('href'))")
        waiting += [link for link in links if route_of(link) not in seen]
    assert not broken, "\n\n".join(broken)
    assert len(seen) > 30, sorted(seen)
    assert [line for line in complaints if "favicon" not in line] == []


def test_an_act_opens_over_the_page_and_is_done_without_leaving_it(burning: Any, alice: Any, page_of: Any) -> None:
    page = page_of(alice, f"/incidents/{burning.number}/")
    page.evaluate("window.here = 1")
    page.get_by_role("link", name="Change severity").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("radio", name="P0").check()
    dialog.get_by_role("button", name="Change severity").click()
    assert dialog.is_visible()  # no reason: the browser itself asks for it
    dialog.get_by_label("Reason").fill("personal data")
    dialog.get_by_role("button", name="Change severity").click()
    page.wait_for_selector("#incident-head .sev-p0")
    assert page.evaluate("window.here") == 1
    expect(page.locator("dialog[open]")).to_have_count(0)  # the stream may show the head before the answer closes it
    page.get_by_role("link", name="Move the state").click()
    page.locator("dialog[open] form").wait_for()
    page.keyboard.press("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)


def test_what_one_writes_the_other_sees_without_reload(burning: Any, alice: Any, bob: Any, page_of: Any) -> None:
    from bongsu.incidents import actions

    page = page_of(alice, f"/incidents/{burning.number}/")
    page.wait_for_timeout(1500)  # the stream is up
    page.fill("#compose-text", "half a thought")
    actions.add_note(bob, incident=burning.id, text="seen from the other side")
    page.wait_for_selector("#incident-timeline >> text=seen from the other side", timeout=8000)
    assert page.input_value("#compose-text") == "half a thought"
    page.click("text=Record")
    page.wait_for_selector("#incident-timeline >> text=half a thought")
    assert page.input_value("#compose-text") == ""


def next_step(page: Any, title: str) -> Any:
    """The guide's one button, once the guide has come to this step by itself."""
    page.locator(".guide li[aria-current=step]").get_by_text(title).wait_for()
    return page.locator(".guide a.button")


def test_the_whole_drill_can_be_clicked_by_following_its_guide(
    default_pack: Any, committed_db: str, alice: Any, page_of: Any, complaints: list[str]
) -> None:
    """B6: from alert to report without a reload, where the guide's own buttons lead."""
    page = page_of(alice)
    page.get_by_role("link", name="Start a drill").click()
    page.get_by_role("button", name="Start the drill").click()
    page.wait_for_url("**/incidents/DRL-*/")
    cockpit = page.url
    page.get_by_role("button", name="Take the command").click()
    next_step(page, "Do the next step of the runbook").click()
    page.wait_for_url("**#panel-next-step")
    page.locator("#panel-next-step").get_by_role("link", name="Tick the step").click()
    page.get_by_label("What was done, what was seen").fill("both are here")
    page.locator("dialog[open]").get_by_role("button", name="Tick the step").click()
    next_step(page, "Write a status update").click()
    page.get_by_label("Item 1", exact=True).fill("alert confirmed")
    page.get_by_role("button", name="Send", exact=True).click()
    page.get_by_role("button", name="Yes, do it").click()
    page.wait_for_url(cockpit)
    next_step(page, "Call it resolved").click()
    box = page.locator("dialog[open]")
    box.get_by_text("The escalation and its clocks stop.").wait_for()
    box.get_by_label("Reason").fill("the instructions are out of the index")
    box.get_by_role("button", name="Call it resolved").click()
    page.locator("dialog[open]").wait_for(state="detached")
    next_step(page, "Write the report").click()  # the house has drafted it; the step is a person's words
    page.get_by_role("link", name="Open the report").click()
    page.wait_for_url("**/documents/**")
    assert "both are here" in page.locator("main").inner_text()
    part = page.locator("#edit-root_cause")
    part.locator("textarea").fill("a document told the chatbot what to do")
    part.get_by_role("button", name="Save").click()
    page.locator("#page").get_by_text("told the chatbot what to do").first.wait_for()
    page.goto(cockpit)
    page.locator(".guide").get_by_text("Done: from alert to report.").wait_for()
    assert page.locator(".guide").get_by_role("link").all_inner_texts() == ["Close the drill", "Start another", "To the report"]
    assert not [c for c in complaints if "/stream/" not in c]


def test_without_script_every_act_is_a_page(burning: Any, alice: Any, served: str, browser: Any, signed_in: Any) -> None:
    from django.conf import settings

    context = browser.new_context(java_script_enabled=False)
    session = signed_in(alice).cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": served}])
    page = context.new_page()
    page.goto(f"{served}/incidents/{burning.number}/")
    page.get_by_role("link", name="Change severity").click()
    page.get_by_label("Reason").fill("personal data")
    page.get_by_role("radio", name="P0").check()
    page.get_by_role("button", name="Change severity").click()
    page.wait_for_selector(".sev-p0")
    context.close()

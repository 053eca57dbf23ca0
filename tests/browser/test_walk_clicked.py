"""The walk of house plan section 6, clicked in Korean by the people who would: report, declare, hand over, tick, update,
resolve, write, review, approve, close. The console stays silent (E1-E4, M6, M8)."""

import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

pytestmark = pytest.mark.browser
SENTENCE = "여신 심사 모델의 정확도가 0.93에서 0.61로 급락했습니다"
PATIENCE = 20_000  # milliseconds, on a machine with other things to do


@pytest.fixture
def crew(committed_db: str, default_pack: Any, root: Any, make_person: Callable[..., Any]) -> SimpleNamespace:
    from bongsu.people.actions import set_post_holder

    roles = {"minji": "commander", "jun": "responder", "yuna": "legal", "seo": "board"}
    made = SimpleNamespace(**{name: make_person(name, role, language="ko") for name, role in roles.items()})
    for post, who in (("triage_desk", made.jun), ("governance_board", made.seo), ("legal", made.yuna), ("ciso", made.minji)):
        set_post_holder(root, post=post, person=who.person_id)
    return made


def dialog(page: Any) -> Any:
    page.wait_for_selector("dialog[open] form")
    return page.locator("dialog[open]:has(form)")


def done(page: Any) -> None:
    page.wait_for_selector("dialog[open]", state="detached")


def reported_and_declared(page: Any) -> str:
    """A sentence in the form under the menu, then the proposal it became."""
    page.get_by_label("무슨 일이 있었").fill(SENTENCE)
    page.get_by_role("button", name="신고", exact=True).click()
    page.get_by_role("heading", name="고맙습니다. 등록되었습니다.").wait_for()
    page.locator("main").get_by_role("link", name="제안", exact=True).click()
    page.get_by_role("heading", name=SENTENCE).wait_for()
    page.get_by_role("button", name="선언", exact=True).click()
    page.wait_for_url(re.compile(r"/incidents/INC-\d{4}-\d+/$"))
    return str(page.url).rstrip("/").rpartition("/")[2]


def handed_over(page: Any) -> None:
    page.locator("#incident-people").get_by_role("link", name="인계", exact=True).click()
    box = dialog(page)
    box.locator("select[name=person]").select_option(label="Minji")
    box.get_by_role("button", name="지휘 인계").click()
    done(page)
    page.locator(".banner.held").get_by_text("Minji").wait_for()


def ticked(page: Any) -> None:
    """The next step, twice; each time the card moves on to the one after it."""
    card = page.locator("h3.step").first
    for _round in range(2):
        title = card.inner_text()
        page.get_by_role("link", name="단계 체크").first.click()
        box = dialog(page)
        box.locator("textarea[name=note]").fill("지표 시계열과 출력 표본 20건을 확인했습니다")
        box.get_by_role("button", name="단계 체크").click()
        done(page)
        page.wait_for_function("before => document.querySelector('h3.step').innerText !== before", arg=title)


def update_sent(page: Any) -> None:
    page.locator("#incident-head").get_by_role("link", name="상태 업데이트").click()
    page.get_by_label("항목 1", exact=True).fill("경보 확인을 마쳤습니다")
    page.locator("#preview").get_by_text("경보 확인을 마쳤습니다").first.wait_for()
    page.get_by_role("button", name="보내기").click()
    page.get_by_role("button", name="네, 실행합니다").click()
    page.wait_for_url(re.compile(r"/incidents/INC-[\d-]+/(updates/)?$"))
    page.get_by_text("경보 확인을 마쳤습니다").first.wait_for()


def moved(page: Any, way: str, reason: str) -> None:
    page.locator("#incident-head").get_by_role("link", name=way).click()
    box = dialog(page)
    box.locator("textarea[name=reason]").fill(reason)
    box.locator("button.main").click()
    done(page)


def written(page: Any) -> str:
    """The report is there by itself; a person puts words where only a person can."""
    link = page.get_by_role("link", name="보고서 열기")
    link.wait_for()
    link.click()
    part = page.locator("#edit-root_cause")
    part.locator("textarea").fill("재학습 데이터에서 소득 항목이 빠졌습니다.")
    part.get_by_role("button", name="저장").click()
    page.locator("#edit-root_cause").get_by_text("Minji").wait_for()
    page.locator("#page").get_by_text("소득 항목이 빠졌습니다").first.wait_for()
    page.locator("#unwritten").get_by_text("근본 원인").wait_for(state="detached")
    page.get_by_role("checkbox", name="비운 채 제출합니다").check()
    page.get_by_role("button", name="서명하고 법무 검토에 제출").click()
    page.locator(".way [aria-current=step]").get_by_text("검토").wait_for()
    return str(page.url)


def approved(page: Any) -> None:
    page.get_by_role("radio", name="승인하고 서명").check()
    page.get_by_role("button", name="결정하기").click()
    page.get_by_role("button", name="결정하기").wait_for(state="detached")


def test_the_walk_can_be_clicked_in_korean(
    crew: SimpleNamespace, page_of: Any, served: str, page: Any, complaints: list[str], shot: Any, tmp_path: Any
) -> None:
    page.set_default_timeout(PATIENCE)
    number = reported_and_declared(page_of(crew.jun, "/report/"))
    cockpit = f"/incidents/{number}/"
    shot("walk-1-declared")
    handed_over(page)
    page_of(crew.minji, cockpit)
    page.get_by_role("button", name="지휘 맡기").click()
    page.get_by_text("기록했습니다.").wait_for()
    page.get_by_role("button", name="지휘 맡기").wait_for(state="detached")
    ticked(page)
    shot("walk-2-ticked")
    update_sent(page)
    page.goto(f"{served}{cockpit}")
    moved(page, "복구 완료 결정", "이전 버전으로 되돌렸고 지표가 돌아왔습니다")
    page.locator("#incident-head").get_by_text("복구 완료", exact=True).wait_for()
    shot("walk-3-resolved")
    page.locator("nav.panels").get_by_role("link", name="보고서와 반출").click()
    address = written(page).removeprefix(served)
    for person in (crew.yuna, crew.seo):
        page_of(person, address)
        approved(page)
    page.locator(".way [aria-current=step]").get_by_text("최종").wait_for()
    shot("walk-4-approved")
    page_of(crew.minji, address)
    with page.expect_download() as download:
        page.get_by_role("link", name="PDF", exact=True).first.click()
    assert download.value.path().read_bytes().startswith(b"%PDF")
    page.goto(f"{served}{cockpit}")
    moved(page, "종료", "남은 점검은 후속 작업으로 옮겼습니다")
    page.locator("#incident-head").get_by_text("종료", exact=True).wait_for()
    shot("walk-5-closed")
    assert [line for line in complaints if "favicon" not in line] == []

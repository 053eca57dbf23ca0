"""What is typed into a report is not lost without a word: signing waits, leaving asks (E2, E3, E4)."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


@pytest.fixture
def report(committed_db: str, alice: Any, default_pack: Any, drain: Any) -> Any:
    from bongsu.incidents import actions
    from bongsu.reports.actions import draft

    incident = actions.open_incident(
        alice, title="A stranger's address", type="security", subtype="prompt_injection", severity="P1"
    )
    drain()
    return draft(alice, incident=incident.id, language="en")


def test_unsaved_words_hold_back_the_signature_and_ask_before_leaving(
    report: Any, alice: Any, page_of: Any, page: Any, served: str, complaints: list[str], shot: Any
) -> None:
    page = page_of(alice, f"/documents/{report.id}/")
    submit = page.get_by_role("button", name="Sign and submit for legal review")
    expect(submit).to_be_enabled()
    open_places = page.locator("#unwritten b")
    before = int(open_places.inner_text().split()[0])
    page.locator("#edit-root_cause textarea").fill("A cache key without the customer.")
    expect(submit).to_be_disabled()
    expect(page.locator("[data-unsaved-words]")).to_contain_text("Root cause")
    shot("report-unsaved")
    assert Axe().run(page).violations_count == 0

    asked = []
    page.once("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.get_by_role("link", name="Revisions").click(no_wait_after=True)
    page.wait_for_timeout(500)
    assert asked == ["beforeunload"]
    assert page.url.endswith(f"/documents/{report.id}/")
    expect(page.locator("#edit-root_cause textarea")).to_have_value("A cache key without the customer.")

    page.locator("#edit-root_cause").get_by_role("button", name="Save").click()
    expect(page.locator("#edit-root_cause [data-saved]")).to_be_visible()
    expect(submit).to_be_enabled()
    expect(open_places).to_have_text(f"{before - 3} places still wait for a person’s words")
    submit.click()  # the box that names what is missing is not ticked: the browser keeps the form
    expect(page.locator(".way [aria-current=step]")).to_have_text("Draft")
    page.get_by_role("checkbox", name="Submit it although").check()
    submit.click()
    expect(page.locator(".way [aria-current=step]")).to_have_text("Legal and compliance review")
    assert [line for line in complaints if "favicon" not in line] == []


def test_a_comment_that_was_typed_is_not_lost_to_a_decision(
    report: Any, alice: Any, lena: Any, page_of: Any, page: Any, complaints: list[str]
) -> None:
    from bongsu.documents.actions import submit_for_review

    submit_for_review(alice, document=report.id, with_open_places=True)
    page = page_of(lena, f"/documents/{report.id}/")
    decide = page.get_by_role("button", name="Decide")
    page.locator("#comments textarea").fill("Which law is this?")
    expect(decide).to_be_disabled()
    page.get_by_role("button", name="Add comment").click()  # its own words go along: nobody is asked
    expect(page.locator("#comments li")).to_contain_text("Which law is this?")
    expect(decide).to_be_enabled()
    assert [line for line in complaints if "favicon" not in line] == []


def test_two_people_who_write_the_same_part_see_both_texts_and_lose_none(
    report: Any, alice: Any, lena: Any, page_of: Any, page: Any, complaints: list[str], shot: Any
) -> None:
    from bongsu.documents.actions import edit_part

    page = page_of(alice, f"/documents/{report.id}/")
    part = report.parts.get(key="root_cause")
    page.locator("#edit-root_cause textarea").fill("A cache key without the customer.")
    edit_part(lena, part=part.id, text="The index held instructions.", version=part.version)
    page.locator("#edit-root_cause").get_by_role("button", name="Save").click()
    both = page.locator("#edit-root_cause")
    expect(both).to_contain_text("Lena saved this part while you were writing")
    expect(both.locator("pre")).to_have_text("The index held instructions.")
    expect(both.locator("textarea")).to_have_value("A cache key without the customer.")
    shot("report-conflict")
    expect(page.get_by_role("button", name="Sign and submit for legal review")).to_be_disabled()
    both.get_by_role("button", name="Save my text").click()
    expect(page.locator("#edit-root_cause [data-saved]")).to_be_visible()
    expect(page.get_by_role("button", name="Sign and submit for legal review")).to_be_enabled()
    part.refresh_from_db()
    assert part.text == "A cache key without the customer."
    assert [line for line in complaints if "favicon" not in line and "422" not in line] == []

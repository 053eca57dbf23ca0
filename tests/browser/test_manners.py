"""What people stumbled over: where things stand, and what stays where it is (B5, C3, E4)."""

from typing import Any

import pytest
from playwright.sync_api import expect

from .test_faces import burning, dress  # noqa: F401

pytestmark = pytest.mark.browser


def test_B5_revealed_lines_stay_in_their_place_and_are_blurred_again_by_a_press(
    burning: Any,
    bob: Any,
    page_of: Any,
) -> None:
    from bongsu.incidents import actions

    page = page_of(bob, f"/incidents/{burning.number}/")
    card = page.locator("#incident-evidence")
    card.get_by_label("Reason to look").fill("to judge it")
    card.get_by_role("button", name="Reveal").click()
    card.get_by_text("order.lookup(customer=*)").wait_for()
    expect(card.get_by_role("link", name="Add evidence")).to_be_visible()  # the card still stands around it
    actions.add_note(bob, incident=burning.id, text="another thing happened")
    page.locator("#incident-timeline").get_by_text("another thing happened").wait_for()
    page.wait_for_timeout(800)
    expect(card.get_by_text("order.lookup(customer=*)")).to_be_visible()
    card.get_by_role("link", name="Blur it again").click()
    card.get_by_role("button", name="Reveal").wait_for()
    expect(card.get_by_text("order.lookup(customer=*)")).to_have_count(0)


def test_C3_what_was_refused_and_mended_in_the_window_is_gone_from_the_composer(
    burning: Any,
    alice: Any,
    page_of: Any,
) -> None:
    page = page_of(alice, f"/incidents/{burning.number}/")
    page.evaluate("document.getElementById('compose-text').removeAttribute('maxlength')")
    page.fill("#compose-text", "x" * 20_001)
    page.get_by_role("button", name="Record").click()
    box = page.locator("dialog[open]")
    expect(box.locator(".errors p")).to_have_count(1)
    box.get_by_label("What happened?").fill("short enough")
    box.get_by_role("button", name="Record").click()
    page.locator("#incident-timeline").get_by_text("short enough").wait_for()
    expect(page.locator("#compose-text")).to_have_value("")


def test_E4_the_title_of_an_incident_keeps_half_of_the_width(
    burning: Any,
    alice: Any,
    bob: Any,
    page_of: Any,
    served: str,
    page: Any,
    shot: Any,
) -> None:
    from bongsu.incidents import actions

    actions.offer_command(alice, incident=burning.id, person=bob.person_id)
    dress(page, served, "en", "light", 1360, 900)
    page = page_of(bob, f"/incidents/{burning.number}/")
    page.wait_for_timeout(600)
    shot("head-en")
    whole, title = page.locator(".head").bounding_box(), page.locator(".head .title").bounding_box()
    assert title["width"] >= whole["width"] / 2


@pytest.mark.parametrize("path", ["/packs/", "/packs/{pack}/"])
def test_E4_on_a_telephone_the_menu_shows_where_one_is_and_nothing_scrolls_sideways(
    path: str,
    burning: Any,
    root: Any,
    page_of: Any,
    served: str,
    page: Any,
    shot: Any,
) -> None:
    dress(page, served, "ko", "light", 390, 844)
    page = page_of(root, path.format(pack=burning.pack_id))
    page.wait_for_timeout(300)
    shot("packs-phone")
    where = page.locator(".bar nav [aria-current]").bounding_box()
    assert 0 <= where["x"] <= 390 - where["width"]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_D2_the_update_form_on_a_telephone_counts_and_asks_before_the_last_look(
    burning: Any, alice: Any, page_of: Any, served: str, page: Any, shot: Any
) -> None:
    dress(page, served, "en", "light", 390, 844)
    page = page_of(alice, f"/incidents/{burning.number}/updates/new/")
    box = page.get_by_label("Item 1", exact=True)
    assert box.bounding_box()["width"] > 250
    page.get_by_role("button", name="Send", exact=True).click()
    assert page.locator("dialog[open]").count() == 0  # the browser asks for the first item
    box.fill("x" * 301)
    expect(page.locator("[data-count]").first).to_have_text("301 / 300")
    page.get_by_role("button", name="Send", exact=True).click()
    assert page.locator("dialog[open]").count() == 0
    shot("update-phone")
    box.fill("the cause is found")
    page.get_by_role("button", name="More rows").click()
    expect(page.locator("input[name=text]")).to_have_count(8)
    expect(box).to_have_value("the cause is found")
    page.get_by_role("button", name="Send", exact=True).click()
    page.locator("dialog[open]").get_by_text("It goes to: Bob").wait_for()

"""The accounts pages in Chromium (M8): no violation, nothing blocked by the policy."""

import pytest
from axe_playwright_python.sync_playwright import Axe

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_signing_in_has_no_violations_and_a_silent_console(entrance, page, scheme):
    said = []
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 390, "height": 800})
    for path in ("/accounts/login/", "/accounts/password/reset/", "/accounts/signup/"):
        page.goto(f"{entrance}{path}")
        results = Axe().run(page)
        assert results.violations_count == 0, results.generate_report()
    assert said == []

"""The pictures of the README, taken from a served demo: python -m tests.screenshots http://127.0.0.1:8000 [HOME]

Signs in with the passwords of the demo (`demo-sign-ins.txt` in HOME, by default BONGSU_HOME or var), in Chromium, and
writes docs/pictures/*.png. Look at every one of them before they are committed.
"""

import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.counterparts.fixtures import program

HERE = Path(__file__).resolve().parent.parent
PICTURES = HERE / "docs" / "pictures"
MOST_BYTES = 300 * 1024
DESK, PHONE = {"width": 1360, "height": 900}, {"width": 390, "height": 844}


@dataclass(frozen=True)
class Shot:
    """`path` may hold {burning} and {report}: the incident that burns, and a report that was approved."""

    name: str
    who: str
    path: str
    language: str = "ko"
    is_dark: bool = False
    is_phone: bool = False


SHOTS = (
    Shot("home-ko", "seoyun", "/"),
    Shot("home-en-dark", "emily", "/", "en", is_dark=True),
    Shot("home-phone-ko", "seoyun", "/", is_phone=True),
    Shot("incident-ko", "seoyun", "{burning}"),
    Shot("incident-en-dark", "emily", "{burning}", "en", is_dark=True),
    Shot("incident-phone-ko", "sua", "{burning}", is_phone=True),
    Shot("incidents-ko", "seoyun", "/incidents/?open="),
    Shot("report-ko", "seoyun", "{report}"),
    Shot("proposals-ko", "seoyun", "/proposals/"),
    Shot("posts-en", "emily", "/posts/", "en"),
)


def passwords(home: Path) -> dict[str, tuple[str, str]]:
    lines = (home / "demo-sign-ins.txt").read_text(encoding="utf-8").splitlines()
    return {email.split("@")[0]: (email, password) for email, password, *_rest in (line.split("\t") for line in lines)}


def signed_in(browser: Browser, address: str, shot: Shot, known: dict[str, tuple[str, str]]) -> Page:
    context = browser.new_context(
        viewport=PHONE if shot.is_phone else DESK, device_scale_factor=1, color_scheme="dark" if shot.is_dark else "light",
        locale="ko-KR" if shot.language == "ko" else "en-GB", timezone_id="Asia/Seoul", is_mobile=shot.is_phone,
    )  # fmt: skip
    page = context.new_page()
    page.goto(f"{address}/accounts/login/")
    email, password = known[shot.who]
    page.fill("input[name=login]", email)
    page.fill("input[name=password]", password)
    page.locator("form:has(input[name=password])").locator("button[type=submit], button:not([type])").first.click()
    page.wait_for_url(re.compile(rf"^{re.escape(address)}/(?!accounts/login)"))
    return page


def places(browser: Browser, address: str, known: dict[str, tuple[str, str]]) -> dict[str, str]:
    """Where the burning incident is, and one whose report was approved."""
    page = signed_in(browser, address, SHOTS[0], known)
    found = page.request.get(f"{address}/api/v1/incidents?limit=100").json()["items"]
    burning = next(row for row in found if row["is_open"] and row["subtype"] == "prompt_injection" and not row["is_drill"])
    reported = next(row for row in found if row["subtype"] == "performance_drop")
    where = {name: f"/incidents/{row['number']}/" for name, row in (("burning", burning), ("reported", reported))}
    document = page.request.get(f"{address}/api/v1{where['reported']}report").json()["id"]
    page.context.close()
    return where | {"report": f"/documents/{document}/"}


def take(address: str, home: Path, wanted: list[str]) -> None:
    known = passwords(home)
    PICTURES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        chromium = program("Chromium", "chromium", "chromium-browser", "google-chrome")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        shots = [shot for shot in SHOTS if not wanted or shot.name in wanted]
        where = places(browser, address, known) if any("{" in shot.path for shot in shots) else {}
        for shot in shots:
            page = signed_in(browser, address, shot, known)
            page.goto(address + shot.path.format(**where))
            page.wait_for_load_state("load")
            page.wait_for_timeout(600)  # panels that load lazily
            path = PICTURES / f"{shot.name}.png"
            page.screenshot(path=path)
            sys.stdout.write(f"{path.relative_to(HERE)}  {path.stat().st_size // 1024} KB  {page.title()}\n")
            assert path.stat().st_size < MOST_BYTES, f"{path.name} is larger than {MOST_BYTES // 1024} KB"
            page.context.close()
        browser.close()


if __name__ == "__main__":
    take(sys.argv[1].rstrip("/"), Path(sys.argv[2] if len(sys.argv) > 2 else os.environ.get("BONGSU_HOME", "var")), sys.argv[3:])

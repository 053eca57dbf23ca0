"""What the browser tests share: the order of the fixtures matters, Playwright's loop runs in the thread of the test."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="session", autouse=True)
def _database_beside_a_loop() -> Iterator[None]:
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    yield
    if before is None:
        os.environ.pop("DJANGO_ALLOW_ASYNC_UNSAFE", None)


@pytest.fixture
def complaints(page: Any) -> list[str]:
    """What the console says; a breach of the strict CSP speaks there too."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if _is_complaint(message) else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    return said


@pytest.fixture
def shot(page: Any, request: pytest.FixtureRequest) -> Any:
    """`shot("home-ko")`: a picture, kept when BONGSU_SHOTS names a folder."""
    folder = os.environ.get("BONGSU_SHOTS", "")

    def take(name: str) -> None:
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            page.screenshot(path=f"{folder}/{name}.png", full_page=True)

    return take


def _is_complaint(message: Any) -> bool:
    """Who leaves a page while a part of it is being fetched ends that request; htmx says so, and it is no error."""
    is_left = message.text.startswith(("htmx:sendAbort,", "htmx:afterRequest,"))
    return message.type in ("error", "warning") and not is_left

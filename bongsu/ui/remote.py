"""What commands over the API share: one request with the caller's token, refusals as lines on standard error.

`BONGSU_URL` and `BONGSU_TOKEN` say where and as whom. Exit code 1: refused or not reached; 2: no token.
"""

import json
import os
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NoReturn
from urllib.parse import urlsplit

import typer

from bongsu.kernel.errors import TransportError
from bongsu.kernel.transport import Transport, target_of

REFUSALS = (400, 401, 403, 404, 405, 409, 413, 422, 429)


def ask(
    method: str, path: str, body: Any = None, params: Mapping[str, str] | None = None, *, may_be_refused: bool = False
) -> Any:
    """The answer of `/api/v1{path}` as JSON, None when it is empty. Ends the command on a refusal, unless `may_be_refused`: then
    what is not the caller's to see (403) is None."""
    base, token = os.environ.get("BONGSU_URL", "http://127.0.0.1:8000").rstrip("/"), os.environ.get("BONGSU_TOKEN", "")
    if not token:
        _stop("BONGSU_TOKEN is not set: make a token on your profile page.", code=2)
    parts = urlsplit(base)
    here = target_of(parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))
    transport = Transport(allowed=(here,), secrets=(token,), timeout=30.0)
    url, headers = f"{base}/api/v1{path}", {"Authorization": f"Bearer {token}"}
    if language := terminal_language():
        headers["Accept-Language"] = language
    try:
        if method == "GET":
            answer = transport.get(url, params=params, headers=headers, also=REFUSALS)
        else:
            answer = transport.send(method, url, body=body, headers=headers, also=REFUSALS)
        said = answer.json() if answer.body else None
    except TransportError as error:
        _stop(f"{error}\nIs the server running? BONGSU_URL says where: {base}")
    if answer.status == 403 and may_be_refused:
        return None
    if answer.status >= 400:
        lines = [f"  {name}: {text}" for name, text in (said or {}).get("fields", {}).items()]
        _stop("\n".join([str((said or {}).get("detail", answer.status)), *lines]))
    return said


def terminal_language() -> str:
    """`ko` or `en` when the terminal's locale says so, else empty: then the person's own."""
    name = (os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or "").partition("_")[0]
    return name if name in ("ko", "en") else ""


def local(at: str | None) -> str:
    """A moment of an answer in the terminal's zone, with the zone's name; empty when there is none."""
    return f"{datetime.fromisoformat(at).astimezone():%Y-%m-%d %H:%M %Z}" if at else ""


def show(value: Any, line: str, *, is_json: bool) -> None:
    """The answer for a person, or as JSON for a program."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=1) if is_json else line)


def _stop(words: str, code: int = 1) -> NoReturn:
    typer.echo(words, err=True)
    raise typer.Exit(code)

"""`bongsu incident report` and `bongsu incident export`: over the API, with a token, as whoever the token belongs to."""

import os
import re
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn
from urllib.parse import quote

import httpx
import typer

from bongsu.kernel.text import Text
from bongsu.kernel.text import gettext_noop as _
from bongsu.ui.language import say
from bongsu.ui.remote import ask, show

from .rules.export import zip_name

flat = True
app = typer.Typer()
incident = typer.Typer(no_args_is_help=True, help="Report and export of an incident (over the API).")
app.add_typer(incident, name="incident")

Number = Annotated[str, typer.Argument(help="INC-2026-001")]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="Where it goes; must not exist yet.")]
LONGEST = 600.0  # seconds for a whole export


def _refuse(text: Text | str) -> NoReturn:
    print(say(text), file=sys.stderr)
    raise typer.Exit(1)


def _fetched(method: str, path: str, target: Path, **given: Any) -> None:
    """The answer's body as a file, piece by piece however large it is. Problem details become a line on standard error."""
    if target.exists():
        _refuse(Text(_("{path} exists already; nothing is overwritten."), {"path": str(target)}))
    token = os.environ.get("BONGSU_TOKEN", "")
    if not token:
        _refuse(_("Set BONGSU_TOKEN to an API token (your profile page) and BONGSU_URL to the address of Bongsu."))
    address = f"{os.environ.get('BONGSU_URL', 'http://127.0.0.1:8000').rstrip('/')}/api/v1{path}"
    try:
        with (
            httpx.Client(timeout=LONGEST, trust_env=False) as client,
            client.stream(method, address, headers={"Authorization": f"Bearer {token}"}, **given) as answer,
        ):
            if answer.status_code >= 400:
                _refuse(_problem(answer))
            _written(target, answer)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        _refuse(Text(_("{address} does not answer: {why}"), {"address": address, "why": str(error)}))


def _written(target: Path, answer: httpx.Response) -> None:
    """Whole or not at all, readable for its owner only."""
    unfinished = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as kept:
            for piece in answer.iter_bytes():
                kept.write(piece)
        unfinished.replace(target)
    except OSError as error:
        _refuse(Text(_("{path} cannot be written: {why}"), {"path": str(target), "why": str(error)}))
    finally:
        unfinished.unlink(missing_ok=True)


def _problem(answer: httpx.Response) -> str:
    try:
        answer.read()
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return f"HTTP {answer.status_code}"


@incident.command("report")
def report(
    number: Number,
    form: Annotated[str, typer.Option("--format", help="md, html or pdf; without it the state of the report is shown.")] = "",
    language: Annotated[str, typer.Option(help="ko or en.")] = "",
    draft: Annotated[bool, typer.Option("--draft", help="Write it from the record first; people's words stay.")] = False,
    output: Output = None,
    is_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")] = False,
) -> None:
    """Write, show or take out the report on an incident."""
    path = f"/incidents/{quote(number, safe='')}/report"
    if draft:
        ask("POST", path, body={"language": language})
    told = ask("GET", path, params={"language": language})
    if not form:
        line = f"{told['number']}  {told['state']}  {told['language']}  {told['edited']}%  ※ {told['prompts']}"
        show(told, line, is_json=is_json)
        return
    target = output or Path(f"{_plain(told['file'])}.{_plain(form)}")
    _fetched("GET", f"{path}/as/{quote(form, safe='')}", target, params={"language": language})
    print(target)


@incident.command("export")
def export(
    number: Number,
    privileged: Annotated[bool, typer.Option("--privileged", help="With privileged evidence (legal only).")] = False,
    output: Output = None,
) -> None:
    """Take the whole record along as a ZIP that is verified offline: `python3 verify_ledger.py .`"""
    target = output or Path(zip_name(_plain(number)))
    path = f"/incidents/{quote(number, safe='')}/export"
    _fetched("POST", path, target, json={"is_privileged_included": privileged})
    print(target)


def _plain(text: str) -> str:
    """What was typed, fit to be part of a file name here."""
    return re.sub(r"[^A-Za-z0-9-]", "_", text)

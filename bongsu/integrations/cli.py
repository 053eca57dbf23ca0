"""Dead letters from a terminal, over the API: needs BONGSU_URL and BONGSU_TOKEN."""

from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import quote

import typer

from bongsu.ui.remote import ask, show

flat = True
app = typer.Typer()
letters = typer.Typer(no_args_is_help=True, help="What failed again and again and waits for a person (over the API).")
app.add_typer(letters, name="dead-letters")

AsJson = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]


class Kind(StrEnum):
    """What can fail for good: a call to the outside, a reaction to a fact, a timer."""

    call = "call"
    delivery = "delivery"
    timer = "timer"


PATHS = {Kind.call: "/calls", Kind.delivery: "/dead-letters/deliveries", Kind.timer: "/dead-letters/timers"}


@letters.command("list")
def list_letters(
    kind: Annotated[Kind | None, typer.Option(help="Only these; left out: all.")] = None, is_json: AsJson = False
) -> None:
    """The newest dead letters of each kind; a line begins with what `retry` wants."""
    found = {one: _failed(one) for one in ([kind] if kind else Kind)}
    lines = [_line(one, row) for one, rows in found.items() for row in rows]
    show({one.value: rows for one, rows in found.items()}, "\n".join(lines) or "Nothing failed.", is_json=is_json)


@letters.command("retry")
def retry(
    kind: Annotated[Kind, typer.Argument(help="call, delivery or timer.")],
    letter: Annotated[str, typer.Argument(help="Its id, as `list` shows it.")],
    is_json: AsJson = False,
) -> None:
    """Give one another chance; it stays a dead letter when it fails again."""
    said = ask("POST", f"{PATHS[kind]}/{quote(letter, safe='')}/retry")
    show(said or {"id": letter}, f"{kind.value} {letter} is tried again.", is_json=is_json)


def _failed(kind: Kind) -> list[dict[str, Any]]:
    only = {"state": "failed"} if kind is Kind.call else {}
    return list(ask("GET", PATHS[kind], params={**only, "limit": "200"})["items"])


def _line(kind: Kind, row: dict[str, Any]) -> str:
    what = {
        Kind.call: lambda: f"{row['operation']} {row['target']}",
        Kind.delivery: lambda: f"{row['listener']} {row['fact']}",
        Kind.timer: lambda: f"{row['kind']} due {row['due_at']}",
    }[kind]()
    return f"{kind.value} {row['id']}  {row['attempts']}x  {what}  {row['error']}".rstrip()

"""Dead letters from a terminal, over the API: needs BONGSU_URL and BONGSU_TOKEN."""

from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import quote

import typer

from bongsu.ui.remote import ask, local, show

flat = True
app = typer.Typer()
letters = typer.Typer(no_args_is_help=True, help="What failed again and again and waits for a person (over the API).")
app.add_typer(letters, name="dead-letters")

AsJson = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]


class Kind(StrEnum):
    """What can fail for good: a call to the outside, a reaction to a fact, a timer, reading what came in."""

    call = "call"
    delivery = "delivery"
    timer = "timer"
    signal = "signal"


PATHS = {
    Kind.call: "/calls", Kind.delivery: "/dead-letters/deliveries", Kind.timer: "/dead-letters/timers",
    Kind.signal: "/signals/dead-letters",
}  # fmt: skip


@letters.command("list")
def list_letters(
    kind: Annotated[Kind | None, typer.Option(help="Only these; left out: all.")] = None, is_json: AsJson = False
) -> None:
    """The newest dead letters of each kind; a line begins with what `retry` wants."""
    found = {one: _failed(one, is_wanted=kind is not None) for one in ([kind] if kind else Kind)}
    lines = [_line(one, row) for one, rows in found.items() for row in rows]
    show({one.value: rows for one, rows in found.items()}, "\n".join(lines) or "Nothing failed.", is_json=is_json)


@letters.command("retry")
def retry(
    kind: Annotated[Kind, typer.Argument(help="call, delivery, timer or signal.")],
    letter: Annotated[str, typer.Argument(help="Its id, as `list` shows it.")],
    is_json: AsJson = False,
) -> None:
    """Give one another chance; it stays a dead letter when it fails again."""
    said = ask("POST", f"{PATHS[kind]}/{quote(letter, safe='')}/retry")
    show(said or {"id": letter}, f"{kind.value} {letter} is tried again.", is_json=is_json)


def _failed(kind: Kind, *, is_wanted: bool) -> list[dict[str, Any]]:
    """Among all kinds, one that is not the caller's to see is left out; asked for by name, it is refused."""
    only = {"state": "failed"} if kind is Kind.call else {}
    said = ask("GET", PATHS[kind], params={**only, "limit": "200"}, may_be_refused=not is_wanted)
    return list(said["items"]) if said else []


def _line(kind: Kind, row: dict[str, Any]) -> str:
    if kind is Kind.signal:
        return f"{kind.value} {row['id']}  {row['times']}x  from {row['connection']}  {row['reason']}".rstrip()
    what = {
        Kind.call: lambda: f"{row['operation']} {row['target']}",
        Kind.delivery: lambda: f"{row['listener']} {row['fact']}",
        Kind.timer: lambda: f"{row['kind']} due {local(row['due_at'])}",
    }[kind]()
    return f"{kind.value} {row['id']}  {row['attempts']}x  {what}  {row['error']}".rstrip()

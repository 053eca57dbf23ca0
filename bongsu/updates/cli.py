"""Status updates from a terminal, over the API: needs BONGSU_URL and BONGSU_TOKEN."""

from typing import Annotated
from urllib.parse import quote

import typer

from bongsu.ui.remote import ask, show

flat = True
app = typer.Typer()

Lines = Annotated[list[str] | None, typer.Option(help="May be given several times.")]


@app.command("update")
def update(
    number: Annotated[str, typer.Argument(help="INC-2026-001")],
    done: Lines = None,
    doing: Lines = None,
    waiting: Lines = None,
    keep: Annotated[bool, typer.Option("--keep", help="Carry over what the last update had in progress or waiting.")] = False,
    is_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")] = False,
) -> None:
    """Send the next status update of an incident."""
    at = f"/incidents/{quote(number, safe='')}/updates"
    given = {"done": done or [], "in_progress": doing or [], "waiting": waiting or []}
    items = [{"state": state, "text": text} for state, texts in given.items() for text in texts]
    if keep:
        said = {item["text"] for item in items}
        items += [item for item in ask("GET", f"{at}/next")["items"] if item["text"] not in said]
    sent = ask("POST", at, {"items": items})
    show(sent, sent["text_ko"], is_json=is_json)

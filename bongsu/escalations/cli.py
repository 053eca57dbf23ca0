"""The ladder from a terminal, over the API: needs BONGSU_URL and BONGSU_TOKEN."""

from typing import Annotated
from urllib.parse import quote

import typer

from bongsu.ui.remote import ask, local, show

flat = True
app = typer.Typer()


@app.command("escalate")
def escalate(
    number: Annotated[str, typer.Argument(help="INC-2026-001")],
    reason: Annotated[str, typer.Option("--reason", "-r", help="Why now; left out: only show the ladder.")] = "",
    is_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")] = False,
) -> None:
    """Bring the next step of the escalation matrix forward; without a reason, show the ladder."""
    at = f"/incidents/{quote(number, safe='')}/escalation"
    if reason:
        ask("POST", at, {"reason": reason})
    steps = ask("GET", at)
    lines = [f"{local(s['due_at'])}  {s['state']:9}  {s['key']:14}  {', '.join(s['titles'])}" for s in steps]
    told = [f"  {r['person']}: {r['state']}" for s in steps for r in s["receipts"]]
    show(steps, "\n".join([*lines, *told]) or "No ladder yet.", is_json=is_json)

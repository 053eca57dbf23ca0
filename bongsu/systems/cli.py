"""AI systems from a terminal, over the API: needs BONGSU_URL and BONGSU_TOKEN."""

from typing import Annotated

import typer

from bongsu.ui.remote import ask, show

app = typer.Typer(no_args_is_help=True, help="AI systems (over the API).")


@app.callback()
def systems() -> None:
    """AI systems (over the API)."""


@app.command("list")
def list_systems(
    search: Annotated[str, typer.Option(help="Words in name, key or registered model.")] = "",
    is_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")] = False,
) -> None:
    """The registered AI systems; a line begins with the key that `--system` takes."""
    said = ask("GET", "/systems", params={"q": search, "limit": "200"})
    lines = [f"{s['key']}  {s['stage']}  {s['name']}  {s['id']}" for s in said["items"]]
    show(said, "\n".join(lines) or "No AI system is registered.", is_json=is_json)

"""Incidents from a terminal, over the API: needs BONGSU_URL and BONGSU_TOKEN."""

from typing import Annotated, Any
from urllib.parse import quote

import typer

from bongsu.ui.remote import ask, local, show

flat = True
app = typer.Typer()

Number = Annotated[str, typer.Argument(help="INC-2026-001")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]
Reason = Annotated[str, typer.Option("--reason", "-r", help="Why.")]


def _at(number: str, rest: str = "") -> str:
    return f"/incidents/{quote(number, safe='')}{rest}"


def _line(incident: dict[str, Any]) -> str:
    commander = incident["commander"] or "-"
    return f"{incident['number']}  {incident['severity']}  {incident['state']:14}  {commander}  {incident['title']}"


@app.command("declare")
def declare(
    title: Annotated[str, typer.Argument(help="What is happening, in a sentence.")],
    kind: Annotated[str, typer.Option("--type", help="data, model, security, regulatory or operational.")],
    subtype: Annotated[str, typer.Option(help="For example prompt_injection.")],
    severity: Annotated[str, typer.Option(help="P0 to P3; unsure between two: the graver one.")],
    description: str = "",
    system: Annotated[str, typer.Option(help="The AI system's key or id; `bongsu systems list` shows them.")] = "",
    drill: Annotated[bool, typer.Option("--drill", help="A drill: nothing leaves the house.")] = False,
    restriction: Annotated[str, typer.Option(help="A reason: only named people may read it.")] = "",
    is_json: AsJson = False,
) -> None:
    """Declare an incident."""
    body: dict[str, Any] = {
        "title": title, "type": kind, "subtype": subtype, "severity": severity, "description": description,
        "is_drill": drill, "restriction": restriction, **({"system": system} if system else {}),
    }  # fmt: skip
    said = ask("POST", "/incidents", body)
    show(said, _line(said), is_json=is_json)


@app.command("list")
def list_incidents(
    text: str = "",
    severity: str = "",
    state: str = "",
    is_all: Annotated[bool, typer.Option("--all", help="Resolved ones too.")] = False,
    is_json: AsJson = False,
) -> None:
    """The incidents you may see, newest first; open ones unless --all."""
    chosen = {"text": text, "severity": severity, "state": state, "is_open": "" if is_all or state else "true"}
    said = ask("GET", "/incidents", params={name: value for name, value in chosen.items() if value})
    show(said, "\n".join(_line(i) for i in said["items"]) or "One fire: calm.", is_json=is_json)


@app.command("show")
def show_incident(number: Number, is_json: AsJson = False) -> None:
    """One incident with its duties and the last of its timeline."""
    incident = ask("GET", _at(number))
    duties, lines = ask("GET", _at(number, "/duties")), ask("GET", _at(number, "/timeline"), params={"limit": "20"})
    whole = {**incident, "duties": duties, "timeline": lines}
    marks = [f"  [{'x' if d['met_at'] else '-' if d['waived_at'] else ' '}] {d['title']['en']}" for d in duties]
    told = [f"  {local(e['occurred_at'])}  {e['sentence'] or '(retracted)'}" for e in lines]
    show(whole, "\n".join([_line(incident), *marks, *told]), is_json=is_json)


@app.command("note")
def note(
    number: Number,
    text: Annotated[str, typer.Argument(help="What happened.")],
    decision: Annotated[bool, typer.Option("--decision", help="It is a decision.")] = False,
    occurred_at: Annotated[str, typer.Option(help="When, if earlier (ISO 8601 with zone).")] = "",
    is_json: AsJson = False,
) -> None:
    """Add a note or a decision to the timeline."""
    body = {"text": text, "kind": "decision" if decision else "note", "occurred_at": occurred_at or None}
    said = ask("POST", _at(number, "/notes"), body)
    show(said, f"{number}: noted.", is_json=is_json)


@app.command("accept")
def accept(number: Number, is_json: AsJson = False) -> None:
    """Take the command that was offered to you; until then somebody else decides, or nobody has answered yet."""
    said = ask("POST", _at(number, "/command/accept"))
    show(said, _line(said), is_json=is_json)


@app.command("severity")
def severity(
    number: Number, level: Annotated[str, typer.Argument(help="P0 to P3.")], reason: Reason, is_json: AsJson = False
) -> None:
    """Change the severity; every running deadline is computed again."""
    said = ask("POST", _at(number, "/severity"), {"severity": level, "reason": reason})
    show(said, _line(said), is_json=is_json)


@app.command("move")
def move(
    number: Number,
    state: Annotated[str, typer.Argument(help="The next state: investigating, mitigating, monitoring, ...")],
    reason: Reason = "",
    is_json: AsJson = False,
) -> None:
    """Move the state along the pack's table."""
    _move(number, state, reason, is_json)


@app.command("resolve")
def resolve(number: Number, reason: Reason = "", is_json: AsJson = False) -> None:
    """Call the incident resolved; its IC does."""
    _move(number, "resolved", reason, is_json)


@app.command("close")
def close(number: Number, reason: Reason = "", is_json: AsJson = False) -> None:
    """Close it; with an open duty that needs the IC's reason."""
    _move(number, "closed", reason, is_json)


def _move(number: str, state: str, reason: str, is_json: bool) -> None:
    said = ask("POST", _at(number, "/state"), {"state": state, "reason": reason})
    show(said, _line(said), is_json=is_json)

"""Reporting and triage from a terminal, over the API: needs BONGSU_URL and BONGSU_TOKEN."""

from typing import Annotated, Any

import typer

from bongsu.ui.remote import ask, local, show

flat = True
app = typer.Typer()
signals = typer.Typer(no_args_is_help=True, help="Signals (over the API).")
proposals = typer.Typer(no_args_is_help=True, help="Proposals that wait for the triage desk (over the API).")
app.add_typer(signals, name="signals")
app.add_typer(proposals, name="proposals")

Reason = Annotated[str, typer.Option(help="Why; needed when it differs from what was proposed.")]
Severity = Annotated[str, typer.Option(help="P0 to P3; empty: as proposed.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]


def _grounds(said: dict[str, Any]) -> list[str]:
    """Cell and reason of a verdict, a line for each language."""
    return [f"  {said['cell'].get(tongue, '')} — {said['why'].get(tongue, '')}" for tongue in ("ko", "en")]


@app.command("report")
def report(
    what: Annotated[str, typer.Argument(help="What happened, in a sentence.")],
    system: Annotated[str, typer.Option(help="The AI system's key or id; `bongsu systems list` shows them.")] = "",
    noticed_at: Annotated[str, typer.Option(help="When it was noticed (ISO 8601 with zone); empty: now.")] = "",
    ongoing: Annotated[str, typer.Option(help="yes, no or unknown.")] = "unknown",
    harmed: Annotated[str, typer.Option(help="Who may be harmed.")] = "",
    evidence: Annotated[str, typer.Option(help="A link that shows it.")] = "",
    declare: Annotated[bool, typer.Option("--declare", help="Declare the incident at once.")] = False,
    is_json: AsJson = False,
) -> None:
    """Report something you noticed."""
    body = {
        "what": what,
        "is_ongoing": ongoing,
        "harmed": harmed,
        "evidence_url": evidence,
        "is_declared": declare,
        "door": "cli",
    }
    body |= {name: value for name, value in {"system": system, "noticed_at": noticed_at}.items() if value}
    said = ask("POST", "/reports", body)
    where = said["incident"] or f"proposal {said['proposal']}"
    head = f"{said['severity']} {said['type']}/{said['subtype']} ({said['rule']})  {where}"
    show(said, "\n".join([head, *_grounds(said)]), is_json=is_json)


@signals.command("list")
def list_signals(text: str = "", state: str = "", severity: str = "", is_json: AsJson = False) -> None:
    """The signals last seen."""
    said = ask("GET", "/signals", params={k: v for k, v in {"text": text, "state": state, "severity": severity}.items() if v})
    lines = [
        f"{s['verdict'].get('severity') or '--'}  {s['state']:8}  {s['times']:>5}x  {local(s['last_at'])}  {s['title']}"
        for s in said["items"]
    ]
    show(said, "\n".join(lines) or "No signal like this has come in.", is_json=is_json)


@signals.command("push")
def push(
    title: str,
    dedupe_key: str,
    state: str = "open",
    text: str = "",
    drill: Annotated[bool, typer.Option("--drill")] = False,
    is_json: AsJson = False,
) -> None:
    """Send a signal in our own form."""
    body = {"title": title, "dedupe_key": dedupe_key, "state": state, "text": text, "is_drill": drill}
    said = ask("POST", "/signals", body)
    show(said, f"{said['id']}  {said['verdict'].get('severity') or 'nothing to open'}", is_json=is_json)


@proposals.command("list")
def list_proposals(
    is_all: Annotated[bool, typer.Option("--all", help="Answered ones too.")] = False, is_json: AsJson = False
) -> None:
    """What waits for an answer."""
    said = ask("GET", "/proposals", params={} if is_all else {"is_waiting": "true"})
    lines = [f"{p['id']}  {p['severity']}  {p['state']:9}  {local(p['proposed_at'])}  {p['title']}" for p in said["items"]]
    show(said, "\n".join(lines) or "Nothing waits for an answer.", is_json=is_json)


@proposals.command("declare")
def declare(proposal: str, severity: Severity = "", reason: Reason = "", is_json: AsJson = False) -> None:
    """Declare a proposal."""
    said = ask("POST", f"/proposals/{proposal}/declare", {"severity": severity, "reason": reason})
    show(said, f"{said['incident']}  {said['severity']}", is_json=is_json)


@proposals.command("confirm")
def confirm(proposal: str, severity: Severity = "", reason: Reason = "", is_json: AsJson = False) -> None:
    """Confirm a proposal without declaring it; it stops paging."""
    said = ask("POST", f"/proposals/{proposal}/confirm", {"severity": severity, "reason": reason})
    show(said, said["state"], is_json=is_json)


@proposals.command("attach")
def attach(proposal: str, incident: str, reason: Reason = "", is_json: AsJson = False) -> None:
    """Attach a proposal to an incident that exists."""
    said = ask("POST", f"/proposals/{proposal}/attach", {"incident": incident, "reason": reason})
    show(said, said["incident"], is_json=is_json)


@proposals.command("reject")
def reject(
    proposal: str, reason: Annotated[str, typer.Option(help="Why it is a false positive.")], is_json: AsJson = False
) -> None:
    """Mark a proposal as a false positive."""
    said = ask("POST", f"/proposals/{proposal}/reject", {"reason": reason})
    show(said, said["state"], is_json=is_json)

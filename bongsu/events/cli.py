"""`bongsu ledger ...` and `bongsu worker`: local commands, as the user of this console; `bongsu records ...`: over the API."""

import getpass
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from bongsu.kernel.actors import Actor
from bongsu.ui.remote import ask, show

flat = True
app = typer.Typer()
ledger = typer.Typer(no_args_is_help=True, help="The ledger: check it, seal it, show its heads.")
app.add_typer(ledger, name="ledger")
records = typer.Typer(no_args_is_help=True, help="What the ledger holds of a record: legal hold, erasure (over the API).")
app.add_typer(records, name="records")

Record = Annotated[str, typer.Argument(help="A reference (incident:<id>, person:<id>) or an incident's number.")]
Reason = Annotated[str, typer.Option("--reason", "-r", help="Why; it goes into the ledger.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]


def console() -> Actor:
    user = getpass.getuser()
    return Actor(key=f"console:{user}", name=user)


@ledger.command("verify")
def verify(
    export: Annotated[Path | None, typer.Argument(help="An export (folder or ZIP); left out: the live database.")] = None,
    seal: Annotated[list[Path] | None, typer.Option(help="A seal that was kept outside; left out: the folder of seals.")] = None,
    public_key: Annotated[list[str] | None, typer.Option(help="Public key for an export, base64 or a file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """Check every entry, personal value, head and seal. Ends with 0 (whole), 1 (not whole) or 2 (cannot be read)."""
    from .verification import verify_on_record
    from .verify_ledger import as_json as in_json
    from .verify_ledger import main, spoken

    if export:
        options = [part for path in seal or () for part in ("--seal", str(path))]
        options += [part for key in public_key or () for part in ("--public-key", key)]
        sys.exit(main([str(export), *options, *(["--json"] if as_json else [])]))
    report = verify_on_record(console(), seals=seal or None)
    print(in_json(report) if as_json else spoken(report, os.environ.get("LC_ALL") or os.environ.get("LANG") or "en"))
    sys.exit(0 if report.is_whole else 1)


@ledger.command("seal")
def seal_now() -> None:
    """Seal what has changed and put the seal outside the database."""
    from . import sealing

    made = sealing.seal(console())
    sealing.deliver_seals(console())
    assert made is not None  # it was wanted
    print(f"{made.number} {made.hash} {sealing.folder() / sealing.file_name(made)}")


@ledger.command("head")
def head(
    subject: Annotated[str, typer.Argument(help="A reference; left out: the newest seal and the number of entries.")] = "",
) -> None:
    """Number and hash of the newest entry of a record: write them down elsewhere, and they prove it was there."""
    from django.conf import settings

    from . import queries

    if subject:
        seq, found = queries.head(console(), subject)
        print(f"{subject} {seq} {found}")
        return
    print(f"key {settings.KEYS.public}")
    if newest := queries.newest_seal():
        print(f"seal {newest.number} {newest.hash} {newest.made_at.isoformat()}")
    print(f"entries {queries.count_events()}")


@records.command("show")
def show_record(record: Record, limit: int = 20, is_json: AsJson = False) -> None:
    """The newest entries; a line names the entry and the personal values that can be erased from it."""
    here = _record(record)
    said, told = ask("GET", here), ask("GET", f"{here}/entries", params={"limit": str(limit)})["items"]
    lines = [_standing(said), *(f"{e['seq']:>5}  {e['event']}  {e['sentence']}  [{', '.join(e['personal'])}]" for e in told)]
    show({**said, "entries": told}, "\n".join(lines), is_json=is_json)


@records.command("hold")
def hold(record: Record, reason: Reason, is_json: AsJson = False) -> None:
    """Put a record under legal hold: nothing of it may be erased."""
    said = ask("POST", f"{_record(record)}/hold", {"reason": reason})
    show(said, _standing(said), is_json=is_json)


@records.command("lift")
def lift(record: Record, reason: Reason, is_json: AsJson = False) -> None:
    """Lift the legal hold."""
    said = ask("POST", f"{_record(record)}/hold/lift", {"reason": reason})
    show(said, _standing(said), is_json=is_json)


@records.command("erase")
def erase(
    entry: Annotated[str, typer.Argument(help="The entry's id, as `show` lists it.")],
    field: Annotated[str, typer.Argument(help="The personal value.")],
    reason: Reason,
    is_json: AsJson = False,
) -> None:
    """Erase a personal value of an entry for good, on the record."""
    said = ask("POST", f"/ledger/entries/{quote(entry, safe='')}/erase", {"field": field, "reason": reason})
    show(said, str(said["sentence"]), is_json=is_json)


def _record(name: str) -> str:
    if ":" not in name:
        found = ask("GET", f"/incidents/{quote(name, safe='')}")
        name = f"incident:{found['id']}"
    return f"/ledger/records/{quote(name, safe='')}"


def _standing(said: dict[str, Any]) -> str:
    return f"{said['subject']} {said['seq']} {said['hash']}{'  under legal hold' if said['has_legal_hold'] else ''}"


@app.command("worker")
def work() -> None:
    """Carry out waiting work until interrupted. `bongsu serve` starts its own workers; this is for more machines."""
    from .worker import run

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stop.set())
    run(stop)

"""`bongsu ledger ...` and `bongsu worker`: local commands; they act as the user of this console."""

import getpass
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Annotated

import typer

from bongsu.kernel.actors import Actor

flat = True
app = typer.Typer()
ledger = typer.Typer(no_args_is_help=True, help="The ledger: check it, seal it, show its heads.")
app.add_typer(ledger, name="ledger")


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


@app.command("worker")
def work() -> None:
    """Carry out waiting work until interrupted. `bongsu serve` starts its own workers; this is for more machines."""
    from .worker import run

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stop.set())
    run(stop)

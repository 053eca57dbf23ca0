"""Local commands about packs. `check` needs no database; the others act as the console of this machine."""

import getpass
import json
from pathlib import Path
from typing import Annotated

import typer

from bongsu.kernel.actors import Actor
from bongsu.kernel.errors import BongsuError, NotFound
from bongsu.ui.language import say

from . import actions, queries
from .rules import PackError, run_cases

app = typer.Typer(no_args_is_help=True, help="Packs: the knowledge that incidents run by.")


def console() -> Actor:
    user = getpass.getuser()
    return Actor(key=f"console:{user}", name=user)


def _folder(pack: str) -> Path:
    return queries.LIBRARY / pack if pack in queries.library_packs() else Path(pack)


@app.command("check")
def check(pack: Annotated[str, typer.Argument(help="The name of a shipped pack, or the folder with pack.yaml.")]) -> None:
    """Validate a pack and run its cases. Exit code 0 when all is well, else 1; each problem with file, line and remedy."""
    try:
        found = queries.load_directory(_folder(pack))
    except PackError as error:
        for problem in error.problems:
            typer.echo(f"{problem.file}:{problem.line}: {say(problem.message)} {say(problem.remedy)}", err=True)
        raise typer.Exit(1) from error
    except BongsuError as error:
        typer.echo(say(error.text), err=True)
        raise typer.Exit(1) from error
    outcomes = run_cases(found)
    wrong = [outcome for outcome in outcomes if not outcome.is_right]
    for outcome in wrong:
        typer.echo(f"cases.yaml: {outcome.case.id}: {outcome.wanted} != {outcome.found} ({outcome.rule or '-'})", err=True)
    typer.echo(
        f"{found.header.id} {found.header.version}: {len(found.runbooks)} runbooks, {len(found.templates)} templates, "
        f"{len(found.classification)} rules, {len(outcomes) - len(wrong)}/{len(outcomes)} cases"
    )
    if wrong:
        raise typer.Exit(1)


@app.command("list")
def list_packs() -> None:
    """The packs that ship, and the versions that were imported."""
    for name in queries.library_packs():
        typer.echo(f"library  {name}")
    for version in queries.versions():
        typer.echo(f"{'active ' if version.is_active else 'stored '}  {version.pack_id} {version.version} {version.sha256[:12]}")


@app.command("activate")
def activate(pack: Annotated[str, typer.Argument(help="The name of a shipped pack, or a folder.")]) -> None:
    """Import a pack and put it in force. Refuses changed content under a version that was imported before."""
    actor = console()
    try:
        version = actions.activate_pack(actor, version_id=actions.import_pack(actor, folder=_folder(pack)).id)
    except BongsuError as error:
        typer.echo(say(error.text), err=True)
        for place, text in error.fields.items():
            typer.echo(f"  {place}: {say(text)}", err=True)
        raise typer.Exit(1) from error
    typer.echo(f"{version.pack_id} {version.version} {version.sha256[:12]}")


@app.command("show")
def show(pack: Annotated[str, typer.Argument(help="A shipped or imported pack.")]) -> None:
    """The whole content of a pack as JSON: of the version in force or imported last, else as it ships."""
    version = queries.newest_of(pack)
    try:
        found = queries.pinned(version.id) if version else queries.library_pack(pack)
    except NotFound as error:
        typer.echo(say(error.text), err=True)
        raise typer.Exit(1) from error
    typer.echo(json.dumps(json.loads(found.content), ensure_ascii=False, indent=2))

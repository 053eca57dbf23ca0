"""The root of the command line: every module's commands, Django's own under `manage`, and serving.

`bongsu.<module>.cli.app` (a Typer) is mounted under the module's name, or, when it sets `flat = True`, at the root.
"""

import getpass
import importlib
import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import django
import typer

from bongsu.ui.remote import terminal_language

from .demo import cli as demo

WORKING = ("serve", "worker", "backup", "demo", "ledger", "people", "packs")  # the local commands that use the database
SPEAKING_FOR_THEMSELVES = ("serve", "worker", "demo", "manage")  # what they do is not said to the terminal
PASS = {"allow_extra_args": True, "ignore_unknown_options": True}


def prepare() -> None:
    """Settings and catalogues; everything else may import Django models afterwards."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bongsu.site.settings")
    from .translations import compile_catalogues

    compile_catalogues()
    django.setup()
    from django.conf import settings

    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # WhiteNoise warns without it


def root() -> typer.Typer:
    """All commands. Call `prepare` first."""
    from django.conf import settings

    app = typer.Typer(name="bongsu", no_args_is_help=True, help="Bongsu: responsible-AI incident operations.", callback=before)
    app.command("manage", context_settings=PASS, add_help_option=False, help="Django's own commands.")(manage)
    app.command("serve")(serve)
    app.command("docs", hidden=True)(docs)
    app.command("backup")(backup)
    app.command("restore")(restore)
    app.add_typer(demo.app, name="demo")
    for name in settings.MODULES:
        if name != "site" and find_spec(f"bongsu.{name}.cli"):
            module = importlib.import_module(f"bongsu.{name}.cli")
            if getattr(module, "flat", False):
                app.registered_commands += module.app.registered_commands
                app.registered_groups += module.app.registered_groups
            else:
                app.add_typer(module.app, name=name)
    return app


def before(context: typer.Context) -> None:
    """Speaks the terminal's language; nothing works on a home in which a restore did not end."""
    from django.utils import translation

    if context.invoked_subcommand not in SPEAKING_FOR_THEMSELVES:
        translation.activate("ko" if terminal_language() == "ko" else "en")
    if context.invoked_subcommand in WORKING:
        from .restore import must_not_be_restoring

        must_not_be_restoring()


def no_house() -> str:
    """What to say when a command found no tables: nothing is served from this home yet. Empty when they are there."""
    from django.conf import settings
    from django.db import DatabaseError, connection
    from django.db.migrations.recorder import MigrationRecorder

    from bongsu.kernel.text import gettext_noop as _
    from bongsu.kernel.text import text
    from bongsu.ui.language import say

    try:
        if MigrationRecorder(connection).has_table():
            return ""
    except DatabaseError as error:
        return say(text(_("The database cannot be reached: {why}"), why=str(error).strip()))
    words = _("There is no database of Bongsu in {home} yet: start the server first, or set BONGSU_HOME and DATABASE_URL.")
    return say(text(words, home=str(settings.HOME)))


def manage(context: typer.Context) -> None:
    from django.core.management import execute_from_command_line

    execute_from_command_line(["bongsu manage", *context.args])


def docs() -> None:
    """Write docs/reference.md anew from the code."""
    from .reference import PAGE, reference

    PAGE.write_text(reference(root()), encoding="utf-8")


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0 takes a free one.")] = 8000,
    workers: Annotated[int, typer.Option(help="Web and worker processes; 0 is one process for everything.")] = -1,
    threads: Annotated[int, typer.Option(help="Threads per web process.")] = 8,
    migrate: Annotated[bool, typer.Option("--migrate", help="Bring the database up to date first.")] = False,
    with_demo: Annotated[bool, typer.Option("--demo", help="Fill an empty database with the demo organisation first.")] = False,
) -> None:
    """Serve pages, API, stream and background work until interrupted."""
    from django.core.management import call_command
    from django.db import connections

    from .installing import install
    from .server import serve as run

    if migrate:
        call_command("migrate", interactive=False, verbosity=0)
    if with_demo:
        demo.prepare()
    install(_console())
    connections.close_all()  # the processes that serve open their own
    sys.exit(run(host=host, port=port, workers=workers, threads=threads))


def _console() -> Any:
    from bongsu.kernel.actors import Actor

    user = getpass.getuser()
    return Actor(key=f"console:{user}", name=user)


def backup(
    file: Annotated[Path, typer.Argument(help="Where the backup goes; must not exist yet.")],
    keys: Annotated[Path | None, typer.Option(help="Write the keys to another file (mode 600). Keep it elsewhere.")] = None,
) -> None:
    """Back up database and files (local; acts as console:<os user>). The keys are never inside."""
    from bongsu.ui.language import say

    from .backup import KEYS_APART, KEYS_WRITTEN, back_up

    made = back_up(_console(), path=file, keys=keys)
    print(f"{file}  {len(made.files)}  SHA-256 {made.sha256}")
    print(f"{say(KEYS_WRITTEN)} {keys}" if keys else say(KEYS_APART))


def restore(
    file: Annotated[Path, typer.Argument(help="A file that `bongsu backup` made.")],
    keys: Annotated[Path | None, typer.Option(help="The key file that belongs to it, when this home has others.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Move what stands in the home aside first.")] = False,
) -> None:
    """Restore a backup into an empty home (local). Nothing outgoing moves until a person releases it."""
    from bongsu.ui.language import say

    from .restore import RELEASE
    from .restore import restore as bring_back

    made = bring_back(_console(), path=file, keys=keys, is_forced=force)
    print(f"{file}  {len(made.files)}  {made.made_at}")
    print(say(RELEASE))

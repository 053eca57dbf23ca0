"""The root of the command line: every module's commands, Django's own under `manage`, and serving.

`bongsu.<module>.cli.app` (a Typer) is mounted under the module's name, or, when it sets `flat = True`, at the root.
"""

import importlib
import os
import sys
from importlib.util import find_spec
from typing import Annotated

import django
import typer

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

    app = typer.Typer(name="bongsu", no_args_is_help=True, help="Bongsu: responsible-AI incident operations.")
    app.command("manage", context_settings=PASS, add_help_option=False, help="Django's own commands.")(manage)
    app.command("serve")(serve)
    for name in settings.MODULES:
        if name != "site" and find_spec(f"bongsu.{name}.cli"):
            module = importlib.import_module(f"bongsu.{name}.cli")
            if getattr(module, "flat", False):
                app.registered_commands += module.app.registered_commands
                app.registered_groups += module.app.registered_groups
            else:
                app.add_typer(module.app, name=name)
    return app


def manage(context: typer.Context) -> None:
    from django.core.management import execute_from_command_line

    execute_from_command_line(["bongsu manage", *context.args])


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0 takes a free one.")] = 8000,
    workers: Annotated[int, typer.Option(help="Web and worker processes; 0 is one process for everything.")] = -1,
    threads: Annotated[int, typer.Option(help="Threads per web process.")] = 8,
) -> None:
    """Serve pages, API, stream and background work until interrupted."""
    from .server import serve as run

    sys.exit(run(host=host, port=port, workers=workers, threads=threads))

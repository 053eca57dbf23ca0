"""Django's `migrate`, except that a new database gets its tables in one go.

Running the migrations one by one renders every related model again for each table: seconds, for a database without a row.
Django's own `run_syncdb` makes the same tables straight from the models; `--step-by-step` shows that they are the same
(tests/test_schema.py). Procrastinate's tables are made of SQL that only its migrations know. A first start that is killed
between the tables and their records is a new database still: the next one makes what is missing.
"""

from typing import Any

from django.apps import apps
from django.core.management.base import CommandParser
from django.core.management.commands import migrate
from django.db import connection, transaction
from django.db.migrations.recorder import MigrationRecorder
from django.test.utils import override_settings

MADE_OF_SQL = ("procrastinate",)


class Command(migrate.Command):
    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--step-by-step", action="store_true", help="Run each migration, also on a new database.")

    def handle(self, *args: Any, step_by_step: bool = False, **options: Any) -> str | None:
        is_plain = not (options["app_label"] or options["plan"] or options["check_unapplied"] or options["fake"])
        recorder = MigrationRecorder(connection)
        if step_by_step or not is_plain or {app for app, _name in recorder.applied_migrations()} - set(MADE_OF_SQL):
            return super().handle(*args, **options)
        straight = {config.label: None for config in apps.get_app_configs() if config.label not in MADE_OF_SQL}
        with override_settings(MIGRATION_MODULES=straight):
            super().handle(*args, **{**options, "run_syncdb": True, "verbosity": 0})
        recorder.ensure_schema()
        with transaction.atomic():  # all of them recorded, or none
            return super().handle(*args, **{**options, "run_syncdb": False, "fake": True})

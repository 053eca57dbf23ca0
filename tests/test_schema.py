"""A new database is made straight from the models; it must be the one that the migrations make (M8)."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

TELL = """
import json, os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "bongsu.site.settings"
import django; django.setup()
from django.core.management import call_command
from django.db import connection
call_command("migrate", verbosity=0, step_by_step=sys.argv[1] == "steps")
with connection.cursor() as cursor:
    for question in json.loads(sys.argv[2]):
        cursor.execute(question)
        print(json.dumps(cursor.fetchall()))
"""
# Killed at the fifth record of ours: the tables are there, four of their migrations would be recorded.
VICTIM = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "bongsu.site.settings"
import django; django.setup()
from django.core.management import call_command
from django.db.migrations.recorder import MigrationRecorder
keep, recorded = MigrationRecorder.record_applied, []
def record_applied(self, app, name):
    recorded.append(app)
    if len([app for app in recorded if app != "procrastinate"]) == 5:
        os.kill(os.getpid(), 9)
    keep(self, app, name)
MigrationRecorder.record_applied = record_applied
call_command("migrate", verbosity=0)
"""
SQLITE = ["SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name"]
# The keys of auth's own joining tables are wider by the migrations: our default key, where its app chose another.
POSTGRES = [
    "SELECT table_name, column_name, data_type, is_nullable, column_default, character_maximum_length, is_identity"
    " FROM information_schema.columns WHERE table_schema = 'public' AND NOT (table_name LIKE 'auth_%' AND column_name = 'id')"
    " ORDER BY table_name, column_name",
    "SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2",
    "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1",
    "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
    " WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2",
    "SELECT proname, pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY 1, 2",
]
MIGRATIONS = "SELECT app, name FROM django_migrations ORDER BY app, name"


@pytest.fixture
def empty_databases(django_db_setup: None, django_db_blocker: Any, tmp_path: Path) -> Iterator[list[str]]:
    from django.db import connection

    if connection.vendor == "sqlite":
        yield [f"sqlite:///{tmp_path}/{name}.sqlite3" for name in ("straight", "steps")]
        return
    import psycopg

    at = connection.settings_dict
    server = {"host": at["HOST"], "port": at["PORT"], "user": at["USER"], "password": at["PASSWORD"]}
    names = [f"schema_{name}_{os.urandom(4).hex()}" for name in ("straight", "steps")]
    with psycopg.connect(dbname="postgres", autocommit=True, **server) as outside:
        try:
            for name in names:
                outside.execute(f'CREATE DATABASE "{name}"')
            yield [f"postgres://{at['USER']}:{at['PASSWORD']}@{at['HOST']}:{at['PORT']}/{name}" for name in names]
        finally:
            for name in names:
                outside.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def parts(sql: str) -> list[str]:
    """What a statement defines, whatever the order of its columns."""
    return sorted(part.strip() for part in re.findall(r"[^,()]+", sql.replace('"', "")))


def test_a_new_database_is_the_one_that_the_migrations_make(empty_databases, tmp_path):
    from django.db import connection

    questions = SQLITE if connection.vendor == "sqlite" else POSTGRES
    told = []
    for way, url in zip(("straight", "steps"), empty_databases, strict=True):
        done = subprocess.run(
            [sys.executable, "-c", TELL, way, json.dumps([*questions, MIGRATIONS])],
            env={**os.environ, "DATABASE_URL": url, "BONGSU_HOME": str(tmp_path)},
            capture_output=True,
            text=True,
        )
        assert not done.returncode, done.stderr[-2000:]
        told.append([json.loads(line) for line in done.stdout.splitlines()])
    assert sum("events_event" in str(row) for row in told[1][0]) > 3, "hardly any tables"
    for straight, steps in zip(*told, strict=True):
        if connection.vendor == "sqlite":
            straight, steps = ([[name, parts(sql)] for name, sql in rows] for rows in (straight, steps))
        assert straight == steps


@pytest.mark.kill
def test_a_first_start_that_was_killed_is_made_whole_by_the_next(empty_databases, tmp_path):
    def run(url, *command):
        environment = {**os.environ, "DATABASE_URL": url, "BONGSU_HOME": str(tmp_path)}
        return subprocess.run([sys.executable, "-c", *command], env=environment, capture_output=True, text=True)

    killed, whole = empty_databases
    assert run(killed, VICTIM).returncode == -9
    told = [run(url, TELL, "straight", json.dumps([MIGRATIONS])) for url in (killed, whole)]
    assert [done.returncode for done in told] == [0, 0], told[0].stderr[-2000:]
    assert told[0].stdout == told[1].stdout

"""Database triggers that stop accidents with the ledger: no UPDATE, DELETE, TRUNCATE or replacing INSERT.

They do not stop a database administrator; the signed seals prove what he did. SQLite drops triggers when Django rebuilds
a table, so they are made anew after every migrate and checked at start.
"""

from django.db import connection, transaction

FROZEN = {"events_event": ("UPDATE", "DELETE"), "events_seal": ("UPDATE", "DELETE"), "events_personal": ("UPDATE",),
          "events_installation": ("UPDATE", "DELETE")}  # fmt: skip
KEYS = {
    "events_event": "position = NEW.position OR event = NEW.event OR (subject_id = NEW.subject_id AND seq = NEW.seq)",
    "events_seal": "number = NEW.number",
    "events_personal": "id = NEW.id OR (event_id = NEW.event_id AND field = NEW.field)",
    "events_installation": "TRUE",  # one row, for ever: a demo never becomes a production database
}


def restore_triggers() -> None:
    """Make the triggers that are missing."""
    if "events_event" not in connection.introspection.table_names():
        return
    with connection.cursor() as cursor:
        for statement in _on_postgres() if connection.vendor == "postgresql" else _on_sqlite():
            cursor.execute(statement)


def missing_triggers() -> set[str]:
    """Names of triggers that should be there and are not."""
    catalogue = (
        "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
        if connection.vendor == "postgresql"
        else "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    )
    with connection.cursor() as cursor:
        cursor.execute(catalogue)
        return _names() - {row[0] for row in cursor.fetchall()}


def _names() -> set[str]:
    names = {f"{table}_no_{verb.lower()}" for table, verbs in FROZEN.items() for verb in verbs}
    return names | {f"{table}_no_{'truncate' if connection.vendor == 'postgresql' else 'replace'}" for table in FROZEN}


def _on_sqlite() -> list[str]:
    statements = [
        f"CREATE TRIGGER IF NOT EXISTS {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"
        for table, verbs in FROZEN.items()
        for verb in verbs
    ]
    # INSERT OR REPLACE deletes without firing DELETE triggers unless recursive_triggers is on in that very connection.
    return statements + [
        f"CREATE TRIGGER IF NOT EXISTS {table}_no_replace BEFORE INSERT ON {table} "
        f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {same}) "
        f"BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"
        for table, same in KEYS.items()
    ]


def _on_postgres() -> list[str]:
    statements = [
        "CREATE OR REPLACE FUNCTION events_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the ledger is append-only'; END $$"
    ]
    for table, verbs in FROZEN.items():
        for verb in (*verbs, "TRUNCATE"):
            name, each = f"{table}_no_{verb.lower()}", "STATEMENT" if verb == "TRUNCATE" else "ROW"
            statements.append(
                f"CREATE OR REPLACE TRIGGER {name} BEFORE {verb} ON {table} FOR EACH {each} EXECUTE FUNCTION events_append_only()"
            )
    return statements


def forget_transactions() -> None:
    """After a restore. Transaction numbers are of the cluster that wrote them: in another one old events would hide behind
    numbers still to come, and sealing would wait for them. They are in no hash; the next seal lists every head again."""
    if connection.vendor != "postgresql":
        return
    frozen = ("events_event", "events_seal")
    with transaction.atomic(), connection.cursor() as cursor:
        for table in frozen:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute("UPDATE events_event SET transaction = 0")
        cursor.execute("UPDATE events_seal SET transaction = 0, position = 0")
        for table in frozen:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")

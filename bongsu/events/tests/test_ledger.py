"""The chain, what is personal, who sees, and what stops accidents (M2, M4)."""

import json
import threading
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, connections, transaction
from django.db.models import F

from bongsu.events import actions, queries
from bongsu.events.actions import action, record
from bongsu.events.models import Event, Head, Installation, Personal, Subject
from bongsu.events.sealing import install
from bongsu.events.triggers import missing_triggers, restore_triggers
from bongsu.events.verification import verify
from bongsu.kernel.canonical import digest
from bongsu.kernel.clock import now
from bongsu.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from tests.counterparts.processes import wait_until

from .telling import US, Told, arm, begin, relate, tell


@pytest.mark.django_db
def test_events_are_numbered_and_chained_per_subject() -> None:
    one, other = begin(), begin()
    tell(US, "a", "b", subject=one.ref)
    tell(US, "c", subject=other.ref)
    tell(US, "d", subject=one.ref)
    rows = list(Event.objects.filter(subject=one).order_by("seq"))
    assert [row.seq for row in rows] == [1, 2, 3]
    assert [json.loads(row.text)["prev"] for row in rows] == ["0" * 64, rows[0].hash, rows[1].hash]
    assert all(digest(row.text) == row.hash for row in rows)
    assert Head.objects.get(subject=one).hash == rows[2].hash
    assert verify(outside=[]).is_whole


@pytest.mark.django_db
def test_actions_inside_actions_are_one_transaction_and_write_their_facts_at_its_end() -> None:
    one, other = begin(), begin()

    @action
    def fails(actor: object) -> None:
        relate(US, subject=one.ref, other=other.ref)
        raise Conflict("no")

    with pytest.raises(Conflict):
        fails(US)
    assert not Event.objects.filter(subject__in=[one, other]).exists()
    relate(US, subject=one.ref, other=other.ref)
    assert [e.name for e in Event.objects.filter(subject=one).order_by("seq")] == ["tests.told@1", "events.linked@1"]
    assert Event.objects.filter(subject=other).count() == 1


@pytest.mark.django_db
def test_a_fact_outside_an_action_or_of_no_subject_is_refused() -> None:
    with pytest.raises(RuntimeError):
        record(US, Told(subject=begin().ref, words="x"))
    with pytest.raises(LookupError):
        tell(US, "x", subject="test:nowhere")


@pytest.mark.django_db
def test_back_dated_entries_say_so() -> None:
    subject = begin()

    @action
    def tell_late(actor: object) -> None:
        record(US, Told(subject=subject.ref, words="late"), occurred_at=now() - timedelta(hours=1))

    tell_late(US)
    assert queries.timeline(US, subject.ref)[0].is_backdated


@pytest.mark.django_db
def test_a_personal_value_is_not_in_the_chain_and_its_erasure_leaves_the_chain_whole(root) -> None:
    subject = begin()
    tell(US, "a", subject=subject.ref, who="홍길동")
    event = Event.objects.get(subject=subject)
    assert "홍길동" not in event.text
    assert "홍길동" in str(queries.timeline(US, subject.ref)[0].sentence)
    actions.erase_personal(root, event=event.event, field="who", reason="asked by the person")
    entry = queries.timeline(US, subject.ref)[-1]
    assert entry.erased == ("who",)
    assert "홍길동" not in str(entry.sentence)
    report = verify(outside=[])
    assert report.is_whole
    assert report.counts["erased"] == 1
    assert queries.fact_of(Event.objects.get(pk=event.pk)) == Told(subject=subject.ref, words="a", who="")
    with pytest.raises(NotFound):
        actions.erase_personal(root, event=event.event, field="who", reason="again")


@pytest.mark.django_db
def test_legal_hold_and_a_missing_reason_refuse_an_erasure(root, alice, lena) -> None:
    subject = begin()
    tell(US, "a", subject=subject.ref, who="Hong")
    event = Event.objects.get(subject=subject).event
    with pytest.raises(Invalid):
        actions.erase_personal(root, event=event, field="who", reason=" ")
    with pytest.raises(Exception, match="right"):
        actions.erase_personal(alice, event=event, field="who", reason="mine")
    with pytest.raises(Forbidden):
        actions.set_legal_hold(root, subject=subject.ref, reason="court")
    actions.set_legal_hold(lena, subject=subject.ref, reason="court")
    with pytest.raises(Refused):
        actions.erase_personal(root, event=event, field="who", reason="asked")
    assert Personal.objects.filter(event_id=event).exists()


@pytest.mark.django_db
def test_a_restricted_record_is_seen_by_its_readers_only(alice, bob, charlie) -> None:
    open_one, closed = begin(), begin(restricted=True, readers=[alice.person_id])
    for subject in (open_one, closed):
        tell(US, "a", subject=subject.ref)

    def seen(actor) -> set[str]:
        return set(Event.objects.filter(queries.visible(actor), name=Told.name).values_list("subject_id", flat=True))

    assert seen(alice) == {open_one.ref, closed.ref}
    assert seen(bob) == {open_one.ref}
    assert seen(charlie) == set()
    with pytest.raises(NotFound):
        queries.timeline(bob, closed.ref)
    assert actions.add_reader(alice, subject=closed.ref, person=bob.person_id, person_name="Bob", reason="helps")
    assert not actions.add_reader(alice, subject=closed.ref, person=bob.person_id, person_name="Bob", reason="helps")
    assert len(queries.timeline(bob, closed.ref)) == 2
    actions.restrict(alice, subject=open_one.ref, readers=[alice.person_id], reason="names")
    assert seen(bob) == {closed.ref}


@pytest.mark.django_db
@pytest.mark.parametrize("statement", [
    "UPDATE events_event SET text = 'x'",
    "DELETE FROM events_event",
    "UPDATE events_personal SET value = 'x'",
    "UPDATE events_seal SET hash = 'x'",
    "DELETE FROM events_seal",
    "DELETE FROM events_installation",
    "UPDATE events_installation SET is_demo = NOT is_demo",
])  # fmt: skip
def test_the_database_itself_refuses_to_change_the_ledger(statement: str, console) -> None:
    from bongsu.events.sealing import seal

    install(console, is_demo=True)
    tell(US, "a", subject=begin().ref)
    seal(console)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.django_db
def test_neither_truncate_nor_a_replacing_insert_gets_through() -> None:
    tell(US, "a", subject=begin().ref)
    row = Event.objects.order_by("-position").first()
    columns = "position, event, subject_id, seq, name, actor, occurred_at, recorded_at, text, hash, transaction"
    if connection.vendor == "postgresql":
        statement = "SET CONSTRAINTS ALL IMMEDIATE; TRUNCATE events_event CASCADE"
    else:
        quoted = columns.replace("transaction", '"transaction"')
        statement = f"INSERT OR REPLACE INTO events_event ({quoted}) SELECT {quoted.replace('text', repr('x'))} FROM events_event"
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert Event.objects.get(pk=row.pk).text == row.text


def test_triggers_lost_in_a_table_rebuild_are_made_anew(committed_db) -> None:
    assert missing_triggers() == set()
    with connection.schema_editor() as editor:  # SQLite drops a table's triggers when Django rebuilds it
        if connection.vendor == "sqlite":
            editor._remake_table(Event)
        else:
            editor.execute("DROP TRIGGER events_event_no_update ON events_event")
    assert "events_event_no_update" in missing_triggers()
    restore_triggers()
    assert missing_triggers() == set()


def test_migrate_makes_the_triggers_anew(committed_db) -> None:
    from django.core.management import call_command

    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER events_seal_no_update" + (" ON events_seal" if connection.vendor == "postgresql" else ""))
    call_command("migrate", verbosity=0)
    assert missing_triggers() == set()


def in_threads(*functions) -> None:
    """Run all at once; the first failure is raised."""
    failed: list[BaseException] = []
    ready = threading.Barrier(len(functions))

    def body(function) -> None:
        try:
            ready.wait(10)
            function()
        except BaseException as error:
            failed.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=body, args=(function,)) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    if failed:
        raise failed[0]


def test_two_writers_at_once_keep_numbers_and_chain(committed_db) -> None:
    subject = begin()

    def write() -> None:
        for number in range(15):
            tell(US, str(number), subject=subject.ref)

    in_threads(write, write, write)
    assert list(Event.objects.filter(subject=subject).order_by("position").values_list("seq", flat=True)) == list(range(1, 46))
    assert verify(outside=[]).is_whole


def test_two_actions_over_the_same_subjects_in_opposite_order_do_not_wait_for_each_other_forever(committed_db) -> None:
    one, other = begin(), begin()

    def write(first: Subject, second: Subject):
        def run() -> None:
            for _number in range(15):
                relate(US, subject=first.ref, other=second.ref)

        return run

    in_threads(write(one, other), write(other, one))
    assert Event.objects.filter(name=Told.name).count() == 60
    assert verify(outside=[]).is_whole


def test_a_row_that_refers_to_a_locked_parent_waits_before_it_holds_the_head(committed_db) -> None:
    """PostgreSQL: an action locks its parent row, then needs the head; a reaction wrote a row under that parent."""
    parent, shared = begin(), begin()
    is_locked = threading.Event()

    @action
    def act(actor: object) -> None:
        Subject.objects.select_for_update().get(pk=parent.pk)
        is_locked.set()
        if connection.vendor == "postgresql":
            wait_until(somebody_waits, what="the other one waits for our lock", seconds=20)
        tell(US, "act", subject=shared.ref)

    @action
    def react(actor: object) -> None:
        arm(US, subject=parent.ref, key="t")
        tell(US, "react", subject=shared.ref)

    def second() -> None:
        is_locked.wait(20)
        react(US)

    in_threads(lambda: act(US), second)
    assert Event.objects.filter(subject=shared, name=Told.name).count() == 2


def somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])


def test_a_reader_of_the_stream_never_passes_an_event_that_commits_late(committed_db) -> None:
    """A slow commit between two fast ones (PostgreSQL); on SQLite the slow one makes the others wait, the order is the same."""
    quick, slow = begin(), begin()
    tell(US, "before", subject=quick.ref)
    start = queries.stream_end()
    is_written, may_commit = threading.Event(), threading.Event()

    def slowly() -> None:
        with transaction.atomic():
            tell(US, "slow", subject=slow.ref)
            is_written.set()
            may_commit.wait(20)

    def quickly() -> None:
        is_written.wait(20)
        if connection.vendor == "postgresql":
            tell(US, "fast", subject=quick.ref)
            assert list(queries.since(start)) == []  # nothing above the oldest open transaction
            assert queries.stream_end() == start
            may_commit.set()
        else:
            may_commit.set()
            tell(US, "fast", subject=quick.ref)

    in_threads(slowly, quickly)
    told = [queries.values_of(e)[0]["words"] for e in queries.since(start) if e.name == Told.name]
    assert sorted(told) == ["fast", "slow"]
    cursor, read = start, []
    while batch := list(queries.since(cursor, limit=1)):
        cursor = queries.Cursor(batch[0].transaction, batch[0].position)
        read.append(batch[0].position)
    assert len(read) == len(set(read)) == 2
    assert queries.Cursor.parse(str(cursor)) == cursor
    assert queries.Cursor.parse("rubbish") == queries.Cursor()


@pytest.mark.django_db
def test_a_demo_stays_a_demo_and_what_has_a_history_is_not_installed(console) -> None:
    home = install(console, is_demo=True)
    assert install(console, is_demo=True) == home
    assert Installation.objects.count() == 1
    assert Event.objects.order_by("position").first().name == "events.installed@1"
    assert queries.is_demo()
    with pytest.raises(Refused):
        install(console, is_demo=False)


@pytest.mark.django_db
def test_a_database_with_a_history_is_not_installed(console) -> None:
    tell(US, "a", subject=begin().ref)
    with pytest.raises(Refused):
        install(console, is_demo=True)


@pytest.mark.django_db
def test_a_head_moved_back_is_found() -> None:
    subject = begin()
    tell(US, "a", "b", subject=subject.ref)
    Head.objects.filter(subject=subject).update(seq=F("seq") - 1)
    assert verify(outside=[]).first.kind == "changed"

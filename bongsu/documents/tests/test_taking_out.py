"""Reading and drawing take their time: nothing is locked meanwhile, and who took something along stands in the ledger."""

from typing import Any

import pytest
from django.db import connection

from bongsu.documents import actions, queries
from bongsu.documents.actions import create_document
from bongsu.events.actions import action, open_subject, restrict
from bongsu.events.models import Event
from bongsu.files import actions as files
from bongsu.files import queries as stored_files
from bongsu.kernel.actors import Actor
from bongsu.kernel.errors import NotFound


@pytest.fixture
def subject(committed_db: str, console: Actor) -> str:
    @action
    def begin(actor: Actor) -> str:
        return open_subject(actor, subject="test:1").ref

    return begin(console)


def watched(monkeypatch: pytest.MonkeyPatch, module: Any, name: str, also: Any = None) -> list[bool]:
    """Whether a transaction is open whenever this function runs."""
    heavy, found = getattr(module, name), []

    def run(*values: Any) -> Any:
        found.append(connection.in_atomic_block)
        made = heavy(*values)
        if also:
            also()
        return made

    monkeypatch.setattr(module, name, run)
    return found


def test_a_file_is_deciphered_with_nothing_locked(
    subject: str, bob: Actor, console: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = files.store(bob, subject=subject, name="a.txt", content=b"x")
    assert bob.person_id
    restrict(console, subject=subject, readers=[bob.person_id], reason="personal data")
    found = watched(monkeypatch, stored_files, "bytes_of")
    assert files.read_file(bob, file_id=stored.id)[1] == b"x"
    assert found == [False]
    assert Event.objects.filter(name="events.record_read@1", actor=bob.key).count() == 1


def test_a_document_is_drawn_with_nothing_locked(subject: str, bob: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    row = written(bob, subject)
    found = watched(monkeypatch, queries, "rendered")
    assert actions.read_out(bob, document=row.id, form="md")[1]
    assert found == [False]
    assert Event.objects.filter(name="documents.read_out@1", actor=bob.key).count() == 1


def test_who_loses_the_right_while_it_is_drawn_gets_nothing(
    subject: str, bob: Actor, alice: Actor, console: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = written(bob, subject)
    assert alice.person_id
    watched(
        monkeypatch, queries, "rendered", lambda: restrict(console, subject=subject, readers=[alice.person_id], reason="late")
    )  # fmt: skip
    with pytest.raises(NotFound):
        actions.read_out(bob, document=row.id, form="md")
    assert not Event.objects.filter(name="documents.read_out@1").exists()


def written(actor: Actor, subject: str) -> Any:
    return create_document(
        actor, subject=subject, about_ref=subject, kind="report", kind_title="Report", number="INC-1", title="t", language="en"
    )

"""SQLite's writers of one process take turns (M1)."""

import threading

from bongsu.site.sqlite import base


def test_who_waited_longest_is_next_even_when_the_writer_before_wants_to_go_on() -> None:
    turns, order, waiting = base.Turns(), [], []

    def write(name: str) -> None:
        assert turns.take()
        order.append(name)
        turns.give()

    assert turns.take()
    for name in ("first", "second", "third"):
        thread = threading.Thread(target=write, args=(name,))
        thread.start()
        waiting.append(thread)
        while len(turns._waiting) < len(waiting):
            assert thread.is_alive()
    turns.give()
    write("the one who had it")
    for thread in waiting:
        thread.join()
    assert order == ["first", "second", "third", "the one who had it"]


def test_whose_turn_does_not_come_goes_on_and_takes_no_turn_away(monkeypatch) -> None:
    monkeypatch.setattr(base, "PATIENCE", 0.01)
    turns = base.Turns()
    assert turns.take()
    assert not turns.take()
    turns.give()
    assert turns.take()


def test_a_transaction_gives_its_turn_back_however_it_ends(committed_db) -> None:
    from django.db import connection, transaction

    if connection.vendor != "sqlite":
        return
    for _n in range(2):
        with transaction.atomic():
            assert connection._turn is not None
        assert connection._turn is None
        try:
            with transaction.atomic():
                raise KeyError
        except KeyError:
            assert connection._turn is None
    with transaction.atomic():
        connection.close()
        assert connection._turn is None

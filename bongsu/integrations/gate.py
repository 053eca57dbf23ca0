"""The one gate through which everything leaves the house. It claims, asks with no transaction open, and writes the outcome.

A worker killed in between leaves the call claimed; after the lease it is taken over with the same idempotency key. Where
the service knows the key nothing happens twice; where it can be searched, it is searched first; else the call says that
it may have been sent twice.
"""

import logging
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError

from bongsu.events.work import register_work
from bongsu.kernel import clock
from bongsu.kernel.actors import system
from bongsu.kernel.errors import TransportError

from . import queries
from .actions import WORK, claim_call, fail_call, finish_call
from .contract import Base, Sent, as_json
from .models import Call

log = logging.getLogger(__name__)
GATE = system("gate")
AT_ONCE = 50  # calls of one hint, so that one connection does not keep a worker for ever


class Calls:
    """Keys are `connection|lane`."""

    name = WORK

    def run(self, key: str) -> datetime | None:
        connection, _separator, lane = key.partition("|")
        for _count in range(AT_ONCE):
            if not _step(connection, lane):
                return self._again(connection, lane)
        return clock.now()

    def _again(self, connection: str, lane: str) -> datetime | None:
        """Come back while anything of this connection waits; what is paused or in flight is looked at again soon."""
        first = Call.objects.filter(connection_id=UUID(connection), lane=lane, state__in=queries.OPEN).order_by("next_at").first()
        return max(first.next_at, clock.now() + timedelta(seconds=1)) if first else None

    def due(self, moment: datetime, limit: int) -> list[str]:
        if not queries.has_open_calls():
            return []
        rows = [*queries.stale_calls(moment)[:limit], *queries.due_calls(moment).order_by("next_at")[:limit]]
        return list(dict.fromkeys(f"{row.connection_id}|{row.lane}" for row in rows))

    def next_at(self) -> datetime | None:
        return queries.next_call_at() if queries.has_open_calls() else None


def _step(connection: str, lane: str) -> bool:
    """Carry out one call; False when there is none to begin."""
    try:
        call = claim_call(GATE, connection=connection, lane=lane)
    except IntegrityError:
        return False  # another worker was faster
    if call is None:
        return False
    if call.state == "sending":
        carry_out(call)
    return True


def carry_out(call: Call) -> None:
    """Ask the service of a claimed call and write what came of it."""
    try:
        sent, may_be_twice = _asked(call)
    except TransportError as error:
        fail_call(GATE, call=call, error=error)
    except Exception as error:  # a plug-in that breaks its contract is a dead letter that says so, not a dead worker
        log.exception("plug-in %s failed in %s", call.connection.plugin, call.operation)
        said = f"the plug-in failed: {type(error).__name__}: {error}"
        fail_call(GATE, call=call, error=TransportError(said, permanent=True))
    else:
        plain = Sent(as_json(sent.receipt), sent.external_id, sent.was_there_already)
        finish_call(GATE, call=call, sent=plain, may_be_twice=may_be_twice)


def _asked(call: Call) -> tuple[Sent, bool]:
    """The outcome, and whether it may have happened twice."""
    plugin = queries.loaded(call.connection)
    if call.operation == "test":
        return Sent({"said": plugin.test()}), False
    method: Any = getattr(plugin, call.operation)
    may_be_twice = call.is_doubtful and method.repeat == "unsafe"
    if call.is_doubtful and method.repeat == "search":
        found, was_searched = _searched(plugin, call)
        if found is not None:
            return Sent(found.receipt, found.external_id, was_there_already=True), False
        may_be_twice = not was_searched
    return method(call.idempotency_key, **call.payload), may_be_twice


def _searched(plugin: Base, call: Call) -> tuple[Sent | None, bool]:
    """(what an earlier attempt left over there, whether we could look)."""
    look: Any = getattr(plugin, f"found_{call.operation}")
    try:
        return look(call.idempotency_key, **call.payload), True
    except TransportError as error:
        if not error.permanent:
            raise  # look again later rather than send twice
        return None, False


register_work(Calls())

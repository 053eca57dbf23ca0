"""Withdrawing calls before they leave: nobody may let them go later."""

from collections.abc import Iterable

from django.db.models import QuerySet

from bongsu.events.actions import action
from bongsu.kernel.actors import Actor

from .. import queries, rules
from ..models import Call
from .calling import mark_dropped, wake


@action
def drop_calls(actor: Actor, *, subject: str, keys: Iterable[str], reason: str) -> int:
    """Withdraw calls of a record by their keys, whether they wait, are held or are dead letters; returns how many.

    What is under way at this moment may still arrive, and is never sent again. `reason`: a key of `rules.DROPPED_WORDS`.
    """
    return _drop(actor, Call.objects.filter(subject=subject, idempotency_key__in=list(keys)), reason)


@action
def drop_public_calls(actor: Actor, *, subject: str) -> int:
    """The record is restricted: nothing more of it is said where anybody may read it. Returns how many were withdrawn."""
    return _drop(actor, Call.objects.filter(subject=subject, is_public=True), rules.RESTRICTED)


def _drop(actor: Actor, calls: QuerySet[Call], reason: str) -> int:
    rows = calls.exclude(state__in=queries.OVER).select_for_update(of=("self",)).select_related("connection")
    dropped = 0
    for row in rows.order_by("id"):  # as they were asked for
        if row.state == "sending":
            row.dropped_because = reason
            row.save(update_fields=["dropped_because"])
        else:
            mark_dropped(actor, row, reason)
            wake(row)  # what stands behind it may go
            dropped += 1
    return dropped

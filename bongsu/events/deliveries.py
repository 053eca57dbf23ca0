"""Carrying facts to their listeners: each delivery once, in order per (listener, subject)."""

import logging
from datetime import datetime, timedelta
from random import random

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from bongsu.kernel.clock import now

from .ledger import is_deadlock, written
from .listening import listener
from .models import Delivery
from .queries import fact_of
from .work import register_work

log = logging.getLogger(__name__)
ATTEMPTS = 8


def backoff(attempts: int) -> timedelta:
    """1 s, 2 s, 4 s ... up to 10 minutes, half of it random so that a crowd does not come back together."""
    return timedelta(seconds=min(600, 2 ** (attempts - 1)) * (0.5 + random() / 2))


class Deliveries:
    """Keys are `listener|subject`."""

    name = "deliveries"

    def run(self, key: str) -> datetime | None:
        listener_key, _separator, subject = key.partition("|")
        while True:
            found, again = self._next(listener_key, subject)
            if not found:
                return again

    def _next(self, listener_key: str, subject: str) -> tuple[bool, datetime | None]:
        """Do the oldest open one. (False, when): nothing to do now; come back then."""
        open_ones = Delivery.objects.filter(listener=listener_key, subject=subject, done_at=None, dead_at=None)
        delivery: Delivery | None = None

        def react() -> tuple[bool, datetime | None]:
            nonlocal delivery
            delivery = open_ones.select_for_update(of=("self",)).select_related("event").order_by("id").first()
            if delivery is None or delivery.due_at > now():
                return False, delivery.due_at if delivery else None
            self._react(delivery)
            delivery.done_at, delivery.error = now(), ""
            delivery.save(update_fields=["done_at", "error"])
            return True, None

        try:
            return written(react)
        except Exception as error:
            if delivery is None or is_deadlock(error):
                raise  # it has not failed: the engine brings the hint again
            log.exception("reaction %s to event %s failed", listener_key, delivery.event_id)
            self._failed(delivery, error)
        return True, None

    def _react(self, delivery: Delivery) -> None:
        heard = listener(delivery.event.name, listener_key := delivery.listener)
        fact = fact_of(delivery.event)
        if heard is None or fact is None:
            raise LookupError(f"nobody is called {listener_key} for {delivery.event.name} any more")
        heard.run(delivery.event, fact)

    @transaction.atomic
    def _failed(self, delivery: Delivery, error: Exception) -> None:
        row = Delivery.objects.select_for_update().filter(pk=delivery.pk, done_at=None, dead_at=None).first()
        if row is None:
            return  # another worker has done it meanwhile
        row.attempts += 1
        row.error = f"{type(error).__name__}: {error}"[:2000]
        row.due_at = now() + backoff(row.attempts)
        if row.attempts >= ATTEMPTS:
            row.dead_at = now()
        row.save(update_fields=["attempts", "error", "due_at", "dead_at"])

    def due(self, moment: datetime, limit: int) -> list[str]:
        rows = _foremost().filter(due_at__lte=moment).order_by("id").values_list("listener", "subject_id")
        return [f"{who}|{what}" for who, what in rows[:limit]]

    def next_at(self) -> datetime | None:
        return _foremost().order_by("due_at").values_list("due_at", flat=True).first()


def _foremost() -> QuerySet[Delivery]:
    """The oldest open delivery of each (listener, subject): those behind it wait for it, whatever their own moment says."""
    open_ones = Delivery.objects.filter(done_at=None, dead_at=None)
    before = open_ones.filter(listener=OuterRef("listener"), subject=OuterRef("subject"), id__lt=OuterRef("id"))
    return open_ones.filter(~Exists(before))


register_work(Deliveries())

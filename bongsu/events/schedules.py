"""Periodic work: whoever is first claims the row. `@every(seconds)` registers a function under its name."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction

from bongsu.kernel.clock import now

from .models import Schedule
from .work import register_work

LEASE = timedelta(minutes=5)
_periodic: dict[str, tuple[timedelta, Callable[[], None]]] = {}


def every(name: str, *, seconds: int) -> Callable[[Callable[[], None]], Callable[[], None]]:
    def register(run: Callable[[], None]) -> Callable[[], None]:
        _periodic[name] = (timedelta(seconds=seconds), run)
        return run

    return register


class Schedules:
    """Keys are the names of periodic functions. A missed period runs once, not as often as it was missed."""

    name = "schedules"

    def run(self, key: str) -> datetime | None:
        if key not in _periodic:
            return None
        span, function = _periodic[key]
        started = now()
        with transaction.atomic():
            row = Schedule.objects.select_for_update().filter(name=key).first()
            if row and row.next_at > started:
                return None
            # Until it is done this is only a lease: a killed or failed run comes again soon, not a whole period later.
            Schedule.objects.update_or_create(name=key, defaults={"next_at": started + min(span, LEASE)})
        function()
        Schedule.objects.filter(name=key).update(next_at=started + span)
        return None  # the worker's ticker gives the next hint

    def due(self, moment: datetime, limit: int) -> list[str]:
        waiting = set(Schedule.objects.filter(next_at__gt=moment).values_list("name", flat=True))
        return [name for name in _periodic if name not in waiting][:limit]

    def next_at(self) -> datetime | None:
        """None: a simulated clock does not stop at every minute of a year for the sake of periodic work."""
        return None


register_work(Schedules())

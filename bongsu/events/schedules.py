"""Periodic work: whoever is first claims the row. `@every(seconds)` registers a function under its name."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction

from bongsu.kernel.clock import now

from .models import Schedule
from .work import register_work

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
        span, function = _periodic[key]
        with transaction.atomic():
            row = Schedule.objects.select_for_update().filter(name=key).first()
            if row and row.next_at > now():
                return row.next_at
            Schedule.objects.update_or_create(name=key, defaults={"next_at": now() + span})
        function()
        return now() + span

    def due(self, moment: datetime, limit: int) -> list[str]:
        waiting = set(Schedule.objects.filter(next_at__gt=moment).values_list("name", flat=True))
        return [name for name in _periodic if name not in waiting][:limit]

    def next_at(self) -> datetime | None:
        return Schedule.objects.filter(name__in=_periodic).order_by("next_at").values_list("next_at", flat=True).first()


register_work(Schedules())

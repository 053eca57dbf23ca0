from django.apps import AppConfig
from django.db.models.signals import post_migrate


class EventsConfig(AppConfig):
    name = "bongsu.events"
    label = "events"

    def ready(self) -> None:
        # They register themselves.
        from . import deliveries, facts, frame, schedules, sealing, timers, verification, watchdog  # noqa: F401
        from .triggers import restore_triggers

        post_migrate.connect(lambda **kwargs: restore_triggers(), sender=self, weak=False)

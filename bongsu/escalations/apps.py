from django.apps import AppConfig


class EscalationsConfig(AppConfig):
    name = "bongsu.escalations"
    label = "escalations"

    def ready(self) -> None:
        from . import reactions  # noqa: F401

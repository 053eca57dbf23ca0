from django.apps import AppConfig


class CommsConfig(AppConfig):
    name = "bongsu.comms"
    label = "comms"

    def ready(self) -> None:
        from . import reactions  # noqa: F401

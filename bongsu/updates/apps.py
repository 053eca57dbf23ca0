from django.apps import AppConfig


class UpdatesConfig(AppConfig):
    name = "bongsu.updates"
    label = "updates"

    def ready(self) -> None:
        from . import reactions  # noqa: F401

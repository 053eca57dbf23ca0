from django.apps import AppConfig


class RunbooksConfig(AppConfig):
    name = "bongsu.runbooks"
    label = "runbooks"

    def ready(self) -> None:
        from . import reactions  # noqa: F401
        from .views import panels

        panels.register()

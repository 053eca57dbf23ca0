from django.apps import AppConfig


class IntegrationsConfig(AppConfig):
    name = "bongsu.integrations"
    label = "integrations"

    def ready(self) -> None:
        from . import facts, gate  # noqa: F401  (the gate registers itself as work)

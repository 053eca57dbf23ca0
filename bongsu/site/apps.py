from django.apps import AppConfig


class SiteConfig(AppConfig):
    name = "bongsu.site"
    label = "site"

    def ready(self) -> None:
        from . import facts, roof  # noqa: F401  (they register themselves)

from importlib import import_module
from importlib.util import find_spec

from django.apps import AppConfig
from django.conf import settings


class SiteConfig(AppConfig):
    name = "bongsu.site"
    label = "site"

    def ready(self) -> None:
        from . import facts, roof  # noqa: F401  (they register themselves)

        # Every process knows every fact, also a worker or a command that opens no page.
        for name in settings.MODULES:
            if find_spec(f"bongsu.{name}.facts"):
                import_module(f"bongsu.{name}.facts")

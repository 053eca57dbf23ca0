from django.apps import AppConfig

from bongsu.kernel.text import gettext_noop as _


class PacksConfig(AppConfig):
    name = "bongsu.packs"
    label = "packs"

    def ready(self) -> None:
        from bongsu.ui import frame

        from . import facts  # noqa: F401  (they register themselves)

        frame.register_nav("packs", _("Packs"), "packs:list", order=80, grant="see")

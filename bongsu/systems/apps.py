from django.apps import AppConfig

from bongsu.kernel.text import gettext_noop as _


class SystemsConfig(AppConfig):
    name = "bongsu.systems"
    label = "systems"

    def ready(self) -> None:
        from bongsu.people.queries import add_scopes
        from bongsu.ui import frame

        from .queries import scopes

        add_scopes(scopes)
        frame.register_nav("systems", _("AI systems"), "systems:list", order=60, grant="see")
        frame.register_command("systems", _("AI systems"), "systems:list", order=60, grant="see", words="model 모델 시스템")
        frame.register_command(
            "add-system", _("Register an AI system"), "systems:create", order=61, grant="people.manage", words="시스템 등록"
        )

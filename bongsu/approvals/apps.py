from django.apps import AppConfig


class ApprovalsConfig(AppConfig):
    name = "bongsu.approvals"
    label = "approvals"

    def ready(self) -> None:
        from bongsu.kernel.text import gettext_noop as _
        from bongsu.ui.frame import register_command

        from . import facts  # noqa: F401  (registers itself)

        register_command(
            "approvals", _("What waits for my approval"), "approvals:list", order=60, words="approve four eyes 승인 결재"
        )

from django.apps import AppConfig


class DocumentsConfig(AppConfig):
    name = "bongsu.documents"
    label = "documents"

    def ready(self) -> None:
        from . import facts, reactions  # noqa: F401  (they register themselves)

from django.apps import AppConfig


class FilesConfig(AppConfig):
    name = "bongsu.files"
    label = "files"

    def ready(self) -> None:
        from . import facts, reactions  # noqa: F401  (they register themselves)

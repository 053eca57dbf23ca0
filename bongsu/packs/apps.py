from django.apps import AppConfig


class PacksConfig(AppConfig):
    name = "bongsu.packs"
    label = "packs"

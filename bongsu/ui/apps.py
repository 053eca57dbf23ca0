from django.apps import AppConfig


class UiConfig(AppConfig):
    name = "bongsu.ui"
    label = "ui"

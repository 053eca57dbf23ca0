from django.apps import AppConfig


class SiteConfig(AppConfig):
    name = "bongsu.site"
    label = "site"

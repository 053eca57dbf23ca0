from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "bongsu.people"
    label = "people"

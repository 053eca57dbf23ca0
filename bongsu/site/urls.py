"""The root of all addresses: every module's own, the accounts pages, the API, health and metrics."""

import importlib
from importlib.util import find_spec

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from . import api, health

MODULES = [name for name in settings.MODULES if name != "site" and find_spec(f"bongsu.{name}.urls")]

urlpatterns: list[URLPattern | URLResolver] = [
    path("health", health.health, name="health"),
    path("health/live", health.live, name="live"),
    path("metrics", health.metrics, name="metrics"),
    path("api/v1/docs", api.docs, name="api-docs"),
    path("api/v1/", api.api.urls),
    path("api/<path:rest>", api.nothing_here),
    # A second e-mail address would be a way in that the ledger never sees: people change theirs on their own page.
    path("accounts/email/", RedirectView.as_view(pattern_name="people:me")),
    path("accounts/", include("allauth.urls")),
    *[path("", include(f"bongsu.{name}.urls")) for name in MODULES],
]

for name in ("handler400", "handler403", "handler404", "handler500"):  # the face's own error pages, when it has them
    if find_spec("bongsu.ui.problems"):
        problems = importlib.import_module("bongsu.ui.problems")
        if hasattr(problems, name):
            globals()[name] = f"bongsu.ui.problems.{name}"

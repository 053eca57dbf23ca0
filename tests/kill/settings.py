"""The site's settings with short leases, so that the work of a killed process is taken over while a test waits."""

from bongsu.site.settings import *  # noqa: F403
from bongsu.site.settings import INSTALLED_APPS

GROUND = {"ui", "events", "people", "site"}
MODULES = sorted(GROUND)
INSTALLED_APPS = [app for app in INSTALLED_APPS if not app.startswith("bongsu.") or app.removeprefix("bongsu.") in GROUND]
LEASE_SECONDS = 2.0

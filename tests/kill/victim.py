"""A worker process that expects to be killed: `python -m tests.kill.victim`."""

import os
import signal
import threading

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.kill.settings"

import django

django.setup()

from bongsu.events import worker
from tests.kill import reactions  # noqa: F401  (listeners register themselves)

# Short, like the lease: a killed worker's work is found again while the test waits.
worker.BEAT = 0.5
worker.SWEEP_AFTER = worker.timedelta(seconds=1)

stop = threading.Event()
signal.signal(signal.SIGTERM, lambda _number, _frame: stop.set())
worker.run(stop)

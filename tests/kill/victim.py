"""Workers that expect to be killed: `python -m tests.kill.victim`.

One process loads everything and forks a worker for each line it reads; it answers with the worker's process id. The
workers are its children, so it also answers when one has ended by itself.
"""

import os
import signal
import sys
import threading

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.kill.settings"

import django

django.setup()

from bongsu.events import worker
from tests.kill import reactions  # noqa: F401  (listeners register themselves)

# Short, like the lease: a killed worker's work is found again while the test waits.
worker.BEAT = 0.5
worker.SWEEP_AFTER = worker.timedelta(seconds=1)


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def work() -> None:
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: stop.set())
    worker.run(stop)


signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the killed ones leave no zombies
say("ready")
for _line in sys.stdin:
    child = os.fork()
    if child == 0:
        sys.stdin.close()
        try:
            work()
        finally:
            os._exit(0)  # never back into the loop of the parent
    say(str(child))

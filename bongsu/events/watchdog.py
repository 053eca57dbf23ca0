"""The outgoing heartbeat: every minute the worker calls an address that an outside watchdog waits for.

When the whole house falls silent nobody inside can say so; the watchdog outside pages when the calls stop.
"""

import os

import httpx

from bongsu.kernel.clock import is_simulated
from bongsu.kernel.transport import Transport, target_of

from .schedules import every

MINUTE = 60


def watchdog_url() -> str:
    """BONGSU_WATCHDOG_URL; empty: nobody outside watches."""
    return os.environ.get("BONGSU_WATCHDOG_URL", "").strip()


@every("events.watchdog", seconds=MINUTE)
def call_watchdog() -> None:
    url = watchdog_url()
    if not url or is_simulated():
        return
    address = httpx.URL(url)
    target = target_of(address.host, address.port or (443 if address.scheme == "https" else 80))
    # The operator of this machine wrote the address himself: that allows it. Its path is often the secret.
    Transport(allowed=(target,), secrets=(address.path, address.query.decode()), timeout=10, attempts=1).get(url)

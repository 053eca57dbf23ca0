"""Doing all work that waits, here and now, in the order of its moments: for tests, the demo's history and shutdown.

It reads the rows, not the engine's queue, so it is the same on both databases. Periodic work (sweeps, seals) is left out:
it would make a simulated day stop at every one of its rounds.
"""

from datetime import datetime

from bongsu.kernel.clock import advance, now

from .work import Work, sources

ROUNDS = 10_000


def drain(*, until: datetime | None = None) -> int:
    """Run everything that is due; with `until` (aware) move the simulated clock on to it, stopping at each moment on
    the way. Returns how many keys were run. Work that fails waits for its back-off like anywhere else."""
    done = 0
    for _round in range(ROUNDS):
        ran = _run_due()
        done += ran
        if ran:
            continue
        if until is None or not _advance(until):
            return done
    raise RuntimeError("the work does not come to an end")


def _waiting() -> list[Work]:
    return [source for source in sources() if source.name != "schedules"]


def _run_due() -> int:
    ran = 0
    for source in _waiting():
        for key in source.due(now(), 200):
            source.run(key)
            ran += 1
    return ran


def _advance(until: datetime) -> bool:
    waiting = [at for at in (source.next_at() for source in _waiting()) if at is not None and now() < at <= until]
    if waiting:
        advance(min(waiting))
        return True
    if now() < until:
        advance(until)
        return True
    return False

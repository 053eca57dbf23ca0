"""What the ground floor puts around every page: the alarms of a house that does not work, and its two pages."""

from django.db import DatabaseError
from django.http import HttpRequest

from bongsu.kernel.text import gettext_noop as _
from bongsu.ui import frame

from . import queries


def worker_is_silent(request: HttpRequest) -> list[frame.Alarm]:
    """For everybody: nothing is sent, no timer fires."""
    try:
        is_silent = queries.is_worker_silent()
    except DatabaseError:
        return []  # then the page itself has another trouble to tell
    silent = _("No worker has given a sign of life for 30 seconds: no alarm, message or deadline goes out. Call the operator.")
    return [frame.Alarm(silent)] if is_silent else []


def ledger_is_broken(request: HttpRequest) -> list[frame.Alarm]:
    """For those who answer for the ledger: the last check found it changed, or seals do not leave the database."""
    if not frame.actor_of(request).may("ledger.verify"):
        return []
    alarms = []
    last = queries.last_verification()
    url, action = frame.url_or_none("events:ledger") or "", _("Open the ledger")
    if last and last.data["failures"]:
        alarms.append(frame.Alarm(_("The last check found that the ledger was changed from outside."), url, action))
    if queries.has_seal_left_behind():
        alarms.append(frame.Alarm(_("A seal has not left the database for two hours."), url, action))
    return alarms


frame.register_alarm(worker_is_silent)
frame.register_alarm(ledger_is_broken)
frame.register_command("ledger", _("Ledger"), "events:ledger", order=80, grant="ledger.verify", words="원장 봉인 seal verify")
frame.register_command(
    "dead-letters", _("Dead letters"), "events:dead-letters", order=81, grant="see", words="실패 재시도 failed retry"
)

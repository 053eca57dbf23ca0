"""Who may do what, how a post finds its people, and what is wrong with a post. Plain values only."""

import zoneinfo
from collections.abc import Iterable
from datetime import timedelta
from functools import lru_cache

from bongsu.kernel.errors import BongsuError
from bongsu.kernel.text import gettext_noop as _

LANGUAGES = ("ko", "en")
CHANNELS = ("email", "slack", "pager", "phone")
URGENT_CHANNELS = ("pager", "phone")  # what wakes a person up

RESPOND = {"see", "incident.declare", "incident.respond", "evidence.reveal", "signal.triage"}
GRANTS: dict[str, frozenset[str]] = {
    "responder": frozenset(RESPOND | {"runbook.run", "containment.execute", "message.send", "report.edit", "export"}),
    "commander": frozenset(
        RESPOND
        | {"runbook.run", "containment.execute", "message.send", "report.edit", "export"}
        | {"incident.command", "containment.approve", "message.approve"}
    ),
    "legal": frozenset(
        {"see", "incident.declare", "incident.respond", "evidence.reveal", "message.approve", "report.edit", "report.review"}
        | {"ledger.verify", "export"}
    ),
    "auditor": frozenset({"see", "audit.read", "ledger.verify", "export"}),
    "board": frozenset({"see", "report.approve", "ledger.verify"}),
    "administrator": frozenset(
        {"see", "incident.declare", "incident.respond", "signal.triage", "people.manage", "packs.manage", "connections.manage"}
        | {"ledger.verify", "audit.read", "breakglass", "export"}
    ),
}
ROLES = tuple(GRANTS)
ALL_GRANTS = frozenset().union(*GRANTS.values())

ROLE_TITLES = {
    "responder": _("Responder"),
    "commander": _("Commander"),
    "legal": _("Legal"),
    "auditor": _("Auditor"),
    "board": _("Board"),
    "administrator": _("Administrator"),
}
ROLE_WORDS = {
    "responder": _("works on incidents: declares, triages, runs runbooks, writes to people"),
    "commander": _("leads incidents: decides, approves containment and messages"),
    "legal": _("reviews reports, approves messages to the outside"),
    "auditor": _("reads everything that is not restricted, verifies the ledger, changes nothing"),
    "board": _("reads, and approves reports"),
    "administrator": _("keeps people, posts, packs and connections; has break-glass"),
}
INCIDENT_ROLES = {
    "ic": _("Incident commander"),
    "technical_lead": _("Technical lead"),
    "legal": _("Legal and compliance"),
    "communications": _("Communications"),
}
INCIDENT_ROLE_WORDS = {
    "ic": _("owns the incident, decides, owns the escalation path, decides when it is over"),
    "technical_lead": _("leads the search for the cause and the repair"),
    "legal": _("watches duties and deadlines of law, reviews what leaves the house"),
    "communications": _("writes status updates and what customers and partners are told"),
}
CHANNEL_TITLES = {"email": _("E-mail"), "slack": _("Slack"), "pager": _("Pager"), "phone": _("Phone")}

TOKEN_PREFIX = "bsu_"
TOKEN_NOTED_EVERY = timedelta(minutes=5)


class BadToken(BongsuError):
    """The token opens nothing: unknown, expired, revoked, or its person is gone."""

    code, status = "unauthorized", 401


def grants_of(roles: Iterable[str]) -> frozenset[str]:
    """The rights of all `roles` together; unknown roles give nothing."""
    return frozenset().union(*(GRANTS.get(role, frozenset()) for role in roles))


@lru_cache(maxsize=1)
def zones() -> frozenset[str]:
    """The IANA zones of this machine."""
    return frozenset(zoneinfo.available_timezones())


def same_address(email: str) -> str:
    """The one form of an e-mail address that is stored and compared."""
    return email.strip().lower()



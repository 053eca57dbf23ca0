"""Who may do what, how a post finds its people, and what is wrong with a post. Plain values only."""

import re
import secrets
import zoneinfo
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from bongsu.kernel.errors import BongsuError
from bongsu.kernel.text import gettext_noop as _

LANGUAGES = ("ko", "en")
CHANNELS = ("email", "slack", "pager", "phone")
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+|[^@\s]+@localhost")
PHONE = re.compile(r"\+?[0-9][0-9 \-]{5,24}")
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
        | {"ledger.verify", "record.hold", "record.erase", "export"}
    ),
    "auditor": frozenset({"see", "audit.read", "ledger.verify", "export"}),
    "board": frozenset({"see", "report.approve", "ledger.verify"}),
    "administrator": frozenset(
        {"see", "incident.declare", "incident.respond", "signal.triage", "people.manage", "packs.manage", "connections.manage"}
        | {"ledger.verify", "record.erase", "audit.read", "breakglass", "export"}
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

    code, status = "unauthenticated", 401


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


def bad_profile(*, name: str, language: str, zone: str) -> dict[str, str]:
    """What is wrong with a person's own details, by field; empty when nothing is."""
    wrong: dict[str, str] = {}
    if not name.strip():
        wrong["name"] = _("A name is needed.")
    if language not in LANGUAGES:
        wrong["language"] = _("Unknown language: choose ko or en.")
    if zone not in zones():
        wrong["zone"] = _("Unknown time zone: use a name such as Asia/Seoul.")
    return wrong


def bad_way(*, channel: str, address: str) -> dict[str, str]:
    """What is wrong with a way to reach somebody, by field."""
    if channel not in CHANNELS:
        return {"channel": _("Unknown channel: choose email, slack, pager or phone.")}
    if not address.strip():
        return {"address": _("An address is needed.")}
    if channel == "email" and not EMAIL.fullmatch(address.strip()):
        return {"address": _("This is not an e-mail address.")}
    if channel == "phone" and not PHONE.fullmatch(address.strip()):
        return {"address": _("This is not a telephone number: use +, digits, spaces and hyphens.")}
    return {}


def bad_token(*, expires_at: datetime | None, revoked_at: datetime | None, is_active: bool, now: datetime) -> str | None:
    """Why a known token opens nothing, or None when it does."""
    if revoked_at is not None:
        return _("This token was revoked.")
    if expires_at is not None and expires_at <= now:
        return _("This token has expired.")
    if not is_active:
        return _("The person of this token is no longer active.")
    return None


def is_use_due(last_used_at: datetime | None, now: datetime) -> bool:
    """Whether the use of a token should be noted again."""
    return last_used_at is None or now - last_used_at >= TOKEN_NOTED_EVERY


def new_token() -> str:
    """A fresh token: 256 random bits behind a prefix that scanners for leaked secrets can find."""
    return TOKEN_PREFIX + secrets.token_urlsafe(32)


@dataclass(frozen=True)
class Held:
    """One holding as the rules see it."""

    person: str
    scope_ref: str = ""
    is_deputy: bool = False
    is_active: bool = True


def resolve(held: Sequence[Held], administrators: Sequence[str], scope_ref: str = "") -> tuple[tuple[str, ...], str]:
    """The people who answer for a post, and by which way: holder, deputy, fallback or nobody.

    Order: the scope's holders, the scope's deputies, the organisation's holders, its deputies, the administrators.
    """
    scopes = (scope_ref, "") if scope_ref else ("",)
    for scope in scopes:
        for is_deputy in (False, True):
            found = tuple(h.person for h in held if h.is_active and h.scope_ref == scope and h.is_deputy is is_deputy)
            if found:
                return found, "deputy" if is_deputy else "holder"
    return (tuple(administrators), "fallback") if administrators else ((), "nobody")


def reach(channels: Iterable[str], connected: Iterable[str]) -> str:
    """How well a person is reached by these channels when `connected` are served: `awake` (something wakes them), `asleep` (only
    when they look), `unwoken` (nothing is connected behind what would wake them), `unconnected` (behind any), `never`."""
    known, served = set(channels), set(channels) & set(connected)
    if served & set(URGENT_CHANNELS):
        return "awake"
    if served:
        return "unwoken" if known & set(URGENT_CHANNELS) else "asleep"
    return "unconnected" if known else "never"


# What the standing check says of a holder: (message, whether it is an alarm)
OF_HOLDER = {
    "inactive": (_("{post}: {who} holds it but is no longer active."), False),
    "never": (_("{post}: {who} cannot be reached in any way."), True),
    "unconnected": (_("{post}: {who} cannot be reached. Nothing is connected behind: {ways}."), True),
    "unwoken": (_("{post}: nothing wakes {who}. Nothing is connected behind: {ways}."), False),
    "asleep": (_("{post}: {who} has neither pager nor telephone; nothing wakes them."), False),
}
NOTHING_CONNECTED = _("No mail, chat or pager is connected: no message reaches anybody.")


def last_administrator(administrators: Iterable[str], leaving: str) -> bool:
    """Whether nobody could keep people and posts any more if `leaving` were gone."""
    left = set(administrators)
    return leaving in left and len(left) == 1


@dataclass(frozen=True)
class PostWanted:
    """A post as a pack names it."""

    key: str
    title_ko: str
    title_en: str
    is_per_system: bool = False
    rank: int = 0
    fallback: str = ""

"""What the four eyes state."""

from bongsu.kernel.facts import Fact, fact
from bongsu.kernel.text import gettext_noop as _


@fact("approvals.requested")
class ApprovalRequested(Fact):
    sentence = _("{actor} asked for approval: {title}")
    personal = frozenset({"title"})
    icon = "approval"
    approval: str
    about_ref: str
    purpose: str
    text_hash: str
    title: str
    post_key: str
    scope_ref: str
    grant: str


@fact("approvals.granted")
class ApprovalGranted(Fact):
    sentence = _("{actor} approved: {title}. {reason}")
    personal = frozenset({"title", "reason"})
    icon = "approval"
    approval: str
    about_ref: str
    purpose: str
    text_hash: str
    title: str
    reason: str


@fact("approvals.refused")
class ApprovalRefused(Fact):
    sentence = _("{actor} did not approve: {title}. {reason}")
    personal = frozenset({"title", "reason"})
    icon = "approval"
    approval: str
    about_ref: str
    purpose: str
    text_hash: str
    title: str
    reason: str


@fact("approvals.voided")
class ApprovalVoided(Fact):
    """What was asked for or approved is no longer what stands there."""

    sentence = _("The approval “{title}” no longer counts: {reason}")
    personal = frozenset({"title", "reason"})
    icon = "approval"
    approval: str
    about_ref: str
    purpose: str
    text_hash: str
    title: str
    reason: str

"""What happens to signals and proposals. No title and no text of a payload stands in a fact: it may be personal."""

from datetime import datetime

from bongsu.kernel.facts import Fact, fact
from bongsu.kernel.text import gettext_noop as _

from .rules.proposals import SIGNAL_STATES


@fact("signals.received")
class SignalsReceived(Fact):
    """One fact per batch. `root`: SHA-256 over the hashes of the bodies, in order."""

    sentence = _("Deliveries that came in: {count}; signals in them: {signals}")
    icon = "signal"
    on_timeline = False
    connection: str
    first: str
    last: str
    count: int
    signals: int
    dead: int
    root: str


@fact("signals.attached")
class SignalAttached(Fact):
    """`count`: how many of one batch; the first of them is named."""

    sentence = _("Signals of this incident that came in: {count} ({state})")
    said_as = {"state": SIGNAL_STATES}
    icon = "signal"
    signal: str
    state: str
    times: int
    count: int


@fact("signals.resolved")
class SignalResolved(Fact):
    """The sender calms down. That is a remark, not a recovery."""

    sentence = _("The sender says this signal has ended. It has to be verified")
    icon = "signal"
    signal: str


@fact("signals.reported")
class Reported(Fact):
    sentence = _("{actor} reported: {what}")
    personal = frozenset({"what"})
    icon = "report"
    report: str
    what: str


@fact("signals.proposed")
class IncidentProposed(Fact):
    """`rule`: the rule or matrix cell that made it; `is_guess`: none did."""

    sentence = _("An incident is proposed: {severity} {type}/{subtype}, by {rule}")
    icon = "signal"
    proposal: str
    type: str
    subtype: str
    severity: str
    rule: str
    also: list[str]
    is_guess: bool
    is_authenticated: bool
    is_drill: bool


@fact("signals.paged")
class TriagePaged(Fact):
    """`whom` says in both languages who was written to and who could not be reached."""

    sentence = _("The triage desk was asked for the {nth}. time: {whom}")
    personal = frozenset({"whom"})
    icon = "bell"
    proposal: str
    nth: int
    people: list[str]
    whom: dict[str, str]
    is_urgent: bool


@fact("signals.confirmed")
class ProposalConfirmed(Fact):
    """What was proposed and what a person made of it; both stand."""

    sentence = _("{actor} confirmed {severity} {type}/{subtype} (proposed: {proposed}). {reason}")
    personal = frozenset({"reason"})
    icon = "tag"
    proposal: str
    proposed: str
    type: str
    subtype: str
    severity: str
    is_override: bool
    reason: str


@fact("signals.declared")
class ProposalDeclared(Fact):
    sentence = _("{actor} declared the proposal as {severity} {type}/{subtype}")
    icon = "fire"
    proposal: str
    incident: str
    type: str
    subtype: str
    severity: str
    is_by_itself: bool


@fact("signals.joined")
class ProposalAttached(Fact):
    sentence = _("{actor} attached the proposal to an incident. {reason}")
    personal = frozenset({"reason"})
    icon = "link"
    proposal: str
    incident: str
    reason: str


@fact("signals.rejected")
class ProposalRejected(Fact):
    sentence = _("{actor} marked the proposal as a false positive: {reason}")
    personal = frozenset({"reason"})
    icon = "done"
    proposal: str
    reason: str


@fact("signals.merged")
class ProposalMerged(Fact):
    sentence = _("{actor} merged the proposal into another one. {reason}")
    personal = frozenset({"reason"})
    icon = "link"
    proposal: str
    into: str
    reason: str


@fact("signals.raised")
class ProposalRaised(Fact):
    sentence = _("A further signal raised the proposal {old} → {new}, by {rule}")
    icon = "fire"
    proposal: str
    old: str
    new: str
    rule: str


@fact("signals.dead_letter_dismissed")
class DeadLetterDismissed(Fact):
    sentence = _("{actor} put a dead letter aside: {reason}")
    personal = frozenset({"reason"})
    on_timeline = False
    letter: str
    reason: str


@fact("signals.dead_letter_retried")
class DeadLetterRetried(Fact):
    sentence = _("{actor} had a dead letter read again")
    on_timeline = False
    letter: str
    at: datetime

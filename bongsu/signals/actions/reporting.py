"""What people and programs report themselves: six answers, or a signal in our own form (B1)."""

from datetime import datetime
from typing import IO

from bongsu.events.actions import action, record
from bongsu.files import actions as files
from bongsu.incidents.models import Incident
from bongsu.integrations.contract import Signal as Understood
from bongsu.kernel.actors import Actor
from bongsu.kernel.actors import system as machine
from bongsu.kernel.clock import now
from bongsu.kernel.errors import Forbidden, Invalid
from bongsu.kernel.refs import uuid7
from bongsu.kernel.text import Text
from bongsu.kernel.text import gettext_noop as _
from bongsu.packs import queries as packs
from bongsu.systems.models import AISystem

from ..facts import Reported, SignalsReceived
from ..models import Report, Signal
from ..rules import grouping
from ..rules.classification import Described, Judgement, facts_of, judged
from .answering import declare
from .proposing import Suggestion, propose
from .taking import Batch, Origin, take

ONGOING = ("yes", "no", "unknown")
LONGEST = 20_000


def judge(what: str, harmed: str = "", *, system: AISystem | None = None) -> Judgement:
    """What the pack's rules make of a description; writes nothing."""
    about = {"system": system.key} if system else {}
    if system and system.stage in ("development", "testing"):
        about["environment"] = system.stage
    described = Described(
        title="", text="\n".join(part for part in (what, harmed) if part.strip()), source_kind="report", about=about
    )
    return judged(packs.propose(facts_of(described)), described)


@action
def file_report(
    actor: Actor,
    *,
    what: str,
    system: AISystem | None = None,
    noticed_at: datetime | None = None,
    is_ongoing: str = "unknown",
    harmed: str = "",
    evidence_url: str = "",
    file_name: str = "",
    file: bytes | IO[bytes] | None = None,
    media_type: str = "",
    is_drill: bool = False,
    is_declared: bool = False,
    door: str = "page",
) -> Report:
    """Anybody who is signed in reports what he noticed; it becomes a proposal, or with `is_declared` an incident at once."""
    if actor.person_id is None:
        raise Forbidden(_("Sign in to report something."))
    at = now()
    _check(what, harmed, noticed_at, at, is_ongoing, evidence_url)
    said = _never_ignored(judge(what, harmed, system=system))
    report_id = uuid7()
    proposal = propose(
        actor,
        Suggestion(
            title=what.strip().splitlines()[0],
            text=_story(what, harmed),
            judgement=said,
            group=grouping.group("report", "", str(report_id)),
            system=system,
            detected_at=noticed_at or at,
            is_authenticated=True,
            is_drill=is_drill,
        ),
    ).proposal
    assert proposal is not None
    report = Report(
        id=report_id,
        subject_id=proposal.subject_id,
        proposal=proposal,
        system=system,
        what=what.strip(),
        noticed_at=noticed_at or at,
        is_ongoing=is_ongoing,
        harmed=harmed.strip(),
        evidence_url=evidence_url,
        reported_by_id=actor.person_id,
        reported_at=at,
        door=door,
    )
    if file:
        _keep(report, file_name, file, media_type)
    report.save(force_insert=True)
    record(actor, Reported(subject=proposal.subject_id, report=str(report.id), what=report.what[:500]))
    if is_declared:
        actor.require("incident.declare")
        declare(actor, proposal)
        report.refresh_from_db()
    return report


def _keep(report: Report, name: str, content: bytes | IO[bytes], media_type: str) -> None:
    # Whoever reports need not be among those who may add evidence; the report's own fact says who it was.
    report.file = files.store(
        machine("signals"), subject=report.subject_id, name=name or "evidence", content=content, media_type=media_type
    )


def _never_ignored(said: Judgement) -> Judgement:
    """A person who reports is heard, even when the words look like a test."""
    if not said.is_ignored:
        return said
    cell = packs.taxonomy().cell("operational", "P2")
    return Judgement("operational", cell.subtype, "P2", "cell:operational-P2", said.why, is_guess=True)


def _story(what: str, harmed: str) -> str:
    return f"{what.strip()}\n\n{harmed.strip()}".strip()


def _check(what: str, harmed: str, noticed_at: datetime | None, at: datetime, is_ongoing: str, evidence_url: str) -> None:
    wrong: dict[str, str | Text] = {}
    if not what.strip():
        wrong["what"] = _("Say in a sentence what happened.")
    elif len(what) > LONGEST or "\x00" in what:
        wrong["what"] = _("At most 20,000 characters of plain text.")
    if len(harmed) > LONGEST or "\x00" in harmed:
        wrong["harmed"] = _("At most 20,000 characters of plain text.")
    if noticed_at and noticed_at > at:
        wrong["noticed_at"] = _("It cannot have been noticed in the future.")
    if is_ongoing not in ONGOING:
        wrong["is_ongoing"] = _("Choose yes, no or unknown.")
    if evidence_url and not evidence_url.startswith(("http://", "https://")):
        wrong["evidence_url"] = _("A link begins with http:// or https://.")
    if wrong:
        raise Invalid(_("The report cannot be taken like this."), fields=wrong)


@action
def push_signal(actor: Actor, *, signal: Understood, is_drill: bool = False, source_kind: str = "api") -> Signal:
    """Take a signal that is in our own form already, from a program with a token or a drill. Same rules as intake."""
    actor.require("signal.triage")
    batch = Batch()
    origin = Origin(received_at=now(), source_kind=source_kind, is_authenticated=True, is_drill=is_drill)
    row = take(actor if actor.is_system else machine("signals"), signal, origin, batch)
    batch.state(actor)
    record(
        actor,
        SignalsReceived(
            subject=row.subject_id,
            connection=source_kind,
            first=row.first_at.isoformat(),
            last=row.last_at.isoformat(),
            count=1,
            signals=1,
            dead=0,
            root=row.identity,
        ),
    )
    return row


def incident_of(report: Report) -> Incident | None:
    """The incident a report has led to, if any."""
    return report.proposal.incident


__all__ = ["file_report", "incident_of", "judge", "push_signal"]

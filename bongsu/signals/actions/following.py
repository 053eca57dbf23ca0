"""Nobody sleeps through a proposal: it asks the triage desk at once and again, and declares itself when it may."""

from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.urls import reverse

from bongsu.comms import actions as comms
from bongsu.comms import queries as messages
from bongsu.events.actions import action, record, restrict
from bongsu.events.models import Subject
from bongsu.kernel.actors import Actor
from bongsu.kernel.clock import now
from bongsu.kernel.text import Text, text
from bongsu.kernel.text import gettext_noop as _
from bongsu.packs import queries as packs
from bongsu.people import queries as people

from ..facts import TriagePaged
from ..models import Proposal
from ..rules import proposals as rules
from .answering import declare
from .proposing import set_next_step

WAKING = ("pager", "phone")


@action
def ask_triage(actor: Actor, *, proposal: UUID) -> int:
    """Tell the triage desk's holders, waking them when the pack says so; returns how many.

    Also for a sender whose secret path is all that proves it: it may never declare or reach executives by itself, but
    nobody sleeps through a proposal."""
    row = Proposal.objects.select_for_update(of=("self",)).select_related("system").filter(pk=proposal, state=rules.OPEN).first()
    if row is None:
        return 0
    taxonomy = packs.taxonomy()
    step = taxonomy.triage_for(row.severity)
    # What proves nothing wakes no executive: it goes to the desk itself, or to those who keep the house.
    scope = row.system.ref if row.system else ""
    found = people.resolve_post(taxonomy.triage.post, scope, has_stand_ins=row.is_authenticated)
    is_urgent = any(way in WAKING for way in step.channels)
    row.pages += 1
    row.save(update_fields=["pages"])
    written = comms.send(
        actor,
        subject=row.subject_id,
        key=f"{row.ref}:{row.pages}",
        template="triage_proposal",
        values=_values(row),
        people=found.people,
        is_urgent=is_urgent,
        purpose="triage",
    )
    record(
        actor,
        TriagePaged(
            subject=row.subject_id,
            proposal=str(row.id),
            nth=row.pages,
            people=[str(p.id) for p in found.people],
            whom=messages.whom(written),
            is_urgent=is_urgent,
        ),
    )
    return len(found.people)


def _values(row: Proposal) -> dict[str, object]:
    taxonomy = packs.taxonomy()
    kind, sub = taxonomy.type(row.type).label, taxonomy.subtype(row.subtype).label
    return {
        "severity": row.severity,
        "title": row.title,
        "type": {"ko": kind.ko, "en": kind.en},
        "subtype": {"ko": sub.ko, "en": sub.en},
        "reason": row.why,
        "rule": row.rule,
        "first_seen": row.detected_at,
        "deadline": _deadline(row),
        "link": f"{settings.BASE_URL}{reverse('signals:proposal', args=[row.id])}",
    }


def _deadline(row: Proposal) -> Text:
    after = packs.taxonomy().triage_for(row.severity).declares_itself_after
    if not row.is_authenticated:
        return text(_("It came over a way that is not proven and never declares itself."))
    if after is None:
        return text(_("It does not declare itself; it asks again."))
    return text(_("Without an answer it declares itself at {at}."), at=row.proposed_at + after)


@action
def follow_up(actor: Actor, *, proposal: UUID) -> None:
    """What the timer does: declare what may declare itself and has waited long enough, else ask again."""
    row = Proposal.objects.select_for_update(of=("self",)).filter(pk=proposal, state=rules.OPEN).first()
    if row is None:
        return
    after = packs.taxonomy().triage_for(row.severity).declares_itself_after
    if row.is_authenticated and after is not None and now() >= row.proposed_at + after:
        declare(actor, row, is_by_itself=True)
        return
    set_next_step(row)
    ask_triage(actor, proposal=row.id)


@action
def hide_proposals(actor: Actor, *, incident: str, reason: str) -> int:
    """When an incident is restricted, what led to it is too. `incident` is its reference."""
    rows = Proposal.objects.filter(Q(incident__subject=incident) | Q(into__incident__subject=incident))
    open_ones = Subject.objects.filter(ref__in=[row.ref for row in rows], restricted=False)
    for subject in open_ones:
        restrict(actor, subject=subject.ref, readers=(), reason=reason)
    return len(open_ones)

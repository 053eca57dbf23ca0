"""Asking for a second pair of eyes, deciding, and voiding what no longer stands."""

from collections.abc import Iterable
from uuid import UUID

from bongsu.events.actions import action, record
from bongsu.events.queries import must_see
from bongsu.kernel.actors import Actor
from bongsu.kernel.canonical import digest
from bongsu.kernel.clock import now
from bongsu.kernel.errors import Forbidden, Invalid, Refused
from bongsu.kernel.text import gettext_noop as _

from . import queries
from .facts import ApprovalGranted, ApprovalRefused, ApprovalRequested, ApprovalVoided
from .models import Approval
from .rules import GRANTED, REFUSED, VOID, WAITING


@action
def request(
    actor: Actor,
    *,
    subject: str,
    about_ref: str,
    purpose: str,
    title: str,
    text_hash: str = "",
    text: str = "",
    post_key: str = "",
    scope_ref: str = "",
    grant: str = "",
    url: str = "",
    barred: Iterable[str] = (),
) -> Approval:
    """Ask for the approval of one exact text: give the text, its hash, or both. Asking again for the same text returns
    what waits already; for another text it voids the older request. Needs a post or a right that may decide."""
    must_see(actor, subject)
    text_hash = text_hash or digest(text)
    if text and digest(text) != text_hash:
        raise Invalid(_("The hash is not that of the text."), fields={"text_hash": _("The hash is not that of the text.")})
    if not (post_key or grant):
        raise Invalid(_("Say which post or right may approve."), fields={"post_key": _("Say which post or right may approve.")})
    waiting = Approval.objects.select_for_update().filter(about_ref=about_ref, purpose=purpose, state=WAITING).first()
    if waiting and waiting.text_hash == text_hash:
        return waiting
    if waiting:
        _void(actor, waiting, _("the text was changed"))
    row = Approval.objects.create(
        subject_id=subject,
        about_ref=about_ref,
        purpose=purpose,
        title=title[:300],
        text=text,
        text_hash=text_hash,
        url=url,
        post_key=post_key,
        scope_ref=scope_ref,
        grant=grant,
        barred=sorted(set(barred)),
        requested_by=actor.key,
    )
    record(
        actor,
        ApprovalRequested(
            subject=subject,
            approval=str(row.id),
            about_ref=about_ref,
            purpose=purpose,
            text_hash=text_hash,
            title=row.title,
            post_key=post_key,
            scope_ref=scope_ref,
            grant=grant,
        ),
    )
    return row


@action
def decide(actor: Actor, *, approval: UUID, is_approved: bool, text_hash: str, reason: str = "") -> Approval:
    """Approve or refuse. `text_hash` is of the text that was read; a refusal needs a reason. Refuses the requester, who is
    barred, who lacks right and post, and whoever read another text."""
    queries.approval(actor, approval)
    row = Approval.objects.select_for_update().get(pk=approval)
    if why_not := queries.why_not(actor, row, text_hash):
        raise Refused(why_not)
    if not queries.is_entitled(actor, row):
        raise Forbidden(_("You neither hold the post nor have the right to decide this."))
    if not is_approved and not reason.strip():
        raise Invalid(_("Say why it is not approved."), fields={"reason": _("Say why it is not approved.")})
    row.state = GRANTED if is_approved else REFUSED
    row.decided_by, row.decided_at, row.reason = actor.key, now(), reason.strip()
    row.save(update_fields=["state", "decided_by", "decided_at", "reason"])
    stated = ApprovalGranted if is_approved else ApprovalRefused
    record(
        actor,
        stated(
            subject=row.subject_id,
            approval=str(row.id),
            about_ref=row.about_ref,
            purpose=row.purpose,
            text_hash=row.text_hash,
            title=row.title,
            reason=row.reason,
        ),
    )
    return row


@action
def void(actor: Actor, *, about_ref: str, reason: str, purpose: str = "", keep_hash: str = "") -> int:
    """End what waits or was granted about a thing, except for the text with `keep_hash`; returns how many. The owner of the
    thing calls this when its text changes or it is withdrawn."""
    rows = Approval.objects.select_for_update().filter(about_ref=about_ref, state__in=[WAITING, GRANTED])
    rows = rows.filter(purpose=purpose) if purpose else rows
    rows = rows.exclude(text_hash=keep_hash) if keep_hash else rows
    ended = list(rows)
    for row in ended:
        must_see(actor, row.subject_id)
        _void(actor, row, reason)
    return len(ended)


def _void(actor: Actor, row: Approval, reason: str) -> None:
    row.state = VOID
    row.save(update_fields=["state"])
    record(
        actor,
        ApprovalVoided(
            subject=row.subject_id,
            approval=str(row.id),
            about_ref=row.about_ref,
            purpose=row.purpose,
            text_hash=row.text_hash,
            title=row.title,
            reason=reason,
        ),
    )

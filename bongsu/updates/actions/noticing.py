"""Customer notices: written from the template, approved as the exact text, sent to each address once, kept as sent (D6)."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from django.db.models import Max
from django.urls import reverse

from bongsu.approvals import actions as approvals
from bongsu.events.actions import action, record
from bongsu.events.queries import must_see
from bongsu.incidents import queries as incidents
from bongsu.incidents.models import Incident
from bongsu.integrations.actions import call
from bongsu.integrations.queries import connections
from bongsu.kernel.actors import Actor
from bongsu.kernel.canonical import digest
from bongsu.kernel.clock import now
from bongsu.kernel.errors import Invalid, NotFound, Refused
from bongsu.kernel.text import Text
from bongsu.kernel.text import gettext_noop as _
from bongsu.packs import queries as packs
from bongsu.packs.rules.templates import Rendered

from .. import queries
from ..facts import NoticeDelivered, NoticeRefused, NoticeReleased, NoticeWritten
from ..models import Notice, NoticeRecipient
from ..rules import ADDRESS, MOST_RECIPIENTS

NEEDED = ("service", "company", "date", "clock_time", "problem", "contact")
OPEN = ("waiting", "queued")
APPROVAL = "customer notice"


@action
def write_notice(
    actor: Actor, *, incident: UUID, language: str, values: Mapping[str, str], recipients: Iterable[str] = ()
) -> Notice:
    """Keep the exact text and ask for its approval; without recipients it is a text for the status page.

    `values`: service, company, date, clock_time, problem, cause, measures, recovery, contact. Refuses missing ones.
    """
    found = Incident.objects.select_for_update(of=("self",)).select_related("subject", "system").filter(pk=incident).first()
    if found is None:
        raise NotFound(incidents.NO_SUCH)
    must_see(actor, found.subject_id)
    actor.require("message.send")
    addresses = list(dict.fromkeys(address.strip().lower() for address in recipients))
    given = {name: str(values.get(name, "")).strip() for name in queries.NOTICE_VALUES}
    _check(language, given, addresses)
    made = queries.rendered_notice(found, language, given)
    row = _kept(actor, found, language, given, made)
    NoticeRecipient.objects.bulk_create(
        NoticeRecipient(notice=row, subject_id=row.subject_id, address=address) for address in addresses
    )
    record(actor, NoticeWritten(
        subject=row.subject_id, notice=str(row.id), number=row.number, title=row.title, language=language,
        text_hash=row.text_hash, recipients=len(addresses),
    ))  # fmt: skip
    _ask_approval(actor, found, row, len(addresses))
    return row


def _check(language: str, given: dict[str, str], addresses: list[str]) -> None:
    wrong: dict[str, str | Text] = {name: _("This is needed.") for name in NEEDED if not given[name]}
    if language not in queries.LANGUAGES:
        wrong["language"] = _("Choose Korean or English.")
    if any(not ADDRESS.fullmatch(address) for address in addresses):
        wrong["recipients"] = _("Not every line is an e-mail address.")
    if len(addresses) > MOST_RECIPIENTS:
        wrong["recipients"] = Text(_("A notice goes to at most {most} addresses."), {"most": MOST_RECIPIENTS})
    if wrong:
        raise Invalid(_("This notice cannot be written as it stands."), fields=wrong)


def _kept(actor: Actor, incident: Incident, language: str, given: dict[str, str], made: Rendered) -> Notice:
    last = Notice.objects.filter(incident=incident).aggregate(Max("number"))["number__max"] or 0
    return Notice.objects.create(
        incident=incident, subject_id=incident.subject_id, number=last + 1, language=language, values=given,
        template_version=packs.template("customer_notice", incident.pack_id).version, title=made.subject[:300], text=made.body,
        text_hash=digest(f"{made.subject}\n{made.body}"), state="waiting", author_id=actor.person_id,
    )  # fmt: skip


def _ask_approval(actor: Actor, incident: Incident, row: Notice, count: int) -> None:
    form = packs.template("customer_notice", incident.pack_id)
    if not form.needs_approval:
        _release(actor, row)
        return
    shown = f"{row.title}\n\n{row.text}"
    row.approval = approvals.request(
        actor, subject=row.subject_id, about_ref=row.ref, purpose=APPROVAL, title=row.title, text=shown, post_key=form.approver,
        grant="message.approve", url=reverse("updates:notice", args=[incident.number, row.id]),
    )  # fmt: skip
    row.save(update_fields=["approval"])


@action
def release_notice(actor: Actor, *, notice: UUID) -> None:
    """Its text was approved: it goes out. Told twice, it goes out once."""
    row = Notice.objects.select_for_update(of=("self",)).filter(pk=notice, state="waiting").first()
    if row is not None:
        _release(actor, row)


@action
def refuse_notice(actor: Actor, *, notice: UUID, reason: str) -> None:
    """Its text was not approved, or no longer counts: it stays as it is and goes nowhere."""
    row = Notice.objects.select_for_update(of=("self",)).filter(pk=notice, state="waiting").first()
    if row is not None:
        row.state, row.reason = "refused", reason
        row.save(update_fields=["state", "reason"])
        record(actor, NoticeRefused(subject=row.subject_id, notice=str(row.id), number=row.number, reason=reason))


@action
def send_waiting(actor: Actor, *, notice: UUID) -> int:
    """Send to whom nothing could be sent yet because no mail server was connected; returns how many."""
    actor.require("message.send")
    row = Notice.objects.select_for_update(of=("self",)).filter(pk=notice).first()
    if row is None:
        raise NotFound(_("There is no such notice."))
    must_see(actor, row.subject_id)
    if row.state != "released":
        raise Refused(_("This notice has not been approved."))
    sent = _send(actor, row)
    if sent:
        record(actor, NoticeReleased(subject=row.subject_id, notice=str(row.id), number=row.number, recipients=sent))
    return sent


def _release(actor: Actor, row: Notice) -> None:
    row.state, row.released_at = "released", now()
    row.save(update_fields=["state", "released_at"])
    count = row.recipients.count()
    record(actor, NoticeReleased(subject=row.subject_id, notice=str(row.id), number=row.number, recipients=count))
    _send(actor, row)


def _send(actor: Actor, row: Notice) -> int:
    """One call per address; its target and key carry no address into the ledger."""
    servers = connections("mail")
    waiting = list(row.recipients.filter(call=None)) if servers else []
    for one in waiting:
        one.call = call(
            actor, connection=servers[0], operation="mail", subject=row.subject_id, target=f"notice:{one.id}",
            payload={"to": one.address, "subject": row.title, "text": row.text, "language": row.language},
            idempotency_key=f"notice:{one.id}",
        )  # fmt: skip
        one.state = "queued"
        one.save(update_fields=["call", "state"])
    return len(waiting)


@action
def note_receipt(actor: Actor, *, call: UUID, state: str, why: str = "", external_id: str = "") -> None:
    """The gate has an outcome for one address: sent, failed or held."""
    one = NoticeRecipient.objects.select_for_update(of=("self",)).filter(call=call).first()
    if one is None or one.state == state:
        return
    one.state, one.error, one.external_id, one.ended_at = state, why, external_id, now()
    one.save()
    row = Notice.objects.select_for_update(of=("self",)).get(pk=one.notice_id)
    if row.delivered_at is None and not row.recipients.filter(state__in=OPEN).exists():
        row.delivered_at = now()
        row.save(update_fields=["delivered_at"])
        counts = {name: row.recipients.filter(state=name).count() for name in ("sent", "failed", "held")}
        record(actor, NoticeDelivered(subject=row.subject_id, notice=str(row.id), number=row.number, **counts))

"""The worker's half of intake: read, redact, understand, and state one fact for the whole batch."""

from datetime import timedelta
from time import monotonic
from uuid import UUID

from cryptography.fernet import InvalidToken
from django.conf import settings

from bongsu.events.actions import action, record
from bongsu.integrations import queries as integrations
from bongsu.integrations.contract import Received, Signal, Source
from bongsu.integrations.contract import Unreadable as NotUnderstood
from bongsu.integrations.models import Connection
from bongsu.kernel.actors import Actor
from bongsu.kernel.canonical import digest, moment, storable
from bongsu.kernel.clock import now
from bongsu.kernel.errors import TransportError
from bongsu.kernel.redaction import redact_value
from bongsu.kernel.text import gettext_noop as _
from bongsu.kernel.text import text

from ..facts import SignalsReceived
from ..models import Receipt
from ..rules.bounds import readable
from .receiving import keep_unreadable
from .taking import Batch, Origin, take

BATCH = 100
ENOUGH = 0.1  # seconds of one batch: SQLite has one writer, and who delivers waits for us
ATTEMPTS = 8
MOST_SIGNALS = 2_000  # of one body


@action
def drain_receipts(actor: Actor, *, connection: UUID | str, limit: int = BATCH, only: UUID | None = None) -> int:
    """Understand the oldest waiting deliveries of a connection, or `only` one; returns how many. Unreadable ones become dead
    letters."""
    waiting = Receipt.objects.select_for_update().filter(connection_id=connection, state="waiting", due_at__lte=now())
    waiting = waiting.filter(pk=only) if only else waiting
    receipts = list(waiting.order_by("due_at", "id")[:limit])
    if not receipts:
        return 0
    row = Connection.objects.get(pk=connection)
    batch, until = Batch(), monotonic() + ENOUGH
    for count, receipt in enumerate(receipts, 1):
        _understand(actor, row, receipt, batch, until)
        if monotonic() > until:
            del receipts[count:]
    batch.state(actor)
    record(
        actor,
        SignalsReceived(
            subject=row.subject_id,
            connection=str(row.id),
            first=moment(receipts[0].received_at),
            last=moment(receipts[-1].last_at),
            count=sum(r.taking for r in receipts if not r.taken),
            signals=batch.seen,
            dead=batch.dead,
            root=digest("".join(r.body_hash for r in receipts)),
        ),
    )
    Receipt.objects.bulk_update(receipts, ["state", "body", "taken", "taking", "counted", "error", "attempts"])
    return len(receipts)


def _opened(receipt: Receipt) -> bytes:
    """The body as it came; nothing when the key that closed it is gone: then it ends as unreadable and blocks nobody."""
    try:
        return settings.KEYS.box.decrypt(bytes(receipt.body or b""))
    except InvalidToken:
        return b""


def _understand(actor: Actor, row: Connection, receipt: Receipt, batch: Batch, until: float) -> None:
    """Give the signals of a body their places, as far as time allows: a long body goes on in the next batch."""
    if not receipt.taken:
        receipt.taking = max(1, receipt.times - receipt.counted)
    body = _opened(receipt)
    try:
        signals = _signals(row, receipt, body)
    except (NotUnderstood, TransportError) as error:
        why = text(_("The plug-in does not understand it: {why}"), why=str(error))
        keep_unreadable(row, body, why, times=receipt.taking, receipt=receipt)
        receipt.state, receipt.error, receipt.counted, receipt.taken = "dead", str(error)[:500], receipt.times, 0
        batch.dead += 1
        return
    # Of many only each one's own words are kept, and redacted on their way.
    payload, kinds = redact_value(storable(readable(body))) if len(signals) == 1 else ({}, ())
    origin = Origin(
        connection=row,
        source_kind=row.plugin,
        received_at=receipt.last_at,
        times=receipt.taking,
        raw_sha256=receipt.body_hash,
        is_authenticated=receipt.is_authenticated,
        payload=payload,
        redactions=tuple(kinds),
    )
    for signal in signals[receipt.taken :]:
        take(actor, signal, origin, batch)
        receipt.taken += 1
        if monotonic() > until and receipt.taken < len(signals):
            return
    receipt.taken, receipt.error = 0, ""
    receipt.counted += receipt.taking
    if receipt.counted >= receipt.times:  # else it was delivered again meanwhile
        receipt.state, receipt.body = "done", None


def _signals(row: Connection, receipt: Receipt, body: bytes) -> list[Signal]:
    plugin = integrations.loaded(row)
    if not isinstance(plugin, Source):
        raise NotUnderstood("this connection takes nothing in")
    signals = plugin.parse(Received(body, receipt.headers))
    if len(signals) > MOST_SIGNALS:
        raise NotUnderstood(f"more than {MOST_SIGNALS} signals in one body")
    return signals


@action
def put_off(actor: Actor, *, receipt: UUID, error: str) -> None:
    """A delivery whose handling broke waits longer each time, and is a dead letter after the eighth."""
    row = Receipt.objects.select_for_update(of=("self",)).select_related("connection").filter(pk=receipt, state="waiting").first()
    if row is None:
        return  # another worker has understood it meanwhile
    row.attempts += 1
    row.error, row.due_at = error[:2000], now() + timedelta(seconds=min(600, 2**row.attempts))
    if row.attempts >= ATTEMPTS:
        row.state, row.taken = "dead", 0  # tried again it is read from its beginning
        body = _opened(row)
        keep_unreadable(row.connection, body, text(_("It broke the handling: {why}"), why=error[:300]), receipt=row)
        record(
            actor,
            SignalsReceived(
                subject=row.subject_id,
                connection=str(row.connection_id),
                first=moment(row.received_at),
                last=moment(row.last_at),
                count=1,
                signals=0,
                dead=1,
                root=row.body_hash,
            ),
        )
    row.save(update_fields=["attempts", "error", "due_at", "state", "taken"])


def due_receipts(connection: str) -> list[UUID]:
    """The waiting deliveries of a connection, oldest first."""
    rows = Receipt.objects.filter(connection_id=connection, state="waiting", due_at__lte=now()).order_by("due_at", "id")
    return list(rows.values_list("id", flat=True)[:BATCH])

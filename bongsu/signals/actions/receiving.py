"""The fast path of intake: prove, bound, store in one statement, wake the worker. 202 means stored (B3)."""

import threading
from collections import OrderedDict, deque
from collections.abc import Mapping
from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import F

from bongsu.events.work import Hint, defer
from bongsu.integrations import queries as integrations
from bongsu.integrations.models import Connection
from bongsu.integrations.rules import is_proven
from bongsu.kernel.actors import Actor
from bongsu.kernel.canonical import digest
from bongsu.kernel.clock import now
from bongsu.kernel.errors import BongsuError
from bongsu.kernel.redaction import redact
from bongsu.kernel.refs import uuid7
from bongsu.kernel.text import Text
from bongsu.kernel.text import gettext_noop as _

from ..models import DeadLetter, Receipt, Tally
from ..rules.bounds import TooLarge, Unreadable, delivery_of, kept_headers, readable, unpacked

WORK = "signals"
WINDOW = timedelta(minutes=1)
MOST_REFUSED = 60  # requests of one source per window that may be wrong before it has to wait
MOST_SOURCES = 5_000
EXCERPT = 2_000


class Unproven(BongsuError):
    """No such address, or its proof is wrong: the same answer for both."""

    code, status = "unauthenticated", 401


class TooMany(BongsuError):
    """This source has sent too much that is wrong; nobody else waits."""

    code, status = "too-many", 429


class NotStored(BongsuError):
    """It could not be kept; send it again."""

    code, status = "not-stored", 503


_refused: "OrderedDict[str, deque[float]]" = OrderedDict()
_lock = threading.Lock()


def receive(actor: Actor, *, token: str, body: bytes, headers: Mapping[str, str], source: str = "") -> Receipt:
    """Keep a delivery. Refuses `Unproven`, `TooLarge`, `Unreadable` (with one dead letter per body), `TooMany` for a source
    that keeps being wrong, `NotStored` when the database fails. `headers` with lower-case names, `body` as it came."""
    try:
        row = integrations.connection_for_token(token) if token.isascii() else None
        if row is None or not is_proven(
            row.signature, row.signature_header, headers, body, integrations.signature_secrets(row), now()
        ):
            return _turned_away(
                Unproven(_("This address takes nothing from you: token or proof is wrong.")), "unauthorized", row, source
            )
        try:
            plain = unpacked(body, headers.get("content-encoding", ""))
            readable(plain, headers.get("content-type", ""))
        except (TooLarge, Unreadable) as error:
            keep_unreadable(row, body, error.text)
            return _turned_away(error, "unreadable", row, source)
        return _stored(row, plain, headers)
    except DatabaseError as error:
        raise NotStored(_("It could not be stored. Send it again in a few seconds.")) from error


def _stored(row: Connection, body: bytes, headers: Mapping[str, str]) -> Receipt:
    at = now()
    receipt = Receipt(
        id=uuid7(),
        subject_id=row.subject_id,
        connection=row,
        body_hash=digest(body),
        delivery=delivery_of(dict(headers)),
        body=settings.KEYS.box.encrypt(body),
        headers=kept_headers(dict(headers)),
        is_authenticated=row.signature != "none",
        received_at=at,
        last_at=at,
        due_at=at,
    )
    with transaction.atomic():
        _insert(receipt)
        defer([Hint(WORK, str(row.id))])
    return receipt


def _insert(receipt: Receipt) -> None:
    """One statement. A repeat adds no row: it counts, and the worker looks at the counter."""
    columns = Receipt._meta.concrete_fields
    names = ", ".join(f'"{f.column}"' for f in columns)
    values = [f.get_db_prep_save(getattr(receipt, f.attname), connection) for f in columns]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO signals_receipt ({names}) VALUES ({', '.join(['%s'] * len(columns))}) "
            "ON CONFLICT (connection_id, body_hash, delivery) DO UPDATE SET times = signals_receipt.times + 1, "
            "last_at = excluded.last_at, due_at = excluded.due_at, state = excluded.state, body = excluded.body, "
            "is_authenticated = excluded.is_authenticated",
            values,
        )


# ---- what is turned away ------------------------------------------------------------------------------------------------


def _turned_away(error: BongsuError, kind: str, row: Connection | None, source: str) -> Receipt:
    """Count it and refuse; who keeps being wrong is told to wait, and then only every fiftieth is written down."""
    wrong = _count(f"{source}|{row.id if row else ''}")
    if wrong <= MOST_REFUSED:
        tally(kind, row)
        raise error
    if (wrong - MOST_REFUSED) % 50 == 1:
        tally("limited", row)
    raise TooMany(_("Too many wrong requests from this source. Wait a minute."))


def _count(source: str) -> int:
    """How many wrong requests this source made within the window, this one included."""
    at = now().timestamp()
    with _lock:
        seen = _refused.setdefault(source, deque(maxlen=10_000))
        _refused.move_to_end(source)
        while len(_refused) > MOST_SOURCES:
            _refused.popitem(last=False)
        seen.append(at)
        while seen and at - seen[0] > WINDOW.total_seconds():
            seen.popleft()
        return len(seen)


def forget_sources() -> None:
    """Start counting anew: after a configuration change, and between tests."""
    with _lock:
        _refused.clear()


def tally(kind: str, row: Connection | None, *, times: int = 1) -> None:
    """Add to the day's counter of what was turned away."""
    at = now()
    place = str(row.id) if row else "unknown"
    counted = Tally.objects.filter(kind=kind, on=at.date(), place=place).update(times=F("times") + times, last_at=at)
    if not counted:
        Tally.objects.bulk_create(
            [Tally(connection=row, kind=kind, on=at.date(), place=place, times=0, last_at=at)], ignore_conflicts=True
        )
        Tally.objects.filter(kind=kind, on=at.date(), place=place).update(times=F("times") + times, last_at=at)


def keep_unreadable(row: Connection, body: bytes, reason: Text, *, times: int = 1, receipt: Receipt | None = None) -> None:
    """One dead letter per connection and body; a repeat counts and brings it back to the list."""
    at, body_hash = now(), digest(body)
    text = body[: EXCERPT * 2].decode("utf-8", "replace").replace("\x00", "�")
    letter = DeadLetter(
        subject_id=row.subject_id,
        connection=row,
        receipt=receipt,
        body_hash=body_hash,
        excerpt=redact(text)[0][:EXCERPT],
        size=len(body),
        reason=reason.message[:500],
        values={k: str(v)[:300] for k, v in reason.values.items()},
        times=0,
        first_at=at,
        last_at=at,
    )
    DeadLetter.objects.bulk_create([letter], ignore_conflicts=True)
    DeadLetter.objects.filter(connection=row, body_hash=body_hash).update(times=F("times") + times, last_at=at, dismissed_at=None)

"""Idempotency keys: the same request sent twice acts once and is answered twice with the same words.

The row is made in the transaction of the act: two at once wait for each other in the database, and a process that dies
leaves neither. Refusals are not kept, so that the caller may repair the cause and send the same key again.
"""

from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256

from django.db import transaction
from django.http import HttpRequest, HttpResponse

from bongsu.kernel.actors import Actor
from bongsu.kernel.clock import now
from bongsu.kernel.errors import Invalid
from bongsu.kernel.text import gettext_noop as _

from .models import Answer

KEPT = timedelta(days=7)
MAX_KEY = 200
SHOWN_ONCE = "/tokens"
ALREADY_SHOWN = (
    b'{"type": "urn:bongsu:problem:conflict", "title": "Made already", "status": 409, '
    b'"detail": "This token was made with this key before, and a token is shown once. Use a new key for another one."}'
)


def answer_once(actor: Actor, *, request: HttpRequest, key: str, answer: Callable[[], HttpResponse]) -> HttpResponse:
    """`answer()`, or what it said the first time. Refuses (`Invalid`) a key that came with another body before."""
    if len(key) > MAX_KEY or not key.isprintable():
        raise Invalid(_("An idempotency key has at most {most} printable characters."), most=MAX_KEY)
    body_hash = sha256(request.body).hexdigest()
    with transaction.atomic():
        row, is_new = Answer.objects.get_or_create(
            caller=actor.key,
            route=f"{request.method} {request.path}"[:300],
            key=key,
            defaults={"body_hash": body_hash, "recorded_at": now()},
        )
        if not is_new:
            return _said_before(row, body_hash)
        response = answer()
        if response.status_code >= 300:
            transaction.set_rollback(True)
            return response
        if response.streaming:
            row.delete()  # a stream is not kept to be said again; what was done for it, and its facts, stay
            return response
        row.status, row.content = response.status_code, response.content
        row.content_type = response.get("Content-Type", "")
        if request.path.endswith(SHOWN_ONCE):  # a secret is kept nowhere but as its hash
            row.status, row.content, row.content_type = 409, ALREADY_SHOWN, "application/problem+json"
        row.save()
        return response


def _said_before(row: Answer, body_hash: str) -> HttpResponse:
    if row.body_hash != body_hash:
        raise Invalid(_("This idempotency key came with another body before. Use a new key for a new request."))
    response = HttpResponse(bytes(row.content), status=row.status, content_type=row.content_type)
    response["Idempotency-Replayed"] = "true"
    return response


def forget_answers(actor: Actor) -> int:
    """Drop answers older than a week; returns how many."""
    actor.require("connections.manage")
    return Answer.objects.filter(recorded_at__lt=now() - KEPT).delete()[0]

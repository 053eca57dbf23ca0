"""Settings from a form, proofs of who sent something, when to try again, why something is held. Plain values only."""

import base64
import binascii
import dataclasses
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from bongsu.kernel.errors import Invalid
from bongsu.kernel.text import gettext_noop as _

ATTEMPTS = 24  # with the back-off below more than an hour, whatever chance takes away
LEASE = timedelta(seconds=45)  # longer than any call may take; after it the sender is taken for dead
REPLAY = timedelta(minutes=5)
HELD_FOR_GOOD = ("drill", "demo")
RESTRICTED, STRANGER, ENDED, DISCARDED = "restricted", "stranger", "ended", "discarded"
DROPPED_WORDS = {
    DISCARDED: _("a person decided that it is not to be sent any more"),
    RESTRICTED: _("the record is restricted, and it would have been said where anybody may read it"),
    STRANGER: _("the record is restricted, and the recipient is not among its readers"),
    ENDED: _("what it was asked for has ended"),
}
HOST_PORT = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):(\d{1,5})")

# (from, to): why
TRANSITIONS = {
    ("pending", "sending"): "claimed by a worker",
    ("pending", "held"): "may not leave the house",
    ("sending", "done"): "the service did it",
    ("sending", "pending"): "failed for now, or the worker died",
    ("sending", "failed"): "failed for good",
    ("failed", "pending"): "a person tries again",
    ("held", "pending"): "released by a person",
    ("pending", "dropped"): "nobody wants it any more",
    ("held", "dropped"): "nobody wants it any more",
    ("failed", "dropped"): "nobody wants it any more",
    ("sending", "dropped"): "did not get through, and nobody wants it any more",
}

SIGNATURES = {
    "none": _("Only the secret address"),
    "header": _("A secret in a header"),
    "hmac_sha256": _("HMAC SHA-256 of the body, hexadecimal"),
    "standard_webhooks": _("Standard Webhooks"),
    "mlflow": _("MLflow"),
}
DEFAULT_HEADERS = {"header": "authorization", "hmac_sha256": "x-signature"}


def backoff(attempts: int, chance: float) -> timedelta:
    """1 s, 2 s, 4 s ... 10 minutes, of which `chance` (0 to 1) takes away up to half."""
    return timedelta(seconds=min(600, 2 ** (attempts - 1)) * (1 - chance / 2))


def held_because(*, is_drill: bool, is_demo: bool, is_held: bool, is_enabled: bool) -> str:
    """Why a call must not leave the house now; empty when it may."""
    reasons = {"drill": is_drill, "demo": is_demo, "held": is_held, "disabled": not is_enabled}
    return next((reason for reason, holds in reasons.items() if holds), "")


def dropped_because(flagged: str, *, is_public: bool, is_restricted: bool) -> str:
    """Why a call must never leave the house (again); empty when it may. `flagged`: it was withdrawn while under way."""
    return flagged or (RESTRICTED if is_public and is_restricted else "")


# What is asked of outside services, as people call it; an operation without a word shows its key.
OPERATIONS = {
    "post": _("posting"), "open_channel": _("opening the channel"), "invite": _("inviting"), "set_topic": _("setting the topic"),
    "mail": _("e-mail"), "trigger": _("paging"), "acknowledge": _("quieting the pager"), "resolve": _("ending the page"),
    "get_alias": _("reading the alias"), "set_alias": _("moving the alias"), "list_versions": _("listing the versions"),
    "tag_version": _("marking the version"), "serving_version": _("asking the serving process"),
    "query": _("asking for a metric"), "query_range": _("asking for metrics"), "test": _("trying the connection"),
}  # fmt: skip
HEALTH = {"good": _("works"), "failing": _("failing"), "unknown": _("not tried yet")}
HELD_WORDS = {
    "drill": _("this is a drill"),
    "demo": _("this is a demo"),
    "held": _("everything is held back"),
    "disabled": _("the connection is switched off"),
}


def may_try_again(state: str, held: str) -> bool:
    """A dead letter, or what was held for a reason that has passed; drills, demos and what was withdrawn never leave."""
    return state == "failed" or (state == "held" and held not in HELD_FOR_GOOD)


def short(receipt: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a receipt that fit the ledger: short text, whole numbers, yes and no."""
    kept: dict[str, Any] = {}
    for name, value in receipt.items():
        if isinstance(value, float):
            value = str(value)
        if isinstance(value, str):
            value = value[:300]
        if value is None or isinstance(value, (str, int, bool)):
            kept[name] = value
    return kept


# ---- settings ---------------------------------------------------------------------------------------------------------


def read_settings(config: type[Any], values: Mapping[str, Any], kept: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """Form values as (settings, secrets); an empty secret keeps the one in `kept`. Refuses (`Invalid`) by field."""
    plain: dict[str, Any] = {}
    hidden: dict[str, str] = {}
    wrong: dict[str, Any] = {}
    for f in dataclasses.fields(config):
        raw = values.get(f.name)
        try:
            if f.metadata["secret"]:
                hidden[f.name] = _secret(f, raw, kept)
            else:
                plain[f.name] = _value(f, raw)
        except ValueError as error:
            wrong[f.name] = str(error)
    if unknown := set(values) - {f.name for f in dataclasses.fields(config)}:
        wrong.update(dict.fromkeys(unknown, _("This plug-in has no such setting.")))
    if wrong:
        raise Invalid(_("Some settings cannot be used."), fields=wrong)
    return plain, hidden


def _is_empty(raw: Any) -> bool:
    return raw is None or (isinstance(raw, str) and not raw.strip())


def _default(f: "dataclasses.Field[Any]") -> Any:
    if f.default is dataclasses.MISSING:
        raise ValueError(_("This is needed."))
    return f.default


def _secret(f: "dataclasses.Field[Any]", raw: Any, kept: Mapping[str, str]) -> str:
    if _is_empty(raw):
        return kept[f.name] if f.name in kept else _default(f)
    return str(raw).strip()


def _value(f: "dataclasses.Field[Any]", raw: Any) -> Any:
    kind = f.metadata["kind"]
    if kind == "yes_no":
        return _default(f) if raw is None else raw in (True, "on", "true", "1", "yes")
    if _is_empty(raw):
        return _default(f)
    return READERS[kind](f, raw)


def _text(f: "dataclasses.Field[Any]", raw: Any) -> str:
    return str(raw).strip()


def _url(f: "dataclasses.Field[Any]", raw: Any) -> str:
    value = str(raw).strip()
    try:
        parts = urlsplit(value)
        _port = parts.port
    except ValueError:
        raise ValueError(_("This is no address of a service: it begins with http:// or https://.")) from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(_("This is no address of a service: it begins with http:// or https://."))
    if parts.username or parts.password:
        raise ValueError(_("Put the password into its own field, not into the address."))
    return value.rstrip("/")


def _number(f: "dataclasses.Field[Any]", raw: Any) -> int:
    try:
        return int(raw)
    except (TypeError, ValueError):
        raise ValueError(_("A whole number is needed.")) from None


def _choice(f: "dataclasses.Field[Any]", raw: Any) -> str:
    if raw not in [key for key, _words in f.metadata["choices"]]:
        raise ValueError(_("Choose one of the offered values."))
    return str(raw)


def _lines(f: "dataclasses.Field[Any]", raw: Any) -> list[str]:
    rows = raw if isinstance(raw, (list, tuple)) else str(raw).splitlines()
    return [str(row).strip() for row in rows if str(row).strip()]


def _json(f: "dataclasses.Field[Any]", raw: Any) -> Any:
    if isinstance(raw, (dict, list)):
        return raw
    try:
        return json.loads(raw)
    except (TypeError, ValueError):
        raise ValueError(_("This is not JSON.")) from None


def read_target(raw: str) -> str:
    """`host:port` in its one form; ValueError when it is none."""
    match = HOST_PORT.fullmatch(str(raw).strip())
    if not match or not 0 < int(match[2]) < 65536:
        raise ValueError(_("Write host:port, for example mlflow.internal:5000."))
    return str(raw).strip().lower()


READERS: dict[str, Callable[["dataclasses.Field[Any]", Any], Any]] = {
    "text": _text, "url": _url, "number": _number, "choice": _choice, "lines": _lines, "json": _json,
    "host_port": lambda f, raw: read_target(raw),
}  # fmt: skip


# ---- proofs -----------------------------------------------------------------------------------------------------------


def is_proven(scheme: str, header: str, headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: datetime) -> bool:
    """Whether what came in carries the proof the connection asks for, by one of its live secrets.

    `headers` with lower-case names; `body` as it came, before any decoding. An unknown scheme proves nothing.
    """
    if scheme == "none":
        return True
    check = CHECKS.get(scheme)
    live = [s for s in secrets if s]
    return bool(check and live and check(header.lower() or DEFAULT_HEADERS.get(scheme, ""), headers, body, live, now))


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode(), wanted.encode())


def _by_header(header: str, headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: datetime) -> bool:
    given = headers.get(header, "").strip()
    return any(_same(given, s) or _same(given, f"Bearer {s}") for s in secrets)


def _by_hmac(header: str, headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: datetime) -> bool:
    """`hex`, `sha256=hex`, or several `v1=hex` during the sender's own rotation."""
    given = [part.strip().rpartition("=")[2].lower() for part in headers.get(header, "").split(",")]
    wanted = [hmac.new(s.encode(), body, hashlib.sha256).hexdigest() for s in secrets]
    return any(_same(g, w) for g in given for w in wanted)


def _is_fresh(stamp: str, now: datetime) -> bool:
    return stamp.isdigit() and abs(now.timestamp() - int(stamp)) <= REPLAY.total_seconds()


def _by_parts(text: str, body: bytes, keys: Sequence[bytes], given: Sequence[str]) -> bool:
    signed = text.encode() + body
    wanted = [base64.b64encode(hmac.new(k, signed, hashlib.sha256).digest()).decode() for k in keys]
    return any(_same(g, w) for g in given for w in wanted)


def _by_standard(header: str, headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: datetime) -> bool:
    """Standard Webhooks: `id.timestamp.body`, the secret is base64 behind `whsec_`."""
    stamp = headers.get("webhook-timestamp", "")
    keys = []
    for s in secrets:
        try:
            keys.append(base64.b64decode(s.removeprefix("whsec_"), validate=True))
        except (binascii.Error, ValueError):
            continue
    given = [part.removeprefix("v1,") for part in headers.get("webhook-signature", "").split() if part.startswith("v1,")]
    return _is_fresh(stamp, now) and _by_parts(f"{headers.get('webhook-id', '')}.{stamp}.", body, keys, given)


def _by_mlflow(header: str, headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: datetime) -> bool:
    """MLflow 3: `delivery.timestamp.body`, the secret is used as plain text."""
    stamp = headers.get("x-mlflow-timestamp", "")
    given = [headers.get("x-mlflow-signature", "").removeprefix("v1,")]
    text = f"{headers.get('x-mlflow-delivery-id', '')}.{stamp}."
    return _is_fresh(stamp, now) and _by_parts(text, body, [s.encode() for s in secrets], given)


CHECKS = {"header": _by_header, "hmac_sha256": _by_hmac, "standard_webhooks": _by_standard, "mlflow": _by_mlflow}

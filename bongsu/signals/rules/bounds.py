"""What a body may be before anything parses it: size, packing, depth, and characters a database can keep (B3)."""

import json
import re
import zlib
from typing import Any

from bongsu.kernel.errors import BongsuError
from bongsu.kernel.text import gettext_noop as _

LARGEST = 1024 * 1024  # bytes, packed and unpacked
DEEPEST = 64
MOST_PARTS = 50_000  # commas, colons and brackets: what a parser would make objects of
CHARSETS = ("utf-8", "utf8", "us-ascii", "ascii")
BRACKETS = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)
CHARSET = re.compile(r"charset\s*=\s*\"?([\w.:-]+)", re.I)


class TooLarge(BongsuError):
    """More bytes than are taken."""

    code, status = "too-large", 413


class Unreadable(BongsuError):
    """The body is no JSON this house can keep."""

    code, status = "unreadable", 400


def unpacked(body: bytes, encoding: str) -> bytes:
    """The body without its gzip packing; refuses one that would grow beyond the bound, without growing it."""
    encoding = encoding.strip().lower()
    if len(body) > LARGEST:
        raise TooLarge(_("The body is larger than {most} bytes."), most=LARGEST)
    if encoding in ("", "identity"):
        return body
    if encoding not in ("gzip", "x-gzip"):
        raise Unreadable(_("The packing “{encoding}” is not taken; send plain or gzip."), encoding=encoding[:40])
    unpacker = zlib.decompressobj(wbits=31)
    try:
        plain = unpacker.decompress(body, LARGEST + 1)
    except zlib.error:
        raise Unreadable(_("The body says it is gzip and is not.")) from None
    if len(plain) > LARGEST:
        raise TooLarge(_("The body is larger than {most} bytes."), most=LARGEST)
    if not unpacker.eof:
        raise Unreadable(_("The gzip body ends too early."))
    return plain


def readable(body: bytes, content_type: str = "") -> Any:
    """The JSON value of a body within all bounds; refuses (`Unreadable`) and says why."""
    charset = CHARSET.search(content_type)
    if charset and charset[1].lower() not in CHARSETS:
        raise Unreadable(_("The character set “{name}” is not taken; send UTF-8."), name=charset[1][:40])
    if not body.strip():
        raise Unreadable(_("The body is empty."))
    if b"\x00" in body:
        raise Unreadable(_("The body contains NUL characters; it is not JSON."))
    check_shape(body)
    try:
        value = json.loads(body.decode("utf-8-sig"), parse_constant=_no_number)
    except UnicodeDecodeError:
        raise Unreadable(_("The body is not UTF-8.")) from None
    except (ValueError, RecursionError):
        raise Unreadable(_("The body is not JSON.")) from None
    if not isinstance(value, (dict, list)):
        raise Unreadable(_("The body is JSON but no object or list."))
    return value


def check_shape(body: bytes) -> None:
    """Refuse what nests too deeply or has too many parts, by looking at the brackets only."""
    if body.count(b",") + body.count(b"[") + body.count(b"{") > MOST_PARTS:
        raise Unreadable(_("The body has more than {most} parts."), most=MOST_PARTS)
    depth = 0
    for found in BRACKETS.finditer(body):
        mark = found[0]
        if mark in (b"[", b"{"):
            depth += 1
            if depth > DEEPEST:
                raise Unreadable(_("The body is nested deeper than {most} levels."), most=DEEPEST)
        elif mark in (b"]", b"}"):
            depth -= 1


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


KEPT_HEADERS = re.compile(
    r"content-type|user-agent|x-[a-z0-9-]*(?:event|delivery|hook-resource)[a-z0-9-]*|ce-[a-z0-9]+|webhook-id"
)
DELIVERY_HEADERS = ("webhook-id", "x-github-delivery", "x-mlflow-delivery-id", "x-h1-delivery", "request-id", "ce-id")


def kept_headers(headers: dict[str, str]) -> dict[str, str]:
    """The headers a source may need to understand the body; never what proves who sent it."""
    return {name: value[:300] for name, value in headers.items() if KEPT_HEADERS.fullmatch(name)}


def delivery_of(headers: dict[str, str]) -> str:
    """The sender's own number of this delivery, empty when it has none."""
    return next((headers[name][:200] for name in DELIVERY_HEADERS if headers.get(name)), "")

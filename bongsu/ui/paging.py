"""Cursor paging over a queryset: flat at any depth, steady while rows arrive."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Model, Q, QuerySet

from bongsu.kernel.errors import Invalid
from bongsu.kernel.text import gettext_noop as noop

FOREIGN = noop("This cursor is not one of ours.")


@dataclass(frozen=True)
class Page:
    items: list[Any]
    next_cursor: str
    is_first: bool
    sort: str


def page(rows: QuerySet[Any], *, sort: str, allowed: Sequence[str], cursor: str = "", size: int = 50) -> Page:
    """The `size` rows after `cursor`, by `sort` (field, `-` for falling) and id. An unknown sort is the first allowed one.

    The sorted fields must not be null. A cursor that is not ours is `Invalid`.
    """
    sort = sort if sort.removeprefix("-") in {a.removeprefix("-") for a in allowed} else allowed[0]
    name, falling = sort.removeprefix("-"), sort.startswith("-")
    rows = rows.order_by(sort, "-id" if falling else "id")
    if cursor:
        value, key = _read(cursor)
        side = "lt" if falling else "gt"
        try:
            rows = rows.filter(Q(**{f"{name}__{side}": value}) | Q(**{name: value, f"id__{side}": key}))
        except (ValueError, TypeError, ValidationError):
            raise Invalid(FOREIGN) from None
    items = list(rows[: size + 1])
    following = _cursor(items[size - 1], name) if len(items) > size else ""
    return Page(items[:size], following, not cursor, sort)


def _cursor(row: Model, name: str) -> str:
    value: Any = row
    for part in name.split("__"):
        value = getattr(value, part)
    text = json.dumps([value, str(row.pk)], cls=ExactEncoder)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


class ExactEncoder(DjangoJSONEncoder):
    """Django cuts moments to milliseconds; a cursor must be exact."""

    def default(self, value: Any) -> Any:
        return value.isoformat() if hasattr(value, "isoformat") else super().default(value)


def _read(cursor: str) -> tuple[Any, str]:
    try:
        value, key = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, TypeError, binascii.Error):
        raise Invalid(FOREIGN) from None
    return value, key

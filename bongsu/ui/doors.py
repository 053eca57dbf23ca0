"""What the doors for machines share: problem details (RFC 9457), pages with a cursor, and safe CSV cells.

@router.get("/incidents", response=Page[IncidentOut])
def list_incidents(request, paging: Query[Paging]):
    return page_of(queries.incidents(request.actor), paging, sort="-declared_at")
"""

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from ninja import Field, Schema
from pydantic import ConfigDict

from bongsu.kernel.errors import Invalid
from bongsu.kernel.text import gettext_noop as _

from .paging import page

T = TypeVar("T")


class Problem(Schema):
    """A refusal: `type` is a stable address of its kind, `detail` is in the reader's language, `fields` names inputs."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    fields: dict[str, str] = {}
    request_id: str = ""


class Body(Schema):
    """What is sent to us: a field we do not know is refused, since a word that was mistyped must not be passed over."""

    model_config = ConfigDict(extra="forbid")


class Paging(Schema):
    """`cursor` is the `next` of the page before; nothing can be read out of it."""

    cursor: str = Field("", max_length=500)
    limit: int = Field(50, ge=1, le=200)


class Page(Schema, Generic[T]):
    """`next` is null on the last page."""

    items: list[T]
    next: str | None = None


def page_of(
    rows: "QuerySet[Any]",
    paging: Paging,
    *,
    sort: str = "-id",
    shape: Callable[[Any], Any] | None = None,
    shown: Callable[[Sequence[Any]], None] | None = None,
) -> dict[str, Any]:
    """One page of `rows` for a `Page[...]` response, by `sort` (a column that is never null) and id; `shape` turns a row
    into its answer, `shown` is told which rows are handed out. Refuses (`Invalid`) a cursor that is not ours."""
    try:
        found = page(rows, sort=sort, allowed=[sort], cursor=paging.cursor, size=paging.limit)
    except (ValidationError, ValueError, TypeError):
        if not paging.cursor:
            raise
        raise Invalid(_("This cursor is not one of ours."), fields={"cursor": _("Take “next” of the page before.")}) from None
    if shown:
        shown(found.items)
    return {"items": [shape(row) for row in found.items] if shape else found.items, "next": found.next_cursor or None}


def csv_cell(value: object) -> str:
    """`value` as text a spreadsheet shows and never runs: cells beginning with = + - @ tab or CR get an apostrophe."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text

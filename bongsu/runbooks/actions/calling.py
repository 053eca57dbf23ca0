"""Asking an outside service for a row of ours; its answer finds the row again by the key of the call."""

from collections.abc import Mapping
from typing import Any, Protocol
from uuid import UUID

from bongsu.integrations.actions import call, drop_calls
from bongsu.integrations.models import Connection
from bongsu.integrations.rules import ENDED
from bongsu.kernel.actors import Actor, system
from bongsu.kernel.refs import split_ref

ME = system("runbooks")


class Owner(Protocol):
    """A row that asks: a containment, a snapshot, a verification."""

    subject_id: str

    @property
    def ref(self) -> str: ...


def ask(
    actor: Actor, row: Owner, purpose: str, *, connection: Connection, operation: str, payload: Mapping[str, Any]
) -> None:  # fmt: skip
    """Each purpose of a row is asked once and stands in nobody's way: one dead service never holds up another."""
    key = f"{row.ref}:{purpose}"
    call(
        actor, connection=connection, operation=operation, payload=payload, subject=row.subject_id, target=key,
        idempotency_key=key, is_urgent=operation == "set_alias",
    )  # fmt: skip


def unask(actor: Actor, row: Owner, purpose: str) -> None:
    """What is asked for and has not left the house is withdrawn: no release and no second try lets it go later."""
    drop_calls(actor, subject=row.subject_id, keys=[f"{row.ref}:{purpose}"], reason=ENDED)


def owner_of(key: str) -> tuple[str, UUID, str] | None:
    """(kind of the row, its id, what was asked for); None when the call is somebody else's."""
    reference, _colon, purpose = key.rpartition(":")
    try:
        kind, row = split_ref(reference)
        return kind, UUID(row), purpose
    except ValueError:
        return None

"""What an action may answer instead of doing it. Each door turns these into its own form of refusal.

`message` is a catalogue message (see `text`); `values` fill its places; `fields` name what was wrong with which input.
"""

from typing import Any

from .text import Text


class BongsuError(Exception):
    """Base of all refusals a person or a machine is told about."""

    code = "error"
    status = 500

    def __init__(self, message: str | Text, *, fields: dict[str, str | Text] | None = None, **values: Any) -> None:
        self.text = message if isinstance(message, Text) else Text(message, values)
        self.fields = {name: t if isinstance(t, Text) else Text(t) for name, t in (fields or {}).items()}
        super().__init__(str(self.text))


class Invalid(BongsuError):
    """The input is not usable; `fields` says where."""

    code, status = "invalid", 422


class Forbidden(BongsuError):
    """The actor may not do this."""

    code, status = "forbidden", 403


class NotFound(BongsuError):
    """There is no such thing, or the actor must not know of it."""

    code, status = "not-found", 404


class Conflict(BongsuError):
    """Somebody was faster, or it exists already."""

    code, status = "conflict", 409


class Refused(BongsuError):
    """A rule of the house says no; the text says why and what would help."""

    code, status = "refused", 409


class TransportError(Exception):
    """An outside service did not do what was asked. `permanent`: trying again will not help; `not_sent`: it saw nothing."""

    def __init__(
        self, message: str, *, permanent: bool = False, retry_after: float | None = None, status: int = 0, not_sent: bool = False
    ) -> None:
        super().__init__(message)
        self.permanent, self.retry_after, self.status, self.not_sent = permanent, retry_after, status, not_sent

"""Words that are translated later: the ground floor and the rules know no language and no Django.

`_` marks a message for the catalogue and returns it unchanged; `Text` carries the message with its values to the
door (page, API, CLI), where `bongsu.ui.language.say` turns it into the reader's language.
"""

from dataclasses import dataclass, field
from typing import Any


def gettext_noop(message: str) -> str:
    """Mark `message` for translation and return it as it is."""
    return message


@dataclass(frozen=True)
class Text:
    """A message of the catalogue and the values for its `{named}` places."""

    message: str
    values: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.message.format(**self.values) if self.values else self.message


def text(message: str, **values: Any) -> Text:
    return Text(message, values)

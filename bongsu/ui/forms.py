"""Forms that an action may still refuse, and forms of acts (`ui.acts` shows those)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms

from bongsu.kernel.errors import BongsuError

from .language import say


class RefusableForm(forms.Form):
    def refuse(self, error: BongsuError) -> None:
        """Put a refusal's fields onto the form; what has no field of its own stands above."""
        for name, text in error.fields.items():
            self.add_error(name if name in self.fields else None, say(text))
        if not error.fields:
            self.add_error(None, say(error.text))


@dataclass(frozen=True)
class Listed:
    """Lines a person should know before acting: shown under their title, folded unless `is_open`."""

    title: str
    lines: Sequence[str]
    is_open: bool = False


class ActForm(RefusableForm):
    """One act: `title` names it, its window and its button; `what` stands above the fields."""

    title: Any = ""
    what: Any = ""
    listed: Listed | None = None

    def values(self) -> dict[str, Any]:
        """The keyword arguments of its action."""
        return dict(self.cleaned_data)

    def links(self) -> list[tuple[str, Any]]:
        """Other acts to offer beneath this one: (address, label)."""
        return []

    def choose(self, name: str, choices: Any) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]

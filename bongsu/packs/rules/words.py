"""The words of the schema: bilingual text, keys and references, and how a thing is looked up by its key.

`Key("post")` marks the field that names a thing, `Ref("post")` one that points at it; the loader checks both.
"""

from dataclasses import dataclass
from typing import Annotated, Literal, TypeVar

from bongsu.kernel.errors import NotFound
from bongsu.kernel.text import gettext_noop as _

T = TypeVar("T")
Language = Literal["ko", "en"]
LANGUAGES: tuple[Language, ...] = ("ko", "en")


@dataclass(frozen=True)
class Key:
    """This text names a thing of `kind`; unique in the pack."""

    kind: str


@dataclass(frozen=True)
class Ref:
    """This text names an existing thing of `kind`."""

    kind: str


SeverityRef = Annotated[str, Ref("severity")]
TypeRef = Annotated[str, Ref("type")]
SubtypeRef = Annotated[str, Ref("subtype")]
PostRef = Annotated[str, Ref("post")]
StateRef = Annotated[str, Ref("state")]
RoleRef = Annotated[str, Ref("role")]


@dataclass(frozen=True)
class Bilingual:
    """One text in both languages."""

    ko: str
    en: str

    def say(self, language: str) -> str:
        return self.en if language.startswith("en") else self.ko

    @property
    def both(self) -> dict[str, str]:
        """As facts, duties and timers keep it."""
        return {"ko": self.ko, "en": self.en}


def one(things: "tuple[T, ...] | list[T]", field_name: str, key: str, kind: str) -> T:
    for thing in things:
        if getattr(thing, field_name) == key:
            return thing
    raise NotFound(_("The pack has no {kind} “{key}”."), kind=kind, key=key)

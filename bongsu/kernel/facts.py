"""Facts: what a module states has happened. Frozen dataclasses in past tense, owned by the module that speaks.

    @fact("incidents.opened")
    class IncidentOpened(Fact):
        sentence = _("{actor} declared {severity}: {title}")
        personal = frozenset({"title"})
        title: str
        severity: str

The dotted name with its version is what the ledger keeps; it never changes once released. Fields named in `personal`
(personal data and free text) are kept beside the event, only their keyed hash is in the chain, so that they can be
erased on the record. `said_as` says what the keys in a field are called ({field: {key: message}}), `icon` how the timeline
marks it, `together` how several of one moment are said in one line (with `{count}`): those whose `alike_in` fields are the
same.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, TypeVar, dataclass_transform

_known: dict[str, type["Fact"]] = {}


@dataclass(frozen=True, kw_only=True)
class Fact:
    """Base of all facts. `subject` is the reference of the record it belongs to, for example `incident:<uuid>`."""

    name: ClassVar[str] = ""
    sentence: ClassVar[str] = ""
    personal: ClassVar[frozenset[str]] = frozenset()
    said_as: ClassVar[Mapping[str, Mapping[Any, str]]] = {}
    together: ClassVar[str] = ""
    alike_in: ClassVar[tuple[str, ...]] = ()
    icon: ClassVar[str] = "dot"
    on_timeline: ClassVar[bool] = True

    subject: str

    def data(self) -> dict[str, Any]:
        """The fields as the ledger keeps them, without the subject."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name != "subject"}


F = TypeVar("F", bound=Fact)


@dataclass_transform(frozen_default=True, kw_only_default=True)
def fact(name: str, version: int = 1) -> Callable[[type[F]], type[F]]:
    """Class decorator: makes it a frozen dataclass and registers it as `name@version`."""

    def register(cls: type[F]) -> type[F]:
        if "name" in inspect.get_annotations(cls):
            raise TypeError(f"{name}: a field called name would hide the fact's own")
        made = dataclass(frozen=True, kw_only=True)(cls)
        made.name = f"{name}@{version}"
        unknown = made.personal - {f.name for f in fields(made)}
        if unknown:
            raise TypeError(f"{made.name}: personal names no field: {sorted(unknown)}")
        if not made.sentence:
            raise TypeError(f"{made.name}: a fact needs its sentence")
        if made.name in _known:
            raise TypeError(f"{made.name} is stated twice")
        _known[made.name] = made
        return made

    return register


def known_facts() -> dict[str, type[Fact]]:
    return dict(_known)


def fact_class(name: str) -> type[Fact] | None:
    return _known.get(name)

"""From a tree to frozen dataclasses, by their type hints; collects every problem instead of stopping at the first."""

import re
import types
from collections.abc import Callable
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from functools import cache
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from bongsu.kernel.canonical import plain
from bongsu.kernel.text import gettext_noop as _

from .reading import Node, PackError, Problem
from .words import Bilingual, Key, Ref

T = TypeVar("T")
UNITS = {"m": 60, "h": 3600, "d": 86400}


@cache
def _hints(cls: Any) -> dict[str, Any]:
    return get_type_hints(cls, include_extras=True)


class Decoder:
    """Decodes the trees of one pack; `finish` raises what was wrong, references included."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.defined: dict[str, dict[str, Node]] = {}
        self.refs: list[tuple[Ref, str, Node]] = []
        self.places: dict[int, Node] = {}
        self.alive: list[object] = []  # ids are only unique while the object lives

    def finish(self) -> None:
        """Check the references, then raise PackError if anything was wrong."""
        for ref, value, node in self.refs:
            known = self.defined.get(ref.kind.rstrip("?"), {})
            if value not in known and not (ref.kind.endswith("?") and value == ""):
                self.add(
                    node,
                    _("There is no {kind} “{value}”."),
                    _("Use one of: {known}. {guess}"),
                    kind=ref.kind.rstrip("?"),
                    value=value,
                    **_guess(value, known),
                )
        if self.problems:
            once = {str(problem): problem for problem in self.problems}
            raise PackError(sorted(once.values(), key=lambda p: (p.file, p.line)))

    def add(self, node: Node, message: str, remedy: str, *, line: int = 0, **values: Any) -> None:
        self.problems.append(node.problem(message, remedy, line=line, **values))

    def node_of(self, thing: object) -> Node:
        """Where a decoded dataclass stands."""
        return self.places[id(thing)]

    def decode(self, hint: Any, node: Node) -> Any:
        """`node` as `hint` asks for; a stand-in when it cannot be (the problem is kept)."""
        origin = get_origin(hint)
        if origin is Annotated:
            return self._marked(hint, node)
        if origin in (Union, types.UnionType):
            (inner,) = [arm for arm in get_args(hint) if arm is not type(None)]
            return None if node.value is None else self.decode(inner, node)
        if origin is Literal:
            return self._choice(get_args(hint), node)
        if origin is tuple:
            return self._list(get_args(hint)[0], node)
        if is_dataclass(hint):
            return self.dataclass(hint, node)  # type: ignore[arg-type]
        reader = SCALARS.get(hint)
        if reader is None:
            return plain(node.plain())  # as it stands after it was stored: decimals are text
        return self._scalar(reader, hint, node)

    def dataclass(self, cls: type[T], node: Node) -> T:
        """A mapping as `cls`; unknown and missing keys are problems."""
        if not isinstance(node.value, dict):
            if cls is Bilingual:
                self.add(node, _("This text needs both languages."), _("Write it with `ko:` and `en:`."))
            else:
                self.add(
                    node, _("Here stands one value where several named ones belong."), _("Write the fields as `name: value`.")
                )
            return self._blank(cls)
        known = {f.name: f for f in fields(cls)}  # type: ignore[arg-type]
        for key in node.value:
            if key not in known:
                line = node.lines.get(key, node.line)
                self.add(
                    node,
                    _("“{key}” is not known here."),
                    _("Use one of: {known}. {guess}"),
                    line=line,
                    key=key,
                    **_guess(key, known),
                )
        values = {}
        for name, spec in known.items():
            child = node.value.get(name)
            if child is not None and not (child.value is None and spec.default is not MISSING):
                values[name] = self.decode(_hints(cls)[name], child)  # type: ignore[arg-type]
            elif spec.default is MISSING and spec.default_factory is MISSING:
                self._missing(cls, node, name)
                values[name] = self._stand_in(_hints(cls)[name])  # type: ignore[arg-type]
        made = cls(**values)
        self.places[id(made)] = node
        self.alive.append(made)
        return made

    def _missing(self, cls: type, node: Node, name: str) -> None:
        if cls is Bilingual:
            self.add(
                node,
                _("The text is missing in “{name}”."),
                _("Every text stands in Korean and English: add `{name}: …`."),
                name=name,
            )
        else:
            self.add(node, _("“{name}” is missing."), _("Add `{name}: …`."), name=name)

    def _marked(self, hint: Any, node: Node) -> Any:
        inner, mark = get_args(hint)[:2]
        value = self.decode(inner, node)
        if isinstance(mark, Key) and isinstance(value, str):
            self.define(mark.kind, value, node)
        elif isinstance(mark, Ref) and isinstance(value, str):
            self.refs.append((mark, value, node))
        return value

    def define(self, kind: str, value: str, node: Node) -> None:
        known = self.defined.setdefault(kind, {})
        if value in known:
            first = known[value]
            self.add(
                node,
                _("The {kind} “{value}” stands twice; first at {first}."),
                _("Give one of them another key."),
                kind=kind,
                value=value,
                first=f"{first.file}:{first.line}",
            )
        known.setdefault(value, node)

    def _choice(self, choices: tuple[str, ...], node: Node) -> str:
        if node.value in choices:
            return str(node.value)
        self.add(
            node,
            _("“{value}” is not possible here."),
            _("Use one of: {known}. {guess}"),
            value=str(node.plain()),
            **_guess(str(node.plain()), choices),
        )
        return choices[0]

    def _list(self, inner: Any, node: Node) -> tuple[Any, ...]:
        if not isinstance(node.value, list):
            self.add(node, _("Here belongs a list."), _("Write the entries as `- …`, one under the other, or as [a, b]."))
            return ()
        return tuple(self.decode(inner, child) for child in node.value)

    def _scalar(self, reader: Callable[[Any], Any], hint: Any, node: Node) -> Any:
        try:
            return reader(node.value)
        except (TypeError, ValueError, InvalidOperation):
            self.add(
                node,
                _("“{value}” is not {wanted}."),
                _("Write {wanted}."),
                value=str(node.plain())[:60],
                wanted=WANTED[hint],
            )
            return BLANK[hint]

    def _blank(self, cls: type[T]) -> T:
        made = cls(**{f.name: self._stand_in(_hints(cls)[f.name]) for f in fields(cls)})  # type: ignore[arg-type]
        self.places[id(made)] = Node(None, "", 0)
        self.alive.append(made)
        return made

    def _stand_in(self, hint: Any) -> Any:
        origin = get_origin(hint)
        if origin is Annotated:
            return self._stand_in(get_args(hint)[0])
        if origin in (Union, types.UnionType):
            return None
        if origin is tuple:
            return ()
        if origin is Literal:
            return get_args(hint)[0]
        return self._blank(hint) if is_dataclass(hint) else BLANK.get(hint)  # type: ignore[arg-type]


def _text(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)) or not str(value).strip():
        raise ValueError
    return str(value)


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError
    return value


def _yes_no(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError
    return value


def _number(value: Any) -> Decimal:
    if isinstance(value, bool) or value is None:
        raise ValueError
    return Decimal(value)


def _duration(value: Any) -> timedelta:
    found = re.fullmatch(r"(\d{1,5})([mhd])", str(value))
    if not found:
        raise ValueError
    return timedelta(seconds=int(found[1]) * UNITS[found[2]])


def _day(value: Any) -> date:
    return date.fromisoformat(str(value))


SCALARS: dict[Any, Callable[[Any], Any]] = {
    str: _text,
    int: _whole,
    bool: _yes_no,
    Decimal: _number,
    timedelta: _duration,
    date: _day,
}
WANTED = {
    str: _("a text"),
    int: _("a whole number"),
    bool: _("true or false"),
    Decimal: _("a number"),
    timedelta: _("a duration such as 15m, 1h or 7d"),
    date: _("a day such as 2026-11-23"),
}
BLANK: dict[Any, Any] = {str: "", int: 0, bool: False, Decimal: Decimal(0), timedelta: timedelta(0), date: date.min}


def _guess(value: str, known: Any) -> dict[str, Any]:
    near = get_close_matches(value, list(known), n=1)
    return {"known": ", ".join(list(known)[:40]) or "-", "guess": f"({near[0]}?)" if near else ""}

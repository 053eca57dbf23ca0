"""What changed between two versions of a pack, entry by entry."""

import json
from dataclasses import dataclass
from typing import Any, Literal

NAMES = ("key", "id", "name")


@dataclass(frozen=True)
class Change:
    """`path`: where, for example `taxonomy / severities / P0 / respond_within`."""

    path: str
    kind: Literal["added", "removed", "changed"]
    before: str
    after: str


def compare(before: str, after: str) -> tuple[Change, ...]:
    """The changes from one stored text to another."""
    return tuple(_walk("", json.loads(before), json.loads(after)))


def _walk(path: str, before: Any, after: Any) -> list[Change]:
    if before == after:
        return []
    old, new = _named(before), _named(after)
    if old is None or new is None:
        return [Change(path, "changed", _show(before), _show(after))]
    changes = []
    for name in [*old, *(name for name in new if name not in old)]:
        where = f"{path} / {name}" if path else name
        if name not in new:
            changes.append(Change(where, "removed", _show(old[name]), ""))
        elif name not in old:
            changes.append(Change(where, "added", "", _show(new[name])))
        else:
            changes += _walk(where, old[name], new[name])
    return changes


def _named(value: Any) -> dict[str, Any] | None:
    """Entries by name, for mappings and for lists of named things."""
    if isinstance(value, dict):
        return value
    if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        names = [_name(item) for item in value]
        if len(set(names)) == len(names) and all(names):
            return dict(zip(names, value, strict=True))
    return None


def _name(item: dict[str, Any]) -> str:
    for name in NAMES:
        if name in item:
            return str(item[name])
    return "/".join(str(item[name]) for name in ("type", "source", "severity", "target") if name in item)


def _show(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)

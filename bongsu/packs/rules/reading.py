"""YAML and JSON as a tree that knows where each value stands: file and line travel with it to the error."""

import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import yaml

from bongsu.kernel.text import Text, text
from bongsu.kernel.text import gettext_noop as _

Plain = str | int | Decimal | bool | None
DEEPEST = 40
LARGEST = 512 * 1024  # characters in one file
FAST = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # libyaml where it is there: ten times as fast


@dataclass(frozen=True)
class Problem:
    """What is wrong, where, and what would help."""

    file: str
    line: int
    message: Text
    remedy: Text

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message} {self.remedy}"


class PackError(Exception):
    """The pack cannot be used; `problems` says why, each with file, line and remedy."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(p) for p in problems))
        self.problems = problems


@dataclass(frozen=True)
class Node:
    """A value of a pack file and its place."""

    value: "Plain | dict[str, Node] | list[Node]"
    file: str
    line: int
    lines: dict[str, int] = field(default_factory=dict)

    def plain(self) -> Any:
        """The bare value, without places."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value

    def problem(self, message: str, remedy: str, *, line: int = 0, **values: Any) -> Problem:
        return Problem(self.file, line or self.line, text(message, **values), text(remedy, **values))


def from_plain(value: Any, file: str) -> Node:
    """A tree of an already parsed JSON value; every line is 1."""
    if isinstance(value, dict):
        return Node({str(key): from_plain(child, file) for key, child in value.items()}, file, 1)
    if isinstance(value, list):
        return Node([from_plain(child, file) for child in value], file, 1)
    return Node(value, file, 1)


def from_yaml(content: str, file: str) -> Node:
    """Read one YAML file; PackError when it is none, uses aliases or tags, repeats a key, or is far too large."""
    if len(content) > LARGEST:
        raise _failure(file, 1, _("The file is too large."), _("Split it; {most} characters are the limit."), most=LARGEST)
    loader = FAST(content)
    try:
        root = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise _failure(
            file, line, _("This is not valid YAML: {problem}."), _("Check indentation, colons and quotes."), problem=error.problem
        ) from error
    except yaml.YAMLError as error:  # a character YAML does not allow
        raise _failure(
            file, 1, _("This is not valid YAML: {problem}."), _("Save the file as UTF-8 text."), problem=str(error)[:120]
        ) from error
    except RecursionError as error:
        raise _failure(file, 1, _("The file is nested too deeply."), _("Flatten it.")) from error
    finally:
        loader.dispose()
    if root is None:
        raise _failure(file, 1, _("The file is empty."), _("Fill it, or delete it."))
    return _tree(root, file, 0, set())


def _tree(node: yaml.Node, file: str, depth: int, seen: set[int]) -> Node:
    line = node.start_mark.line + 1
    if depth > DEEPEST:
        raise _failure(file, line, _("The file is nested too deeply."), _("Flatten it."))
    if id(node) in seen:
        raise _failure(file, line, _("Anchors and aliases are not allowed."), _("Write the value out where it is used."))
    seen.add(id(node))
    if node.tag.startswith("!") or node.tag.startswith("tag:yaml.org,2002:python"):
        raise _failure(file, line, _("The tag {tag} is not allowed."), _("A pack is plain data: remove the tag."), tag=node.tag)
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, file, depth, seen)
    if isinstance(node, yaml.SequenceNode):
        return Node([_tree(child, file, depth + 1, seen) for child in node.value], file, line)
    return Node(node.value if getattr(node, "style", "") else scalar(node.value), file, line)


def _mapping(node: yaml.MappingNode, file: str, depth: int, seen: set[int]) -> Node:
    children: dict[str, Node] = {}
    lines: dict[str, int] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            raise _failure(file, line, _("A key must be a word."), _("Put the key before the colon as plain text."))
        key = key_node.value
        if key in children:
            raise _failure(file, line, _("“{key}” stands here twice."), _("Keep one of the two."), key=key)
        children[key], lines[key] = _tree(value_node, file, depth + 1, seen), line
    return Node(children, file, node.start_mark.line + 1, lines)


def scalar(word: str) -> Plain:
    """The YAML 1.2 core reading of a plain word: `yes` and `no` stay words."""
    if word in ("", "~", "null"):
        return None
    if word in ("true", "false"):
        return word == "true"
    if re.fullmatch(r"[-+]?(0|[1-9][0-9]{0,17})", word):
        return int(word)
    if re.fullmatch(r"[-+]?[0-9]{1,18}\.[0-9]{1,18}", word):
        return Decimal(word)
    return word


def _failure(file: str, line: int, message: str, remedy: str, **values: Any) -> PackError:
    return PackError([Problem(file, line, text(message, **values), text(remedy, **values))])

"""From the files of a folder, or a stored text, to a `Pack`; and one pack laid over another."""

import json
import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from bongsu.kernel.canonical import canonical
from bongsu.kernel.text import gettext_noop as _

from .checking import check
from .classification import Rule, Verdict
from .conditions import All, decode_condition, decode_pattern
from .decoding import Decoder
from .pack import Case, Header, Pack
from .playbooks import Runbook, Template
from .reading import Node, PackError, from_plain, from_yaml
from .taxonomy import Taxonomy
from .words import Bilingual

LISTS = {"checklists": "checklists/*.yaml", "runbooks": "runbooks/*.yaml", "templates": "templates/*.md"}
WHOLE = {"classification.yaml": "classification", "cases.yaml": "cases", "pack.yaml": "pack"}
IDENTITIES = (("key",), ("id",), ("name",), ("type", "severity"), ("source", "target"), ("severity",))
LANGUAGE_LINE = re.compile(r"^<!-- (\w+) -->[ \t]*$", re.M)


def parse_files(files: Mapping[str, str], base: Pack | None = None) -> Pack:
    """The pack in `files` (path -> text), laid over `base` when it extends one; PackError says what is wrong."""
    tree = assemble(files)
    if base is not None and isinstance(tree.value, dict):
        header = tree.value["pack"]
        tree = lay_over(from_plain(json.loads(base.content), base.header.id), tree)
        assert isinstance(tree.value, dict)
        tree.value["pack"] = header
    return decode(tree)


def parse_content(content: str) -> Pack:
    """The pack of a stored version; its text was checked when it was activated."""
    return decode(from_plain(json.loads(content), "pack"))


def extended_id(files: Mapping[str, str]) -> str:
    """The id of the pack that these files extend, or nothing."""
    tree = assemble(files)
    header = tree.value["pack"].plain() if isinstance(tree.value, dict) else {}
    return str(header.get("extends") or "") if isinstance(header, dict) else ""


def assemble(files: Mapping[str, str]) -> Node:
    """One tree of all files; every problem with a file as such is told at once."""
    problems = []
    parts: dict[str, Any] = {"taxonomy": {}, "checklists": [], "runbooks": [], "templates": []}
    lines: dict[str, int] = {}
    for name in sorted(files):
        try:
            _place(parts, lines, name, files[name])
        except PackError as error:
            problems += error.problems
    if "pack.yaml" not in files:
        problems.append(
            Node(None, "pack.yaml", 1).problem(_("The pack has no header."), _("Add pack.yaml with `id`, `version`, `title`."))
        )
    if problems:
        raise PackError(problems)
    tree = {
        name: part
        if isinstance(part, Node)
        else Node(part, "taxonomy.yaml" if name == "taxonomy" else f"{name}/", 1, dict(lines))
        for name, part in parts.items()
    }
    return Node(tree, "pack.yaml", 1)


def _place(parts: dict[str, Any], lines: dict[str, int], name: str, content: str) -> None:
    path = PurePosixPath(name)
    if name in WHOLE:
        parts[WHOLE[name]] = from_yaml(content, name)
    elif path.match("taxonomy*.yaml") and len(path.parts) == 1:
        node = from_yaml(content, name)
        if not isinstance(node.value, dict):
            raise PackError([node.problem(_("Here belong named sections."), _("Write the file as `severities: …`, `types: …`."))])
        for key, child in node.value.items():
            if key in parts["taxonomy"]:
                there = parts["taxonomy"][key].file
                raise PackError(
                    [child.problem(_("“{key}” stands in {file} already."), _("Keep it in one file."), key=key, file=there)]
                )
            parts["taxonomy"][key] = child
            lines[key] = node.lines[key]
    elif kind := next((kind for kind, glob in LISTS.items() if path.match(glob) and len(path.parts) == 2), None):
        parts[kind].append(template_node(content, name) if kind == "templates" else from_yaml(content, name))
    else:
        raise PackError(
            [
                Node(None, name, 1).problem(
                    _("A pack has no such file."),
                    _("Use pack.yaml, taxonomy*.yaml, classification.yaml, cases.yaml, runbooks/, checklists/, templates/."),
                )
            ]
        )


def template_node(content: str, file: str) -> Node:
    """A template file: front matter between two lines `---`, then a body for each language after `<!-- ko -->`."""
    found = re.match(r"---\n(.*?\n)---\n", content, re.S)
    if not found:
        raise PackError(
            [
                Node(None, file, 1).problem(
                    _("The template has no head."),
                    _("Begin the file with `---`, the fields `id`, `version`, `title`, `subject`, and `---`."),
                )
            ]
        )
    head = from_yaml("\n" + found[1], file)  # the line of `---` is counted
    if not isinstance(head.value, dict):
        raise PackError([head.problem(_("The template has no head."), _("Write its fields as `name: value`."))])
    subject = head.value.pop("subject", Node({}, file, 2))
    pieces = LANGUAGE_LINE.split(content[found.end() :])
    bodies = {pieces[i]: pieces[i + 1].strip("\n") for i in range(1, len(pieces), 2)}
    for language in ("ko", "en"):
        if not bodies.get(language, "").strip():
            raise PackError(
                [
                    head.problem(
                        _("The template has no text in “{language}”."),
                        _("Add the line `<!-- {language} -->` and the text."),
                        language=language,
                    )
                ]
            )
        words = subject.value if isinstance(subject.value, dict) else {}
        head.value[language] = Node(
            {"subject": words.get(language, Node(None, file, subject.line)), "body": Node(bodies[language], file, head.line)},
            file,
            head.line,
        )
    return head


def lay_over(base: Node, over: Node, *, is_first: bool = False) -> Node:
    """`over` on `base`: named entries by their key, lists of named things by id, everything else replaced.

    An entry with `remove: true` takes the one below it away. New entries follow the old ones, but classification
    rules come first.
    """
    if isinstance(base.value, dict) and isinstance(over.value, dict):
        merged = dict(base.value)
        for key, child in over.value.items():
            merged[key] = lay_over(merged[key], child, is_first=key == "classification") if key in merged else child
        return Node(merged, over.file, over.line, over.lines)
    if isinstance(base.value, list) and isinstance(over.value, list):
        if not base.value or not over.value:
            return base if base.value and not over.value else over
        if all(_identity(node) for node in [*base.value, *over.value]):
            return _merge_lists(base.value, over, is_first)
    return over


def _merge_lists(below: list[Node], over: Node, is_first: bool) -> Node:
    merged = {_identity(node): node for node in below}
    new: dict[Any, Node] = {}
    assert isinstance(over.value, list)
    for node in over.value:
        identity = _identity(node)
        assert isinstance(node.value, dict)
        if "remove" in node.value:
            if identity not in merged:
                raise PackError([node.problem(_("There is nothing to remove here."), _("Check the key against the pack below."))])
            del merged[identity]
        elif identity in merged:
            merged[identity] = lay_over(merged[identity], node)
        else:
            new[identity] = node
    both = {**new, **merged} if is_first else {**merged, **new}
    return Node(list(both.values()), over.file, over.line)


def _identity(node: Node) -> tuple[str, ...] | None:
    if isinstance(node.value, dict):
        for names in IDENTITIES:
            if all(name in node.value for name in names):
                return (*names, *(str(node.value[name].plain()) for name in names))
    return None


def decode(tree: Node) -> Pack:
    """The typed pack of a tree; PackError with every problem."""
    decoder = Decoder()
    assert isinstance(tree.value, dict)
    value = tree.value
    empty = Node([], "pack.yaml", 1)
    taxonomy = _with_checklists(value)
    pack = Pack(
        header=decoder.dataclass(Header, value["pack"]),
        taxonomy=decoder.dataclass(Taxonomy, taxonomy),
        runbooks=decoder.decode(tuple[Runbook, ...], value.get("runbooks", empty)),
        templates=decoder.decode(tuple[Template, ...], value.get("templates", empty)),
        classification=_rules(decoder, value.get("classification", empty)),
        cases=decoder.decode(tuple[Case, ...], value.get("cases", empty)),
        content=canonical(tree.plain()),
    )
    check(decoder, pack, taxonomy)
    decoder.finish()
    return pack


def _with_checklists(value: dict[str, Any]) -> Node:
    node: Node = value["taxonomy"]
    assert isinstance(node.value, dict)
    if "checklists" not in value:
        return node
    return Node({**node.value, "checklists": value["checklists"]}, node.file, node.line, node.lines)


def _rules(decoder: Decoder, node: Node) -> tuple[Rule, ...]:
    if not isinstance(node.value, list):
        decoder.add(node, _("Here belongs a list."), _("Write the entries as `- …`, one under the other, or as [a, b]."))
        return ()
    return tuple(_rule(decoder, child) for child in node.value)


def _rule(decoder: Decoder, node: Node) -> Rule:
    value = node.value if isinstance(node.value, dict) else {}
    for key in ("id", "hides", "why") if "hides" in value else ("id", "when", "sets" if "sets" in value else "then", "why"):
        if key not in value:
            decoder.add(node, _("“{name}” is missing."), _("Add `{name}: …`."), name=key)
    for key in value.keys() - {"id", "when", "then", "why", "overrides", "sets", "hides", "last"}:
        decoder.add(
            node,
            _("“{key}” is not known here."),
            _("Use one of: {known}."),
            line=node.lines.get(key, 0),
            key=key,
            known="id, when, then, sets, hides, last, why, overrides",
        )
    blank = Node(None, node.file, node.line)
    name = decoder.decode(str, value["id"]) if "id" in value else ""
    if name:
        decoder.define("rule", name, node)
    rule = Rule(
        id=name,
        when=decode_condition(decoder, value.get("when", blank)) if "hides" not in value else All(()),
        why=decoder.dataclass(Bilingual, value["why"]) if "why" in value else Bilingual("", ""),
        verdict=_verdict(decoder, value.get("then", blank)),
        overrides=decoder.decode(tuple[str, ...], value["overrides"]) if "overrides" in value else (),
        sets=decoder.decode(str, value["sets"]) if "sets" in value else "",
        last=decoder.decode(bool, value["last"]) if "last" in value else False,
        hides=decode_pattern(decoder, value["hides"]) if "hides" in value else "",
    )
    decoder.places[id(rule)] = node
    decoder.alive.append(rule)
    return rule


def _verdict(decoder: Decoder, node: Node) -> Verdict | None:
    if node.value == "ignore" or node.value is None:
        return None
    return decoder.dataclass(Verdict, node)

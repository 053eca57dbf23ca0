"""Thirty ways to break a pack: what is changed in the default one, where the error must point, and a word of it."""

from collections.abc import Callable
from dataclasses import dataclass

Files = dict[str, str]


@dataclass(frozen=True)
class Broken:
    what: str
    file: str
    says: str
    change: Callable[[Files], object]


def swap(file: str, old: str, new: str) -> Callable[[Files], object]:
    def change(files: Files) -> None:
        assert old in files[file], f"{old!r} is not in {file}"
        files[file] = files[file].replace(old, new, 1)

    return change


def put(file: str, content: str) -> Callable[[Files], object]:
    return lambda files: files.update({file: content})


T, P, S, C = "taxonomy.yaml", "taxonomy-people.yaml", "taxonomy-states.yaml", "taxonomy-conduct.yaml"
G, D, K = "runbooks/generic.yaml", "templates/declaration.md", "classification.yaml"

BROKEN = [
    Broken("not YAML", T, "valid YAML", swap(T, "severities:\n", "severities: [\n")),
    Broken("empty file", T, "empty", put(T, "")),
    Broken("key twice", T, "twice", swap(T, "    fires: 5\n", "    fires: 5\n    fires: 4\n")),
    Broken("anchor and alias", "cases.yaml", "aliases", put("cases.yaml", "- &a {id: x}\n- *a\n")),
    Broken("python tag", "cases.yaml", "tag", put("cases.yaml", "- !!python/object/apply:os.system ['true']\n")),
    Broken("unknown key", T, "respond_within?", swap(T, "respond_within: 15m", "respond_withn: 15m")),
    Broken("missing key", T, "“fires” is missing", swap(T, "    fires: 5\n", "")),
    Broken("one language only", T, "“en”", swap(T, "{ko: 심각, en: Critical}", "{ko: 심각}")),
    Broken("text instead of both languages", T, "both languages", swap(T, "{ko: 심각, en: Critical}", "Critical")),
    Broken("bad duration", T, "15m", swap(T, "respond_within: 15m", "respond_within: 15 minutes")),
    Broken("duration of nothing", T, "A duration of nothing", swap(T, "respond_within: 15m", "respond_within: 0m")),
    Broken("word for a number", T, "whole number", swap(T, "fires: 5", "fires: five")),
    Broken("same fires twice", T, "4 fires", swap(T, "fires: 5", "fires: 4")),
    Broken("unknown post", T, "There is no post “cisco”", swap(T, "notify: [ciso, legal, ceo]", "notify: [cisco, legal, ceo]")),
    Broken("sub-type twice", T, "stands twice", swap(T, "key: bias\n", "key: performance_drop\n")),
    Broken("cell twice", T, "2 cells", swap(T, "{type: data, severity: P1,", "{type: data, severity: P0,")),
    Broken("cell with a foreign sub-type", T, "sub-type of", swap(T, "subtype: data_logs_missing, pr", "subtype: bias, pr")),
    Broken("priority twice", T, "priority", swap(T, "priority: 20,", "priority: 19,")),
    Broken("fallback circle", P, "circle", swap(P, "meaning: {ko: 모든 P0", "fallback: ceo\n    meaning: {ko: 모든 P0")),
    Broken("nobody told at declaration", T, "at declaration", swap(P, "after: 0m, posts: [ciso", "after: 5m, posts: [ciso")),
    Broken("unknown channel", P, "pager", swap(P, "channels: [slack, email, pager, phone]}", "channels: [pigeon]}")),
    Broken("move to an unknown state", S, "There is no state", swap(S, "target: declared,", "target: declraed,")),
    Broken("state missing", S, "“monitoring” is missing", swap(S, "{key: monitoring,", "{key: observing,")),
    Broken("nobody may move", S, "Nobody may", swap(S, "who: [responder, commander, machine]", "who: []")),
    Broken("channel place", C, "{id}", swap(C, 'pattern: "incident-{id}"', 'pattern: "incident-{ticket}"')),
    Broken("unknown automation mode", C, "propose", swap(C, "modes: {P0: propose", "modes: {P0: maybe")),
    Broken("phases out of order", G, "in this order", swap(G, "- key: initial", "- key: recover")),
    Broken("step needs a later one", G, "does not come before", swap(G, "requires: [confirm]", "requires: [verify]")),
    Broken("automation without section", G, "belong together", swap(G, "kind: automation", "kind: manual")),
    Broken("unknown automation", G, "registry.rollback", swap(G, "action: evidence.snapshot", "action: shell.run")),
    Broken(
        "second general runbook",
        "runbooks/prompt-injection.yaml",
        "2 runbooks",
        swap("runbooks/prompt-injection.yaml", "subtypes: [prompt_injection]\n", ""),
    ),
    Broken("unknown place", D, "“passwort”", swap(D, "{{state}}", "{{passwort}}")),
    Broken("logic in a template", D, "foreign place", swap(D, "현재 상태:", "{% if x %}현재 상태:")),
    Broken("place in one language only", D, "owner", swap(D, "담당자: {{owner}}", "담당자: -")),
    Broken("no English text", D, "“en”", swap(D, "<!-- en -->", "<!-- de -->")),
    Broken("template without head", D, "no head", put(D, "hello")),
    Broken(
        "ID-only template that tells",
        "templates/you-are-needed.md",
        "“title”",
        swap("templates/you-are-needed.md", "{{recipient}} 님", "{{title}} {{recipient}} 님"),
    ),
    Broken("unknown operator", K, "contains_any", swap(K, "op: in,", "op: eval,")),
    Broken("unknown field", K, "There is no field", swap(K, "field: status", "field: __class__")),
    Broken("costly pattern", K, "too costly", swap(K, r"'\bpagey\.ping\b", r"'(a+)+\bpagey\.ping\b")),
    Broken("broken pattern", K, "cannot be read", swap(K, r"'\bpagey\.ping\b", r"'(\bpagey\.ping\b")),
    Broken(
        "rule with unknown sub-type", K, "not in the taxonomy", swap(K, "subtype: regulator_investigation", "subtype: nothing")
    ),
    Broken("foreign file", "run.py", "no such file", put("run.py", "print()")),
    Broken("no header", "pack.yaml", "no header", lambda files: files.pop("pack.yaml")),
]

"""docs/reference.md: every fact, command, plug-in, pack and setting with its line, written by `bongsu docs`.

A test writes it again and compares, so that nothing new is without its line.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from bongsu.integrations.catalogue import plugins
from bongsu.kernel.facts import known_facts
from bongsu.packs.queries import library_pack, library_packs

HOUSE = Path(__file__).resolve().parent.parent
PAGE = HOUSE.parent / "docs" / "reference.md"
SETTING = re.compile(r"""["'](BONGSU_[A-Z_]+|DATABASE_URL)["']""")
HEAD = """# Reference

Written by `python3 dev.py bongsu docs`; do not edit. What each setting means: [settings.md](settings.md).
"""


def reference(commands: Any) -> str:
    """The page; `commands` is the root of the command line."""
    parts = [
        ("Facts", "What modules state, as the ledger keeps it. A name and its fields never change once released.", _facts()),
        ("Commands", "`python3 dev.py bongsu <command>`; `--help` behind each.", _commands(commands)),
        ("Plug-ins", "One folder each under `bongsu/plugins/`; its `setup.md` says how to connect it.", _plugins()),
        ("Packs", "Knowledge as data, under `bongsu/packs/library/`.", _packs()),
        ("Settings", "Read from the environment.", [f"- `{name}`" for name in settings_read()]),
    ]
    return HEAD + "".join(f"\n## {title}\n\n{words}\n\n" + "\n".join(lines) + "\n" for title, words, lines in parts)


def _facts() -> list[str]:
    known = sorted((name, kind) for name, kind in known_facts().items() if kind.__module__.startswith("bongsu."))
    return [f"- `{name}`: {kind.sentence}" for name, kind in known if ".tests." not in kind.__module__]


def _commands(app: Any) -> list[str]:
    return [f"- `{' '.join(path)}`: {words}" for path, words in _walk(typer.main.get_command(app), ("bongsu",))]


def _walk(command: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    inner = getattr(command, "commands", None)
    if inner is None:
        yield path, " ".join((command.help or "").split("\n\n")[0].split())
        return
    for name in sorted(inner):
        yield from _walk(inner[name], (*path, name))


def _plugins() -> list[str]:
    return [f"- `{one.slug}`: {one.title['en']} ({', '.join(sorted(one.kinds))})" for one in plugins().values()]


def _packs() -> list[str]:
    heads = [library_pack(pack).header for pack in library_packs()]
    return [f"- `{head.id}` {head.version}: {head.title.en}" for head in heads]


def settings_read() -> list[str]:
    """Names of the environment variables that the house reads."""
    paths = [p for p in HOUSE.rglob("*.py") if "tests" not in p.parts and p.name != Path(__file__).name]
    return sorted({name for path in paths for name in SETTING.findall(path.read_text(encoding="utf-8"))})

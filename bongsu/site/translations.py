"""The catalogues: what is said in code and templates against each module's django.po, without the gettext programs.

`compile_catalogues` runs at every start (the .mo files are not in git); `check` is part of `dev.py check`; `update` is
`dev.py messages`. English is the language of the code, so only Korean has catalogues.
"""

import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

HOUSE = Path(__file__).parent.parent
ELSEWHERE = {"kernel": "ui", "plugins": "integrations"}  # no apps of their own: their words stand in these catalogues
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    **dict.fromkeys(("_", "noop", "gettext", "gettext_lazy", "gettext_noop")),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (1, 2)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ((1, "c"), 2)),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), ((1, "c"), 2, 3)),
}
# Words written straight into a component: `{% card title="Matrix" question="…" %}`, `{% chip "in force" %}`.
COMPONENT = re.compile(r"\{% (?:card|chip|dialog|nothing|blurred) .*?%\}")
LITERAL = re.compile(r'chip "([^"]+)"|\b(?:title|question|note|label)="([^"]+)"')
PLACES = re.compile(r"%\(\w+\)[sd]|\{\w*\}")
HEADER = r"""# Bongsu ({module}), Korean.
msgid ""
msgstr ""
"Language: ko\n"
"MIME-Version: 1.0\n"
"Content-Type: text/plain; charset=utf-8\n"
"Content-Transfer-Encoding: 8bit\n"
"Plural-Forms: nplurals=1; plural=0;\n"

"""

Said = dict[tuple[str | tuple[str, ...], str | None], str]  # (msgid, context) -> where first


def catalogue_path(module: str) -> Path:
    return HOUSE / module / "locale" / "ko" / "LC_MESSAGES" / "django.po"


def compile_catalogues() -> int:
    """Write each .mo that is missing or older than its .po; returns how many."""
    count = 0
    for po in HOUSE.glob("*/locale/*/LC_MESSAGES/django.po"):
        mo = po.with_suffix(".mo")
        if mo.exists() and mo.stat().st_mtime >= po.stat().st_mtime:
            continue
        made = io.BytesIO()
        write_mo(made, _read(po))
        temporary = mo.with_suffix(".mo-new")
        temporary.write_bytes(made.getvalue())
        temporary.replace(mo)
        count += 1
    return count


def check() -> list[str]:
    """Everything that is not said in Korean, said in vain, or said with other places than the English."""
    return [complaint for module in modules() for complaint in _complaints(module)] + _told_apart()


def _told_apart() -> list[str]:
    """Messages that two modules translate differently: Django joins the catalogues, so one of them would win everywhere."""
    heard: dict[tuple[str, str | None], dict[str, str]] = {}
    for module in modules():
        for message in _read(catalogue_path(module)) if catalogue_path(module).exists() else ():
            if message.id:
                heard.setdefault((str(message.id), message.context), {}).setdefault(str(message.string), module)
    split = {words: said for (words, _context), said in heard.items() if len(said) > 1}
    return [f"{' and '.join(said.values())} say {words!r} differently: {', '.join(said)}" for words, said in split.items()]


def modules() -> list[str]:
    names = {path.parent.name for path in HOUSE.glob("*/__init__.py")}
    return sorted(names - ELSEWHERE.keys())


def _complaints(module: str) -> Iterator[str]:
    said = said_in(module)
    path = catalogue_path(module)
    if not path.exists():
        if said:
            yield f"{module}: {len(said)} messages and no {path.relative_to(HOUSE.parent)}"
        return
    catalogue = _read(path)
    for (words, context), where in said.items():
        message = catalogue.get(words, context)
        if message is None:
            yield f"{where}: not in the catalogue of {module}: {words!r}"
        else:
            yield from _wrong(module, message)
    for message in catalogue:
        if message.id and (message.id, message.context) not in said:
            yield f"{module}: nobody says this any more: {message.id!r}"
    if catalogue.obsolete:
        yield f"{module}: {len(catalogue.obsolete)} obsolete entries (#~)"


def _wrong(module: str, message: Message) -> Iterator[str]:
    spoken = [words or "" for words in (message.string if isinstance(message.string, list | tuple) else [message.string])]
    english = list(message.id) if isinstance(message.id, list | tuple) else [message.id]
    if not all(spoken):
        yield f"{module}: empty: {message.id!r}"
    elif message.fuzzy:
        yield f"{module}: fuzzy: {message.id!r}"
    elif not set(PLACES.findall(" ".join(spoken))) <= (places := set(PLACES.findall(" ".join(english)))):
        yield f"{module}: a place that the English does not have: {message.id!r}"
    elif len(english) == 1 and places - set(PLACES.findall(spoken[0])):
        yield f"{module}: a place is lost in Korean: {message.id!r}"


def said_in(module: str) -> Said:
    """All messages of a module's code and templates, tests aside."""
    said: Said = {}
    for name in [module, *(guest for guest, host in ELSEWHERE.items() if host == module)]:
        for path in sorted((HOUSE / name).rglob("*")):
            if path.suffix in (".py", ".html", ".txt") and not {"tests", "migrations", "static"} & set(path.parts):
                _collect(path, said)
    return said


def _collect(path: Path, said: Said) -> None:
    source = path.read_text()
    if path.suffix != ".py":
        if "templates" not in path.parts:
            return
        source = _calls_in(source, path)
    lines = io.BytesIO(source.encode())
    for number, words, _comments, context in extract("python", lines, KEYWORDS, options={"encoding": "utf-8"}):
        if words:
            said.setdefault((words, context), f"{path.relative_to(HOUSE.parent)}:{number}")


def _calls_in(template: str, path: Path) -> str:
    """The gettext calls a template makes, as lines that Python's tokenizer reads."""
    from django.utils.translation.template import templatize

    calls = [line.strip() for line in templatize(template, origin=str(path)).splitlines()]
    literals = [words for tag in COMPONENT.findall(template) for found in LITERAL.findall(tag) for words in found if words]
    if path.stem == "gallery":  # shows components to developers with made-up words
        literals = []
    return "\n".join([*calls, *(f"_({words!r})" for words in literals)])


def update(module: str) -> tuple[int, int]:
    """Add what is missing (empty) and drop what nobody says; returns how many of each."""
    said, path = said_in(module), catalogue_path(module)
    before = _read(path) if path.exists() else Catalog("ko")
    after = Catalog("ko")
    for (words, context), _where in said.items():
        message = before.get(words, context)
        after.add(words, message.string if message else "", context=context)
    if said:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            file.write(HEADER.format(module=module).encode())
            write_po(file, after, width=120, no_location=True, omit_header=True)
    old = {(message.id, message.context) for message in before if message.id}
    return len(said.keys() - old), len(old - said.keys())


def _read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale="ko")


if __name__ == "__main__":
    if sys.argv[1:2] == ["update"]:
        for name in sys.argv[2:] or modules():
            added, dropped = update(name)
            print(f"{name}: {added} added, {dropped} dropped")
    else:
        wrong = check()
        print("\n".join(wrong) or "translations are complete")
        sys.exit(bool(wrong))

"""The house's own rules that import-linter cannot say (house plan, section 7.5)."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent.parent
HOUSE = HERE / "bongsu"
PUBLIC = {"actions", "queries", "facts", "rules", "models", "contract"}
GROUND = {"kernel", "events", "ui", "site"}  # everything in them is there for the floors above
FORBIDDEN_ROOMS = {"utils", "helpers", "services", "common", "misc", "util", "helper", "lib", "tools"}
WRITES = {"save", "delete", "create", "update", "bulk_create", "bulk_update", "get_or_create", "update_or_create"}
CLOCKS = {("datetime", "now"), ("datetime", "utcnow"), ("date", "today"), ("timezone", "now"), ("time", "time")}
CLOCK_ROOM = "kernel/clock.py"
MAX_FILE, MAX_FUNCTION = 400, 60
STAND_ALONE = "verify_ledger.py"  # one file by intent: it is handed out and runs without Bongsu


def sources() -> list[Path]:
    return sorted(p for p in HOUSE.rglob("*.py") if not {"migrations", "tests"} & set(p.relative_to(HOUSE).parts))


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    yield from (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def module_of(path: Path) -> str:
    return path.relative_to(HOUSE).parts[0].removesuffix(".py")


def room_of(path: Path) -> str:
    parts = path.relative_to(HOUSE).parts
    return parts[1].removesuffix(".py") if len(parts) > 1 else ""


def no_complaints(found: list[str]) -> None:
    assert not found, "\n" + "\n".join(found)


def test_only_public_rooms_cross_a_border():
    found = []
    for path in sources():
        for node in ast.walk(tree_of(path)):
            if not isinstance(node, ast.ImportFrom) or node.level or not (node.module or "").startswith("bongsu."):
                continue
            names = node.module.split(".")
            rooms = [names[2]] if len(names) > 2 else [alias.name for alias in node.names]
            if names[1] in GROUND | {module_of(path)} or module_of(path) == "site":
                continue
            found += [f"{path.relative_to(HERE)}:{node.lineno}: {names[1]}.{room}" for room in rooms if room not in PUBLIC]
    no_complaints(found)


def test_only_actions_write_through_the_orm():
    found = []
    for path in sources():
        if module_of(path) in ("events", "kernel") or room_of(path) in ("actions", "plugins"):
            continue
        for node in ast.walk(tree_of(path)):
            is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
            if is_call and node.func.attr in WRITES and _is_orm(node.func.value):
                found.append(f"{path.relative_to(HERE)}:{node.lineno}: .{node.func.attr}()")
    allowed = re.compile(r"people/models\.py")  # Django asks a manager of people for create_user
    no_complaints([line for line in found if not allowed.search(line)])


def _is_orm(value: ast.expr) -> bool:
    """`X.objects...` somewhere in the chain."""
    return any(isinstance(node, ast.Attribute) and node.attr == "objects" for node in ast.walk(value))


def test_every_public_action_takes_the_actor_first_and_the_rest_by_keyword():
    found = []
    for path in sources():
        if room_of(path) != "actions":
            continue
        for node in tree_of(path).body:
            if not isinstance(node, ast.FunctionDef) or not _is_action(node):
                continue
            first = [argument.arg for argument in node.args.posonlyargs + node.args.args]
            if first != ["actor"]:
                found.append(f"{path.relative_to(HERE)}:{node.lineno}: {node.name}({', '.join(first)})")
    no_complaints(found)


def _is_action(node: ast.FunctionDef) -> bool:
    names = {d.id if isinstance(d, ast.Name) else getattr(d, "attr", "") for d in node.decorator_list}
    return "action" in names


def test_only_the_clock_reads_the_time():
    found = []
    for path in sources():
        if str(path).endswith(CLOCK_ROOM):
            continue
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                owner = node.func.value
                name = owner.id if isinstance(owner, ast.Name) else getattr(owner, "attr", "")
                if (name, node.func.attr) in CLOCKS:
                    found.append(f"{path.relative_to(HERE)}:{node.lineno}: {name}.{node.func.attr}()")
    no_complaints(found)


def test_no_words_are_looked_up_inside_an_f_string():
    """Python 3.11 hands its f-strings to the message extractor whole, so they would never be translated."""
    found = []
    for path in sources():
        for node in (part for tree in ast.walk(tree_of(path)) if isinstance(tree, ast.JoinedStr) for part in ast.walk(tree)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("_", "gettext", "noop"):
                found.append(f"{path.relative_to(HERE)}:{node.lineno}")
    no_complaints(found)


def test_no_room_has_a_name_that_says_nothing():
    no_complaints([str(p.relative_to(HERE)) for p in HOUSE.rglob("*") if p.stem in FORBIDDEN_ROOMS])


def test_files_and_functions_stay_small():
    found = []
    for path in sources():
        lines = len(path.read_text().splitlines())
        if lines > MAX_FILE and path.name != STAND_ALONE:
            found.append(f"{path.relative_to(HERE)}: {lines} lines")
        for node in functions(tree_of(path)):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > MAX_FUNCTION:
                found.append(f"{path.relative_to(HERE)}:{node.lineno}: {node.name} has {length} lines")
    no_complaints(found)


def test_every_module_has_its_app_and_stands_on_a_floor():
    from django.conf import settings

    folders = {p.parent.name for p in HOUSE.glob("*/__init__.py")} - {"kernel", "plugins"}
    assert folders == set(settings.MODULES), "a folder without apps.py, or a module missing in settings.MODULES"


@pytest.mark.parametrize("words", ["TO" + "DO", "FIX" + "ME", "XX" + "X"])
def test_nothing_is_left_for_later(words):
    mark = re.compile(rf"#.*\b{words}\b")
    no_complaints([f"{p.relative_to(HERE)}" for p in sources() if mark.search(p.read_text())])


def test_no_machine_path_and_no_index_address_is_in_the_repository():
    paths = re.compile(r"(?<![\w.])/(?:work|root|home/\w+)/|--(?:extra-)?index-url\b")
    found = []
    for folder in (HOUSE, HERE / "tests", HERE / "docs", HERE / "requirements"):
        for path in folder.rglob("*"):
            is_text = path.suffix in (".py", ".txt", ".md", ".html", ".yaml", ".toml") and path.name != "test_house.py"
            if is_text and (hit := paths.search(path.read_text(errors="replace"))):
                found.append(f"{path.relative_to(HERE)}: {hit.group()}")
    no_complaints(found)

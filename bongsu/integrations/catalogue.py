"""The plug-ins there are: one folder each. One that fails to import is listed as broken, never silently absent."""

import importlib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from bongsu.kernel.errors import NotFound
from bongsu.kernel.text import gettext_noop as _

from .contract import Base, NoConfig, operations_of

FOLDER = Path(__file__).parent.parent / "plugins"


@dataclass(frozen=True)
class Plugin:
    """A folder of `plugins/`. `broken` says why it cannot be used; then `code` is None."""

    slug: str
    title: dict[str, str]
    summary: dict[str, str]
    kinds: tuple[str, ...]
    docs: str
    quality: str
    open_points: tuple[str, ...]
    folder: Path
    code: type[Base] | None = None
    config: type[Any] = NoConfig
    broken: str = ""
    operations: dict[str, str] = field(default_factory=dict)

    def setup(self, language: str) -> str:
        """The part of setup.md for `language` (Markdown): between `# 한국어` and `# English`, or after it."""
        path = self.folder / "setup.md"
        text = path.read_text() if path.exists() else ""
        korean, _separator, english = text.partition("\n# English\n")
        return english.strip() if language == "en" else korean.removeprefix("# 한국어\n").strip()

    def logo(self) -> str:
        path = self.folder / "logo.svg"
        return path.read_text() if path.exists() else ""


@cache
def plugins() -> dict[str, Plugin]:
    """All folders by slug, broken ones too."""
    folders = sorted(p.parent for p in FOLDER.glob("*/plugin.py"))
    return {folder.name: _read(folder) for folder in folders}


def plugin(slug: str) -> Plugin:
    """NotFound when no folder has this name."""
    found = plugins().get(slug)
    if found is None:
        raise NotFound(_("There is no plug-in “{slug}”."), slug=slug)
    return found


def _read(folder: Path) -> Plugin:
    try:
        manifest = yaml.safe_load((folder / "manifest.yaml").read_text())
        module = importlib.import_module(f"bongsu.plugins.{folder.name}.plugin")
        code: type[Base] = module.Plugin
        config = getattr(module, "Config", NoConfig)
        return Plugin(
            slug=folder.name, title=manifest["title"], summary=manifest["summary"], kinds=tuple(manifest["kinds"]),
            docs=manifest.get("docs", ""), quality=manifest["quality"], open_points=tuple(manifest.get("open_points", ())),
            folder=folder, code=code, config=config, operations=dict(operations_of(code)),
        )  # fmt: skip
    except Exception as error:  # noqa: BLE001  a foreign folder may fail in any way; the page and the contract test show it
        broken = f"{type(error).__name__}: {error}"
        name = {"ko": folder.name, "en": folder.name}
        return Plugin(folder.name, name, {"ko": "", "en": ""}, (), "", "broken", (), folder, broken=broken)

"""Reads of packs: the typed content in force or of a pinned version, parsed once per content hash.

Packs are no secret inside the house and belong to no record, so the look-ups take no actor. Cheap to call: one small
query for what is in force, none for a pinned version that was parsed before.
"""

from functools import cache, lru_cache
from pathlib import Path
from uuid import UUID

from bongsu.kernel.errors import Invalid, NotFound, Refused
from bongsu.kernel.text import gettext_noop as _

from .models import PackVersion
from .rules import (
    Change,
    Pack,
    PackError,
    Proposal,
    Runbook,
    Taxonomy,
    Template,
    compare,
    extended_id,
    parse_content,
    parse_files,
)

LIBRARY = Path(__file__).parent / "library"
DEFAULT_PACK = "bongsu-default"
PLAYBOOK = "playbook"
SUFFIXES = (".yaml", ".md")
MOST_FILES = 400


def active_version() -> PackVersion:
    """The version in force, without its content; Refused when there is none."""
    version = PackVersion.objects.filter(kind=PLAYBOOK, is_active=True).defer("content").first()
    if version is None:
        raise Refused(_("No pack is in force. Activate one on the packs page or with `bongsu packs activate bongsu-default`."))
    return version


def active_pack() -> Pack:
    """Everything that is in force."""
    version = active_version()
    return _parsed(version.sha256, version.id)


def pinned(version_id: UUID) -> Pack:
    """The pack of one version, in force or not; the files may have changed or gone."""
    sha256 = _sha_of(version_id)
    return _parsed(sha256, version_id)


def pack(version: UUID | None = None) -> Pack:
    """The pack in force, or of a pinned version."""
    return active_pack() if version is None else pinned(version)


def taxonomy(version: UUID | None = None) -> Taxonomy:
    """Severities, types, matrix, posts, escalation, states, containment, channels, checklists."""
    return pack(version).taxonomy


def runbook(runbook_id: str, version: UUID | None = None) -> Runbook:
    return pack(version).runbook(runbook_id)


def runbook_for(type: str, subtype: str = "", version: UUID | None = None) -> Runbook:
    """The runbook of the sub-type, else of the type, else the general one."""
    return pack(version).runbook_for(type, subtype)


def template(template_id: str, version: UUID | None = None) -> Template:
    """Of the pinned version; a version older than this message has not its text: then what is in force, then what ships."""
    here = _template_of(pack(version), template_id)
    return here or _template_of(active_pack(), template_id) or library_pack(DEFAULT_PACK).template(template_id)


def _template_of(found: Pack, template_id: str) -> Template | None:
    return next((one for one in found.templates if one.id == template_id), None)


def propose(facts: dict[str, object], version: UUID | None = None) -> Proposal:
    """What the classification rules make of a signal (A4); see `rules.classify` for the facts."""
    return pack(version).propose(facts)


def versions() -> list[PackVersion]:
    """All imported versions, newest first, without their content."""
    return list(PackVersion.objects.defer("content"))


def version(version_id: UUID) -> PackVersion:
    found = PackVersion.objects.filter(pk=version_id).defer("content").first()
    if found is None:
        raise NotFound(_("There is no such pack version."))
    return found


def named_version(pack_id: str, number: str) -> PackVersion | None:
    return PackVersion.objects.filter(pack_id=pack_id, version=number).first()


def changes(before_id: UUID, after_id: UUID) -> tuple[Change, ...]:
    """What changed from one version to another."""
    return compare(_content(before_id), _content(after_id))


def newest_of(pack_id: str) -> PackVersion | None:
    """The version of a pack to lay another over: the one in force, else the last imported."""
    return PackVersion.objects.filter(pack_id=pack_id).order_by("-is_active", "-imported_at").first()


def library_packs() -> list[str]:
    """The packs that ship with Bongsu."""
    return sorted(folder.name for folder in LIBRARY.iterdir() if (folder / "pack.yaml").is_file())


def read_directory(folder: Path) -> dict[str, str]:
    """The files of a pack folder as text; Invalid when there is no such folder or a file is no text."""
    if not (folder / "pack.yaml").is_file():
        raise Invalid(_("There is no pack in “{folder}”: it has no pack.yaml."), folder=str(folder))
    paths = sorted(p for p in folder.rglob("*") if p.is_file() and p.suffix in SUFFIXES)
    if len(paths) > MOST_FILES:
        raise Invalid(_("The folder holds more than {most} files; it cannot be a pack."), most=MOST_FILES)
    return {path.relative_to(folder).as_posix(): _text(path) for path in paths}


def load_directory(folder: Path) -> Pack:
    """The pack in a folder; what it extends comes from the library. PackError says what is wrong with it."""
    files = read_directory(folder)
    extends = extended_id(files)
    if not extends:
        return parse_files(files)
    if extends not in library_packs():
        raise Invalid(_("The pack extends “{pack}”, which does not ship with Bongsu and is not imported."), pack=extends)
    return parse_files(files, parse_files(read_directory(LIBRARY / extends)))


@cache
def library_pack(pack_id: str) -> Pack:
    """A pack as it ships, without the database; read once, its files do not change under a running process."""
    if pack_id not in library_packs():
        raise NotFound(_("Bongsu ships no pack “{pack}”."), pack=pack_id)
    return load_directory(LIBRARY / pack_id)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise Invalid(_("“{file}” is not UTF-8 text."), file=path.name) from error


@lru_cache(maxsize=256)
def _sha_of(version_id: UUID) -> str:
    # a version's hash never changes, so it may be remembered
    sha256 = PackVersion.objects.filter(pk=version_id).values_list("sha256", flat=True).first()
    if sha256 is None:
        raise NotFound(_("There is no such pack version."))
    return sha256


def _content(version_id: UUID) -> str:
    content = PackVersion.objects.filter(pk=version_id).values_list("content", flat=True).first()
    if content is None:
        raise NotFound(_("There is no such pack version."))
    return content


_packs: dict[str, Pack] = {}


def _parsed(sha256: str, version_id: UUID) -> Pack:
    if sha256 not in _packs:
        if len(_packs) > 32:
            _packs.clear()
        _packs[sha256] = parse_content(_content(version_id))
    return _packs[sha256]


__all__ = [
    "DEFAULT_PACK",
    "LIBRARY",
    "PackError",
    "active_pack",
    "active_version",
    "changes",
    "library_pack",
    "library_packs",
    "load_directory",
    "named_version",
    "newest_of",
    "pack",
    "pinned",
    "propose",
    "read_directory",
    "runbook",
    "runbook_for",
    "taxonomy",
    "template",
    "version",
    "versions",
]

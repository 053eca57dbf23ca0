"""The writers of packs: import a version, put one in force."""

from pathlib import Path
from uuid import UUID

from bongsu.events.actions import action, open_subject, record
from bongsu.kernel.actors import Actor
from bongsu.kernel.canonical import digest
from bongsu.kernel.clock import now
from bongsu.kernel.errors import Conflict, Invalid, NotFound
from bongsu.kernel.text import Text, text
from bongsu.kernel.text import gettext_noop as _
from bongsu.people.actions import ensure_posts
from bongsu.people.rules import PostWanted

from . import queries
from .facts import VersionActivated, VersionImported
from .models import PackVersion
from .rules import Pack, PackError, Taxonomy, extended_id, parse_content, parse_files, run_cases


@action
def import_pack(actor: Actor, *, folder: Path) -> PackVersion:
    """Take the pack in `folder` in. Refuses a broken pack, one whose cases fail, and a version with other content."""
    actor.require("packs.manage")
    return _import(actor, _load(folder))


@action
def activate_pack(actor: Actor, *, version_id: UUID) -> PackVersion:
    """Put a version in force in place of the one before, and open the posts it names. Incidents keep theirs."""
    actor.require("packs.manage")
    version = PackVersion.objects.select_for_update().filter(pk=version_id).first()
    if version is None:
        raise NotFound(_("There is no such pack version."))
    if version.is_active:
        return version
    before = PackVersion.objects.select_for_update().filter(kind=version.kind, is_active=True).first()
    if before:
        PackVersion.objects.filter(pk=before.pk).update(is_active=False)
    version.is_active, version.activated_at = True, now()
    version.save(update_fields=["is_active", "activated_at"])
    ensure_posts(actor, posts=_wanted(queries.pack(version.id).taxonomy))
    record(
        actor,
        VersionActivated(
            subject=version.ref,
            pack=version.pack_id,
            version=version.version,
            sha256=version.sha256,
            replaced=str(before) if before else "",
        ),
    )
    return version


@action
def install_default(actor: Actor) -> PackVersion:
    """Import the pack that ships and put it in force, unless another one is in force already. May be run again."""
    actor.require("packs.manage")
    in_force = PackVersion.objects.filter(kind=queries.PLAYBOOK, is_active=True).first()
    if in_force:
        return in_force
    pack = queries.library_pack(queries.DEFAULT_PACK)
    _proven.add(digest(pack.content))  # what ships passed its cases when it was built
    return activate_pack(actor, version_id=_import(actor, pack).id)


def _load(folder: Path) -> Pack:
    try:
        files = queries.read_directory(folder)
        extends = extended_id(files)
        if not extends:
            return parse_files(files)
        below = queries.newest_of(extends)
        return parse_files(files, parse_content(below.content)) if below else queries.load_directory(folder)
    except PackError as error:
        fields: dict[str, str | Text] = {
            f"{p.file}:{p.line}": text("{what}", what=f"{p.message} {p.remedy}") for p in error.problems
        }
        raise Invalid(_("The pack cannot be used: {first}"), fields=fields, first=str(error.problems[0])) from error


_proven: set[str] = set()  # contents whose cases passed in this process


def _import(actor: Actor, pack: Pack) -> PackVersion:
    header, sha256 = pack.header, digest(pack.content)
    wrong = [outcome for outcome in run_cases(pack) if not outcome.is_right] if sha256 not in _proven else []
    if wrong:
        raise Invalid(
            _("{count} cases of the pack fail; the first is “{case}”: expected {wanted}, found {found}."),
            count=len(wrong),
            case=wrong[0].case.id,
            wanted=wrong[0].wanted,
            found=wrong[0].found,
        )
    _proven.add(sha256)
    known = queries.named_version(header.id, header.version)
    if known:
        if known.sha256 != sha256:
            raise Conflict(
                _(
                    "{pack} {version} was imported with other content. A version is never edited: give it a new number in pack.yaml."  # noqa: E501
                ),
                pack=header.id,
                version=header.version,
            )
        return known
    version = PackVersion(
        pack_id=header.id,
        version=header.version,
        kind=header.kind,
        extends=header.extends,
        content=pack.content,
        sha256=sha256,
        imported_at=now(),
    )
    version.subject = open_subject(actor, subject=version.ref)
    version.save(force_insert=True)
    record(
        actor,
        VersionImported(subject=version.ref, pack=header.id, version=header.version, sha256=sha256, extends=header.extends),
    )
    return version


def _wanted(taxonomy: Taxonomy) -> list[PostWanted]:
    return [
        PostWanted(post.key, post.title.ko, post.title.en, post.is_per_system, rank, post.fallback)
        for rank, post in enumerate(taxonomy.posts)
    ]

"""Packs in the house: import, activation, pinning, pages, API and command line."""

import shutil
from pathlib import Path

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from typer.testing import CliRunner

from bongsu.events.models import Event
from bongsu.kernel.actors import Actor
from bongsu.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from bongsu.packs import actions, queries
from bongsu.packs.cli import app
from bongsu.packs.models import PackVersion
from bongsu.packs.rules import parse_content
from bongsu.people.models import Post

SOURCE = queries.LIBRARY / queries.DEFAULT_PACK


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SOURCE, tmp_path / "pack"))


def edit(folder: Path, file: str, old: str, new: str) -> None:
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.mark.django_db
def test_activating_opens_the_posts_and_states_it_once(root: Actor) -> None:
    version = actions.install_default(root)
    again = actions.install_default(root)
    assert again.id == version.id
    assert version.is_active
    assert {p.key for p in queries.taxonomy().posts} <= set(Post.objects.values_list("key", flat=True))
    names = list(Event.objects.filter(subject_id=version.ref).values_list("name", flat=True))
    assert sorted(names) == ["packs.version_activated@1", "packs.version_imported@1"]


@pytest.mark.django_db
def test_only_who_manages_packs_may_bring_one_in(bob: Actor, charlie: Actor) -> None:
    for actor in (bob, charlie):
        with pytest.raises(Forbidden):
            actions.install_default(actor)
        with pytest.raises(Forbidden):
            actions.import_pack(actor, folder=SOURCE)
    assert not PackVersion.objects.exists()


@pytest.mark.django_db
def test_a_version_is_never_edited(root: Actor, folder: Path) -> None:
    first = actions.import_pack(root, folder=folder)
    assert actions.import_pack(root, folder=folder).id == first.id
    edit(folder, "taxonomy.yaml", "respond_within: 15m", "respond_within: 10m")
    with pytest.raises(Conflict, match="never edited"):
        actions.import_pack(root, folder=folder)
    edit(folder, "pack.yaml", "version: 1.1.0", "version: 1.2.0")
    assert actions.import_pack(root, folder=folder).version == "1.2.0"


@pytest.mark.django_db
def test_a_running_incident_keeps_the_version_it_began_with(root: Actor, folder: Path) -> None:
    old = actions.activate_pack(root, version_id=actions.import_pack(root, folder=folder).id)
    edit(folder, "taxonomy.yaml", "respond_within: 15m", "respond_within: 10m")
    edit(folder, "pack.yaml", "version: 1.1.0", "version: 1.2.0")
    new = actions.activate_pack(root, version_id=actions.import_pack(root, folder=folder).id)
    shutil.rmtree(folder)
    minutes = {v.id: queries.taxonomy(v.id).severity("P0").respond_within.total_seconds() / 60 for v in (old, new)}
    assert minutes == {old.id: 15, new.id: 10}
    assert queries.taxonomy().severity("P0").respond_within.total_seconds() / 60 == 10
    assert PackVersion.objects.filter(is_active=True).count() == 1
    assert [c.path for c in queries.changes(old.id, new.id)] == ["pack / version", "taxonomy / severities / P0 / respond_within"]
    assert parse_content(PackVersion.objects.get(pk=old.id).content).header.version == "1.1.0"


@pytest.mark.django_db
def test_a_text_that_is_younger_than_the_pinned_pack_comes_from_what_is_in_force_or_ships(root: Actor, folder: Path) -> None:
    """An incident that began before an update must still get its messages after it."""
    young = folder / "templates" / "restriction-review.md"
    kept = young.read_text(encoding="utf-8")
    young.unlink()
    old = actions.activate_pack(root, version_id=actions.import_pack(root, folder=folder).id)
    assert "restriction_review" not in [one.id for one in queries.pinned(old.id).templates]
    assert "열람 제한을 검토할 날" in queries.template("restriction_review", old.id).ko.body
    young.write_text(kept.replace("열람 제한을 검토할 날", "잠금을 다시 볼 날"), encoding="utf-8")
    edit(folder, "pack.yaml", "version: 1.1.0", "version: 1.2.0")
    actions.activate_pack(root, version_id=actions.import_pack(root, folder=folder).id)
    assert "잠금을 다시 볼 날" in queries.template("restriction_review", old.id).ko.body
    with pytest.raises(NotFound):
        queries.template("no_such_text", old.id)


@pytest.mark.django_db
def test_the_database_allows_one_version_in_force(root: Actor, folder: Path) -> None:
    actions.install_default(root)
    edit(folder, "pack.yaml", "version: 1.1.0", "version: 2.0.0")
    other = actions.import_pack(root, folder=folder)
    with pytest.raises(IntegrityError), transaction.atomic():
        PackVersion.objects.filter(pk=other.id).update(is_active=True, activated_at=other.imported_at)


@pytest.mark.django_db
def test_a_pack_that_fails_its_own_cases_or_is_broken_stays_out(root: Actor, folder: Path) -> None:
    edit(folder, "cases.yaml", "severity: P0", "severity: P3")
    with pytest.raises(Invalid, match="cases of the pack fail"):
        actions.import_pack(root, folder=folder)
    edit(folder, "taxonomy.yaml", "fires: 5", "fires: five")
    with pytest.raises(Invalid) as caught:
        actions.import_pack(root, folder=folder)
    assert any(place.startswith("taxonomy.yaml:") for place in caught.value.fields)
    assert not PackVersion.objects.exists()


@pytest.mark.django_db
def test_without_a_pack_the_house_says_what_to_do() -> None:
    with pytest.raises(Refused, match="bongsu packs activate"):
        queries.taxonomy()


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["ko", "en"])
def test_pages_show_severities_matrix_escalation_runbooks_and_templates(root: Actor, ivy_client: Client, language: str) -> None:
    version = actions.install_default(root)
    ivy_client.cookies["bongsu_language"] = language
    urls = [
        "/packs/",
        f"/packs/{version.id}/",
        f"/packs/{version.id}/runbooks/generic/",
        f"/packs/{version.id}/templates/declaration/",
    ]
    for url in [*urls, f"/packs/compare/?before={version.id}&after={version.id}"]:
        answer = ivy_client.get(url)
        assert answer.status_code == 200, url
        assert "Bilingual(" not in answer.content.decode()
    detail = ivy_client.get(urls[1]).content.decode()
    assert "대량 개인정보 유출" in detail or "Mass personal-data leak" in detail


@pytest.mark.django_db
def test_a_stranger_sees_no_pack_and_an_auditor_activates_none(root: Actor, charlie_client: Client, ivy_client: Client) -> None:
    version = actions.install_default(root)
    assert charlie_client.get("/packs/").status_code == 403
    assert ivy_client.post(f"/packs/{version.id}/activate/").status_code in (200, 302, 403, 409)
    PackVersion.objects.filter(pk=version.id).update(is_active=False)
    assert ivy_client.post(f"/packs/{version.id}/activate/").status_code == 403
    assert not PackVersion.objects.filter(is_active=True).exists()


def test_check_says_file_line_and_remedy_and_exits_with_1(folder: Path) -> None:
    run = CliRunner()
    good = run.invoke(app, ["check", str(folder)])
    assert good.exit_code == 0
    assert "bongsu-default 1.1.0" in good.output
    assert run.invoke(app, ["check", "bongsu-default"]).output == good.output  # what ships is known by its name
    edit(folder, "taxonomy.yaml", "respond_within: 15m", "respond_within: soon")
    bad = run.invoke(app, ["check", str(folder)])
    assert bad.exit_code == 1
    assert "taxonomy.yaml:13:" in bad.output
    assert "15m" in bad.output
    assert run.invoke(app, ["check", str(folder / "nowhere")]).exit_code == 1


def test_check_fails_on_a_wrong_case(folder: Path) -> None:
    edit(folder, "cases.yaml", "severity: P0", "severity: P3")
    bad = CliRunner().invoke(app, ["check", str(folder)])
    assert bad.exit_code == 1
    assert "S01" in bad.output


@pytest.mark.django_db
def test_the_command_line_lists_activates_and_shows(folder: Path) -> None:
    run = CliRunner()
    assert run.invoke(app, ["activate", "bongsu-default"]).exit_code == 0
    assert "active   bongsu-default 1.1.0" in run.invoke(app, ["list"]).output
    assert '"severities"' in run.invoke(app, ["show", "bongsu-default"]).output
    assert run.invoke(app, ["show", "nothing"]).exit_code == 1
    assert run.invoke(app, ["activate", "nowhere"]).exit_code == 1


@pytest.mark.django_db
def test_the_api_gives_packs_taxonomy_and_runbooks(root: Actor, ivy_client: Client, charlie_client: Client) -> None:
    version = actions.install_default(root)
    assert ivy_client.get("/api/v1/packs").json()[0]["pack_id"] == "bongsu-default"
    assert ivy_client.get(f"/api/v1/packs/{version.id}").json()["is_active"] is True
    assert len(ivy_client.get("/api/v1/taxonomy").json()["matrix"]) == 20
    assert {r["id"] for r in ivy_client.get("/api/v1/runbooks").json()} == {"generic", "performance_drop", "prompt_injection"}
    assert ivy_client.get("/api/v1/runbooks/generic").json()["phases"][0]["ends"] == 60
    assert ivy_client.get("/api/v1/runbooks/nothing").status_code == 404
    assert ivy_client.get(f"/api/v1/packs/{version.id}/changes?since={version.id}").json() == []
    assert charlie_client.get("/api/v1/taxonomy").status_code == 403

"""Posts, who answers for them, and the standing check (D8)."""

import pytest

from bongsu.events.models import Event
from bongsu.kernel.actors import system
from bongsu.kernel.errors import Conflict, Forbidden, Invalid
from bongsu.people import queries
from bongsu.people.actions import (
    add_contact_way,
    deactivate_person,
    end_contact_way,
    ensure_posts,
    remove_post_holder,
    set_post_holder,
)
from bongsu.people.models import Holding, Post
from bongsu.people.rules import PostWanted
from bongsu.ui.language import say

pytestmark = pytest.mark.django_db
CISO = PostWanted("ciso", "정보보호 최고책임자", "CISO", rank=1)
ENGINEER = PostWanted("engineer_in_charge", "담당 엔지니어", "Engineer in charge", is_per_system=True, rank=2)
SCORING = "system:0190b4a6-0000-7000-8000-000000000001"


@pytest.fixture(autouse=True)
def scoring_system(monkeypatch):
    monkeypatch.setattr(queries, "_scopes", [lambda: {SCORING: "Credit scoring"}])


@pytest.fixture
def posts(db):
    return ensure_posts(system("packs"), posts=[CISO, ENGINEER])


def kinds() -> list[tuple[str, str, str]]:
    return [(p.kind, p.post, p.scope_ref) for p in queries.standing_check()]


def test_D8_activating_a_pack_opens_its_posts_once(posts):
    ensure_posts(system("packs"), posts=[CISO, ENGINEER])
    assert [p.key for p in Post.objects.all()] == ["ciso", "engineer_in_charge"]
    assert Event.objects.filter(name="people.post_opened@1").count() == 2


def test_D8_a_newer_pack_renames_a_post_and_keeps_its_holder(posts, root, bob):
    set_post_holder(root, post="ciso", person=bob.person_id)
    ensure_posts(system("packs"), posts=[PostWanted("ciso", "정보보호책임자", "Chief information security officer", rank=1)])
    assert Post.objects.get(key="ciso").title("en") == "Chief information security officer"
    assert queries.resolve_post("ciso").people[0].id == bob.person_id


def test_M2_a_responder_opens_no_posts(bob):
    with pytest.raises(Forbidden):
        ensure_posts(bob, posts=[CISO])


def test_D8_holder_before_deputy_before_administrators(posts, root, alice, bob):
    assert (queries.resolve_post("ciso").via, queries.resolve_post("ciso").people[0].id) == ("fallback", root.person_id)
    set_post_holder(root, post="ciso", person=bob.person_id, is_deputy=True)
    assert queries.resolve_post("ciso").via == "deputy"
    set_post_holder(root, post="ciso", person=alice.person_id)
    found = queries.resolve_post("ciso")
    assert (found.via, [p.name for p in found.people], found.problem) == ("holder", ["Alice"], None)


def test_D8_a_post_per_system_falls_back_to_the_organisations_holder(posts, root, alice, bob):
    set_post_holder(root, post="engineer_in_charge", person=alice.person_id)
    assert [p.name for p in queries.resolve_post("engineer_in_charge", SCORING).people] == ["Alice"]
    set_post_holder(root, post="engineer_in_charge", person=bob.person_id, scope_ref=SCORING)
    assert [p.name for p in queries.resolve_post("engineer_in_charge", SCORING).people] == ["Bob"]
    assert [p.name for p in queries.resolve_post("engineer_in_charge").people] == ["Alice"]


def test_D8_a_holder_who_left_does_not_count(posts, root, alice, bob):
    set_post_holder(root, post="ciso", person=alice.person_id)
    set_post_holder(root, post="ciso", person=bob.person_id, is_deputy=True)
    deactivate_person(root, person=alice.person_id, reason="left")
    assert [p.name for p in queries.resolve_post("ciso").people] == ["Bob"]
    assert ("inactive", "ciso", "") in kinds()


def test_D8_an_unknown_post_is_loud_but_somebody_is_asked(root):
    found = queries.resolve_post("no_such_post")
    assert found.post is None
    assert found.people[0].id == root.person_id
    assert str(found.problem) == "There is no post “no_such_post”."


def test_D8_with_nobody_at_all_the_problem_is_named(posts):
    found = queries.resolve_post("ciso")
    assert (found.people, found.via) == ([], "nobody")
    assert "Nobody holds" in str(found.problem)


def test_D8_the_standing_check_names_every_empty_post(posts, root):
    assert kinds() == [("empty", "ciso", ""), ("empty", "engineer_in_charge", SCORING)]


def test_D8_the_standing_check_names_who_cannot_be_reached_or_woken(posts, root, bob):
    set_post_holder(root, post="ciso", person=bob.person_id)
    assert ("asleep", "ciso", "") in kinds()
    for way in queries.ways_of([bob.person_id])[bob.person_id]:
        end_contact_way(bob, way=way.id)
    assert ("unreachable", "ciso", "") in kinds()
    add_contact_way(bob, person=bob.person_id, channel="pager", address="bob")
    assert not [k for k in kinds() if k[1] == "ciso"]


def problems_of(post: str) -> list[tuple[str, bool, str]]:
    return [(p.kind, p.is_grave, say(p.text, "en")) for p in queries.standing_check() if p.post == post]


def test_D8_a_way_behind_which_nothing_is_connected_reaches_nobody(posts, root, bob, connected):
    set_post_holder(root, post="ciso", person=bob.person_id)
    add_contact_way(bob, person=bob.person_id, channel="pager", address="bob")
    connected.remove("pager")
    assert problems_of("ciso") == [("asleep", False, "CISO: nothing wakes Bob. Nothing is connected behind: Pager.")]
    connected.remove("email")
    assert problems_of("ciso") == [
        ("unconnected", True, "CISO: Bob cannot be reached. Nothing is connected behind: E-mail, Pager.")
    ]


def test_D8_where_nothing_is_connected_at_all_that_is_said_once_and_first(posts, root, bob, connected):
    set_post_holder(root, post="ciso", person=bob.person_id)
    connected.clear()
    assert kinds() == [("unconnected", "", ""), ("empty", "engineer_in_charge", SCORING)]
    assert queries.grave_problems()[0].post == ""
    assert "아무에게도" in say(queries.standing_check()[0].text, "ko")


def test_D8_the_check_is_fresh_after_every_change(posts, root, bob, django_capture_on_commit_callbacks):
    assert len(queries.grave_problems()) == 2
    with django_capture_on_commit_callbacks(execute=True):
        set_post_holder(root, post="ciso", person=bob.person_id)
    assert [p.post for p in queries.grave_problems()] == ["engineer_in_charge"]


def test_D8_the_board_takes_the_same_few_queries_for_many_posts(posts, root, bob, django_assert_max_num_queries):
    ensure_posts(system("packs"), posts=[PostWanted(f"post_{n}", f"직책 {n}", f"Post {n}") for n in range(20)])
    for n in range(20):
        set_post_holder(root, post=f"post_{n}", person=bob.person_id)
    with django_assert_max_num_queries(6):
        assert len(queries.board()) == 23


def test_D8_leaving_a_post_needs_a_reason_and_stands_in_the_ledger(posts, root, bob):
    holding = set_post_holder(root, post="ciso", person=bob.person_id)
    remove_post_holder(root, holding=holding.id, reason="rotation")
    assert queries.resolve_post("ciso").via == "fallback"
    assert Holding.objects.get(pk=holding.id).ended_at is not None
    names = Event.objects.filter(subject=f"post:{holding.post_id}").order_by("seq").values_list("name", flat=True)
    assert list(names) == ["people.post_opened@1", "people.post_given@1", "people.post_left@1"]


def test_D8_a_holder_becomes_deputy_without_holding_twice(posts, root, bob):
    set_post_holder(root, post="ciso", person=bob.person_id)
    set_post_holder(root, post="ciso", person=bob.person_id, is_deputy=True)
    assert Holding.objects.current().get().is_deputy
    with pytest.raises(Conflict):
        set_post_holder(root, post="ciso", person=bob.person_id, is_deputy=True)


def test_D8_a_scope_needs_a_post_per_system_and_a_system(posts, root, bob):
    with pytest.raises(Invalid):
        set_post_holder(root, post="ciso", person=bob.person_id, scope_ref=SCORING)
    with pytest.raises(Invalid):
        set_post_holder(root, post="engineer_in_charge", person=bob.person_id, scope_ref="system:none")


def test_D8_holding_a_post_counts_for_its_scope_and_the_whole(posts, root, alice, bob):
    set_post_holder(root, post="engineer_in_charge", person=bob.person_id, scope_ref=SCORING)
    assert queries.holds_post(bob.person_id, "engineer_in_charge", SCORING)
    assert not queries.holds_post(bob.person_id, "engineer_in_charge", "system:other")
    assert not queries.holds_post(alice.person_id, "engineer_in_charge", SCORING)


def test_D8_M6_a_problem_is_said_with_the_title_of_the_readers_language(posts, root):
    [problem] = [p for p in queries.standing_check() if p.post == "ciso"]
    assert say(problem.text, "en") == "CISO: nobody holds it. Until then the administrators are asked."
    assert say(problem.text, "ko") == "정보보호 최고책임자: 맡은 사람이 없습니다. 채워질 때까지 관리자에게 연락합니다."


def test_D8_an_empty_post_is_answered_by_the_post_that_stands_in_before_the_administrators(db, root, bob):
    wanted = [PostWanted("ciso", "CISO", "CISO", fallback="ceo"), PostWanted("ceo", "CEO", "CEO", fallback="ciso")]
    ensure_posts(system("packs"), posts=wanted)
    assert queries.resolve_post("ciso").people[0].id == root.person_id
    set_post_holder(root, post="ceo", person=bob.person_id)
    found = queries.resolve_post("ciso")
    assert ([p.id for p in found.people], found.via) == ([bob.person_id], "fallback")
    assert found.problem is not None

"""AI systems: registered, changed, found by labels, shown to those who may see."""

import pytest
from django.test import Client

from bongsu.events.models import Event
from bongsu.kernel.errors import Forbidden, Invalid, NotFound
from bongsu.people import queries as people
from bongsu.people.actions import create_entity, ensure_posts, set_post_holder
from bongsu.people.rules import PostWanted
from bongsu.systems import queries
from bongsu.systems.actions import change_system, mark_good_version, register_system
from bongsu.systems.models import AISystem
from bongsu.systems.rules import Known, match

SCORING = Known("1", "credit-score", "credit_score", {"app": "scoring"})
SCORING_EU = Known("2", "credit-score-eu", "credit_score_eu", {"app": "scoring", "region": "eu"})
CHAT = Known("3", "chat", "", {})
ALL = [SCORING, SCORING_EU, CHAT]


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ({"system": "chat"}, ("3", "system")),
        ({"app": "scoring"}, ("1", "labels")),
        ({"app": "scoring", "region": "eu"}, ("2", "labels")),
        ({"app": "scoring", "region": "us"}, ("1", "labels")),
        ({"model": "credit_score_eu"}, ("2", "model")),
        ({"service": "chat"}, ("3", "service")),
        ({"system": "chat", "model": "credit_score"}, ("3", "system")),
        ({"model": ""}, None),
        ({}, None),
        ({"system": "unknown", "service": "unknown"}, None),
    ],
)
def test_B3_labels_of_a_signal_mean_one_system_or_none(labels, expected):
    assert match(labels, ALL) == expected


def test_B3_two_systems_with_the_same_labels_are_not_guessed_at():
    assert match({"app": "x"}, [Known("1", "a", "", {"app": "x"}), Known("2", "b", "", {"app": "x"})]) is None


@pytest.fixture
def entity(root):
    return create_entity(root, key="hanbit", name="Hanbit Bank")


@pytest.fixture
def scoring(root, entity):
    return register_system(
        root,
        key="credit-score",
        name="Credit scoring",
        entity=entity.id,
        registry_model="credit_score",
        labels={"app": "scoring"},
    )


@pytest.mark.django_db
class TestSystems:
    def test_I1_a_registered_system_stands_in_the_ledger(self, scoring):
        names = Event.objects.filter(subject=scoring.ref).values_list("name", flat=True)
        assert list(names) == ["systems.registered@1"]

    def test_I1_a_change_says_before_and_after_and_nothing_when_nothing_changes(self, root, scoring, bob):
        change_system(root, system=scoring.id, changes={"owner": bob.person_id, "is_high_risk": True})
        change_system(root, system=scoring.id, changes={"is_high_risk": True})
        [event] = Event.objects.filter(subject=scoring.ref, name="systems.changed@1")
        assert f'"after":{{"is_high_risk":true,"owner":"{bob.key}"}}' in event.text

    def test_M2_only_who_keeps_people_and_systems_registers_one(self, bob, entity):
        with pytest.raises(Forbidden):
            register_system(bob, key="x", name="X", entity=entity.id)

    def test_M2_a_stranger_sees_no_system(self, charlie, scoring):
        assert list(queries.systems(charlie)) == []
        with pytest.raises(NotFound):
            queries.system(charlie, scoring.id)

    def test_B3_a_signal_finds_its_system_and_no_retired_one(self, root, scoring):
        assert queries.by_labels({"app": "scoring", "severity": "page"}) == scoring
        change_system(root, system=scoring.id, changes={"stage": "retired"})
        assert queries.by_labels({"app": "scoring"}) is None

    def test_C7_a_responder_marks_the_good_version(self, bob, scoring, ivy):
        mark_good_version(bob, system=scoring.id, version="7")
        assert AISystem.objects.get().good_version == "7"
        with pytest.raises(Forbidden):
            mark_good_version(ivy, system=scoring.id, version="8")

    def test_D8_posts_per_system_are_checked_for_every_system_in_use(self, root, scoring, bob):
        ensure_posts(root, posts=[PostWanted("engineer_in_charge", "담당 엔지니어", "Engineer in charge", is_per_system=True)])
        assert [(p.kind, p.scope_ref) for p in people.standing_check() if p.post] == [("empty", scoring.ref)]
        set_post_holder(root, post="engineer_in_charge", person=bob.person_id, scope_ref=scoring.ref)
        assert people.resolve_post("engineer_in_charge", scoring.ref).people[0].name == "Bob"
        change_system(root, system=scoring.id, changes={"stage": "retired"})
        assert [p for p in people.standing_check() if p.post] == []

    def test_the_pages_show_the_system_and_hold_their_budget(self, root, bob_client, scoring, django_assert_max_num_queries):
        for path in ("/systems/", f"/systems/{scoring.id}/"):
            with django_assert_max_num_queries(20):
                assert "Credit scoring" in bob_client.get(path).content.decode()

    def test_M2_a_stranger_gets_no_page(self, charlie_client, scoring):
        assert charlie_client.get("/systems/").status_code == 403
        assert charlie_client.get(f"/systems/{scoring.id}/").status_code == 404

    def test_a_system_is_registered_and_changed_on_the_page(self, root_client, entity, bob):
        typed = {
            "key": "chat", "name": "Chat", "entity": str(entity.id), "stage": "production", "regions": "KR, EU",
            "labels": "app=chat\nteam=cs", "users_estimate": "1200", "owner": str(bob.person_id),
        }  # fmt: skip
        assert root_client.post("/systems/new/", typed).status_code == 302
        chat = AISystem.objects.get(key="chat")
        assert (chat.regions, chat.labels, chat.users_estimate) == (["KR", "EU"], {"app": "chat", "team": "cs"}, 1200)
        root_client.post(f"/systems/{chat.id}/edit/", {**typed, "name": "Chat bot", "labels": "app=bot"})
        chat.refresh_from_db()
        assert (chat.name, chat.labels) == ("Chat bot", {"app": "bot"})

    def test_bad_input_on_the_page_says_where(self, root_client, scoring, entity):
        typed = {"key": "credit-score", "name": "X", "entity": str(entity.id), "stage": "production"}
        page = root_client.post("/systems/new/", typed)
        assert page.status_code == 422
        assert "This key is taken." in page.content.decode()
        page = root_client.post("/systems/new/", {**typed, "key": "x", "labels": "no equals sign"})
        assert "as name=value" in page.content.decode()

    def test_systems_over_the_api(self, root, entity, token_of):
        client = Client(headers={"authorization": f"Bearer {token_of(root)}", "accept-language": "en"})
        body = {"key": "chat", "name": "Chat", "entity": str(entity.id), "labels": {"app": "chat"}}
        made = client.post("/api/v1/systems", body, content_type="application/json")
        assert made.status_code == 201, made.content
        path = f"/api/v1/systems/{made.json()['id']}"
        assert made.json()["ref"] == f"system:{made.json()['id']}"
        changed = client.patch(path, {"users_estimate": 5}, content_type="application/json").json()
        assert (changed["users_estimate"], changed["name"], changed["entity"]) == (5, "Chat", str(entity.id))
        assert client.get("/api/v1/systems?q=cha").json()["items"][0]["key"] == "chat"
        found = client.post("/api/v1/systems/match", {"labels": {"app": "chat"}}, content_type="application/json").json()
        assert found["system"]["key"] == "chat"
        assert client.post("/api/v1/systems", body, content_type="application/json").status_code == 409

    @pytest.mark.parametrize(
        ("field", "value", "says"),
        [
            ("key", "Has Space", "Use lower-case letters"),
            ("name", " ", "A name of at most"),
            ("stage", "live", "Unknown stage"),
            ("regions", ["K R!"], "Regions are short names"),
            ("users_estimate", -1, "zero or more"),
            ("serving_url", "ftp://x", "http://"),
            ("serving_url", "http://user:pw@host/", "http://"),
            ("serving_url", "http://[::1", "http://"),
            ("labels", {"bad name": "x"}, "Labels are pairs"),
            ("labels", {f"l{n}": "x" for n in range(21)}, "Labels are pairs"),
            ("registry_model", "m" * 201, "too long"),
            ("owner", "0190b4a6-0000-7000-8000-000000000009", "no such active person"),
            ("entity", "0190b4a6-0000-7000-8000-000000000009", "no such legal entity"),
        ],
    )
    def test_bad_input_is_refused_by_field_and_changes_nothing(self, root, entity, token_of, field, value, says):
        body = {"key": "chat", "name": "Chat", "entity": str(entity.id), field: value}
        headers = {"authorization": f"Bearer {token_of(root)}", "accept-language": "en"}
        answer = Client().post("/api/v1/systems", body, content_type="application/json", headers=headers)
        assert answer.status_code == 422
        assert says in answer.json()["fields"][field]
        assert not AISystem.objects.exists()


@pytest.mark.django_db
class TestAnEmptyHouse:
    def test_registering_a_system_leads_to_where_its_legal_entity_is_made_and_back(self, root_client):
        page = root_client.get("/systems/new/").content.decode()
        assert "there is none yet" in page
        assert "/teams/?then=/systems/new/#entity_name" in page
        form = root_client.get("/teams/?then=/systems/new/").content.decode()
        assert 'name="then" value="/systems/new/"' in form
        given = {"key": "bank", "name": "Bank", "country": "KR", "zone": "Asia/Seoul"}
        made = root_client.post("/entities/new/", given | {"then": "/systems/new/"})
        assert made.headers["Location"] == "/systems/new/"
        assert "there is none yet" not in root_client.get("/systems/new/").content.decode()

    def test_one_is_led_to_no_other_house(self, root_client):
        given = {"key": "bank", "name": "Bank", "country": "KR", "zone": "Asia/Seoul", "then": "//evil.example/"}
        assert root_client.post("/entities/new/", given).headers["Location"] == "/teams/"

    def test_a_system_is_found_by_its_id_and_by_its_key(self, scoring, bob):
        assert queries.named(bob, scoring.key) == queries.named(bob, str(scoring.id)) == scoring
        with pytest.raises(Invalid):
            queries.named(bob, "no-such-system")

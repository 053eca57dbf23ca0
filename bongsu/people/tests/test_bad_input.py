"""Bad input as a table: each line is refused with its clear words, and nothing is changed or lost."""

import pytest
from django.test import Client

from bongsu.events.models import Event
from bongsu.people import queries
from bongsu.people.actions import create_entity, create_team, ensure_posts, join_team, set_post_holder
from bongsu.people.models import ApiToken
from bongsu.people.rules import PostWanted

pytestmark = pytest.mark.django_db
NOBODY = "0190b4a6-0000-7000-8000-000000000009"
DANA = {"email": "dana@example.org", "name": "Dana"}


@pytest.fixture
def house(root, bob, charlie):
    """What the table's paths name: {bob}, {root}, {way}, {holding}, {team}, {entity}."""
    engineer = PostWanted("engineer", "담당 엔지니어", "Engineer", True)
    ensure_posts(root, posts=[PostWanted("ciso", "정보보호 최고책임자", "CISO"), engineer])
    entity = create_entity(root, key="hanbit", name="Hanbit")
    team = create_team(root, key="ml", name="ML", entity=entity.id)
    join_team(root, team=team.id, person=bob.person_id)
    return {
        "bob": bob.person_id,
        "root": root.person_id,
        "charlie": charlie.person_id,
        "way": queries.ways_of([bob.person_id])[bob.person_id][0].id,
        "holding": set_post_holder(root, post="ciso", person=bob.person_id).id,
        "team": team.id,
        "entity": entity.id,
        "nobody": NOBODY,
    }


def filled(value, names):
    if isinstance(value, dict):
        return {key: filled(one, names) for key, one in value.items()}
    if isinstance(value, list):
        return [filled(one, names) for one in value]
    return value.format(**names) if isinstance(value, str) and value.startswith("{") else value


TABLE = [
    # method, path, body, status, field or "", words
    ("post", "/people", {**DANA, "zone": "Mars/Olympus"}, 422, "zone", "Unknown time zone"),
    ("post", "/people", {**DANA, "zone": ""}, 422, "zone", "Unknown time zone"),
    ("post", "/people", {**DANA, "zone": "../../etc/passwd"}, 422, "zone", "Unknown time zone"),
    ("post", "/people", {**DANA, "language": "fr"}, 422, "language", "Unknown language"),
    ("post", "/people", {**DANA, "email": "dana"}, 422, "email", "not an e-mail address"),
    ("post", "/people", {**DANA, "email": "da na@example.org"}, 422, "email", "not an e-mail address"),
    ("post", "/people", {**DANA, "email": "bob@example.org"}, 409, "email", "is taken"),
    ("post", "/people", {**DANA, "email": " BOB@Example.ORG "}, 409, "email", "is taken"),
    ("post", "/people", {**DANA, "name": "   "}, 422, "name", "A name is needed"),
    ("post", "/people", {**DANA, "name": "x" * 121}, 422, "name", "120"),
    ("post", "/people", {**DANA, "roles": ["emperor"]}, 422, "role", "Choose one of the access roles"),
    ("post", "/people", {"name": "Dana"}, 422, "email", "needed"),
    ("patch", "/people/{bob}", {"zone": "KST"}, 422, "zone", "Unknown time zone"),
    ("patch", "/people/{bob}", {"email": "root@example.org"}, 409, "email", "is taken"),
    ("patch", "/people/{nobody}", {"zone": "UTC"}, 404, "", "no such person"),
    ("get", "/people/{nobody}", None, 404, "", "no such person"),
    ("post", "/people/{bob}/roles", {"role": "emperor"}, 422, "role", "Choose one of the access roles"),
    ("post", "/people/{bob}/roles/legal/revoke", {"reason": "x"}, 404, "", "does not have this access role"),
    ("post", "/people/{bob}/roles/responder/revoke", {"reason": "  "}, 409, "reason", "A reason is needed"),
    ("post", "/people/{root}/roles/administrator/revoke", {"reason": "x"}, 409, "", "last administrator"),
    ("post", "/people/{root}/deactivate", {"reason": "x"}, 403, "", "Nobody does this to themselves"),
    ("post", "/people/{bob}/deactivate", {"reason": ""}, 409, "reason", "A reason is needed"),
    ("post", "/people/{bob}/reset-second-factor", {"reason": "lost"}, 404, "", "has no second factor"),
    ("post", "/people/{root}/reset-second-factor", {"reason": "lost"}, 403, "", "Nobody does this to themselves"),
    ("post", "/people/{nobody}/sign-in-link", {}, 404, "", "no such person"),
    ("post", "/people/{bob}/ways", {"channel": "pigeon", "address": "x"}, 422, "channel", "Unknown channel"),
    ("post", "/people/{bob}/ways", {"channel": "email", "address": "bob"}, 422, "address", "not an e-mail address"),
    ("post", "/people/{bob}/ways", {"channel": "phone", "address": "call me"}, 422, "address", "not a telephone number"),
    ("post", "/people/{bob}/ways", {"channel": "pager", "address": " "}, 422, "address", "An address is needed"),
    ("post", "/people/{bob}/ways", {"channel": "email", "address": "bob@example.org"}, 409, "address", "is there already"),
    ("put", "/people/{bob}/ways/order", {"order": []}, 422, "order", "exactly once"),
    ("put", "/people/{bob}/ways/order", {"order": ["{way}", "{way}"]}, 422, "order", "exactly once"),
    ("post", "/people/ways/{nobody}/end", {}, 404, "", "no such way"),
    ("post", "/posts/emperor/holders", {"person": "{bob}"}, 404, "", "There is no post “emperor”"),
    ("post", "/posts/ciso/holders", {"person": "{nobody}"}, 404, "", "no such person"),
    ("post", "/posts/ciso/holders", {"person": "{bob}"}, 409, "", "holds this post already"),
    ("post", "/posts/ciso/holders", {"person": "{root}", "scope_ref": "system:x"}, 422, "scope_ref", "Leave empty"),
    ("post", "/posts/engineer/holders", {"person": "{bob}", "scope_ref": "system:x"}, 422, "scope_ref", "one of the systems"),
    ("post", "/posts/ciso/holders", {"person": "not-a-uuid"}, 422, "person", "an id"),
    ("post", "/posts/holdings/{holding}/end", {"reason": ""}, 409, "reason", "A reason is needed"),
    ("post", "/posts/holdings/{nobody}/end", {"reason": "x"}, 404, "", "no longer held"),
    ("post", "/entities", {"key": "hanbit", "name": "X"}, 409, "key", "is taken"),
    ("post", "/entities", {"key": "Han Bit", "name": "X"}, 422, "key", "lower-case"),
    ("post", "/entities", {"key": "x", "name": "X", "country": "Korea"}, 422, "country", "two capital letters"),
    ("post", "/entities", {"key": "x", "name": "X", "zone": "Nowhere"}, 422, "zone", "Unknown time zone"),
    ("patch", "/entities/{nobody}", {"name": "X"}, 404, "", "no such legal entity"),
    ("post", "/teams", {"key": "ml", "name": "ML", "entity": "{entity}"}, 409, "key", "is taken"),
    ("post", "/teams", {"key": "x", "name": "X", "entity": "{nobody}"}, 422, "entity", "Choose a legal entity"),
    ("patch", "/teams/{team}", {"name": ""}, 422, "name", "A name of at most"),
    ("post", "/teams/{team}/members", {"person": "{bob}"}, 409, "", "is in this team already"),
    ("post", "/teams/{team}/members/{root}/leave", {}, 404, "", "is not in this team"),
    ("post", "/tokens/{nobody}/revoke", {}, 404, "", "no such token"),
    ("get", "/people?cursor=nonsense", None, 422, "", "cursor"),
    ("get", "/people?limit=0", None, 422, "", ""),
]


@pytest.mark.parametrize(("method", "path", "body", "status", "field", "words"), TABLE)
def test_M2_D8_bad_input_is_refused_in_clear_words(house, root, token_of, method, path, body, status, field, words):
    headers = {"authorization": f"Bearer {token_of(root)}", "accept-language": "en"}
    Client().get("/api/v1/people/me", headers=headers)  # the first use of the token is a fact of its own
    before = Event.objects.count()
    sent = filled(body, house) if body is not None else None
    answer = getattr(Client(), method)("/api/v1" + path.format(**house), sent, content_type="application/json", headers=headers)
    problem = answer.json()
    assert answer.status_code == status, problem
    assert words in (problem["fields"][field] if field else problem["detail"])
    assert Event.objects.count() == before


TOKENS = [
    ({"name": "", "scopes": ["see"]}, 422, "name", "Say what it is for"),
    ({"name": "ci", "scopes": []}, 422, "scopes", "at least one"),
    ({"name": "ci", "scopes": ["fly"]}, 422, "scopes", "Unknown scope"),
    ({"name": "ci", "scopes": ["people.manage"]}, 422, "scopes", "no more than its person"),
    ({"name": "ci", "scopes": ["see"], "expires_at": "2020-01-01T00:00:00Z"}, 422, "expires_at", "a later moment"),
    ({"name": "ci", "scopes": ["see"], "expires_at": "tomorrow"}, 422, "expires_at", "with its zone"),
    ({"name": "x" * 121, "scopes": ["see"]}, 422, "name", "120"),
]


@pytest.mark.parametrize(("body", "status", "field", "words"), TOKENS)
def test_M2_a_token_that_may_not_be_made_is_refused(bob, bob_client, body, status, field, words):
    answer = bob_client.post("/api/v1/tokens", body, content_type="application/json", headers={"accept-language": "en"})
    assert answer.status_code == status, answer.json()
    assert words in answer.json()["fields"][field]
    assert not ApiToken.objects.exists()


@pytest.mark.parametrize("raw", ["", "bsu_", "bsu_unknown", "x" * 5000, "bsu_봉수"])
def test_M2_a_token_nobody_has_is_401(db, raw):
    answer = Client().get("/api/v1/people/me", headers={"authorization": f"Bearer {raw}".encode().decode("latin-1")})
    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"


FORMS = [
    ("/people/new/", {"name": "", "email": "dana@example.org", "language": "ko", "zone": "UTC"}, 422),
    ("/people/new/", {"name": "Dana", "email": "not mail", "language": "ko", "zone": "UTC"}, 422),
    ("/people/new/", {"name": "Dana", "email": "dana@example.org", "language": "fr", "zone": "UTC"}, 422),
    ("/people/{bob}/edit/", {"name": "Bob", "email": "root@example.org", "language": "ko", "zone": "UTC"}, 422),
    ("/people/{bob}/roles/", {"role": "emperor"}, 422),
    ("/people/{bob}/deactivate/", {}, 409),
    ("/people/{root}/deactivate/", {"reason": "x"}, 403),
    ("/people/{bob}/ways/", {"channel": "pigeon", "address": "x"}, 422),
    ("/posts/ciso/holders/", {"person": "nobody"}, 422),
    ("/posts/emperor/holders/", {"person": "{root}"}, 404),
    ("/posts/holdings/{holding}/end/", {}, 409),
    ("/entities/new/", {"key": "hanbit", "name": "X", "country": "KR", "zone": "UTC"}, 422),
    ("/teams/new/", {"key": "x", "name": "X", "entity": "nothing"}, 422),
    ("/teams/{team}/", {"name": ""}, 422),
    ("/me/", {"name": "Root", "language": "ko", "zone": "Mars"}, 422),
    ("/me/tokens/", {"name": "ci", "scopes": ["fly"], "lasts": "30"}, 422),
    ("/me/tokens/", {"name": "ci", "scopes": ["see"], "lasts": "forever"}, 422),
    ("/me/tokens/{nobody}/revoke/", {}, 404),
]


@pytest.mark.parametrize(("path", "typed", "status"), FORMS)
def test_M2_D8_bad_input_on_pages_is_no_error_of_ours_and_changes_nothing(house, root_client, path, typed, status):
    before = Event.objects.count()
    answer = root_client.post(path.format(**house), filled(typed, house))
    assert answer.status_code == status
    assert Event.objects.count() == before


STRANGERS = [
    ("get", "/people/{bob}", None, 404),
    ("patch", "/people/{bob}", {"name": "X"}, 403),
    ("post", "/people/{bob}/roles", {"role": "administrator"}, 403),
    ("post", "/people/{charlie}/roles", {"role": "administrator"}, 403),
    ("post", "/people/ways/{way}/end", {}, 404),
    ("get", "/posts", None, 403),
    ("get", "/posts/check", None, 403),
    ("post", "/posts/ciso/holders", {"person": "{charlie}"}, 403),
    ("get", "/teams", None, 403),
    ("get", "/entities", None, 403),
]


@pytest.mark.parametrize(("method", "path", "body", "status"), STRANGERS)
def test_M2_a_stranger_is_refused_everywhere_but_at_home(house, charlie_client, method, path, body, status):
    sent = filled(body, house) if body is not None else None
    answer = getattr(charlie_client, method)("/api/v1" + path.format(**house), sent, content_type="application/json")
    assert answer.status_code == status
    assert "Bob" not in answer.content.decode()

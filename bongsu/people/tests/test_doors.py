"""The doors: sign-in and its traces, pages, API and tokens, console."""

import pytest
from django.test import Client
from django.urls import reverse

from bongsu.events.models import Event
from bongsu.people import queries
from bongsu.people.actions import deactivate_person, ensure_posts, set_post_holder
from bongsu.people.models import ApiToken, Holding, Person
from bongsu.people.rules import PostWanted
from conftest import PASSWORD

pytestmark = pytest.mark.django_db


def facts(ref: str) -> list[str]:
    return list(Event.objects.filter(subject=ref).order_by("seq").values_list("name", flat=True))


def sign_in(email: str, password: str = PASSWORD) -> tuple[Client, int]:
    client = Client()
    response = client.post(reverse("account_login"), {"login": email, "password": password})
    return client, response.status_code


# --- signing in


def test_M2_signing_in_and_out_are_facts(bob):
    client, status = sign_in("Bob@Example.org")
    assert status == 302
    client.post(reverse("account_logout"))
    assert facts(bob.key)[-2:] == ["people.signed_in@1", "people.signed_out@1"]


def test_M2_a_wrong_password_is_a_fact_with_the_person(bob):
    client, status = sign_in("bob@example.org", "guess")
    assert status == 200
    assert "_auth_user_id" not in client.session
    assert facts(bob.key)[-1] == "people.sign_in_failed@1"


def test_M2_a_sign_in_as_nobody_is_a_fact_without_the_address_in_the_chain(db):
    sign_in("ghost@example.org", "guess")
    sign_in("ghost2@example.org", "guess")
    events = Event.objects.filter(subject="house:sign-in", name="people.sign_in_failed@1")
    assert events.count() == 2
    assert "ghost" not in events[0].text


def test_M2_who_was_deactivated_does_not_come_in(root, bob):
    deactivate_person(root, person=bob.person_id, reason="left")
    client, _status = sign_in("bob@example.org")
    assert "_auth_user_id" not in client.session


def test_M2_a_session_ends_with_the_person(root, bob, bob_client):
    assert bob_client.get("/me/").status_code == 200
    deactivate_person(root, person=bob.person_id, reason="left")
    assert bob_client.get("/me/").status_code == 302


def test_M2_nobody_signs_up(client):
    page = client.post(reverse("account_signup"), {"email": "new@example.org", "password1": PASSWORD})
    assert page.status_code == 200
    assert not Person.objects.filter(email="new@example.org").exists()


def test_M2_with_a_second_factor_the_password_alone_is_not_enough(bob):
    from allauth.mfa.totp.internal import auth

    secret = auth.generate_totp_secret()
    auth.TOTP.activate(Person.objects.get(pk=bob.person_id), secret)
    client, status = sign_in("bob@example.org")
    assert status == 302
    assert "_auth_user_id" not in client.session
    client.post(reverse("mfa_authenticate"), {"code": "000000"})
    assert facts(bob.key)[-1] == "people.sign_in_failed@1"
    code = auth.format_hotp_value(auth.hotp_value(secret, next(iter(auth.yield_hotp_counters_from_time()))))
    client.post(reverse("mfa_authenticate"), {"code": code})
    assert client.session["_auth_user_id"] == str(bob.person_id)


def test_M2_changing_the_password_is_a_fact(bob, bob_client):
    new = "another fire on the hill"
    bob_client.post(reverse("account_change_password"), {"oldpassword": PASSWORD, "password1": new, "password2": new})
    assert facts(bob.key)[-1] == "people.password_changed@1"
    assert sign_in("bob@example.org", new)[1] == 302


def test_M2_a_sign_in_link_sets_a_password_once(root, bob, root_client):
    page = root_client.post(f"/people/{bob.person_id}/sign-in-link/")
    assert page["Cache-Control"] == "no-store"
    from bongsu.people.actions import make_sign_in_link

    path = make_sign_in_link(root, person=bob.person_id)
    assert "testserver" + path.split("-")[0] in page.content.decode()
    new, client = "another fire on the hill", Client()
    form = client.get(path, follow=True)
    client.post(form.redirect_chain[-1][0], {"password1": new, "password2": new})
    assert facts(bob.key)[-1] == "people.password_changed@1"
    assert sign_in("bob@example.org", new)[1] == 302
    assert "password1" not in Client().get(path, follow=True).content.decode()


def test_M2_who_forgot_a_password_leaves_a_fact_and_no_mail(bob, mailoutbox):
    Client().post(reverse("account_reset_password"), {"email": "bob@example.org"})
    assert facts(bob.key)[-1] == "people.sign_in_link_wanted@1"
    assert mailoutbox == []


# --- pages


def test_M2_signed_out_nothing_is_shown(client):
    for path in ("/people/", "/me/", "/posts/", "/teams/"):
        assert client.get(path).status_code == 302


def test_M2_a_stranger_sees_only_their_own_page(charlie_client, bob):
    page = charlie_client.get("/people/")
    assert "Bob" not in page.content.decode()
    assert charlie_client.get(f"/people/{bob.person_id}/").status_code == 404
    assert charlie_client.get("/posts/").status_code == 403
    assert charlie_client.get("/teams/").status_code == 403
    assert charlie_client.get("/me/").status_code == 200


def test_the_pages_hold_their_budget(root_client, bob, alice, django_assert_max_num_queries):
    for path in ("/people/", f"/people/{bob.person_id}/", "/me/", "/posts/", "/teams/"):
        with django_assert_max_num_queries(21):  # PostgreSQL asks once more for the place in the stream
            assert root_client.get(path).status_code == 200


def test_an_administrator_adds_a_person_on_the_page(root_client):
    page = root_client.post(
        "/people/new/", {"name": "Dana", "email": "dana@example.org", "language": "ko", "zone": "Asia/Seoul", "roles": ["legal"]}
    )
    dana = Person.objects.get(email="dana@example.org")
    assert page["Location"] == f"/people/{dana.id}/"
    assert queries.actor_of(dana).roles == {"legal"}


def test_bad_input_on_the_page_keeps_the_form_and_says_where(root_client, bob):
    typed = {"name": "Dana", "email": "bob@example.org", "language": "en", "zone": "Mars/Olympus"}
    page = root_client.post("/people/new/", typed, headers={"accept-language": "en"})
    assert page.status_code == 422
    assert "Unknown time zone" in page.content.decode()
    page = root_client.post("/people/new/", {**typed, "zone": "Asia/Seoul"})
    assert page.status_code == 422
    assert "This e-mail address is taken." in page.content.decode()
    assert 'value="Dana"' in page.content.decode()


def test_everybody_changes_language_and_zone_on_their_own_page(bob, bob_client):
    bob_client.post("/me/", {"name": "Bob", "language": "ko", "zone": "Europe/Berlin"})
    assert queries.person(bob.person_id).language == "ko"
    assert "내 프로필" in bob_client.get("/me/").content.decode()


def test_a_new_persons_form_says_everything_that_is_wrong_at_once(root_client, bob):
    taken = Person.objects.get(pk=bob.person_id).email.upper()
    given = {"name": " ", "email": taken, "language": "ko", "zone": "Mars/Olympus"}
    page = root_client.post("/people/new/", given)
    said = page.content.decode()
    assert page.status_code == 422
    assert "This e-mail address is taken." in said
    assert "Unknown time zone" in said
    assert page.context["form"].errors.keys() == {"name", "email", "zone"}


def test_the_standing_check_says_so_when_nothing_is_wrong(db):
    from typer.testing import CliRunner

    from bongsu.people.cli import app

    assert "아직 직책이 없습니다" in CliRunner().invoke(app, ["posts", "--check"]).output


def test_the_command_that_adds_a_person_lists_roles_and_says_the_language(db):
    from typer.testing import CliRunner

    from bongsu.people.cli import app

    words = CliRunner().invoke(app, ["create", "--help"], env={"COLUMNS": "300"}).output
    assert "responder, commander" in words
    assert "en (English)" in words
    added = CliRunner().invoke(app, ["create", "kim@example.org", "Kim", "--language", "en"]).output
    assert "Kim <kim@example.org>, 언어 en, 시간대 Asia/Seoul" in added


def test_the_switch_of_language_is_kept_with_the_person(bob, bob_client):
    bob_client.post("/ui/language/", {"language": "ko", "next": "/me/"})
    assert queries.person(bob.person_id).language == "ko"


def test_D8_ways_are_added_ordered_and_ended_on_ones_page(bob, bob_client):
    bob_client.post(f"/people/{bob.person_id}/ways/", {"channel": "pager", "address": "bob-pager"})
    pager = queries.ways_of([bob.person_id])[bob.person_id][1]
    bob_client.post(f"/people/{bob.person_id}/ways/{pager.id}/first/")
    assert queries.ways_of([bob.person_id])[bob.person_id][0].channel == "pager"
    wrong = bob_client.post(f"/people/{bob.person_id}/ways/", {"channel": "phone", "address": "call me"})
    assert wrong.status_code == 422
    assert "not a telephone number" in wrong.content.decode()
    bob_client.post(f"/people/{bob.person_id}/ways/{pager.id}/end/")
    assert len(queries.ways_of([bob.person_id])[bob.person_id]) == 1


def test_D8_the_board_shows_problems_and_gives_posts(root, root_client, bob):
    ensure_posts(root, posts=[PostWanted("ciso", "정보보호 최고책임자", "CISO")])
    assert "CISO: nobody holds it" in root_client.get("/posts/").content.decode()
    assert 'class="alarm"' in root_client.get("/people/").content.decode()
    assert root_client.post("/posts/ciso/holders/", {"person": str(bob.person_id), "scope_ref": ""}).status_code == 302
    page = root_client.get("/posts/").content.decode()
    assert "nobody holds it" not in page
    assert "has neither pager nor telephone" in page
    root_client.post(f"/posts/holdings/{Holding.objects.current().get().id}/end/", {"reason": "rotation"})
    assert queries.resolve_post("ciso").via == "fallback"


def test_M2_a_responder_changes_no_posts_and_no_roles(root, bob_client, alice):
    ensure_posts(root, posts=[PostWanted("ciso", "정보보호 최고책임자", "CISO")])
    assert bob_client.post("/posts/ciso/holders/", {"person": str(alice.person_id)}).status_code == 403
    assert bob_client.post(f"/people/{alice.person_id}/roles/", {"role": "administrator"}).status_code == 403


def test_M8_entities_and_teams_on_the_page(root_client, bob):
    root_client.post("/entities/new/", {"key": "hanbit", "name": "Hanbit Bank", "country": "KR", "zone": "Asia/Seoul"})
    entity = queries.LegalEntity.objects.get(key="hanbit")
    root_client.post("/teams/new/", {"key": "ml", "name": "ML", "entity": str(entity.id)})
    team = queries.Team.objects.get(key="ml")
    root_client.post(f"/teams/{team.id}/members/", {"person": str(bob.person_id)})
    assert "Bob" in root_client.get("/teams/").content.decode()
    assert root_client.post("/teams/new/", {"key": "ml", "name": "ML", "entity": str(entity.id)}).status_code == 422
    root_client.post(f"/teams/{team.id}/", {"name": "Machine learning", "is_active": "on"})
    root_client.post(f"/teams/{team.id}/members/{bob.person_id}/leave/")
    assert facts(team.ref) == [
        "people.team_created@1",
        "people.member_joined@1",
        "people.team_changed@1",
        "people.member_left@1",
    ]


def test_M2_a_token_is_shown_once_on_the_page(bob, bob_client):
    page = bob_client.post("/me/tokens/", {"name": "ci", "scopes": ["see"], "lasts": "30"})
    token = ApiToken.objects.get(person=bob.person_id)
    assert page["Cache-Control"] == "no-store"
    assert page.content.decode().count("bsu_") == 1
    shown = bob_client.get("/me/").content.decode()
    assert token.hash not in shown
    assert "ci" in shown
    bob_client.post(f"/me/tokens/{token.id}/revoke/")
    assert facts(bob.key)[-2:] == ["people.token_created@1", "people.token_revoked@1"]


# --- API


@pytest.fixture
def ask(token_of):
    def ask(actor, method, path, data=None, **kwargs):
        headers = {"authorization": f"Bearer {token_of(actor)}", "accept-language": "en"}
        return getattr(Client(), method)(f"/api/v1{path}", data, content_type="application/json", headers=headers, **kwargs)

    return ask


def test_people_over_the_api(root, bob, charlie, ask):
    made = ask(root, "post", "/people", {"email": "dana@example.org", "name": "Dana", "roles": ["legal"]})
    assert made.status_code == 201, made.content
    dana = made.json()["id"]
    assert made.json()["ways"][0]["address"] == "dana@example.org"
    assert ask(root, "patch", f"/people/{dana}", {"zone": "UTC"}).json()["zone"] == "UTC"
    assert ask(root, "post", f"/people/{dana}/roles", {"role": "auditor"}).json()["roles"] == ["auditor", "legal"]
    assert ask(root, "post", f"/people/{dana}/roles/legal/revoke", {"reason": "x"}).json()["roles"] == ["auditor"]
    assert ask(root, "post", f"/people/{dana}/deactivate", {"reason": "left"}).json()["is_active"] is False
    names = [p["name"] for p in ask(bob, "get", "/people?is_active=true").json()["items"]]
    assert names == sorted(names)
    assert "Dana" not in names
    assert ask(bob, "get", "/people/me").json()["name"] == "Bob"
    assert ask(bob, "post", "/people", {"email": "x@example.org", "name": "X"}).status_code == 403


def test_posts_over_the_api(root, bob, ask):
    ensure_posts(root, posts=[PostWanted("ciso", "정보보호 최고책임자", "CISO")])
    assert ask(bob, "get", "/posts/check").json()["is_in_order"] is False
    given = ask(root, "post", "/posts/ciso/holders", {"person": str(bob.person_id)})
    assert given.status_code == 201
    assert ask(bob, "get", "/posts/ciso/people").json()["people"] == [{"id": str(bob.person_id), "name": "Bob"}]
    seat = ask(bob, "get", "/posts").json()[0]
    assert (seat["via"], [p["kind"] for p in seat["problems"]]) == ("holder", ["asleep"])
    ended = ask(root, "post", f"/posts/holdings/{given.json()['id']}/end", {"reason": "rotation"})
    assert ended.status_code == 204


def test_M8_entities_and_teams_over_the_api(root, bob, ask):
    entity = ask(root, "post", "/entities", {"key": "hanbit", "name": "Hanbit"}).json()
    team = ask(root, "post", "/teams", {"key": "ml", "name": "ML", "entity": entity["id"]}).json()
    joined = ask(root, "post", f"/teams/{team['id']}/members", {"person": str(bob.person_id)}).json()
    assert [m["name"] for m in joined["members"]] == ["Bob"]
    assert ask(root, "post", f"/teams/{team['id']}/members/{bob.person_id}/leave").json()["members"] == []
    assert ask(bob, "get", "/teams").json()[0]["entity"] == "hanbit"
    assert ask(root, "patch", f"/entities/{entity['id']}", {"is_active": False}).json()["is_active"] is False


def test_M2_a_session_makes_and_revokes_its_tokens_over_the_api(bob, bob_client):
    made = bob_client.post("/api/v1/tokens", {"name": "ci", "scopes": ["see"]}, content_type="application/json")
    assert made.status_code == 201
    raw, token = made.json()["token"], made.json()["id"]
    assert Client().get("/api/v1/people/me", headers={"authorization": f"Bearer {raw}"}).status_code == 200
    assert "token" not in bob_client.get("/api/v1/tokens").json()[0]
    assert bob_client.post(f"/api/v1/tokens/{token}/revoke", {}, content_type="application/json").status_code == 204
    refused = Client().get("/api/v1/people/me", headers={"authorization": f"Bearer {raw}"})
    assert refused.status_code == 401


def test_M2_an_expired_token_is_told_so_over_the_api(bob, token_of):
    from datetime import timedelta

    from bongsu.kernel import clock

    raw = token_of(bob, ["see"], expires_at=clock.now() + timedelta(days=1))
    with clock.simulated(clock.now() + timedelta(days=2)):
        answer = Client().get("/api/v1/people/me", headers={"authorization": f"Bearer {raw}", "accept-language": "en"})
    assert answer.status_code == 401
    assert answer.json()["detail"] == "This token has expired."


# --- console


@pytest.fixture
def run(db):
    from typer.testing import CliRunner

    from bongsu.people.cli import app

    return lambda *args, **kwargs: CliRunner().invoke(app, list(args), **kwargs)


def test_M2_the_console_makes_the_first_administrator(run):
    made = run("create", "root@example.org", "Root", "--role", "administrator", "--password-stdin", input=PASSWORD + "\n")
    assert made.exit_code == 0, made.output
    root = Person.objects.get()
    assert root.check_password(PASSWORD)
    event = Event.objects.get(name="people.person_created@1")
    assert event.actor.startswith("console:")


def test_the_console_prints_a_whole_address_and_what_it_is_for(run, client, settings):
    settings.BASE_URL = "https://bongsu.example"
    made = run("create", "root@example.org", "Root", "--role", "administrator")
    assert "Root <root@example.org>" in made.output
    for output in (made.output, run("link", "root@example.org").output):
        *words, address = output.strip().splitlines()
        assert words[-1].endswith(":")
        assert address.strip().startswith("https://bongsu.example/")
        assert client.get(address.strip().removeprefix("https://bongsu.example"), follow=True).status_code == 200


def test_the_console_grants_lists_and_makes_tokens(run, bob):
    assert run("grant", "bob@example.org", "legal").exit_code == 0
    assert "legal,responder" in run("list").output
    raw = run("token", "bob@example.org", "ci", "--scope", "see").output.strip()
    assert queries.actor_of_token(raw).key == bob.key


def test_D8_the_console_checks_the_posts_and_fails_when_it_is_grave(run, root, bob):
    ensure_posts(root, posts=[PostWanted("ciso", "정보보호 최고책임자", "CISO")])
    assert run("posts", "--check").exit_code == 1
    set_post_holder(root, post="ciso", person=bob.person_id)
    assert run("posts", "--check").exit_code == 0
    assert "ciso\t-\tholder\tBob" in run("posts").output


def test_the_console_says_plainly_what_is_wrong(run):
    refused = run("grant", "ghost@example.org", "legal")
    assert refused.exit_code == 1
    assert "ghost@example.org" in refused.output


def test_a_part_of_a_page_is_refused_when_the_session_has_ended_and_never_becomes_the_sign_in_page(client, db):
    whole = client.get("/people/")
    assert whole.status_code == 302
    part = client.get("/people/", headers={"HX-Request": "true"})
    assert (part.status_code, part.content) == (401, b"")

"""API tokens: narrowed, hashed, noted, refused with their reason (M2)."""

import pytest
from django.test import Client

from bongsu.events.models import Event
from bongsu.people import queries
from bongsu.people.actions import create_token, revoke_token
from bongsu.people.models import ApiToken

pytestmark = pytest.mark.django_db


def facts(ref: str) -> list[str]:
    return list(Event.objects.filter(subject=ref).order_by("seq").values_list("name", flat=True))


def test_M2_a_token_acts_as_its_person_narrowed_to_its_scopes(bob, token_of):
    actor = queries.actor_of_token(token_of(bob, ["see"]))
    assert (actor.key, actor.may("see"), actor.may("incident.declare")) == (bob.key, True, False)


def test_M2_only_the_hash_of_a_token_is_kept(bob, token_of):
    raw = token_of(bob, ["see"])
    row = ApiToken.objects.get()
    assert raw not in (row.hash, row.hint)
    assert len(row.hash) == 64


def test_M2_a_token_loses_what_its_person_loses(root, bob, token_of):
    from bongsu.people.actions import revoke_role

    raw = token_of(bob, ["see", "incident.declare"])
    revoke_role(root, person=bob.person_id, role="responder", reason="moved")
    assert not queries.actor_of_token(raw).may("see")


def test_M2_a_token_makes_no_tokens_and_changes_no_profile(bob, token_of):
    from bongsu.kernel.errors import Forbidden
    from bongsu.people.actions import change_person

    narrow = queries.actor_of_token(token_of(bob, ["see"]))
    with pytest.raises(Forbidden):
        create_token(narrow, person=bob.person_id, name="more", scopes=["export"])
    with pytest.raises(Forbidden):
        change_person(narrow, person=bob.person_id, language="ko")


def test_M2_nobody_makes_a_token_for_another(root, bob):
    from bongsu.kernel.errors import Forbidden

    with pytest.raises(Forbidden):
        create_token(root, person=bob.person_id, name="x", scopes=["see"])


def test_M2_the_use_of_a_token_is_noted_at_most_every_five_minutes(bob, token_of, rf):
    from datetime import UTC, datetime, timedelta

    from bongsu.kernel import clock
    from bongsu.people.sessions import actor_of_bearer

    with clock.simulated(datetime(2026, 11, 23, 3, 0, tzinfo=UTC)):
        raw = token_of(bob, ["see"])
        moments = []
        for step in (0, 240, 60):
            clock.advance(timedelta(seconds=step))
            actor_of_bearer(rf.get("/"), raw)
            moments.append(ApiToken.objects.get().last_used_at)
    assert moments[0] == moments[1] < moments[2]
    assert facts(bob.key).count("people.token_first_used@1") == 1


def test_M2_a_revoked_token_is_refused_on_the_record_once(bob, token_of, rf):
    from bongsu.people.rules import BadToken
    from bongsu.people.sessions import actor_of_bearer

    raw = token_of(bob, ["see"])
    revoke_token(bob, token=ApiToken.objects.get().id, reason="leaked")
    for _try in range(2):
        with pytest.raises(BadToken, match="revoked"):
            actor_of_bearer(rf.get("/"), raw)
    assert facts(bob.key).count("people.token_refused@1") == 1


def test_M2_the_api_notes_the_use_of_a_token(bob, token_of):
    raw = token_of(bob, ["see"])
    Client().get("/api/v1/people/me", headers={"authorization": f"Bearer {raw}"})
    assert ApiToken.objects.get().last_used_at is not None
    assert facts(bob.key)[-1] == "people.token_first_used@1"

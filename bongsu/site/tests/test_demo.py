"""The demo (L3): an invented organisation whose past is acted out by the real actions, in a database that stays a demo."""

from datetime import timedelta

import pytest

from bongsu.events.facts import Installed
from bongsu.events.models import Event, Installation
from bongsu.events.worker import is_held
from bongsu.incidents.models import Incident
from bongsu.integrations.models import Call
from bongsu.kernel.clock import now
from bongsu.kernel.errors import Refused
from bongsu.people.actions import create_person
from bongsu.people.models import Person
from bongsu.people.queries import standing_check
from bongsu.site.demo import organisation, story, telling

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_home(settings, tmp_path):
    settings.HOME = tmp_path


@pytest.fixture
def only(monkeypatch):
    """`only("key")`: the history has just these scenes."""

    def choose(*keys: str) -> None:
        plan = story.steps
        monkeypatch.setattr(story, "steps", lambda present: [step for step in plan(present) if step.scene in keys])

    return choose


def test_the_first_row_of_the_ledger_says_that_it_is_a_demo(console):
    organisation.prepare(console)
    assert Event.objects.order_by("position").first().name == Installed.name
    assert Installation.objects.get().is_demo


def test_a_database_in_use_never_becomes_a_demo(console):
    create_person(console, email="real@example.org", name="Real")
    with pytest.raises(Refused):
        organisation.prepare(console)
    assert Person.objects.count() == 1


def test_preparing_twice_makes_one_organisation_and_prints_no_second_password(console):
    sign_ins = organisation.prepare(console)
    people = Person.objects.count()
    assert organisation.prepare(console) == []
    assert Person.objects.count() == people >= 20
    one = sign_ins[0]
    assert Person.objects.get(email=one.email).check_password(one.password)
    assert organisation.sign_ins_file().stat().st_mode & 0o077 == 0


def test_every_post_is_held_by_somebody_who_can_be_reached(console):
    organisation.prepare(console)
    assert [problem for problem in standing_check() if problem.is_grave] == []


def test_the_story_has_all_five_types_and_ends_before_the_present():
    present = now()
    steps = story.steps(present)
    types = {step.said["type"] for step in steps if "type" in step.said}
    assert types == {"data", "model", "security", "regulatory", "operational"}
    assert all(step.said["act"] in story.ACTS for step in steps)
    assert max(step.at for step in steps) <= present
    assert min(step.at for step in steps) >= present - organisation.BEFORE


def test_a_scene_is_told_once_by_the_real_actions_and_nothing_leaves(console, only):
    only("recommender-drop")
    organisation.prepare(console)
    assert is_held()
    assert story.tell() == []
    assert not is_held()
    incident = Incident.objects.get()
    assert (incident.state, incident.severity, incident.type) == ("closed", "P1", "model")
    assert incident.declared_at < now() - timedelta(days=70)
    assert incident.responded_at
    assert incident.resolved_at < incident.closed_at
    assert set(Call.objects.values_list("state", flat=True)) == {"held"}
    before = Event.objects.count()
    assert story.tell() == []
    assert Event.objects.count() == before


def test_a_history_that_was_killed_goes_on_where_it_was(console, only, monkeypatch):
    only("review-logs")
    organisation.prepare(console)
    act_out = story._act_out
    calls = []

    def dies_at_the_fourth(*arguments):
        calls.append(arguments)
        if len(calls) == 4:
            raise KeyboardInterrupt
        act_out(*arguments)

    monkeypatch.setattr(story, "_act_out", dies_at_the_fourth)
    with pytest.raises(KeyboardInterrupt):
        story.tell()
    assert not telling.is_told()
    monkeypatch.setattr(story, "_act_out", act_out)
    assert story.tell() == []
    assert telling.is_told()
    assert Incident.objects.get().state == "closed"
    told = [(fact.scene, fact.step) for _event, fact in story._told()]
    assert len(told) == len(set(told))


def test_there_is_no_history_without_a_demo():
    with pytest.raises(Refused):
        story.tell()

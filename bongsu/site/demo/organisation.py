"""The demo's organisation: people, posts, systems and connections, made in one transaction or not at all."""

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings

from bongsu.events import worker
from bongsu.events.actions import action
from bongsu.events.models import Installation
from bongsu.events.sealing import install
from bongsu.integrations.actions import create_connection
from bongsu.kernel.actors import Actor
from bongsu.kernel.clock import now, simulated
from bongsu.packs.actions import install_default
from bongsu.people import actions as people
from bongsu.people.models import Person
from bongsu.systems.actions import register_system

from .telling import BEFORE, HELD

HERE = Path(__file__).parent
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that look alike


@dataclass(frozen=True)
class SignIn:
    who: str
    email: str
    password: str
    what: str


def sign_ins_file() -> Path:
    """The sign-ins as they were printed, readable by the owner of the installation only."""
    return Path(settings.HOME) / "demo-sign-ins.txt"


def prepare(actor: Actor) -> list[SignIn]:
    """Mark this database as a demo and fill it; an empty list when that was done before. Refuses a database in use."""
    if Installation.objects.filter(is_demo=True).exists():
        return []
    present = now()
    with simulated(present - BEFORE):
        made = _fill(actor)
    # Until the history is told, the server's worker leaves alone what only the history knows how to end.
    worker.hold(present + HELD)
    return made


@action
def _fill(actor: Actor) -> list[SignIn]:
    install(actor, is_demo=True)
    install_default(actor)
    plan = yaml.safe_load((HERE / "people.yaml").read_text(encoding="utf-8"))
    teams = _teams(actor, plan)
    sign_ins: list[SignIn] = []
    known = {each["key"]: _person(actor, each, plan["domain"], teams, sign_ins) for each in plan["people"]}
    for key, held in plan["posts"].items():
        for is_deputy, names in ((False, held["holders"]), (True, held.get("deputies", []))):
            for name in names:
                people.set_post_holder(actor, post=key, person=known[name].id, is_deputy=is_deputy)
    _systems(actor, plan, known)
    for each in plan["connections"]:
        create_connection(actor, plugin_slug=each["plugin"], name=each["name"], values=each["values"])
    _keep(sign_ins)
    return sign_ins


def _teams(actor: Actor, plan: dict[str, Any]) -> dict[str, Any]:
    entities = {each["key"]: people.create_entity(actor, **each) for each in plan["entities"]}
    plan["entities"] = entities
    return {
        each["key"]: people.create_team(actor, key=each["key"], name=each["name"], entity=entities[each["entity"]].id)
        for each in plan["teams"]
    }


def _person(actor: Actor, each: dict[str, Any], domain: str, teams: dict[str, Any], sign_ins: list[SignIn]) -> Person:
    email, password = f"{each['key']}@{domain}", None
    if "signs_in" in each:
        password = "-".join("".join(secrets.choice(LETTERS) for _letter in range(4)) for _group in range(4))
        sign_ins.append(SignIn(each["name"], email, password, each["signs_in"]))
    person = people.create_person(
        actor, email=email, name=each["name"], language=each.get("language", "ko"), zone=each.get("zone", "Asia/Seoul"),
        password=password, roles=each["roles"],
    )  # fmt: skip
    for channel, address in each.get("ways", {}).items():
        people.add_contact_way(actor, person=person.id, channel=channel, address=address)
    for team in each.get("teams", []):
        people.join_team(actor, team=teams[team].id, person=person.id)
    return person


def _systems(actor: Actor, plan: dict[str, Any], known: dict[str, Person]) -> None:
    for each in plan["systems"]:
        fields = {name: value for name, value in each.items() if name not in ("entity", "owner", "posts")}
        fields.setdefault("regions", ["KR"])
        row = register_system(actor, entity=plan["entities"][each["entity"]].id, owner=known[each["owner"]].id, **fields)
        for post, name in each.get("posts", {}).items():
            people.set_post_holder(actor, post=post, person=known[name].id, scope_ref=row.ref)


def _keep(sign_ins: list[SignIn]) -> None:
    path = sign_ins_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text("".join(f"{s.email}\t{s.password}\t{s.who}\t{s.what}\n" for s in sign_ins), encoding="utf-8")

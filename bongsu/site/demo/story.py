"""The past of the demo: every step of incidents.yaml, in the order of time, under a clock that is moved from step to step.

Each step is one transaction together with the fact that it was told, so that a history that was killed goes on where it
was. Between two steps the worker's work is done here, at its simulated moments. It runs in a process of its own: the clock
is simulated for a whole process, and the server's must stay right.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from datetime import time as time_of_day
from typing import Any
from zoneinfo import ZoneInfo

import yaml
from django.conf import settings

from bongsu.events import worker
from bongsu.events.actions import action, record
from bongsu.events.draining import drain
from bongsu.events.models import Event, Installation
from bongsu.events.queries import fact_of
from bongsu.kernel.actors import Actor, system
from bongsu.kernel.clock import now, simulated
from bongsu.kernel.errors import BongsuError, Refused
from bongsu.kernel.refs import ref, split_ref
from bongsu.kernel.text import gettext_noop as _
from bongsu.people.queries import actor_of
from bongsu.systems.models import AISystem
from bongsu.ui.language import say

from ..facts import DemoTold
from . import closing_acts  # noqa: F401  (they register themselves)
from .acts import ACTS, Scene, duration, person
from .organisation import HERE
from .telling import BEFORE, END, HELD

DEMO = system("demo")


@dataclass(frozen=True)
class Step:
    scene: str
    number: int
    at: datetime
    said: dict[str, Any]
    system: str = ""

    @property
    def key(self) -> tuple[str, int]:
        return self.scene, self.number


def steps(present: datetime) -> list[Step]:
    """Everything that happens, by time; scenes begin so many days, or so long, before `present`."""
    scenes = yaml.safe_load((HERE / "incidents.yaml").read_text(encoding="utf-8"))
    found = [step for scene in scenes for step in _steps(scene, present)]
    return sorted(found, key=lambda step: step.at)


def _steps(scene: dict[str, Any], present: datetime) -> Iterator[Step]:
    at = _beginning(scene, present)
    for number, said in enumerate(scene["steps"], 1):
        at += duration(said.get("after", "0m"))
        yield Step(scene["key"], number, at, said, scene.get("system", ""))


def _beginning(scene: dict[str, Any], present: datetime) -> datetime:
    if "ago" in scene:
        return present - duration(scene["ago"])
    zone = ZoneInfo(settings.ORGANISATION_ZONE)
    day = present.astimezone(zone).date() - timedelta(days=scene["days_ago"])
    return datetime.combine(day, time_of_day.fromisoformat(scene["at"]), zone)


def tell(report: Callable[[int, int], None] = lambda _done, _all: None) -> list[str]:
    """Act out what is left of the history; returns what could not be done. Refuses where there is no demo."""
    home = Installation.objects.filter(is_demo=True).first()
    if home is None:
        raise Refused(_("This is no demo database: begin with `bongsu demo prepare`."))
    told = _told()
    if any(fact.scene == END for _event, fact in told):
        return []
    present = home.made_at + BEFORE
    plan = steps(present)
    done = {(fact.scene, fact.step) for _event, fact in told}
    scenes = _scenes(plan, told)
    real, began = now(), time.monotonic()
    with simulated(told[-1][0].recorded_at if told else home.made_at):
        for step in [step for step in plan if step.key not in done]:
            # Should this process die, the workers take over an hour later.
            worker.hold(real + timedelta(seconds=time.monotonic() - began) + HELD)
            drain(until=step.at)
            _act_out(home, scenes[step.scene], step, len(done))
            done.add(step.key)
            report(len(done), len(plan))
        drain(until=max(present, now()))
    worker.release()
    _state(DEMO, home=home, scene=END, step=0, act="")
    return [fact.refused for _event, fact in _told() if fact.refused]


def _told() -> list[tuple[Event, DemoTold]]:
    rows = Event.objects.filter(name=DemoTold.name).order_by("seq").prefetch_related("personal")
    facts = [(row, fact_of(row)) for row in rows]
    return [(row, fact) for row, fact in facts if isinstance(fact, DemoTold)]


def _scenes(plan: list[Step], told: list[tuple[Event, DemoTold]]) -> dict[str, Scene]:
    known = {row.key: row for row in AISystem.objects.all()}
    scenes = {step.scene: Scene(step.scene, known[step.system] if step.system else None) for step in plan}
    for _event, fact in told:
        if fact.made and fact.scene in scenes:
            scenes[fact.scene].made[split_ref(fact.made)[0]] = fact.made
    return scenes


def _act_out(home: Installation, scene: Scene, step: Step, told: int) -> None:
    """One step and its mark. What a visitor has made impossible meanwhile is marked as such, and the story goes on."""
    try:
        made = _do(DEMO, home=home, scene=scene, step=step, told=told)
    except BongsuError as error:
        why = f"{step.scene} {step.number}: {say(error.text)}"
        _state(DEMO, home=home, scene=step.scene, step=step.number, act=step.said["act"], refused=why[:500])
        return
    if made:
        scene.made[split_ref(made)[0]] = made


@action
def _do(actor: Actor, *, home: Installation, scene: Scene, step: Step, told: int) -> str:
    # Two histories at once would tell everything twice: the row is locked, and the one that comes second finds more told.
    Installation.objects.select_for_update().get(pk=home.pk)
    if Event.objects.filter(name=DemoTold.name).count() != told:
        raise SystemExit("another process is telling the demo's history")
    who = actor_of(person(step.said["who"])) if "who" in step.said else system("monitoring")
    made = ACTS[step.said["act"]](scene, who, step.said)
    _state(actor, home=home, scene=scene.key, step=step.number, act=step.said["act"], made=made)
    return made


@action
def _state(actor: Actor, *, home: Installation, scene: str, step: int, act: str, made: str = "", refused: str = "") -> None:
    about = ref("installation", home.id)
    record(actor, DemoTold(subject=about, scene=scene, step=step, act=act, made=made, refused=refused))

"""What people do in the demo's history. Each act calls the same action as the page does, as the person who does it.

An act gets the scene so far, who acts, and the words of the step; it returns the reference of what it made, or "".
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from bongsu.comms import actions as comms
from bongsu.comms.models import Message
from bongsu.files import actions as files
from bongsu.incidents import actions as incidents
from bongsu.incidents.models import Evidence, Incident
from bongsu.integrations.contract import Measure, Signal
from bongsu.kernel.actors import Actor
from bongsu.kernel.clock import now
from bongsu.kernel.errors import Refused
from bongsu.kernel.refs import ref, split_ref
from bongsu.kernel.text import gettext_noop as _
from bongsu.people.models import Person
from bongsu.signals import actions as signals
from bongsu.signals.models import Proposal
from bongsu.systems.models import AISystem

UNITS = {"m": "minutes", "h": "hours", "d": "days"}


@dataclass
class Scene:
    """One story: its system, and what its steps have made so far (kind -> reference, the last one counts)."""

    key: str
    system: AISystem | None
    made: dict[str, str] = field(default_factory=dict)

    def id_of(self, kind: str) -> UUID:
        """Refused when an earlier step, for whatever reason, has made none. A proposal may have declared itself."""
        if kind == "incident" and kind not in self.made and "proposal" in self.made:
            found = Proposal.objects.get(pk=self.id_of("proposal")).incident
            self.made |= {"incident": found.ref} if found else {}
        if kind not in self.made:
            raise Refused(_("There is no {kind} in this scene."), kind=kind)
        return UUID(split_ref(self.made[kind])[1])

    @property
    def incident(self) -> Incident:
        return Incident.objects.get(pk=self.id_of("incident"))


Said = dict[str, Any]
Act = Callable[[Scene, Actor, Said], str]
ACTS: dict[str, Act] = {}


def act(run: Act) -> Act:
    ACTS[run.__name__.rstrip("_")] = run
    return run


def duration(words: str) -> timedelta:
    """`1d 2h 30m` as a span."""
    return timedelta(**{UNITS[part[-1]]: int(part[:-1]) for part in words.split()})


def person(key: str) -> Person:
    return Person.objects.get(email__startswith=f"{key}@")


def _ago(said: Said, name: str) -> datetime | None:
    return now() - duration(said[name]) if name in said else None


# ---- how it becomes known ---------------------------------------------------------------------------------------------


@act
def signal(scene: Scene, who: Actor, said: Said) -> str:
    """Monitoring sends something. The same `key` again is the same thing going on."""
    labels = dict(scene.system.labels if scene.system else {}) | said.get("labels", {})
    measure = Measure(**said["measure"]) if "measure" in said else None
    understood = Signal(
        dedupe_key=f"{scene.key}:{said.get('key', 'alert')}", title=said["title"], text=said.get("text", ""), labels=labels,
        state=said.get("state", "open"), group_key=scene.key, source_severity=said.get("sender_says", ""), measure=measure,
        about={"system": scene.system.key} if scene.system else {}, detected_at=now(), episode_start=_ago(said, "since"),
    )  # fmt: skip
    row = signals.push_signal(who, signal=understood, source_kind="alertmanager")
    proposal = row.thread.proposal if row.thread else None
    return proposal.ref if proposal else ref("signal", row.id)


@act
def report(scene: Scene, who: Actor, said: Said) -> str:
    """Somebody has noticed something and fills in the six questions."""
    row = signals.file_report(
        who, what=said["what"], system=scene.system, noticed_at=_ago(said, "noticed"), is_ongoing=said.get("ongoing", "unknown"),
        harmed=said.get("harmed", ""),
    )  # fmt: skip
    return row.proposal.ref


@act
def reject(scene: Scene, who: Actor, said: Said) -> str:
    signals.reject_proposal(who, proposal=scene.id_of("proposal"), reason=said["text"])
    return ""


@act
def confirm(scene: Scene, who: Actor, said: Said) -> str:
    """Declare what was proposed, or something else with its reason."""
    words = {name: said[name] for name in ("type", "subtype", "severity", "reason", "title", "restriction") if name in said}
    return signals.declare_proposal(who, proposal=scene.id_of("proposal"), **words).ref


@act
def declare(scene: Scene, who: Actor, said: Said) -> str:
    row = incidents.open_incident(
        who, title=said["title"], type=said["type"], subtype=said["subtype"], severity=said["severity"],
        description=said.get("description", ""), system=scene.system, occurred_at=_ago(said, "occurred"),
        detected_at=_ago(said, "detected"), affected_scope=said.get("scope", ""), is_drill=said.get("drill", False),
        commander=person(said["commander"]).id if "commander" in said else None, restriction=said.get("restriction", ""),
    )  # fmt: skip
    return row.ref


# ---- roles ------------------------------------------------------------------------------------------------------------


@act
def accept(scene: Scene, who: Actor, said: Said) -> str:
    incidents.accept_command(who, incident=scene.id_of("incident"))
    return ""


@act
def offer(scene: Scene, who: Actor, said: Said) -> str:
    incidents.offer_command(who, incident=scene.id_of("incident"), person=person(said["to"]).id)
    return ""


@act
def assign(scene: Scene, who: Actor, said: Said) -> str:
    for role in ("technical_lead", "legal", "communications"):
        if role in said:
            incidents.assign_role(who, incident=scene.id_of("incident"), role=role, person=person(said[role]).id)
    return ""


@act
def read(scene: Scene, who: Actor, said: Said) -> str:
    """Say that the newest message about this was read."""
    newest = Message.objects.filter(subject=scene.incident.subject_id, person=who.person_id).order_by("-id").first()
    if newest:
        comms.acknowledge(who, message=newest.id)
    return ""


# ---- the work ---------------------------------------------------------------------------------------------------------


@act
def note(scene: Scene, who: Actor, said: Said) -> str:
    incidents.add_note(who, incident=scene.id_of("incident"), text=said["text"], occurred_at=_ago(said, "occurred"))
    return ""


@act
def decide(scene: Scene, who: Actor, said: Said) -> str:
    incidents.add_note(who, incident=scene.id_of("incident"), text=said["text"], kind="decision")
    return ""


@act
def move(scene: Scene, who: Actor, said: Said) -> str:
    incidents.move_state(who, incident=scene.id_of("incident"), state=said["to"], reason=said.get("text", ""))
    return ""


@act
def severity(scene: Scene, who: Actor, said: Said) -> str:
    incidents.change_severity(who, incident=scene.id_of("incident"), severity=said["to"], reason=said["text"])
    return ""


@act
def impact(scene: Scene, who: Actor, said: Said) -> str:
    values = {name: value for name, value in said.items() if name not in ("after", "who", "act")}
    if "loss" in values:
        values["loss"] = Decimal(values["loss"])
    incidents.change_impact(who, incident=scene.id_of("incident"), **values)
    return ""


@act
def quote(scene: Scene, who: Actor, said: Said) -> str:
    """Quoted lines as evidence."""
    row = incidents.add_evidence(
        who, incident=scene.id_of("incident"), title=said["title"], quote=said["text"].strip(),
        is_harmful=said.get("harmful", False),
    )  # fmt: skip
    return _evidence(row)


@act
def attach(scene: Scene, who: Actor, said: Said) -> str:
    """A file as evidence, kept encrypted with its hash."""
    incident = scene.incident
    content = said["text"].encode()
    kept = files.store(who, subject=incident.subject_id, name=said["name"], content=content, media_type="text/csv")
    return _evidence(incidents.add_evidence(who, incident=incident.id, title=said["title"], file=kept))


def _evidence(row: Evidence) -> str:
    return ref("evidence", row.id)


@act
def aware(scene: Scene, who: Actor, said: Said) -> str:
    evidence = scene.id_of("evidence") if "evidence" in scene.made else None
    at = now() - duration(said.get("ago", "0m"))
    incidents.set_awareness(who, incident=scene.id_of("incident"), aware_at=at, how=said["text"], evidence=evidence)
    return ""


@act
def deadline(scene: Scene, who: Actor, said: Said) -> str:
    """A deadline of law, counted from awareness."""
    incident = scene.incident
    due = (incident.aware_at or now()) + duration(said["within"])
    duty = incidents.enter_deadline(
        who, incident=incident.id, title=said["title"], authority=said["authority"], due_at=due, zone="Asia/Seoul"
    )
    return ref("duty", duty.id)


@act
def meet(scene: Scene, who: Actor, said: Said) -> str:
    """Tick off the last deadline of this scene, or every open duty with one proof."""
    incident = scene.incident
    open_ones = incident.duties.filter(met_at=None, waived_at=None)
    if said.get("what") == "deadline":
        open_ones = open_ones.filter(pk=scene.id_of("duty"))
    for duty in open_ones:
        incidents.meet_by_hand(who, incident=incident.id, key=duty.key, proof=said["text"])
    return ""

"""What the killed workers do: each reaction and each timer makes one row, and hands one call to a source like the outgoing gate.

The rows are facts about a subject, so that doing something twice is a second fact and cannot hide.
"""

import os
from datetime import datetime, timedelta

from bongsu.events.actions import action, open_subject, record, set_timer
from bongsu.events.ledger import writing
from bongsu.events.listening import on, on_timer
from bongsu.events.models import Event, Link, Timer
from bongsu.events.work import OUTSIDE, Hint, defer, register_work
from bongsu.kernel.actors import Actor, system
from bongsu.kernel.clock import now
from bongsu.kernel.facts import Fact, fact
from bongsu.kernel.refs import ref, uuid7

US = system("kill")


@fact("kill.asked")
class Asked(Fact):
    sentence = "{number} asked"
    number: int


@fact("kill.answered")
class Answered(Fact):
    sentence = "{by} answered {number}"
    by: str
    number: int


@action
def answer(actor: Actor, *, subject: str, by: str, number: int) -> None:
    record(actor, Answered(subject=subject, by=by, number=number))


@on(Asked)
def first(event: Event, asked: Asked) -> None:
    answer(US, subject=asked.subject, by="first", number=asked.number)


@on(Asked)
def second(event: Event, asked: Asked) -> None:
    """Makes an outgoing row, which the worker carries out afterwards."""
    answer(US, subject=asked.subject, by="second", number=asked.number)
    key = f"{event.event}"
    Link.objects.create(from_ref=f"call:{key}", to_ref="waiting", kind="call")
    defer([Hint("kill.calls", key, lane=OUTSIDE)])


@on_timer("kill.ring")
def ring(timer: Timer) -> None:
    answer(US, subject=timer.subject_id, by="timer", number=timer.data["number"])


class Calls:
    """A call is a line in a file outside the database: at least once, and always with its key."""

    name = "kill.calls"

    def lane(self, key: str) -> str:
        return OUTSIDE

    def run(self, key: str) -> datetime | None:
        waiting = Link.objects.filter(from_ref=f"call:{key}", to_ref="waiting")
        if waiting.exists():
            with open(os.environ["KILL_CALLS"], "a") as file:
                file.write(f"{key}\n")
            with writing():
                waiting.update(to_ref="done")
        return None

    def due(self, moment: datetime, limit: int) -> list[str]:
        waiting = Link.objects.filter(kind="call", to_ref="waiting").values_list("from_ref", flat=True)
        return [found.removeprefix("call:") for found in waiting[:limit]]

    def next_at(self) -> datetime | None:
        return None


register_work(Calls())


@action
def ask(actor: Actor, *, records: int, questions: int) -> list[str]:
    """`records` subjects with `questions` facts and as many timers each."""
    made = [open_subject(actor, subject=ref("kill", uuid7())).ref for _each in range(records)]
    for subject in made:
        for number in range(questions):
            record(actor, Asked(subject=subject, number=number))
            due_at = now() + timedelta(milliseconds=100 * number)
            set_timer(subject, key=f"{subject}/{number}", kind="kill.ring", due_at=due_at, data={"number": number})
    return made

"""Facts, listeners and timers that only the tests know. What listeners do is seen in `Link` rows."""

from datetime import timedelta
from typing import Any

from bongsu.events.actions import action, cancel_timer, link, open_subject, record, set_timer
from bongsu.events.listening import on, on_timer
from bongsu.events.models import Event, Subject, Timer
from bongsu.kernel.actors import Actor, system
from bongsu.kernel.clock import now
from bongsu.kernel.facts import Fact, fact
from bongsu.kernel.refs import ref, uuid7

US = system("tests")


@fact("tests.told")
class Told(Fact):
    sentence = "{actor} told {who}: {words}"
    personal = frozenset({"who"})
    words: str
    who: str = "nobody"


@fact("tests.heard")
class Heard(Fact):
    sentence = "{by} heard {words}"
    on_timeline = False
    by: str
    words: str


BROKEN: set[str] = set()  # words at which the failing listener fails


@on(Told)
def steady(event: Event, told: Told) -> None:
    hear(US, subject=told.subject, by="steady", words=told.words)


@on(Told, before_close=True)
def failing(event: Event, told: Told) -> None:
    if told.words in BROKEN:
        raise ValueError(f"cannot hear {told.words}")
    hear(US, subject=told.subject, by="failing", words=told.words)


@action
def hear(actor: Actor, *, subject: str, by: str, words: str) -> None:
    record(actor, Heard(subject=subject, by=by, words=words))


def begin(**options: Any) -> Subject:
    @action
    def run(actor: Actor) -> Subject:
        return open_subject(actor, subject=ref("test", uuid7()), **options)

    return run(US)


@action
def tell(actor: Actor, *words: str, subject: str, who: str = "nobody") -> None:
    for word in words:
        record(actor, Told(subject=subject, words=word, who=who))


def heard(subject: str, by: str) -> list[str]:
    from bongsu.events.queries import values_of

    found = [values_of(e)[0] for e in Event.objects.filter(subject=subject, name=Heard.name).order_by("seq")]
    return [one["words"] for one in found if one["by"] == by]


@on_timer("tests.ring")
def ring(timer: Timer) -> None:
    """`again`: how often to set itself anew; `broken`: fail."""
    hear(US, subject=timer.subject_id, by="timer", words=timer.key)
    if timer.data.get("broken"):
        raise ValueError("cannot ring")
    if again := timer.data.get("again", 0):
        arm(US, subject=timer.subject_id, key=timer.key, data={"again": again - 1})


@action
def arm(actor: Actor, *, subject: str, key: str, seconds: float = 60, data: dict[str, Any] | None = None) -> Timer:
    set_timer(subject, key=key, kind="tests.ring", due_at=now() + timedelta(seconds=seconds), data=data)
    return Timer.objects.get(key=key)


@action
def disarm(actor: Actor, *, key: str) -> bool:
    return cancel_timer(key)


@action
def relate(actor: Actor, *, subject: str, other: str) -> None:
    """Two facts of two subjects, said in one action that calls others."""
    tell(actor, "one", subject=subject)
    tell(actor, "two", subject=other)
    link(actor, from_ref=subject, to_ref=other, kind="test")

"""Seals: now and then the heads that changed are listed, signed with a key outside the database, and put outside it.

Whoever can write to the database can rewrite the ledger so that it fits together again. He cannot sign, and he cannot
fetch back a seal that has left: that is what tells.
"""

import base64
import json
import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Max

from bongsu.kernel.actors import Actor, system
from bongsu.kernel.canonical import canonical, digest, moment
from bongsu.kernel.clock import now
from bongsu.kernel.errors import Refused
from bongsu.kernel.refs import ref
from bongsu.kernel.text import gettext_noop as _

from .actions import action, open_subject, record
from .facts import Installed, SealDelivered, Sealed, Verified
from .models import Event, Installation, Seal, SealDelivery, Subject
from .queries import Cursor, since, stream_end
from .schedules import every

BEGINNING = "0" * 64
# What sealing itself says is no reason for another seal.
OWN = frozenset({Sealed.name, SealDelivered.name, Verified.name})
HOUR = 3600


@action
def install(actor: Actor, *, is_demo: bool) -> Installation:
    """Say what this database is. Refused when it is something else already; a demo is one from the first row of its ledger."""
    found = Installation.objects.first()
    if found is None:
        if is_demo and Event.objects.exists():
            raise Refused(_("This database has a history already; it cannot become a demo."))
        found = Installation.objects.create(is_demo=is_demo, made_at=now())
        subject = open_subject(actor, subject=ref("installation", found.id))
        record(actor, Installed(subject=subject.ref, installation=str(found.id), is_demo=is_demo, key=settings.KEYS.public))
    elif found.is_demo != is_demo:
        raise Refused(_("A demo database stays a demo, and a production database never becomes one."))
    return found


@action
def seal(actor: Actor, *, is_wanted: bool = True) -> Seal | None:
    """Sign the heads that changed since the seal before; None when there is nothing to seal and nobody asked for one."""
    actor.require("ledger.verify")
    home = Installation.objects.select_for_update().first()
    if home is None:
        if is_wanted:
            raise Refused(_("This database is not installed yet; there is nothing to seal."))
        return None
    last = Seal.objects.order_by("-number").first()
    end = stream_end()
    heads, is_news = _changed(Cursor(last.transaction, last.position) if last else Cursor(), end, carrying(home))
    if not is_news and not is_wanted:
        return None
    text = _text(home, last, heads)
    made = Seal.objects.create(
        number=last.number + 1 if last else 1,
        made_at=now(),
        text=text,
        hash=digest(text),
        signature=base64.b64encode(settings.KEYS.signer.sign(text.encode())).decode(),
        transaction=end.transaction,
        position=end.position,
    )
    record(actor, Sealed(subject=ref("installation", home.id), number=made.number, hash=made.hash, entries=len(heads)))
    return made


def _changed(start: Cursor, end: Cursor, carried: str) -> tuple[list[list[Any]], bool]:
    """(subject, seq, hash) of the newest settled event of each subject after `start`, and whether there is news in them."""
    window = since(start, limit=None).filter(transaction__lte=end.transaction).order_by()
    window = window.exclude(transaction=end.transaction, position__gt=end.position)
    newest = dict(window.values_list("subject").annotate(Max("seq")))
    heads = [
        [subject, seq, found]
        for subject, seq, found in window.order_by("subject_id", "seq").values_list("subject", "seq", "hash").iterator()
        if newest[subject] == seq
    ]
    return heads, window.exclude(name__in=OWN).exclude(subject=carried).exists()


def _text(home: Installation, last: Seal | None, heads: list[list[Any]]) -> str:
    return canonical(
        {
            "v": 1,
            "number": last.number + 1 if last else 1,
            "made_at": moment(now()),
            "prev": last.hash if last else BEGINNING,
            "installation": home.id,
            "is_demo": home.is_demo,
            "key": settings.KEYS.public,
            "entries": heads,
        }
    )


def carrying(home: Installation) -> str:
    """The record on which stands how seals are carried out of the house: no reason for another seal."""
    return ref("seals", home.id)


def open_carrying(actor: Actor) -> str:
    """`carrying`, made known when it was not; called inside an action."""
    found = carrying(Installation.objects.get())
    if not Subject.objects.filter(ref=found).exists():
        open_subject(actor, subject=found)
    return found


def folder() -> Path:
    """Where seals are put outside the database (BONGSU_SEALS): best a place that this machine may only add to."""
    return Path(os.environ.get("BONGSU_SEALS") or Path(settings.HOME) / "seals")


def file_name(made: Seal) -> str:
    return f"seal-{json.loads(made.text)['installation']}-{made.number:08}.json"


def deliver_seals(actor: Actor) -> int:
    """Put every seal that has not left yet into the folder; returns how many. The files are written outside transactions."""
    place = str(folder())
    waiting = Seal.objects.exclude(deliveries__place=place[:200]).order_by("number")
    done = 0
    for made in waiting:
        write_seal(folder() / file_name(made), made)
        note_delivery(actor, seal=made.number, place=place)
        done += 1
    return done


def as_line(made: Seal, *, is_whole: bool = True) -> str:
    """The seal as it is kept outside; not whole: hash and signature alone."""
    kept = {"text": made.text} if is_whole else {"number": made.number}
    return json.dumps({**kept, "hash": made.hash, "signature": made.signature}, ensure_ascii=False) + "\n"


def write_seal(path: Path, made: Seal) -> None:
    """Whole or not at all; a seal that lies there already is never overwritten by another one."""
    content = as_line(made)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        if path.read_text(encoding="utf-8") != content:
            raise Refused(_("Another seal lies at {path}: this ledger is not the one it was."), path=str(path))
        return
    temporary = path.with_suffix(f".{os.getpid()}")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


@action
def note_delivery(actor: Actor, *, seal: int, place: str, subject: str = "") -> None:
    """Put on the record that a seal has left the database; also for whoever carries it by mail (on `carrying`)."""
    made = Seal.objects.get(pk=seal)
    _row, is_new = SealDelivery.objects.get_or_create(seal=made, place=place[:200], defaults={"delivered_at": now()})
    if is_new:
        home = ref("installation", json.loads(made.text)["installation"])
        record(actor, SealDelivered(subject=subject or home, number=seal, place=place))


@every("events.seal", seconds=HOUR)
def seal_hourly() -> None:
    seal(system("sealing"), is_wanted=False)
    deliver_seals(system("sealing"))

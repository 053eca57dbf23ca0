"""A restricted incident behind every door (requirements B6, M2): who is not among its readers finds neither its words nor
itself in a list or a count, and what leaves the house or is drawn by the browser's frame carries only its number.
"""

import json
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import product
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from bongsu.incidents.models import Incident
from bongsu.kernel.actors import Actor
from bongsu.kernel.clock import now

pytestmark = pytest.mark.django_db
MARK = "zebra7731"  # in every free text of the secret; nowhere else
OPEN = "quagga1108"  # in an incident that everybody with access may see: the walk must be able to find something
LEFT_OUT = ("accounts/", "ui/gallery")  # allauth's own pages; the gallery shows samples


@dataclass
class Secret:
    incident: Incident
    ids: dict[str, list[Any]]


@pytest.fixture
def secret(alice: Actor, root: Actor, lena: Actor, default_pack: Any, drain: Any) -> Secret:
    """A restricted incident with everything that hangs on one, each part speaking the mark; alice and lena read it."""
    from bongsu.incidents import actions
    from bongsu.incidents.actions import Upload
    from bongsu.integrations.actions import create_connection, hold_everything

    hold_everything(root, reason="so that everything waits at the gate")
    server = {"server": "127.0.0.1:25", "sender": "bongsu@bank.example", "security": "none"}
    create_connection(root, plugin_slug="email_smtp", name="Mail", values=server, allowed_targets=["127.0.0.1:25"])
    incident = declared(alice, root)
    drain()
    on = {"incident": incident.id}
    actions.let_in(alice, person=lena.person_id, reason=f"legal {MARK}", **on)
    note = actions.add_note(alice, text=f"note {MARK}", **on)
    content = SimpleUploadedFile("memo.txt", f"file {MARK}".encode())
    (filed,) = actions.add_files(alice, uploads=[Upload(f"{MARK}.txt", "text/plain", content)], **on)
    quoted = actions.add_evidence(alice, title="", quote=f"quote {MARK}", is_harmful=True, **on)
    duty = actions.enter_deadline(
        alice, title=f"deadline {MARK}", authority=f"authority {MARK}", due_at=now() + timedelta(hours=3), zone="Asia/Seoul", **on
    )
    actions.set_awareness(alice, aware_at=now(), how=f"call {MARK}", **on)
    actions.ask_awareness_change(alice, aware_at=now(), how=f"other {MARK}", reason=f"because {MARK}", **on)
    actions.change_severity(alice, severity="P0", reason=f"worse {MARK}", **on)
    actions.offer_command(alice, person=lena.person_id, **on)
    actions.move_state(alice, state="investigating", reason=f"go {MARK}", **on)
    drain()
    told_and_written(alice, incident)
    drain()
    ids = {
        "incident": [incident.number, incident.id], "number": [incident.number], "event": [note],
        "subject": [incident.subject_id],
        "evidence": [quoted.id, filed.id], "file_id": [filed.file_id],
        "duty": [duty.id], "person": [alice.person_id], "key": [duty.key],
    }  # fmt: skip
    return Secret(incident, {**ids, **_rows_of(incident)})


def declared(alice: Actor, root: Actor) -> Incident:
    """From an alert, by its proposal: what led to a restricted incident is as restricted as the incident."""
    from bongsu.integrations.contract import Signal as Alert
    from bongsu.signals import actions as signals
    from bongsu.signals.models import Proposal

    alert = Alert(
        dedupe_key="leak-1", title=f"alert {MARK}", text=f"personal data of customers leaked {MARK}", detected_at=now(),
        source_event_id=f"event {MARK}", labels={"detail": MARK},
    )  # fmt: skip
    signals.push_signal(root, signal=alert)
    return signals.declare_proposal(
        alice, proposal=Proposal.objects.get().id, type="data", subtype="personal_data_leak", severity="P1",
        title=f"title {MARK}", reason=f"seen {MARK}", restriction=f"a colleague is involved {MARK}",
    )  # fmt: skip


def told_and_written(alice: Actor, incident: Incident) -> None:
    """What other modules hang on it: an update, a notice, a measure, a containment, a report under review with a comment."""
    from bongsu.documents import actions as documents
    from bongsu.reports import actions as reports
    from bongsu.runbooks import actions as runbooks
    from bongsu.updates.actions import noticing, updating
    from bongsu.updates.rules import IN_PROGRESS, Item

    assert alice.person_id
    on = {"incident": incident.id}
    updating.send_update(alice, items=[Item(IN_PROGRESS, f"item {MARK}")], **on)
    said = ("service", "company", "problem", "cause", "measures", "recovery", "contact")
    values = {**{name: f"{name} {MARK}" for name in said}, "date": "2026-03-02", "clock_time": "14:30"}
    noticing.write_notice(alice, language="ko", values=values, recipients=["customer@example.org"], **on)
    runbooks.set_measure(
        alice, is_permanent=False, kind=runbooks_kind(incident), text=f"measure {MARK}", owner=alice.person_id, **on
    )  # fmt: skip
    runbooks.note_by_hand(alice, kind="feature_off", text=f"switched off {MARK}", **on)
    report = reports.draft(alice, language="ko", **on)
    part = report.parts.get(key="root_cause")
    documents.edit_part(alice, part=part.id, text=f"cause {MARK}", version=part.version)
    documents.add_comment(alice, document=report.id, text=f"comment {MARK}")
    documents.submit_for_review(alice, document=report.id, with_open_places=True)


def runbooks_kind(incident: Incident) -> str:
    from bongsu.incidents.queries import taxonomy_of

    return next(kind.key for kind in taxonomy_of(incident).measures if "policy" not in kind.key)


def _rows_of(incident: Incident) -> dict[str, list[Any]]:
    """Ids of every row of every module that belongs to the secret, by model name: they may stand in an address."""
    from django.apps import apps

    found: dict[str, list[Any]] = {}
    for model in apps.get_models():
        names = {f.name: f for f in model._meta.get_fields() if hasattr(f, "attname")}
        if "subject" in names and names["subject"].is_relation:
            keys = list(model.objects.filter(subject=incident.subject_id).values_list("pk", flat=True)[:3])
            name = model.__name__.lower()
            found[name] = found[f"{name}_id"] = keys
    return found


# --- every address ----------------------------------------------------------------------------------------------------


def addresses(secret: Secret) -> Iterator[str]:
    """Every route of the site, with what belongs to the secret in its places."""
    for route, names in _routes(get_resolver()):
        if route.startswith(LEFT_OUT) or route.startswith(("api/v1", "static")):
            continue
        choices = [_values(name, kind, route, secret) for name, kind in names]
        for values in product(*choices):
            yield "/" + _filled(route, dict(zip([name for name, _kind in names], values, strict=True)))


def _routes(resolver: Any, before: str = "") -> Iterator[tuple[str, list[tuple[str, str]]]]:
    for entry in resolver.url_patterns:
        route = before + str(entry.pattern).lstrip("^")
        if isinstance(entry, URLResolver):
            yield from _routes(entry, route)
        elif isinstance(entry, URLPattern):
            yield route, [(name, type(c).__name__.removesuffix("Converter").lower()) for name, c in _converters(route)]


def _converters(route: str) -> list[tuple[str, Any]]:
    from django.urls.converters import get_converters

    return [(name, get_converters()[kind or "str"]) for kind, name in re.findall(r"<(?:(\w+):)?(\w+)>", route)]


def _values(name: str, kind: str, route: str, secret: Secret) -> list[Any]:
    from bongsu.incidents.views.acts import ACTS
    from bongsu.incidents.views.shown import PARTS
    from bongsu.ui import panels

    if "incidents/<str:number>" in route:
        special = {"name": list(ACTS), "part": list(PARTS), "key": [key for page, key in panels._panels if page == "incident"]}
        if name in special:
            return special[name]
    if route.startswith("desk/"):
        return ["burning", "deadlines", "waiting", "house"]
    known = secret.ids.get(name) or secret.ids.get(name.removesuffix("_id")) or []
    if kind == "uuid":
        return ([one for one in known if isinstance(one, UUID)] + [secret.incident.id])[:2]
    if kind == "int":
        return [1]
    return [str(one) for one in known if not isinstance(one, UUID)][:2] or [str(known[0])] if known else [secret.incident.number]


def _filled(route: str, values: dict[str, Any]) -> str:
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda hit: str(values[hit[1]]), route).replace("\\Z", "").rstrip("$")


def body_of(answer: Any) -> str:
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return content.decode("utf-8", "replace") + str(dict(answer.headers))


@pytest.fixture(params=["charlie", "bob", "ivy"])
def outsider(request: pytest.FixtureRequest) -> Actor:
    """A stranger, a responder who is no reader, an auditor who is no reader."""
    return request.getfixturevalue(request.param)


def test_no_page_no_fragment_no_export_speaks_of_it(secret: Secret, outsider: Actor, signed_in: Any, caplog: Any) -> None:
    caplog.set_level(logging.INFO)
    client: Client = signed_in(outsider)
    leaks, broken, walked = [], [], set()
    doors = (client.get, client.post) if outsider.may("incident.respond") else (client.get,)  # others may post nothing
    for url in addresses(secret):
        for ask in doors:
            walked.add(url)
            answer = ask(url)
            if MARK in body_of(answer):
                leaks.append(f"{ask.__name__} {url}: {answer.status_code}")
            if answer.status_code >= 500 and not url.startswith("/health"):  # no worker runs here
                broken.append(f"{ask.__name__} {url}: {answer.status_code}")
    assert not leaks, "\n".join(leaks)
    assert not broken, "\n".join(broken)
    assert MARK not in caplog.text
    here = f"/incidents/{secret.incident.number}/"
    assert {here, f"{here}part/timeline/", f"{here}act/severity/", "/incidents.csv", "/", "/metrics"} <= walked
    assert len(walked) > 80


def test_the_same_walk_finds_what_is_open(secret: Secret, alice: Actor, bob: Actor, signed_in: Any) -> None:
    """The walk has eyes: for a reader the mark stands on the very pages where others find nothing."""
    client: Client = signed_in(alice)
    here = f"/incidents/{secret.incident.number}/"
    for url in (here, f"{here}part/timeline/", "/incidents/", "/incidents.csv", "/", f"/ui/find/?q={MARK}"):
        assert MARK in body_of(client.get(url)), url
    own = {"signal": "signals/{}/", "proposal": "proposals/{}/", "document": "documents/{}/", "message": "messages/{}/",
           "notice": f"incidents/{secret.incident.number}/notices/{{}}/"}  # fmt: skip
    for kind, address in own.items():
        assert secret.ids[kind], kind
        assert any(MARK in body_of(client.get(f"/{address.format(key)}")) for key in secret.ids[kind]), kind
    for url in (f"{here}updates/", f"{here}panels/measures/", f"{here}panels/containment/", f"{here}panels/signals/"):
        assert MARK in body_of(client.get(url)), url
    assert signed_in(bob).get(here).status_code == 404


def test_the_acts_themselves_are_not_there(secret: Secret, outsider: Actor, signed_in: Any) -> None:
    """With input that would be right: the answer is that there is no such thing, and nothing was written."""
    from bongsu.events.models import Event

    client, here = signed_in(outsider), f"/incidents/{secret.incident.number}/"
    before = Event.objects.filter(subject=secret.incident.subject_id).count()
    for url, values in (
        ("act/severity/", {"severity": "P3", "reason": "no"}),
        ("act/note/", {"text": "hello", "kind": "note"}),
        ("compose/", {"text": "hello", "kind": "note"}),
        ("evidence/", {"quote": "hello"}),
        ("act/accept/", {}),
        (f"evidence/{secret.ids['evidence'][0]}/reveal/", {"reason": "curious"}),
    ):
        assert client.post(here + url, values).status_code in (403, 404), url
    assert Event.objects.filter(subject=secret.incident.subject_id).count() == before


# --- the API ----------------------------------------------------------------------------------------------------------


def test_no_route_of_the_api_speaks_of_it(secret: Secret, outsider: Actor, signed_in: Any) -> None:
    client: Client = signed_in(outsider)
    paths = client.get("/api/v1/openapi.json").json()["paths"]
    leaks, broken = [], []
    for path, ways in paths.items():
        for method in ways:
            for url in _api_addresses(path, secret):
                body = json.dumps({"reason": "curious", "text": "x", "severity": "P3"})
                sent = {} if method == "get" else {"data": body, "content_type": "application/json"}
                answer = getattr(client, method)(url, **sent)
                if MARK in body_of(answer):
                    leaks.append(f"{method} {url}: {answer.status_code}")
                if answer.status_code >= 500:
                    broken.append(f"{method} {url}: {answer.status_code}")
    assert not leaks, "\n".join(leaks)
    assert not broken, "\n".join(broken)
    assert "/api/v1/incidents/{number}/timeline" in paths


def _api_addresses(path: str, secret: Secret) -> list[str]:
    names = re.findall(r"\{(\w+)\}", path)
    choices = [[str(v) for v in (secret.ids.get(n) or secret.ids.get(n.removesuffix("_id")) or [uuid4()])[:2]] for n in names]
    found = []
    for values in product(*choices):
        url = path
        for name, value in zip(names, values, strict=True):
            url = url.replace("{" + name + "}", value)
        found.append(url)
    return found


def test_searching_for_its_very_words_finds_nothing(secret: Secret, bob: Actor, token_of: Any, client: Client) -> None:
    headers = {"Authorization": f"Bearer {token_of(bob)}"}
    for query in (MARK, secret.incident.number):
        found = client.get("/api/v1/incidents", {"text": query}, headers=headers).json()
        assert found["items"] == []


# --- lists, counts, the stream ----------------------------------------------------------------------------------------


def test_counts_and_lists_are_the_viewers(secret: Secret, alice: Actor, bob: Actor) -> None:
    from bongsu.desk import queries as desk
    from bongsu.events.queries import shown_timers
    from bongsu.incidents import actions, queries

    assert queries.open_by_severity(bob) == {}
    assert desk.burning(bob) == []
    assert shown_timers(bob) == []
    assert desk.waiting(bob).count == 0
    assert queries.similar(bob, type="data", subtype="personal_data_leak", words=MARK) == []
    assert queries.open_by_severity(alice) == {"P0": 1}
    actions.open_incident(alice, title=OPEN, type="model", subtype="bias", severity="P3")
    assert queries.open_by_severity(bob) == {"P3": 1}


def test_the_stream_does_not_even_tell_that_something_happened(secret: Secret, alice: Actor, outsider: Actor) -> None:
    from bongsu.events.queries import Cursor, since
    from bongsu.site.stream import _happened, lines_for

    happened = [_happened(event) for event in since(Cursor()) if event.subject_id == secret.incident.subject_id]
    assert happened
    assert lines_for(outsider, happened) == []
    assert len(lines_for(alice, happened)) == len(happened)
    assert MARK not in b"".join(lines_for(alice, happened)).decode()


# --- what leaves the house, and what the machine keeps in passing -------------------------------------------------------


def test_messages_tell_its_words_only_to_readers_and_never_in_their_subject(secret: Secret) -> None:
    from bongsu.comms.models import Message
    from bongsu.events.queries import readers

    allowed = set(readers(secret.incident.subject_id))
    rows = list(Message.objects.filter(subject=secret.incident.subject_id))
    assert rows, "nobody was told anything"
    for row in rows:
        assert MARK not in row.title, f"the subject line to {row.name}"
        assert row.person_id in allowed or MARK not in row.text, f"the text to {row.name}"


def test_no_name_made_by_the_house_carries_its_words(secret: Secret) -> None:
    """Jobs, calls to the outside, keys of timers, channel names, metrics."""
    from bongsu.events.models import Job, Timer
    from bongsu.integrations.models import Call
    from bongsu.updates.models import IncidentChannel

    for row in Job.objects.all():
        assert MARK not in f"{row.work} {row.key}"
    assert MARK not in _jobs_of_postgres()
    for timer in Timer.objects.filter(subject=secret.incident.subject_id):
        assert MARK not in f"{timer.key} {timer.kind} {timer.data}"
    for channel in IncidentChannel.objects.all():
        assert MARK not in json.dumps([str(getattr(channel, f.attname)) for f in channel._meta.fields])
    for call in Call.objects.filter(subject=secret.incident.subject_id):
        assert MARK not in f"{call.target} {call.idempotency_key}"


def _jobs_of_postgres() -> str:
    from django.db import connection

    if connection.vendor != "postgresql":
        return ""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(string_agg(args::text || coalesce(lock, '') || coalesce(queueing_lock, ''), ' '), '') "
                       "FROM procrastinate_jobs")  # fmt: skip
        return str(cursor.fetchone()[0])


def test_page_titles_and_file_names_carry_only_the_number(secret: Secret, alice: Actor, signed_in: Any) -> None:
    client = signed_in(alice)
    here = f"/incidents/{secret.incident.number}/"
    for url in (u for u in addresses(secret) if u.startswith(here) and "/download" not in u):
        answer = client.get(url)
        title = re.search(r"<title>(.*?)</title>", body_of(answer), re.DOTALL)
        assert title is None or MARK not in title[1], url
        assert MARK not in answer.headers.get("Content-Disposition", ""), url


# --- the glass --------------------------------------------------------------------------------------------------------


def test_an_administrator_who_is_no_reader_sees_the_glass_and_not_what_is_behind(
    secret: Secret, make_person: Any, signed_in: Any
) -> None:
    from bongsu.events.models import Event, Reader
    from bongsu.people.queries import actor_of, person

    rosa = make_person("rosa", "administrator")
    Reader.objects.filter(subject=secret.incident.subject_id, person=rosa.person_id).delete()
    client, here = signed_in(actor_of(person(rosa.person_id))), f"/incidents/{secret.incident.number}/"
    before = client.get(here)
    assert before.status_code == 403
    assert MARK not in body_of(before)
    assert client.post("/incidents/break-glass/", {"number": secret.incident.number, "reason": "short"}).status_code == 422
    assert client.get(here).status_code == 403
    client.post("/incidents/break-glass/", {"number": secret.incident.number, "reason": "the commander is in hospital"})
    assert MARK in body_of(client.get(here))
    assert Event.objects.filter(subject=secret.incident.subject_id, name="incidents.break_glass_used@1").exists()

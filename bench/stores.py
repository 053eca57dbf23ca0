"""What is run inside Bongsu to make a house to measure: people and connections, many incidents, counts."""

SETUP = """
import json, sys
import django; django.setup()
from bongsu.kernel.actors import Actor
from bongsu.packs.actions import install_default
from bongsu.people.actions import create_person, create_token
from bongsu.people.queries import actor_of
from bongsu.integrations.actions import create_connection, rotate_in_token
console = Actor(key="console:bench", name="bench")
install_default(console)
person = create_person(console, email="bench@example.org", name="Bench", password="beacon fires at dusk", roles=["commander", "administrator"])
actor = actor_of(person)
raw = create_token(console, person=person.id, name="bench", scopes=sorted(actor.grants))[1]
from bongsu.people.actions import set_post_holder
create_connection(console, plugin_slug="email_smtp", name="mail", values={"server": sys.argv[1], "sender": "bongsu@example.org", "security": "none"}, allowed_targets=[sys.argv[1]])
set_post_holder(console, post="triage_desk", person=person.id)
connection = create_connection(console, plugin_slug="alertmanager", name="bench", values={}, allowed_targets=[],
    signature="header", signature_header="X-Secret", signature_secrets=["bench-secret-bench-secret"])
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.auth import SESSION_KEY, BACKEND_SESSION_KEY, HASH_SESSION_KEY
session = SessionStore()
session[SESSION_KEY], session[HASH_SESSION_KEY] = str(person.pk), person.get_session_auth_hash()
session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
session.save()
print(json.dumps({"token": raw, "intake": rotate_in_token(console, connection=connection.id), "session": session.session_key}))
"""

FILL = """
import sys
import django; django.setup()
from datetime import timedelta
from bongsu.events.models import Event, Head, Subject
from bongsu.incidents.models import Incident, RoleAssignment
from bongsu.kernel.canonical import digest
from bongsu.kernel.clock import now
from bongsu.kernel.refs import uuid7
from bongsu.packs.queries import active_version
from bongsu.people.models import Person
have, want = Incident.objects.count(), int(sys.argv[1])
pack, person, at = active_version(), Person.objects.first(), now()
for start in range(have, want, 5000):
    rows = []
    for n in range(start, min(start + 5000, want)):
        key = uuid7()
        moment = at - timedelta(minutes=n + 1)
        state = "closed" if n % 20 else "investigating"
        rows.append(Incident(id=key, subject_id=f"incident:{key}", number=f"OLD-{n:07d}", title=f"Past incident {n}", type="model",
            subtype="performance_drop", severity=f"P{n % 4}", state=state, is_open=not n % 20, pack=pack, detected_at=moment,
            declared_at=moment, declared_by=person.ref))
    Subject.objects.bulk_create([Subject(ref=r.subject_id) for r in rows])
    Head.objects.bulk_create([Head(subject_id=r.subject_id, seq=1, hash=digest(r.number)) for r in rows])
    Incident.objects.bulk_create(rows)
    RoleAssignment.objects.bulk_create([RoleAssignment(incident=r, role="ic", person=person, began_at=r.declared_at, accepted_at=r.declared_at) for r in rows])
    Event.objects.bulk_create([Event(subject_id=r.subject_id, seq=1, name="incidents.noted@1", actor=person.ref, occurred_at=r.declared_at,
        recorded_at=r.declared_at, hash=digest(r.number),
        text='{"data":{"kind":"note","text":"a note"},"personal":{},"prev":"' + "0" * 64 + '"}') for r in rows])
from django.db import connection
if connection.vendor == "postgresql":  # what autovacuum does after so many rows is done before anything is measured
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")
print(Incident.objects.count())
"""

COUNT = """
import json
import django; django.setup()
from bongsu.comms.models import Message
from bongsu.incidents.models import Incident
from bongsu.signals.models import Proposal, Receipt, Signal
from django.db.models import Sum
print(json.dumps({"incidents": Incident.objects.count(), "proposals": Proposal.objects.count(), "messages": Message.objects.count(),
    "signals": Signal.objects.count(), "receipts": Receipt.objects.count(), "heard": Signal.objects.aggregate(n=Sum("times"))["n"]}))
"""

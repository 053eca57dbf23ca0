"""Tables of the ground floor: who may see what, what happened, who still has to hear of it, and what is due."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from bongsu.kernel.refs import uuid7


class Subject(models.Model):
    """A record that facts, rows and readers hang on, by its reference (`incident:<uuid>`)."""

    ref = models.CharField(primary_key=True, max_length=120)
    restricted = models.BooleanField(default=False)
    is_drill = models.BooleanField(default=False)
    has_legal_hold = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.ref


class Reader(models.Model):
    """A person who may read a restricted subject."""

    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="readers")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["subject", "person"], name="events_reader_once")]


class Head(models.Model):
    """The newest event of a subject; its lock is what keeps numbers and chain in order."""

    subject = models.OneToOneField(Subject, primary_key=True, on_delete=models.PROTECT, related_name="head")
    seq = models.PositiveIntegerField(default=0)
    hash = models.CharField(max_length=64, default="0" * 64)


class Event(models.Model):
    """One fact in the ledger. `text` is the canonical text, `hash` its SHA-256; the other columns repeat it for queries."""

    position = models.BigAutoField(primary_key=True)
    event = models.UUIDField(default=uuid7, unique=True)
    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="events")
    seq = models.PositiveIntegerField()
    name = models.CharField(max_length=120)
    actor = models.CharField(max_length=120)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    text = models.TextField()
    hash = models.CharField(max_length=64)
    transaction = models.BigIntegerField(default=0)  # PostgreSQL: the writing transaction; readers stop below the oldest open one

    class Meta:
        constraints = [models.UniqueConstraint(fields=["subject", "seq"], name="events_event_seq")]
        indexes = [
            models.Index(fields=["transaction", "position"], name="events_event_stream"),
            models.Index(fields=["name", "recorded_at"], name="events_event_name"),
        ]


class Personal(models.Model):
    """A personal value or free text of an event. Deleting it leaves the chain whole; changing it breaks verification."""

    event = models.ForeignKey(Event, to_field="event", on_delete=models.PROTECT, related_name="personal")
    field = models.CharField(max_length=60)
    salt = models.CharField(max_length=32)
    value = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event", "field"], name="events_personal_once")]


class Delivery(models.Model):
    """One event for one listener: done once, in the order of its (subject, listener)."""

    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="deliveries")
    listener = models.CharField(max_length=120)
    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="+")
    is_before_close = models.BooleanField(default=False)
    due_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(default="", blank=True)
    done_at = models.DateTimeField(null=True)
    dead_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event", "listener"], name="events_delivery_once")]
        indexes = [
            models.Index(
                fields=["subject", "listener", "id"], name="events_delivery_open", condition=Q(done_at=None, dead_at=None)
            ),
            models.Index(fields=["due_at"], name="events_delivery_due", condition=Q(done_at=None, dead_at=None)),
            models.Index(fields=["dead_at"], name="events_delivery_dead", condition=Q(dead_at__isnull=False, done_at=None)),
        ]


class Timer(models.Model):
    """Something that is due at an absolute moment. `kind` names the function that is called; it re-reads the condition.

    `amber_at` and `red_at` are when the clock strip changes its colour; `label` is what a person reads beside it.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="timers")
    key = models.CharField(max_length=200, unique=True)
    kind = models.CharField(max_length=80)
    data = models.JSONField(default=dict)
    label = models.JSONField(default=dict)  # {"message": msgid, "values": {...}}, said in the reader's language
    is_shown = models.BooleanField(default=False)  # on the clocks, late ones too, until it is cancelled
    is_legal = models.BooleanField(default=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    set_at = models.DateTimeField()
    due_at = models.DateTimeField()
    amber_at = models.DateTimeField(null=True)
    red_at = models.DateTimeField(null=True)
    run_at = models.DateTimeField()  # due_at, or later while a failed firing waits
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(default="", blank=True)
    done_at = models.DateTimeField(null=True)  # fired, or cancelled
    is_cancelled = models.BooleanField(default=False)  # taken back, before or after it fired
    dead_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["run_at"], name="events_timer_due", condition=Q(done_at=None, dead_at=None)),
            models.Index(fields=["subject", "due_at"], name="events_timer_subject", condition=Q(done_at=None)),
            models.Index(fields=["due_at"], name="events_timer_shown", condition=Q(is_cancelled=False, is_shown=True)),
        ]


class Link(models.Model):
    """A directed relation between two records: duplicate of, caused by, lesson of ..."""

    from_ref = models.CharField(max_length=120)
    to_ref = models.CharField(max_length=120, db_index=True)
    kind = models.CharField(max_length=60)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["from_ref", "to_ref", "kind"], name="events_link_once")]


class Seal(models.Model):
    """The heads that changed since the seal before, signed with a key outside the database. `text` is what is signed."""

    number = models.PositiveIntegerField(primary_key=True)
    made_at = models.DateTimeField()
    text = models.TextField()
    hash = models.CharField(max_length=64)
    signature = models.CharField(max_length=88)
    transaction = models.BigIntegerField(default=0)  # with `position` the cursor up to which events were looked at;
    position = models.BigIntegerField()  # neither is part of the seal


class SealDelivery(models.Model):
    """Where a seal has been put outside the database, and when."""

    seal = models.ForeignKey(Seal, on_delete=models.PROTECT, related_name="deliveries")
    place = models.CharField(max_length=200)
    delivered_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["seal", "place"], name="events_seal_delivered_once")]


class Installation(models.Model):
    """The one row that says what this database is. A demo can never become a production database."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    only = models.BooleanField(default=True, unique=True)
    is_demo = models.BooleanField(default=False)
    made_at = models.DateTimeField()


class Heartbeat(models.Model):
    """The last sign of life of a worker."""

    worker = models.CharField(primary_key=True, max_length=120)
    at = models.DateTimeField()


class Schedule(models.Model):
    """When a periodic work is due next; claimed by whoever is first."""

    name = models.CharField(primary_key=True, max_length=80)
    next_at = models.DateTimeField()


class Job(models.Model):
    """The embedded engine's queue (SQLite): a hint that `work` has something to do under `key`. `run_at` is also the lease."""

    work = models.CharField(max_length=60)
    key = models.CharField(max_length=260)
    lane = models.CharField(max_length=20)
    run_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    worker = models.CharField(max_length=120, default="", blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["work", "key"], name="events_job_once")]
        indexes = [models.Index(fields=["lane", "run_at"], name="events_job_due")]

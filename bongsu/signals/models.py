"""What came in, what it was understood as, what was proposed from it, and what could not be read."""

import json
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from bongsu.kernel import clock
from bongsu.kernel.refs import ref, uuid7
from bongsu.kernel.text import Text

from .rules.proposals import STATES, WAITING

Person = settings.AUTH_USER_MODEL
SUBJECT = "events.Subject"


class Receipt(models.Model):
    """A delivery that was accepted, by connection, body and the sender's number of it. `body` is encrypted, and gone once
    the worker has redacted it; its SHA-256 stays. `times` counts repeats, `counted` those the worker has seen."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    subject = models.ForeignKey(SUBJECT, on_delete=models.PROTECT, related_name="+")
    connection = models.ForeignKey("integrations.Connection", on_delete=models.PROTECT, related_name="receipts")
    body_hash = models.CharField(max_length=64)
    delivery = models.CharField(max_length=200, default="", blank=True)
    body = models.BinaryField(null=True)
    headers = models.JSONField(default=dict)
    is_authenticated = models.BooleanField(default=False)
    taken = models.PositiveIntegerField(default=0)  # how many signals of the body have their place in this round
    taking = models.PositiveIntegerField(default=0)  # for how many deliveries this round stands
    state = models.CharField(max_length=10, default="waiting")
    times = models.PositiveIntegerField(default=1)
    counted = models.PositiveIntegerField(default=0)
    received_at = models.DateTimeField()
    last_at = models.DateTimeField()
    due_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(default="", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "body_hash", "delivery"], name="signals_receipt_once"),
            models.CheckConstraint(condition=Q(state__in=["waiting", "done", "dead"]), name="signals_receipt_state_is_known"),
            models.CheckConstraint(condition=~Q(state="waiting") | Q(body__isnull=False), name="signals_receipt_waits_with_body"),
        ]
        indexes = [models.Index(fields=["connection", "due_at"], name="signals_receipt_due", condition=Q(state="waiting"))]


class Tally(models.Model):
    """How often something was turned away on a day; never who or what."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    connection = models.ForeignKey("integrations.Connection", null=True, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20)  # unauthorized, unreadable, limited, unstored
    on = models.DateField()
    place = models.CharField(max_length=80)  # the connection's id, or "unknown": one row per kind, day and place
    times = models.PositiveIntegerField(default=1)
    last_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "on", "place"], name="signals_tally_once")]


class DeadLetter(models.Model):
    """A body nobody could read: one row per connection and body hash, with a redacted beginning of it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    subject = models.ForeignKey(SUBJECT, on_delete=models.PROTECT, related_name="+")
    connection = models.ForeignKey("integrations.Connection", on_delete=models.PROTECT, related_name="+")
    receipt = models.ForeignKey(Receipt, null=True, on_delete=models.PROTECT, related_name="+")
    body_hash = models.CharField(max_length=64)
    excerpt = models.TextField(default="", blank=True)
    size = models.PositiveIntegerField(default=0)
    reason = models.CharField(max_length=500)
    values = models.JSONField(default=dict)
    times = models.PositiveIntegerField(default=1)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    dismissed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "body_hash"], name="signals_dead_letter_once")]
        indexes = [models.Index(fields=["-last_at", "-id"], name="signals_dead_letters", condition=Q(dismissed_at=None))]

    @property
    def reason_text(self) -> Text:
        return Text(self.reason, self.values)


class Proposal(models.Model):
    """An incident that might be one. It asks until somebody answers; see `rules.proposals`."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    subject = models.ForeignKey(SUBJECT, on_delete=models.PROTECT, related_name="+")
    connection = models.ForeignKey("integrations.Connection", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    system = models.ForeignKey("systems.AISystem", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    title = models.CharField(max_length=200)
    text = models.TextField(default="", blank=True)
    type = models.CharField(max_length=40)
    subtype = models.CharField(max_length=60)
    severity = models.CharField(max_length=8)
    alt_type = models.CharField(max_length=40, default="", blank=True)
    alt_severity = models.CharField(max_length=8, default="", blank=True)
    proposed = models.JSONField(default=dict)  # type, subtype, severity by the rules, once a person has said something else
    rule = models.CharField(max_length=80)
    also = models.JSONField(default=list)
    why = models.JSONField(default=dict)  # {"ko", "en"}
    is_guess = models.BooleanField(default=False)
    is_authenticated = models.BooleanField(default=False)
    is_drill = models.BooleanField(default=False)
    state = models.CharField(max_length=10, default="open")
    detected_at = models.DateTimeField()
    occurred_at = models.DateTimeField(null=True, blank=True)
    proposed_at = models.DateTimeField()
    pages = models.PositiveIntegerField(default=0)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.CharField(max_length=120, default="", blank=True)
    answer_reason = models.TextField(default="", blank=True)
    is_by_itself = models.BooleanField(default=False)
    incident = models.ForeignKey("incidents.Incident", null=True, blank=True, on_delete=models.PROTECT, related_name="proposals")
    into = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="merged")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=STATES), name="signals_proposal_state_is_known"),
            models.CheckConstraint(
                condition=~Q(state__in=["declared", "attached"]) | Q(incident__isnull=False),
                name="signals_proposal_answered_by_incident",
            ),
            models.CheckConstraint(
                condition=Q(state__in=WAITING) | Q(answered_at__isnull=False), name="signals_proposal_answer_has_its_time"
            ),
            models.CheckConstraint(
                condition=~Q(state="rejected") | ~Q(answer_reason=""), name="signals_proposal_rejected_with_reason"
            ),
            models.CheckConstraint(
                condition=Q(is_by_itself=False) | Q(is_authenticated=True), name="signals_nothing_unproven_declares"
            ),
            models.CheckConstraint(condition=Q(into=None) | ~Q(into=F("id")), name="signals_proposal_not_into_itself"),
        ]
        indexes = [
            models.Index(fields=["-proposed_at", "-id"], name="signals_proposal_newest"),
            models.Index(fields=["proposed_at"], name="signals_proposal_waiting", condition=Q(state__in=WAITING)),
        ]

    @property
    def ref(self) -> str:
        return ref("proposal", self.id)

    @property
    def by_rules(self) -> dict[str, Any]:
        """What the rules proposed and why, whatever a person has made of it since."""
        said = self.proposed or {"type": self.type, "subtype": self.subtype, "severity": self.severity}
        return {**said, "why": self.why}

    @property
    def by_person(self) -> dict[str, str] | None:
        """What a person decided, also when it is what was proposed; None while nobody has, or when it declared itself."""
        if self.is_by_itself or self.state not in ("confirmed", "declared"):
            return None
        return {"type": self.type, "subtype": self.subtype, "severity": self.severity}

    @property
    def is_waiting(self) -> bool:
        return self.state in WAITING


class Thread(models.Model):
    """What one group key has led to: a proposal, then perhaps an incident. One live thread per key, drills apart."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    key = models.CharField(max_length=64)
    is_drill = models.BooleanField(default=False)
    proposal = models.ForeignKey(Proposal, null=True, on_delete=models.PROTECT, related_name="threads")
    incident = models.ForeignKey("incidents.Incident", null=True, on_delete=models.PROTECT, related_name="+")
    began_at = models.DateTimeField(default=clock.now)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key", "is_drill"], condition=Q(ended_at=None), name="signals_thread_one_live"),
        ]


class Signal(models.Model):
    """One thing that went wrong, once: a fingerprint and an episode, however often it was sent. `payload` is redacted."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    subject = models.ForeignKey(SUBJECT, on_delete=models.PROTECT, related_name="+")
    connection = models.ForeignKey(
        "integrations.Connection", null=True, blank=True, on_delete=models.PROTECT, related_name="signals"
    )
    thread = models.ForeignKey(Thread, null=True, on_delete=models.PROTECT, related_name="signals")
    incident = models.ForeignKey("incidents.Incident", null=True, blank=True, on_delete=models.PROTECT, related_name="signals")
    system = models.ForeignKey("systems.AISystem", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    source_kind = models.CharField(max_length=60)
    fingerprint = models.CharField(max_length=64)
    identity = models.CharField(max_length=64, unique=True)
    group = models.CharField(max_length=64)
    dedupe_key = models.CharField(max_length=300)
    source_event_id = models.CharField(max_length=200, default="", blank=True)
    state = models.CharField(max_length=10)
    title = models.CharField(max_length=300)
    text = models.TextField(default="", blank=True)
    source_severity = models.CharField(max_length=40, default="", blank=True)
    about = models.JSONField(default=dict)
    measure = models.JSONField(default=dict)
    labels = models.JSONField(default=dict)
    links = models.JSONField(default=list)
    payload = models.JSONField(default=dict)
    redactions = models.JSONField(default=list)
    raw_sha256 = models.CharField(max_length=64, default="", blank=True)
    verdict = models.JSONField(default=dict)  # what the rules said: type, subtype, severity, rule, why
    is_authenticated = models.BooleanField(default=False)
    is_drill = models.BooleanField(default=False)
    is_truncated = models.BooleanField(default=False)
    episode_start = models.DateTimeField(null=True)
    detected_at = models.DateTimeField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)
    times = models.PositiveIntegerField(default=1)
    stretches = models.JSONField(default=list)  # [first, last, how many]

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=["open", "resolved", "info"]), name="signals_signal_state_is_known")
        ]
        indexes = [
            models.Index(fields=["-last_at", "-id"], name="signals_newest"),
            models.Index(fields=["fingerprint", "-last_at"], name="signals_by_fingerprint"),
            models.Index(fields=["incident", "-last_at"], name="signals_by_incident"),
        ]

    @property
    def ref(self) -> str:
        return ref("signal", self.id)

    @property
    def payload_text(self) -> str:
        return json.dumps(self.payload, ensure_ascii=False, indent=1)


class Report(models.Model):
    """What a person noticed, in six answers."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    subject = models.ForeignKey(SUBJECT, on_delete=models.PROTECT, related_name="+")
    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, related_name="reports")
    system = models.ForeignKey("systems.AISystem", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    what = models.TextField()
    noticed_at = models.DateTimeField()
    is_ongoing = models.CharField(max_length=8, default="unknown")  # yes, no, unknown
    harmed = models.TextField(default="", blank=True)
    evidence_url = models.URLField(max_length=2000, default="", blank=True)
    file = models.ForeignKey("files.StoredFile", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    reported_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    reported_at = models.DateTimeField()
    door = models.CharField(max_length=10, default="page")  # page, api, cli

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(is_ongoing__in=["yes", "no", "unknown"]), name="signals_report_ongoing_is_known")
        ]
        indexes = [models.Index(fields=["reported_by", "-reported_at"], name="signals_report_of_person")]

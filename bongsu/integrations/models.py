"""Connections to outside services, the tokens under which they send to us, and every call that leaves the house."""

from django.db import models
from django.db.models import Q

from bongsu.kernel import clock
from bongsu.kernel.refs import ref, uuid7
from bongsu.kernel.text import Text

from .rules import OPERATIONS


class Connection(models.Model):
    """One configured plug-in. Secrets are in `box`, encrypted with the key file; `settings` holds the rest."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    subject = models.ForeignKey("events.Subject", on_delete=models.PROTECT, related_name="+")
    plugin = models.SlugField(max_length=60)
    name = models.CharField(max_length=120, unique=True)
    settings = models.JSONField(default=dict)
    box = models.TextField(default="", blank=True)
    allowed_targets = models.JSONField(default=list)
    is_enabled = models.BooleanField(default=True)
    health = models.CharField(max_length=20, default="unknown")
    health_text = models.CharField(max_length=500, default="", blank=True)
    health_at = models.DateTimeField(null=True)
    paused_until_at = models.DateTimeField(null=True)  # the service asked us to wait (429)
    signature = models.CharField(max_length=40, default="none")  # how what it sends us is proven; see rules.SIGNATURES
    signature_header = models.CharField(max_length=80, default="", blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=Q(health__in=["unknown", "good", "failing"]), name="connection_health_is_known")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def ref(self) -> str:
        return ref("connection", self.id)


class InToken(models.Model):
    """The last part of the address a sender posts to; only its SHA-256 is kept. Two live at once while one is rotated."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="in_tokens")
    slot = models.PositiveSmallIntegerField()
    hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=clock.now)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(slot__in=[0, 1]), name="in_token_two_slots"),
            models.UniqueConstraint(fields=["connection", "slot"], condition=Q(ended_at=None), name="in_token_two_live_at_most"),
        ]


class Call(models.Model):
    """Something asked of an outside service. `turn` is its place in the order of its target."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    subject = models.ForeignKey("events.Subject", on_delete=models.PROTECT, related_name="+")
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="calls")
    operation = models.CharField(max_length=60)
    payload = models.JSONField()
    target = models.CharField(max_length=200, default="", blank=True)
    turn = models.PositiveBigIntegerField()
    lane = models.CharField(max_length=20, default="outside")
    idempotency_key = models.CharField(max_length=200)
    state = models.CharField(max_length=20, default="pending")
    attempts = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(default=clock.now)
    is_doubtful = models.BooleanField(default=False)  # an attempt may have gone through without our seeing it
    claim = models.UUIDField(null=True)
    claimed_at = models.DateTimeField(null=True)
    may_have_been_sent_twice = models.BooleanField(default=False)
    receipt = models.JSONField(default=dict)
    external_id = models.CharField(max_length=300, default="", blank=True)
    error = models.TextField(default="", blank=True)
    held_because = models.CharField(max_length=20, default="", blank=True)
    dropped_because = models.CharField(max_length=20, default="", blank=True)  # set while it is under way: not sent again
    is_public = models.BooleanField(default=False)  # says more than a number where anybody may read it
    asked_by = models.CharField(max_length=120)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "idempotency_key"], name="call_once_per_key"),
            models.UniqueConstraint(fields=["connection"], condition=Q(state="sending"), name="call_one_in_flight"),
            models.CheckConstraint(
                condition=Q(state__in=["pending", "sending", "done", "failed", "held", "dropped"]), name="call_state_is_known"
            ),
            models.CheckConstraint(condition=Q(state="sending") ^ Q(claim=None), name="call_is_claimed_while_sending"),
            models.CheckConstraint(condition=Q(state="held") ^ Q(held_because=""), name="call_held_has_its_reason"),
            models.CheckConstraint(condition=~Q(state="dropped") | ~Q(dropped_because=""), name="call_dropped_has_its_reason"),
        ]
        indexes = [
            models.Index(fields=["connection", "target", "turn"], name="call_order"),
            models.Index(fields=["next_at"], name="call_due", condition=Q(state__in=["pending", "sending"])),
            models.Index(fields=["subject", "created_at"], name="call_of_subject"),
            models.Index(fields=["ended_at"], name="call_dead", condition=Q(state="failed")),
        ]

    @property
    def recipient(self) -> str:
        """Whom or what it is meant for."""
        return str(self.payload.get("to") or self.payload.get("channel") or self.target.partition(":")[2] or self.target)

    @property
    def about(self) -> str:
        """Its subject line, as far as what is asked has one."""
        return str(next((self.payload[key] for key in ("subject", "title", "summary") if self.payload.get(key)), ""))

    @property
    def operation_word(self) -> Text:
        return Text(OPERATIONS.get(self.operation, self.operation))


class Hold(models.Model):
    """While one is open nothing leaves the house: after a restore, or because an administrator says so."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    subject = models.ForeignKey("events.Subject", on_delete=models.PROTECT, related_name="+")
    reason = models.JSONField()  # as it was typed, or {"ko", "en"} of the house's own words
    held_at = models.DateTimeField(default=clock.now)
    released_at = models.DateTimeField(null=True)
    only_open = models.BooleanField(default=True, null=True)  # True while open, else null: at most one open

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["only_open"], name="hold_one_open"),
            models.CheckConstraint(condition=Q(released_at=None) ^ Q(only_open=None), name="hold_open_until_released"),
        ]

    @property
    def said(self) -> Text:
        return Text("{reason}", {"reason": self.reason})

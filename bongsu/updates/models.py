"""The incident's channel and what is posted there, its status updates, and notices to customers."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from bongsu.kernel import clock
from bongsu.kernel.refs import ref, uuid7

Person = settings.AUTH_USER_MODEL
CHANNEL_STATES = ["asked", "open", "held", "failed", "dropped"]


class IncidentChannel(models.Model):
    """Where an incident is worked on. A public one is followed by a private one when the incident is restricted later."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    subject = models.ForeignKey("events.Subject", on_delete=models.PROTECT, related_name="+")
    incident = models.ForeignKey("incidents.Incident", on_delete=models.PROTECT, related_name="channels")
    connection = models.ForeignKey("integrations.Connection", on_delete=models.PROTECT, related_name="+")
    call = models.OneToOneField("integrations.Call", null=True, on_delete=models.PROTECT, related_name="+")
    asked_name = models.CharField(max_length=80)
    name = models.CharField(max_length=80)
    address = models.CharField(max_length=200, blank=True, default="")
    is_private = models.BooleanField(default=False)
    state = models.CharField(max_length=10, default="asked")
    error = models.TextField(blank=True, default="")
    asked_at = models.DateTimeField(default=clock.now)
    opened_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["asked_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["incident", "is_private"], name="updates_channel_once"),
            models.CheckConstraint(condition=Q(state__in=CHANNEL_STATES), name="updates_channel_state_is_known"),
            models.CheckConstraint(condition=~Q(state="open") | ~Q(address=""), name="updates_open_channel_has_address"),
        ]


class Invitation(models.Model):
    """Somebody asked into the channel, once. `state`: asked, invited, unknown (the service does not know him), failed, held,
    dropped."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    channel = models.ForeignKey(IncidentChannel, on_delete=models.PROTECT, related_name="invitations")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    address = models.CharField(max_length=254)
    call = models.ForeignKey("integrations.Call", null=True, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, default="asked")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["channel", "person"], name="updates_invited_once")]


class StandingChannel(models.Model):
    """`incident-command` or `incident-status` at a connection. `state` off: nothing is sent there."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    subject = models.ForeignKey("events.Subject", on_delete=models.PROTECT, related_name="+")
    connection = models.ForeignKey("integrations.Connection", on_delete=models.PROTECT, related_name="standing_channels")
    call = models.OneToOneField("integrations.Call", null=True, on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=40)
    address = models.CharField(max_length=200, blank=True, default="")
    state = models.CharField(max_length=10, default="asked")
    error = models.TextField(blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "key"], name="updates_standing_once"),
            models.CheckConstraint(condition=Q(state__in=["off", *CHANNEL_STATES]), name="updates_standing_state_is_known"),
        ]


class ChannelPost(models.Model):
    """What is to be said in a place, in the order of `turn`; it waits here until the place is there."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    subject = models.ForeignKey("events.Subject", on_delete=models.PROTECT, related_name="+")
    incident = models.ForeignKey("incidents.Incident", on_delete=models.PROTECT, related_name="channel_posts")
    place = models.CharField(max_length=10)  # channel, status
    key = models.CharField(max_length=120)
    turn = models.PositiveIntegerField()
    template = models.CharField(max_length=120)
    values = models.JSONField()
    sent_at = models.DateTimeField(null=True)
    dropped_at = models.DateTimeField(null=True)  # nothing of a restricted incident is broadcast

    class Meta:
        ordering = ["turn"]
        constraints = [models.UniqueConstraint(fields=["key", "place"], name="updates_post_once")]
        indexes = [models.Index(fields=["incident", "place", "turn"], name="updates_waiting_posts", condition=Q(sent_at=None))]


class Rhythm(models.Model):
    """How an incident keeps speaking: from when the next update counts, and until when it is due; None: it has stopped."""

    incident = models.OneToOneField("incidents.Incident", primary_key=True, on_delete=models.PROTECT, related_name="rhythm")
    counts_from_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    reminders = models.PositiveIntegerField(default=0)


class StatusUpdate(models.Model):
    """A status update as it was sent. `items` are {state: done|in_progress|waiting, text}."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    subject = models.ForeignKey("events.Subject", on_delete=models.PROTECT, related_name="+")
    incident = models.ForeignKey("incidents.Incident", on_delete=models.PROTECT, related_name="status_updates")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=40)
    items = models.JSONField()
    next_due_at = models.DateTimeField(null=True)
    author = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    text_ko = models.TextField()
    text_en = models.TextField()
    sent_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["incident", "number"], name="updates_number_once")]

    @property
    def message_key(self) -> str:
        return f"status_update:{self.incident_id}:{self.number}"

    def text(self, language: str) -> str:
        return self.text_en if language.startswith("en") else self.text_ko


class Notice(models.Model):
    """A notice to customers: the exact text, its approval, and what became of it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    subject = models.ForeignKey("events.Subject", on_delete=models.PROTECT, related_name="+")
    incident = models.ForeignKey("incidents.Incident", on_delete=models.PROTECT, related_name="notices")
    number = models.PositiveIntegerField()
    language = models.CharField(max_length=8)
    values = models.JSONField()
    template_version = models.PositiveIntegerField()
    title = models.CharField(max_length=300)
    text = models.TextField()
    text_hash = models.CharField(max_length=64)
    approval = models.ForeignKey("approvals.Approval", null=True, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10)  # waiting, released, refused
    reason = models.TextField(blank=True, default="")
    author = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField(default=clock.now)
    released_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)  # every recipient has an outcome

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["incident", "number"], name="updates_notice_number_once"),
            models.CheckConstraint(condition=Q(state__in=["waiting", "released", "refused"]), name="updates_notice_state"),
            models.CheckConstraint(condition=~Q(state="released") ^ Q(released_at__isnull=False), name="updates_notice_released"),
        ]

    @property
    def ref(self) -> str:
        return ref("notice", self.id)


class NoticeRecipient(models.Model):
    """One customer's address and the receipt for it. Read only by those who may send messages."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    subject = models.ForeignKey("events.Subject", on_delete=models.PROTECT, related_name="+")
    notice = models.ForeignKey(Notice, on_delete=models.PROTECT, related_name="recipients")
    address = models.EmailField(max_length=254)
    call = models.OneToOneField("integrations.Call", null=True, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, default="waiting")  # waiting, queued, sent, failed, held
    error = models.TextField(blank=True, default="")
    external_id = models.CharField(max_length=300, blank=True, default="")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["address"]
        constraints = [
            models.UniqueConstraint(fields=["notice", "address"], name="updates_notice_recipient_once"),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "queued", "sent", "failed", "held"]), name="updates_recipient_state_is_known"
            ),
        ]

"""Messages: one row per recipient and key, with the exact text; and each way it was sent by.

What a person gets by e-mail or chat is `text` and one last line with their own link to acknowledge. That line is kept in no
message: whoever may read messages could acknowledge for others.
"""

from django.conf import settings
from django.db import models
from django.db.models import Q

from bongsu.kernel import clock
from bongsu.kernel.refs import ref, uuid7
from bongsu.kernel.text import Text

from .facts import PURPOSES, WAYS


class Message(models.Model):
    """`recipient` is `person:<uuid>` or `place:<connection>:<address>`; `batch` joins what was written in one go."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    subject = models.ForeignKey("events.Subject", on_delete=models.PROTECT, related_name="+")
    batch = models.UUIDField()
    key = models.CharField(max_length=160)
    recipient = models.CharField(max_length=260)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=160)
    purpose = models.CharField(max_length=60)
    template = models.CharField(max_length=120)
    template_version = models.PositiveIntegerField(default=1)
    language = models.CharField(max_length=8)
    title = models.TextField()
    text = models.TextField()
    text_hash = models.CharField(max_length=64)
    is_urgent = models.BooleanField(default=False)
    is_id_only = models.BooleanField(default=False)  # says no more than the ID: anybody may know that
    place = models.JSONField(default=dict)
    approval = models.ForeignKey("approvals.Approval", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=20, default="queued")
    asked_by = models.CharField(max_length=120)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    sent_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_via = models.CharField(max_length=20, default="", blank=True)
    seen_at = models.DateTimeField(null=True)  # somebody has looked at what reached nobody

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key", "recipient"], name="message_once_per_recipient"),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "queued", "sent", "failed", "held", "dropped", "cancelled"]),
                name="message_state_is_known",
            ),
            models.CheckConstraint(condition=Q(acknowledged_at=None) ^ ~Q(acknowledged_via=""), name="message_acknowledged_via"),
        ]
        indexes = [
            models.Index(fields=["subject", "created_at"], name="message_of_subject"),
            models.Index(fields=["batch"], name="message_batch"),
            models.Index(fields=["person", "created_at"], name="message_of_person"),
            models.Index(
                fields=["created_at"], name="message_unreached", condition=Q(state="failed", is_urgent=True, seen_at=None)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose}: {self.recipient}"

    @property
    def ref(self) -> str:
        return ref("message", self.id)

    @property
    def purpose_word(self) -> Text:
        return Text(PURPOSES.get(self.purpose, self.purpose))


class Sending(models.Model):
    """One way a message is sent by, and what came of it. `place_in_line` 0 goes at once, others when nothing before worked."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    subject = models.ForeignKey("events.Subject", on_delete=models.PROTECT, related_name="+")
    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="sendings")
    way = models.CharField(max_length=20)
    address = models.CharField(max_length=254)
    place_in_line = models.PositiveSmallIntegerField(default=0)
    call = models.OneToOneField("integrations.Call", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=20, default="later")
    external_id = models.CharField(max_length=300, default="", blank=True)
    receipt = models.JSONField(default=dict)
    error = models.TextField(default="", blank=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["place_in_line", "id"]
        constraints = [
            models.UniqueConstraint(fields=["message", "way", "address"], name="sending_once_per_way"),
            models.CheckConstraint(
                condition=Q(state__in=["later", "queued", "sent", "failed", "held", "dropped"]), name="sending_state_is_known"
            ),
        ]

    @property
    def may_have_been_sent_twice(self) -> bool:
        """Its outcome was lost once, and the service does not know its own keys: the gate says so of its call."""
        return bool(self.call and self.call.may_have_been_sent_twice)

    @property
    def way_word(self) -> Text:
        return Text(WAYS.get(self.way, self.way))

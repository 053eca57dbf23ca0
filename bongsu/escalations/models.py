"""The ladder of an incident: which step is due when, and who does not want to be reminded for a while."""

from django.conf import settings
from django.db import models

from bongsu.kernel.refs import uuid7


class Step(models.Model):
    """One step of the matrix for one burning of an incident (`round` counts re-openings). Fired once, or called off."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    incident = models.ForeignKey("incidents.Incident", on_delete=models.PROTECT, related_name="escalation_steps")
    round = models.PositiveSmallIntegerField(default=1)
    key = models.CharField(max_length=60)
    severity = models.CharField(max_length=8)
    posts = models.JSONField()
    due_at = models.DateTimeField()
    fired_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["due_at", "key"]
        constraints = [
            models.UniqueConstraint(fields=["incident", "round", "key"], name="escalations_step_once"),
            models.CheckConstraint(
                condition=models.Q(fired_at=None) | models.Q(cancelled_at=None), name="escalations_fired_or_cancelled"
            ),
        ]

    @property
    def message_key(self) -> str:
        return f"escalation:{self.incident_id}:{self.round}:{self.key}"


class Snooze(models.Model):
    """A person is not reminded until then. It stops reminders to that person, never a step."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    incident = models.ForeignKey("incidents.Incident", on_delete=models.PROTECT, related_name="snoozes")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    until_at = models.DateTimeField()
    reason = models.CharField(max_length=300)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["incident", "person"], name="escalations_snooze_once")]

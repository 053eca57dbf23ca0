"""AI systems: what incidents happen to, and where their models live."""

from django.db import models
from django.db.models import Q

from bongsu.kernel import clock
from bongsu.kernel.refs import ref, uuid7


class AISystem(models.Model):
    """An AI system of a legal entity. `registry_*` names its model in MLflow; `labels` identify it in monitoring."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    subject = models.ForeignKey("events.Subject", on_delete=models.PROTECT, related_name="+")
    key = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=160)
    description = models.TextField(default="", blank=True)
    entity = models.ForeignKey("people.LegalEntity", on_delete=models.PROTECT, related_name="systems")
    owner = models.ForeignKey("people.Person", null=True, blank=True, on_delete=models.PROTECT, related_name="owned_systems")
    stage = models.CharField(max_length=20, default="production")
    regions = models.JSONField(default=list, blank=True)
    is_high_risk = models.BooleanField(default=False)
    users_estimate = models.PositiveIntegerField(null=True, blank=True)
    registry_model = models.CharField(max_length=200, default="", blank=True)
    registry_alias = models.CharField(max_length=100, default="", blank=True)
    serving_url = models.CharField(max_length=500, default="", blank=True)  # where the serving process reports its version
    good_version = models.CharField(max_length=60, default="", blank=True)
    labels = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(stage__in=["development", "testing", "production", "retired"]), name="system_stage_is_known"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def ref(self) -> str:
        return ref("system", self.id)

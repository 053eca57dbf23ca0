"""The one row of four eyes: what exactly, asked by whom, decided by whom."""

from django.db import models
from django.db.models import F, Q

from bongsu.kernel import clock
from bongsu.kernel.refs import ref, uuid7

from .rules import GRANTED, REFUSED, WAITING


class Approval(models.Model):
    """Asked for one exact text (`text_hash`); decided by somebody who holds the post or the right, never the requester."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    subject = models.ForeignKey("events.Subject", on_delete=models.PROTECT, related_name="+")
    about_ref = models.CharField(max_length=120, db_index=True)
    purpose = models.CharField(max_length=60)
    title = models.CharField(max_length=300)
    text = models.TextField(default="", blank=True)
    text_hash = models.CharField(max_length=64)
    url = models.CharField(max_length=300, default="", blank=True)
    post_key = models.CharField(max_length=60, default="", blank=True)
    scope_ref = models.CharField(max_length=120, default="", blank=True)
    grant = models.CharField(max_length=60, default="", blank=True)
    barred = models.JSONField(default=list)  # actor keys that may not decide besides the requester
    requested_by = models.CharField(max_length=120)
    requested_at = models.DateTimeField(default=clock.now)
    state = models.CharField(max_length=20, default=WAITING)
    decided_by = models.CharField(max_length=120, default="", blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    reason = models.TextField(default="", blank=True)

    class Meta:
        ordering = ["requested_at", "id"]
        constraints = [
            models.CheckConstraint(condition=~Q(decided_by=F("requested_by")), name="approvals_requester_never_decides"),
            models.CheckConstraint(
                condition=Q(decided_by="") | Q(decided_by__startswith="person:"), name="approvals_decided_by_a_person"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[GRANTED, REFUSED]) | (Q(decided_at__isnull=False) & ~Q(decided_by="")),
                name="approvals_decision_is_whole",
            ),
            models.CheckConstraint(condition=~Q(post_key="", grant=""), name="approvals_somebody_may_decide"),
            models.UniqueConstraint(fields=["about_ref", "purpose"], condition=Q(state=WAITING), name="approvals_one_waiting"),
        ]
        indexes = [models.Index(fields=["requested_at"], name="approvals_waiting", condition=Q(state=WAITING))]

    def __str__(self) -> str:
        return self.title

    @property
    def ref(self) -> str:
        return ref("approval", self.id)

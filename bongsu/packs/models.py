"""Versions of packs, each with its whole content: an incident goes on with the one it began with."""

from django.db import models
from django.db.models import Q

from bongsu.kernel.refs import ref, uuid7


class PackVersion(models.Model):
    """One version as it was imported. The content is never edited; `is_active` says which version is in force."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    subject = models.ForeignKey("events.Subject", on_delete=models.PROTECT, related_name="+")
    pack_id = models.CharField(max_length=80)
    version = models.CharField(max_length=40)
    kind = models.CharField(max_length=20)
    extends = models.CharField(max_length=160, blank=True)
    content = models.TextField()
    sha256 = models.CharField(max_length=64)
    imported_at = models.DateTimeField()
    activated_at = models.DateTimeField(null=True)
    is_active = models.BooleanField(default=False)

    class Meta:
        ordering = ["-imported_at"]
        constraints = [
            models.UniqueConstraint(fields=["pack_id", "version"], name="packs_one_content_per_version"),
            models.UniqueConstraint(fields=["kind"], condition=Q(is_active=True), name="packs_one_version_in_force"),
            models.CheckConstraint(condition=Q(is_active=False) | Q(activated_at__isnull=False), name="packs_active_since"),
        ]

    def __str__(self) -> str:
        return f"{self.pack_id} {self.version}"

    @property
    def ref(self) -> str:
        return ref("pack", self.id)

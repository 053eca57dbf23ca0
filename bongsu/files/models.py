"""Files that belong to records. The bytes lie encrypted in the storage under their hash; here stands what they are."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from bongsu.kernel import clock
from bongsu.kernel.refs import ref, uuid7


class StoredFile(models.Model):
    """One file of one record. `sha256` is of the bytes as they came; the same bytes are kept once."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    subject = models.ForeignKey("events.Subject", on_delete=models.PROTECT, related_name="+")
    sha256 = models.CharField(max_length=64, db_index=True)
    size = models.PositiveIntegerField()
    name = models.CharField(max_length=150)
    media_type = models.CharField(max_length=150)
    kind = models.CharField(max_length=40, default="evidence")
    is_harmful = models.BooleanField(default=False)  # blurred until revealed
    is_legal_hold = models.BooleanField(default=False)
    is_privileged = models.BooleanField(default=False)  # left out of exports unless asked
    stored_by = models.CharField(max_length=120)  # actor key
    stored_at = models.DateTimeField(default=clock.now)
    superseded_by = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="supersedes")
    superseded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["stored_at", "id"]
        indexes = [models.Index(fields=["subject", "stored_at"], name="files_of_subject")]
        constraints = [
            models.CheckConstraint(
                condition=Q(superseded_by=None, superseded_at=None) | Q(superseded_by__isnull=False, superseded_at__isnull=False),
                name="files_superseded_by_and_at",
            ),
            models.CheckConstraint(condition=Q(size__gt=0), name="files_not_empty"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def ref(self) -> str:
        return ref("file", self.id)

    @property
    def labels(self) -> list[str]:
        named = (("harmful", self.is_harmful), ("legal_hold", self.is_legal_hold), ("privileged", self.is_privileged))
        return [key for key, is_set in named if is_set]


class Reveal(models.Model):
    """A person looked, or may look until `until_at`, at a blurred file, and said why."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    subject = models.ForeignKey("events.Subject", on_delete=models.PROTECT, related_name="+")
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="reveals")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField()
    revealed_at = models.DateTimeField()
    until_at = models.DateTimeField()

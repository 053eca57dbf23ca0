"""Documents: parts by the machine and by people, frozen revisions, comments, signatures."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from bongsu.kernel import clock
from bongsu.kernel.refs import ref, uuid7

from .rules.review import BOARD, DRAFT, LEGAL, SEALED, STATES


class Document(models.Model):
    """A report, minutes, a notice. `number` is the record's own (INC-2026-001): all that metadata and file names carry."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    subject = models.ForeignKey("events.Subject", on_delete=models.PROTECT, related_name="+")
    about_ref = models.CharField(max_length=120, db_index=True)
    kind = models.CharField(max_length=60)
    kind_title = models.CharField(max_length=120)
    number = models.CharField(max_length=60)
    title = models.CharField(max_length=300)
    language = models.CharField(max_length=8)
    zone = models.CharField(max_length=64)
    classification = models.CharField(max_length=60, default="", blank=True)
    fires = models.PositiveSmallIntegerField(default=0)
    severity = models.CharField(max_length=60, default="", blank=True)
    basics = models.JSONField(default=list)  # [[label, value], ...] as printed on top
    state = models.CharField(max_length=20, default=DRAFT)
    version = models.PositiveIntegerField(default=1)
    created_by = models.CharField(max_length=120)
    created_at = models.DateTimeField(default=clock.now)
    distributed_to = models.TextField(default="", blank=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=list(STATES)), name="documents_state_is_known"),
            models.CheckConstraint(condition=Q(fires__lte=5), name="documents_at_most_five_fires"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.kind}"

    @property
    def ref(self) -> str:
        return ref("document", self.id)

    @property
    def is_sealed(self) -> bool:
        return self.state in SEALED

    @property
    def is_in_review(self) -> bool:
        return self.state in (LEGAL, BOARD)


class Part(models.Model):
    """One part. `person_text`, once there, is what counts; `generated` goes on being rebuilt beside it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    subject = models.ForeignKey("events.Subject", on_delete=models.PROTECT, related_name="+")
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="parts")
    key = models.SlugField(max_length=60)
    rank = models.PositiveSmallIntegerField(default=0)
    title = models.CharField(max_length=200)
    generated = models.TextField(default="", blank=True)
    figures = models.JSONField(default=list)
    person_text = models.TextField(null=True, blank=True)
    base_text = models.TextField(default="", blank=True)  # what the machine's text was when the person last wrote
    version = models.PositiveIntegerField(default=1)
    generated_at = models.DateTimeField(null=True, blank=True)
    edited_at = models.DateTimeField(null=True, blank=True)
    edited_by = models.CharField(max_length=120, default="", blank=True)

    class Meta:
        ordering = ["rank", "id"]
        constraints = [models.UniqueConstraint(fields=["document", "key"], name="documents_part_once")]

    @property
    def text(self) -> str:
        return self.generated if self.person_text is None else self.person_text

    @property
    def has_news(self) -> bool:
        """The machine's text has changed since the person wrote over it."""
        return self.person_text is not None and self.base_text != self.generated


class Revision(models.Model):
    """The whole document as it was submitted: frozen, and what signatures are bound to."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    subject = models.ForeignKey("events.Subject", on_delete=models.PROTECT, related_name="+")
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField()
    text = models.TextField()
    hash = models.CharField(max_length=64)
    authors = models.JSONField(default=list)  # actor keys of everyone whose words are in it
    made_by = models.CharField(max_length=120)
    made_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["document", "number"], name="documents_revision_once")]

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("a revision is never changed")
        super().save(*args, **kwargs)


class Comment(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    subject = models.ForeignKey("events.Subject", on_delete=models.PROTECT, related_name="+")
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="comments")
    part = models.ForeignKey(Part, null=True, blank=True, on_delete=models.PROTECT, related_name="comments")
    text = models.TextField()
    made_by = models.CharField(max_length=120)
    made_at = models.DateTimeField(default=clock.now)
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.CharField(max_length=120, default="", blank=True)

    class Meta:
        ordering = ["made_at", "id"]


class Signature(models.Model):
    """A person stands for exactly this text, in this role."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    subject = models.ForeignKey("events.Subject", on_delete=models.PROTECT, related_name="+")
    revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="signatures")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=20)
    text_hash = models.CharField(max_length=64)
    signed_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["signed_at", "id"]
        constraints = [models.UniqueConstraint(fields=["revision", "person"], name="documents_one_signature_each")]

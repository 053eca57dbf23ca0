"""The incident and what hangs on it: roles, duties, evidence. Times of the four moments are kept apart."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from bongsu.kernel.refs import ref, uuid7

Person = settings.AUTH_USER_MODEL


class Counter(models.Model):
    """The last number given in a year; its lock makes numbers gapless (a transaction that fails gives it back)."""

    year = models.PositiveSmallIntegerField()
    is_drill = models.BooleanField(default=False)
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["year", "is_drill"], name="incidents_counter_once")]


class Incident(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    subject = models.OneToOneField("events.Subject", on_delete=models.PROTECT, related_name="+")
    number = models.CharField(max_length=24, unique=True)  # INC-2026-001; drills DRL-2026-001
    is_drill = models.BooleanField(default=False)
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True, default="")
    type = models.CharField(max_length=40)
    subtype = models.CharField(max_length=60)
    severity = models.CharField(max_length=8)
    state = models.CharField(max_length=40)
    is_open = models.BooleanField(default=True)  # not yet resolved (미해결)
    system = models.ForeignKey("systems.AISystem", null=True, blank=True, on_delete=models.PROTECT, related_name="incidents")
    pack = models.ForeignKey("packs.PackVersion", on_delete=models.PROTECT, related_name="+")
    origin = models.CharField(max_length=40, default="person")  # person, signal, api, cli, demo
    group_key = models.CharField(max_length=200, blank=True, default="")

    occurred_at = models.DateTimeField(null=True, blank=True)
    detected_at = models.DateTimeField()
    aware_at = models.DateTimeField(null=True, blank=True)
    aware_how = models.TextField(blank=True, default="")
    aware_person = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    aware_evidence = models.ForeignKey("Evidence", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    declared_at = models.DateTimeField()
    declared_by = models.CharField(max_length=120)  # actor key
    responded_at = models.DateTimeField(null=True, blank=True)  # first human response: an IC has accepted
    resolved_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    affected_users = models.PositiveIntegerField(null=True, blank=True)
    affected_scope = models.CharField(max_length=300, blank=True, default="")  # service, feature, data
    regions = models.JSONField(default=list, blank=True)
    loss = models.DecimalField(max_digits=18, decimal_places=2, null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True, default="KRW")
    regulatory_risk = models.CharField(max_length=500, blank=True, default="")
    status_page_url = models.URLField(blank=True, default="")
    details = models.JSONField(default=dict, blank=True)  # harm and taxonomy fields of the pack (A5)

    class Meta:
        ordering = ["-declared_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["group_key", "is_drill"],
                condition=Q(is_open=True) & ~Q(group_key=""),
                name="incidents_one_open_per_group",
            ),
        ]
        indexes = [
            models.Index(fields=["-declared_at", "-id"], name="incidents_newest"),
            models.Index(
                fields=["is_drill", "severity", "declared_at", "id"], name="incidents_open_by_severity", condition=Q(is_open=True)
            ),
            models.Index(fields=["state", "-declared_at"], name="incidents_by_state"),
        ]

    seen_by = ""  # the actor this row was read for; `queries` asks once per row and actor

    def __str__(self) -> str:
        return self.number

    @property
    def ref(self) -> str:
        return ref("incident", self.id)


class RoleAssignment(models.Model):
    """Who holds an incident role, from when to when. Somebody is always IC."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="assignments")
    role = models.CharField(max_length=40)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    began_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["incident", "role"], condition=Q(ended_at=None), name="incidents_role_held_once")
        ]


class CommandOffer(models.Model):
    """The IC's post offered to somebody; the one who offered stays IC until it is accepted."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="offers")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    offered_by = models.CharField(max_length=120)
    offered_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)  # declined, or another offer took its place

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["incident"], condition=Q(accepted_at=None, withdrawn_at=None), name="incidents_one_open_offer"
            )
        ]


class Duty(models.Model):
    """What stands between now and closing. `title` is {"ko", "en"}. Met, or waived with a reason; never deleted."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="duties")
    key = models.CharField(max_length=120)
    title = models.JSONField()
    is_legal = models.BooleanField(default=False)
    is_optional = models.BooleanField(default=False)  # "where needed": does not hold closing
    authority = models.CharField(max_length=200, blank=True, default="")
    due_at = models.DateTimeField(null=True, blank=True)
    zone = models.CharField(max_length=64, blank=True, default="")
    set_at = models.DateTimeField()
    met_at = models.DateTimeField(null=True, blank=True)
    met_by = models.CharField(max_length=120, blank=True, default="")
    proof = models.TextField(blank=True, default="")  # what shows that it was met: a text, a link, a reference
    waived_at = models.DateTimeField(null=True, blank=True)
    waived_by = models.CharField(max_length=120, blank=True, default="")
    reason = models.TextField(blank=True, default="")

    class Meta:
        ordering = ["set_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["incident", "key"], name="incidents_duty_once"),
            models.CheckConstraint(condition=Q(met_at=None) | Q(waived_at=None), name="incidents_duty_met_or_waived"),
            models.CheckConstraint(condition=Q(waived_at=None) | ~Q(reason=""), name="incidents_duty_waived_with_reason"),
        ]

    @property
    def is_open(self) -> bool:
        return self.met_at is None and self.waived_at is None


class Evidence(models.Model):
    """A file, a link or quoted lines, with the hash of what was seen."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    subject = models.ForeignKey("events.Subject", on_delete=models.PROTECT, related_name="+")
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="evidence")
    kind = models.CharField(max_length=20)  # file, link, quote
    title = models.CharField(max_length=200)
    file = models.ForeignKey("files.StoredFile", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    url = models.URLField(max_length=2000, blank=True, default="")
    quote = models.TextField(blank=True, default="")
    sha256 = models.CharField(max_length=64)
    is_harmful = models.BooleanField(default=False)
    has_legal_hold = models.BooleanField(default=False)
    is_privileged = models.BooleanField(default=False)
    added_by = models.CharField(max_length=120)
    added_at = models.DateTimeField()

    class Meta:
        ordering = ["added_at", "id"]
        indexes = [models.Index(fields=["incident", "added_at"], name="incidents_evidence_newest")]


class AwarenessChange(models.Model):
    """A wish to move the moment of awareness; it moves when a second person approves."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="awareness_changes")
    aware_at = models.DateTimeField()
    how = models.TextField()
    reason = models.TextField()
    requested_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    decided_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    is_approved = models.BooleanField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["incident"], condition=Q(decided_at=None), name="incidents_one_awareness_change"),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("requested_by")), name="incidents_awareness_four_eyes"
            ),
        ]


class Restriction(models.Model):
    """Why a record is restricted, who approved it, and when that is looked at again."""

    incident = models.OneToOneField(Incident, primary_key=True, on_delete=models.PROTECT, related_name="restriction")
    reason = models.TextField()
    approved_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    restricted_at = models.DateTimeField()
    review_on = models.DateField()

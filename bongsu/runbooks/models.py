"""The run of a runbook, measures, snapshots, containments and verifications of an incident."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from bongsu.kernel import clock
from bongsu.kernel.refs import ref, uuid7

from .rules import containing, steps, verifying

Person = settings.AUTH_USER_MODEL


class Run(models.Model):
    """One runbook at work on one incident, in the pack version the incident began with. One at a time; old ones stay."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    subject = models.ForeignKey("events.Subject", on_delete=models.PROTECT, related_name="+")
    incident = models.ForeignKey("incidents.Incident", on_delete=models.PROTECT, related_name="runs")
    runbook = models.CharField(max_length=60)
    version = models.PositiveIntegerField()
    pack = models.ForeignKey("packs.PackVersion", on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    started_at = models.DateTimeField(default=clock.now)
    offered = models.CharField(max_length=60, blank=True, default="")  # fits better since the classification changed
    offered_why = models.TextField(blank=True, default="")
    replaced_at = models.DateTimeField(null=True, blank=True)
    replaced_why = models.TextField(blank=True, default="")
    lesson = models.TextField(blank=True, default="")  # what to change in this runbook
    reviewed_at = models.DateTimeField(null=True, blank=True)
    reviewed_by = models.CharField(max_length=120, blank=True, default="")

    class Meta:
        ordering = ["started_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["incident"], condition=Q(replaced_at=None), name="runbooks_one_run_at_a_time"),
            models.CheckConstraint(condition=Q(replaced_at=None) | ~Q(replaced_why=""), name="runbooks_replaced_with_reason"),
            models.CheckConstraint(condition=Q(reviewed_at=None) | ~Q(lesson=""), name="runbooks_review_says_something"),
        ]
        indexes = [
            models.Index(fields=["runbook", "-reviewed_at"], name="runbooks_lessons", condition=Q(reviewed_at__isnull=False))
        ]


class StepRun(models.Model):
    """One step of a run. `note` says what was done, `reason` why it was skipped, does not apply or came out of order."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="steps")
    step = models.CharField(max_length=60)
    phase = models.CharField(max_length=20)
    position = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=20, default=steps.WAITING)
    person = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    note = models.TextField(blank=True, default="")
    reason = models.TextField(blank=True, default="")
    link = models.URLField(max_length=2000, blank=True, default="")
    evidence = models.ForeignKey("incidents.Evidence", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.CharField(max_length=120, blank=True, default="")

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["run", "step"], name="runbooks_step_once"),
            models.CheckConstraint(condition=Q(state__in=list(steps.STATES)), name="runbooks_step_state_is_known"),
            models.CheckConstraint(
                condition=~Q(state__in=[steps.SKIPPED, steps.NOT_APPLICABLE]) | ~Q(reason=""), name="runbooks_skipped_with_reason"
            ),
            models.CheckConstraint(
                condition=~Q(state=steps.DONE) | Q(done_at__isnull=False), name="runbooks_done_has_its_moment"
            ),
        ]


class Measure(models.Model):
    """A temporary measure or a permanent fix, with owner and time (C6). `link`: for a policy update, its new version."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    subject = models.ForeignKey("events.Subject", on_delete=models.PROTECT, related_name="+")
    incident = models.ForeignKey("incidents.Incident", on_delete=models.PROTECT, related_name="measures")
    is_permanent = models.BooleanField()
    kind = models.CharField(max_length=60)
    text = models.TextField()
    link = models.URLField(max_length=2000, blank=True, default="")
    owner = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    set_at = models.DateTimeField(default=clock.now)
    due_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.CharField(max_length=120, blank=True, default="")

    class Meta:
        ordering = ["is_permanent", "set_at", "id"]


class Snapshot(models.Model):
    """What stood there before anything was changed. `parts` are filled as the services answer; then it becomes evidence."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    subject = models.ForeignKey("events.Subject", on_delete=models.PROTECT, related_name="+")
    incident = models.ForeignKey("incidents.Incident", on_delete=models.PROTECT, related_name="snapshots")
    model = models.CharField(max_length=200)
    alias = models.CharField(max_length=100)
    asked_at = models.DateTimeField(default=clock.now)
    waits_for = models.JSONField(default=list)
    parts = models.JSONField(default=dict)
    missing = models.JSONField(default=dict)  # part -> why it could not be had
    state = models.CharField(max_length=20, default="collecting")
    evidence = models.ForeignKey("incidents.Evidence", null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["collecting", "taken", "failed", "held"]), name="runbooks_snapshot_state"
            ),
            models.CheckConstraint(condition=~Q(state="taken") | Q(evidence__isnull=False), name="runbooks_snapshot_is_kept"),
        ]

    @property
    def ref(self) -> str:
        return ref("snapshot", self.id)


class Rollback(models.Model):
    """When a model was last rolled back by the machine alone: its row is what keeps it to once an hour."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    connection = models.ForeignKey("integrations.Connection", on_delete=models.PROTECT, related_name="+")
    model = models.CharField(max_length=200)
    automatic_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "model"], name="runbooks_rollback_row_per_model")]


class Containment(models.Model):
    """A way to stop harm, from the dry run to the version the serving process reports. By hand: only what a person says."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    subject = models.ForeignKey("events.Subject", on_delete=models.PROTECT, related_name="+")
    incident = models.ForeignKey("incidents.Incident", on_delete=models.PROTECT, related_name="containments")
    kind = models.CharField(max_length=60)  # key of the pack's containment
    is_by_hand = models.BooleanField(default=False)
    undoes = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="undoings")
    connection = models.ForeignKey("integrations.Connection", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    model = models.CharField(max_length=200, blank=True, default="")
    alias = models.CharField(max_length=100, blank=True, default="")
    serving_url = models.CharField(max_length=500, blank=True, default="")
    wanted = models.CharField(max_length=60, blank=True, default="")  # the version a person chose; empty: the last good one
    before = models.CharField(max_length=60, blank=True, default="")
    after = models.CharField(max_length=60, blank=True, default="")
    serving_version = models.CharField(max_length=60, blank=True, default="")  # what the serving process said last
    versions = models.JSONField(default=list)
    text = models.TextField(blank=True, default="")  # the exact effect in words, or what a person did
    way_back = models.TextField(blank=True, default="")  # by hand: how it is undone, where it is not as the pack says
    state = models.CharField(max_length=20, default=containing.READING)
    held_from = models.CharField(max_length=20, blank=True, default="")
    error = models.TextField(blank=True, default="")
    timeout = models.DurationField()
    expires_at = models.DateTimeField(null=True, blank=True)
    proposed_by = models.CharField(max_length=120)
    proposed_at = models.DateTimeField(default=clock.now)
    approver = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")  # asked by name
    asked_by = models.CharField(max_length=120, blank=True, default="")
    decided_by = models.CharField(max_length=120, blank=True, default="")  # who approved, or "policy"
    snapshot = models.ForeignKey(Snapshot, null=True, blank=True, on_delete=models.PROTECT, related_name="containments")
    began_at = models.DateTimeField(null=True, blank=True)
    moved_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    polls = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["proposed_at", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=list(containing.STATES)), name="runbooks_containment_state"),
            models.CheckConstraint(condition=Q(state=containing.HELD) ^ Q(held_from=""), name="runbooks_held_knows_from_where"),
            models.UniqueConstraint(
                fields=["connection", "model", "alias"], condition=Q(state__in=sorted(containing.ACTIVE)),
                name="runbooks_one_containment_per_alias",
            ),
            models.CheckConstraint(
                condition=Q(began_at=None) | Q(is_by_hand=True) | (Q(snapshot__isnull=False) & ~Q(decided_by="")),
                name="runbooks_snapshot_and_decision_first",
            ),
            models.CheckConstraint(
                condition=~Q(state=containing.DONE) | Q(is_by_hand=True) | Q(serving_version=F("after")),
                name="runbooks_done_when_serving_says_so",
            ),
            models.CheckConstraint(
                condition=Q(decided_by="") | Q(asked_by="") | ~Q(decided_by=F("asked_by")), name="runbooks_containment_four_eyes"
            ),
        ]  # fmt: skip

    @property
    def ref(self) -> str:
        return ref("containment", self.id)


class Verification(models.Model):
    """Whether it is back, by query. Copied from the runbook's step; editable with a reason. Durations in seconds."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    subject = models.ForeignKey("events.Subject", on_delete=models.PROTECT, related_name="+")
    incident = models.ForeignKey("incidents.Incident", on_delete=models.PROTECT, related_name="verifications")
    step = models.OneToOneField(StepRun, on_delete=models.PROTECT, related_name="verification")
    query = models.TextField()
    traffic = models.TextField(blank=True, default="")
    compare = models.CharField(max_length=10)
    against = models.CharField(max_length=10)
    limit = models.DecimalField(max_digits=20, decimal_places=6)
    window = models.FloatField()
    dwell = models.FloatField()
    minimum_traffic = models.PositiveIntegerField(default=0)
    baseline = models.DecimalField(max_digits=24, decimal_places=10, null=True, blank=True)
    baseline_from_at = models.DateTimeField()
    baseline_until_at = models.DateTimeField()
    baseline_turn = models.PositiveIntegerField(default=0)  # how often it was asked for
    baseline_error = models.TextField(blank=True, default="")
    state = models.CharField(max_length=24, default=verifying.WAITING)
    reason = models.TextField(blank=True, default="")  # of an override or an edit
    watch_until_at = models.DateTimeField(null=True, blank=True)
    next_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["step__position"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=list(verifying.STATES)), name="runbooks_verification_state"),
            models.CheckConstraint(
                condition=~Q(state=verifying.OVERRIDDEN) | ~Q(reason=""), name="runbooks_override_with_reason"
            ),
        ]

    @property
    def ref(self) -> str:
        return ref("verification", self.id)


class Check(models.Model):
    """One look: what was asked, what came back, what it means. `verdict` is empty while the answers are awaited."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    verification = models.ForeignKey(Verification, on_delete=models.PROTECT, related_name="checks")
    number = models.PositiveIntegerField()
    asked_at = models.DateTimeField()
    step = models.FloatField()  # seconds
    series = models.JSONField(null=True)
    requests = models.JSONField(null=True)
    waits_for = models.JSONField(default=list)
    verdict = models.CharField(max_length=24, blank=True, default="")
    reason = models.JSONField(default=dict)  # {message, values} of kernel.text.Text
    values = models.JSONField(default=dict)
    evidence = models.ForeignKey("incidents.Evidence", null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["verification", "number"], name="runbooks_check_once")]

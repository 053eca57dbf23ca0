"""What the API has answered to a request that carried an idempotency key."""

from django.db import models

from bongsu.kernel.refs import uuid7


class Answer(models.Model):
    """One row per caller, route and key, written in the transaction of the act it answered."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    caller = models.CharField(max_length=120)
    route = models.CharField(max_length=300)
    key = models.CharField(max_length=200)
    body_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)
    content_type = models.CharField(max_length=100, default="")
    content = models.BinaryField(default=b"")
    recorded_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["caller", "route", "key"], name="answer_once")]

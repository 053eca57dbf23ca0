"""What outside watchers ask: is it alive, does it work, what are its numbers. Only counts, never a title or a name."""

from collections.abc import Iterator

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

import bongsu
from bongsu.events.models import Delivery, Heartbeat, Timer
from bongsu.events.queries import is_worker_silent
from bongsu.integrations.models import Call
from bongsu.integrations.queries import OPEN
from bongsu.kernel.clock import now
from bongsu.kernel.errors import BongsuError
from bongsu.signals.models import Receipt

from .api import caller

LOCAL = {"127.0.0.1", "::1"}


def live(_request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


def health(_request: HttpRequest) -> HttpResponse:
    """200 when the database answers and a worker gave a sign of life within 30 seconds, else 503."""
    try:
        worker = "silent" if is_worker_silent() else "ok"
        database = "ok"
    except DatabaseError:
        worker, database = "unknown", "failed"
    is_well = worker == database == "ok"
    body = {"status": "ok" if is_well else "failed", "database": database, "worker": worker, "version": bongsu.__version__}
    response = JsonResponse(body, status=200 if is_well else 503)
    response["Cache-Control"] = "no-store"
    return response


def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus text; for this machine, and for whoever may read audits."""
    is_near = request.META.get("REMOTE_ADDR") in LOCAL and "X-Forwarded-For" not in request.headers
    if not is_near and not _may_audit(request):
        return HttpResponse("needs a token with audit.read\n", status=403, content_type="text/plain")
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    registry.register(Work())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _may_audit(request: HttpRequest) -> bool:
    try:
        actor = caller(request)
    except BongsuError:
        return False
    return actor is not None and actor.may("audit.read")


class Work:
    """What waits and what is stuck, counted in the database: the same answer from every process."""

    def collect(self) -> Iterator[Metric]:
        waiting = Delivery.objects.filter(done_at=None, dead_at=None)
        timers = Timer.objects.filter(done_at=None, dead_at=None)
        oldest = waiting.order_by("due_at").values_list("due_at", flat=True).first()
        beat = Heartbeat.objects.order_by("-at").values_list("at", flat=True).first()
        yield _gauge("bongsu_up", "1 when the database answers", 1 if connection.is_usable() else 0)
        yield _gauge("bongsu_deliveries_waiting", "Facts that a listener has not heard yet", waiting.count())
        age = max(0.0, (now() - oldest).total_seconds()) if oldest else 0.0
        yield _gauge("bongsu_delivery_oldest_seconds", "Age of the oldest of them", age)
        dead = Delivery.objects.filter(done_at=None, dead_at__isnull=False).count()
        dead += Timer.objects.filter(done_at=None, dead_at__isnull=False).count()
        signals = Receipt.objects.filter(state="waiting").count()
        yield _gauge("bongsu_signals_waiting", "Deliveries from outside that nobody has read yet", signals)
        calls = Call.objects.filter(state__in=OPEN).count()
        yield _gauge("bongsu_calls_waiting", "Calls to outside services that wait or are under way", calls)
        yield _gauge("bongsu_dead_letters", "Deliveries and timers that were given up", dead)
        yield _gauge("bongsu_timers_overdue", "Timers that should have fired", timers.filter(run_at__lt=now()).count())
        silence = (now() - beat).total_seconds() if beat else float("inf")
        yield _gauge("bongsu_worker_silence_seconds", "Since the last sign of life of a worker", silence)


def _gauge(name: str, words: str, value: float) -> Metric:
    gauge = GaugeMetricFamily(name, words)
    gauge.add_metric([], value)
    return gauge

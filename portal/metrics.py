"""`/metrics`: what people feel, in numbers, for Prometheus."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime

from django.conf import settings
from django.db.models import Count, Min
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from prometheus_client import REGISTRY, CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from apps.annotation.models import AnnotationTask
from apps.operations.models import Job
from apps.operations.problems import problem_response
from apps.operations.visitors import visitor_address
from apps.recognition import serving
from apps.recognition.models import ReferenceIndex

LOOPBACK = ("127.0.0.1", "::1")


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer this machine, or who shows the token."""
    if not _may_read(request):
        detail = _("Please send the token of GILNUN_METRICS_TOKEN (Authorization: Bearer …).")
        headers = {"WWW-Authenticate": "Bearer"}
        return problem_response(401, "not_authenticated", detail, headers=headers)
    registry = CollectorRegistry()
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        MultiProcessCollector(registry)
    registry.register(Rows())
    body = generate_latest(registry)
    if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        body = generate_latest(REGISTRY) + body
    response = HttpResponse(body, content_type=CONTENT_TYPE_LATEST)
    response["Cache-Control"] = "no-store"
    return response


def _may_read(request: HttpRequest) -> bool:
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    if settings.METRICS_TOKEN and scheme.lower() == "bearer":
        return constant_time_compare(token.strip(), settings.METRICS_TOKEN)
    # A proxy on this machine calls from here for everybody.
    passed_on = not settings.TRUSTED_PROXIES and "X-Forwarded-For" in request.headers
    return visitor_address(request) in LOOPBACK and not passed_on


class Rows:
    """What the database knows, the same from whichever process it is asked."""

    def describe(self) -> list:
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        now = timezone.now()
        yield from _jobs(now)
        expired = AnnotationTask.objects.filter(state="leased", lease_until__lte=now).count()
        yield GaugeMetricFamily(
            "gilnun_annotation_leases_expired", "Leases that ended and wait for a claim", expired
        )
        yield GaugeMetricFamily(
            "gilnun_model_server_breaker_open",
            "1 while nothing is asked of the model server because it keeps failing",
            serving.breaker.open_since() is not None,
        )
        served = GaugeMetricFamily(
            "gilnun_reference_index", "References of the index in use", labels=["model", "version"]
        )
        for index in ReferenceIndex.objects.filter(active=True).select_related("model"):
            labels = [f"{index.model.name}:{index.model.version}", str(index.version)]
            served.add_metric(labels, index.references)
        yield served


def _jobs(now: datetime) -> Iterator[GaugeMetricFamily]:
    waiting = GaugeMetricFamily("gilnun_jobs_waiting", "Jobs not done yet", labels=["task"])
    oldest = GaugeMetricFamily(
        "gilnun_job_oldest_seconds", "How long the oldest job has been due", labels=["task"]
    )
    kinds = Job.objects.unfinished().order_by().values("task")
    for kind in kinds.annotate(count=Count("pk"), since=Min("available_at")).order_by("task"):
        waiting.add_metric([kind["task"]], kind["count"])
        oldest.add_metric([kind["task"]], max(0.0, (now - kind["since"]).total_seconds()))
    yield waiting
    yield oldest
    parked = GaugeMetricFamily(
        "gilnun_jobs_parked", "Jobs that failed and wait for a person", labels=["task"]
    )
    failed = Job.objects.filter(state=Job.State.PARKED).values("task")
    for kind in failed.annotate(count=Count("pk")).order_by("task"):
        parked.add_metric([kind["task"]], kind["count"])
    yield parked

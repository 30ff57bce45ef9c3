"""/healthz and /readyz: what load balancers and operators ask."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse

from apps.operations.health import database_answers, queue_flows
from apps.recognition.readiness import trouble_with
from apps.recognition.reference_index import NoReferenceIndex, active_index


def healthz(request: HttpRequest) -> HttpResponse:
    """The process is up; nothing else is asked."""
    return HttpResponse("ok", content_type="text/plain")


def readyz(request: HttpRequest) -> JsonResponse:
    """Each part by name; 503 only without the database, since pages need nothing else."""
    parts = {"database": "ok", "model_server": "ok", "queue": "ok", "model": None}
    if not database_answers():
        parts = {"database": "unavailable", "model_server": None, "queue": None, "model": None}
        return JsonResponse({"status": "unavailable", **parts}, status=503)
    try:
        index = active_index()
    except NoReferenceIndex:
        parts["model_server"] = "unknown"
    else:
        parts["model"] = f"{index.model.name}:{index.model.version}"
        if trouble := trouble_with(index.model):
            parts |= {"model_server": "unavailable", "model_server_trouble": trouble}
    if not queue_flows():
        parts["queue"] = "stalled"
    fine = all(parts[name] == "ok" for name in ("model_server", "queue")) and parts["model"]
    response = JsonResponse({"status": "ok" if fine else "degraded", **parts})
    response["Cache-Control"] = "no-store"
    return response

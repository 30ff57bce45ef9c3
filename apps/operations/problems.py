"""Errors as machines read them: application/problem+json with a stable code (RFC 9457)."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse

from apps.operations.request_ids import current_request_id


def problem_response(
    status: int, code: str, detail: str, *, headers: dict[str, str] | None = None, **members
) -> JsonResponse:
    """Return a problem document; `detail` is a sentence for people, `code` never changes."""
    problem = {"type": "about:blank", "status": status, "code": code, "detail": detail, **members}
    if request_id := current_request_id():
        problem["request_id"] = request_id
    return JsonResponse(
        problem,
        status=status,
        headers=headers,
        content_type="application/problem+json",
        json_dumps_params={"ensure_ascii": False},
    )


def wants_json(request: HttpRequest) -> bool:
    """Say whether an answer to this request must be JSON: an API address or an Accept header."""
    if request.path.startswith(("/api/", "/annotate/api/", "/v1/", "/readyz")):
        return True
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"

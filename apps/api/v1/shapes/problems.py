"""The errors that operations document."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiResponse

from apps.api.v1.errors import ProblemSerializer

PROBLEM_JSON = "application/problem+json"
MEANINGS = {
    301: "merged into another landmark: its address is in `Location`, its id in `merged_into`",
    304: "the client holds this very answer (`If-None-Match`, `If-Modified-Since`)",
    400: "a value of the query cannot be used, and `field` names it; or the body is no JSON",
    401: "the key is unknown, expired or revoked",
    403: "the key may not do this",
    404: "there is nothing at this address",
    406: "no representation that the client accepts",
    409: "the first request with this `Idempotency-Key` is still at work",
    410: "it was there and is not any more",
    412: "it was changed since the client read it (`If-Match`); nothing was done",
    413: "more bytes than are taken at once",
    415: "a body of a type that is not taken",
    422: "values of the body cannot be used; `errors` names them, or `code` says why",
    429: "the limit is used up; `Retry-After` says when to go on",
    503: "photos cannot be compared at the moment; `Retry-After` says when to try again",
}


def problems(*codes: int) -> dict:
    """Return the documented errors of an operation; every one may meet a key and a limit."""
    wanted = sorted({401, 403, 406, 429, *codes})
    return {
        (code, PROBLEM_JSON): OpenApiResponse(ProblemSerializer, description=MEANINGS[code])
        for code in wanted
    }


NOT_MODIFIED = {304: OpenApiResponse(None, description=MEANINGS[304])}

"""Answers in TourAPI's shape, as JSON and as XML, errors included."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from django.http import HttpResponse

KOREA = ZoneInfo("Asia/Seoul")


class Refused(Exception):
    """The operation itself refuses a request: TourAPI answers 200 and says why inside."""

    def __init__(self, code: str, message: str):
        super().__init__(message)
        self.code = code


class GatewayRefused(Exception):
    """The gateway before the operations refuses a request: always XML."""

    def __init__(self, status: int, reason: str, number: int):
        super().__init__(reason)
        self.status = status
        self.number = number


UNKNOWN_OPERATION = GatewayRefused(404, "NO_OPENAPI_SERVICE_ERROR", 12)
NO_ACCESS = GatewayRefused(403, "SERVICE_ACCESS_DENIED_ERROR", 20)
USED_UP = GatewayRefused(429, "LIMITED_NUMBER_OF_SERVICE_REQUESTS_EXCEEDS_ERROR", 22)
UNKNOWN_KEY = GatewayRefused(401, "SERVICE_KEY_IS_NOT_REGISTERED_ERROR", 30)


class Found(NamedTuple):
    """A page of items, and how many there are in all."""

    items: Sequence[dict[str, str]]
    page: int
    total: int


def found(answer: Found, *, as_json: bool) -> HttpResponse:
    header = {"resultCode": "0000", "resultMsg": "OK"}
    # An empty list is an empty text there.
    items = {"item": list(answer.items)} if answer.items else ""
    body = {
        "items": items,
        "numOfRows": len(answer.items),
        "pageNo": answer.page,
        "totalCount": answer.total,
    }
    whole = {"response": {"header": header, "body": body}}
    return _json(whole) if as_json else _xml(whole)


def refused(error: Refused, *, at: datetime, as_json: bool) -> HttpResponse:
    moment = at.astimezone(KOREA).isoformat(timespec="milliseconds").partition("+")[0]
    values = {"responseTime": moment, "resultCode": error.code, "resultMsg": str(error)}
    return _json(values) if as_json else _xml({"response": values})


def gateway(error: GatewayRefused) -> HttpResponse:
    head = {
        "errMsg": "SERVICE ERROR",
        "returnAuthMsg": str(error),
        "returnReasonCode": str(error.number),
    }
    return _xml({"OpenAPI_ServiceResponse": {"cmmMsgHeader": head}}, status=error.status)


def _json(values: dict) -> HttpResponse:
    text = json.dumps(values, ensure_ascii=False)
    return HttpResponse(text, content_type="application/json; charset=utf-8")


def _xml(values: dict, *, status: int = 200) -> HttpResponse:
    text = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>' + _elements(values)
    return HttpResponse(text, status=status, content_type="application/xml; charset=utf-8")


def _elements(values: dict) -> str:
    return "".join(
        _element(name, each)
        for name, value in values.items()
        for each in (value if isinstance(value, list) else [value])
    )


def _element(name: str, value: object) -> str:
    inner = _elements(value) if isinstance(value, dict) else escape(str(value))
    return f"<{name}>{inner}</{name}>" if inner else f"<{name}/>"

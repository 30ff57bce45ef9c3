"""The OpenAPI document: one text, whatever language its reader prefers."""

from django.http import HttpRequest, HttpResponse
from django.utils import translation
from drf_spectacular.views import SpectacularJSONAPIView

_document = SpectacularJSONAPIView.as_view()


def openapi_document(request: HttpRequest) -> HttpResponse:
    with translation.override("en"):
        return _document(request)

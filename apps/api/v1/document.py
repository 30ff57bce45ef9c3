"""The OpenAPI document, one text whatever language its reader prefers; and a page to read it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.http import require_safe
from drf_spectacular.views import SpectacularJSONAPIView

_document = SpectacularJSONAPIView.as_view()


def openapi_document(request: HttpRequest) -> HttpResponse:
    with translation.override("en"):
        return _document(request)


@require_safe
def documentation(request: HttpRequest) -> HttpResponse:
    return render(request, "api/docs.html")

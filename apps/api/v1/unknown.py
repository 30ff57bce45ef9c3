"""Addresses the API does not have."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from apps.operations.problems import problem_response


@csrf_exempt
def unknown_address(request: HttpRequest) -> HttpResponse:
    return problem_response(404, "not_found", _("There is nothing at this address."))

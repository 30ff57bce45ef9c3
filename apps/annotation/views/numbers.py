"""The manager's page of numbers, and the same as CSV."""

from __future__ import annotations

import csv

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps.accounts.permissions import Permission, may, require_permission
from apps.annotation import numbers
from apps.annotation.formats.csv_rows import safe_cell

CHART_HEIGHT = 120


@require_safe
@require_permission(Permission.SEE_NUMBERS)
def numbers_page(request: HttpRequest) -> HttpResponse:
    at = timezone.localtime()
    days = numbers.by_day(at)
    most = max((day.submitted for day in days), default=0) or 1
    bars = [
        {"day": day, "x": 10 * place, "height": round(CHART_HEIGHT * day.submitted / most, 1)}
        for place, day in enumerate(days)
    ]
    for bar in bars:
        bar["y"] = CHART_HEIGHT - bar["height"]
    context = {
        "datasets": numbers.by_dataset(),
        "people": numbers.by_person(),
        "landmarks": numbers.by_landmark(),
        "bars": bars,
        "most": most,
        "may_annotate": may(request.user, Permission.ANNOTATE),
        "may_review": may(request.user, Permission.REVIEW_ANNOTATIONS),
    }
    return render(request, "annotation/numbers.html", context)


@require_safe
@require_permission(Permission.SEE_NUMBERS)
def numbers_csv(request: HttpRequest, table: str) -> HttpResponse:
    rows = numbers.tables(timezone.localtime()).get(table)
    if rows is None:
        raise Http404
    headers = {
        "Content-Disposition": f'attachment; filename="gilnun-{table}.csv"',
        "Cache-Control": "private, no-store",
    }
    response = HttpResponse(content_type="text/csv; charset=utf-8", headers=headers)
    lines = csv.writer(response, lineterminator="\n")
    for number, row in enumerate(rows):
        if number == 0:
            lines.writerow(row._fields)
        lines.writerow("" if value is None else safe_cell(value) for value in row)
    return response

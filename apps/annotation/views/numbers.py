"""The pages of numbers, a manager's and one's own, and the same as CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import timedelta
from typing import NamedTuple

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from apps.accounts.models import User
from apps.accounts.permissions import Permission, require_permission
from apps.annotation import numbers
from apps.annotation.charts import bars, stacked
from apps.annotation.formats.csv_rows import safe_cell
from apps.annotation.forms import PeriodForm
from apps.annotation.numbers import Period, Work
from apps.operations.audit import Change, record
from apps.operations.models import AuditEntry

DAYS = 30
# What would tell annotators which of their images were checks.
HIDDEN = {"checks", "check_overlap", "check_tags"}
TABLES = ("datasets", "people", "landmarks", "days")


@require_safe
@require_permission(Permission.SEE_NUMBERS)
def numbers_page(request: HttpRequest) -> HttpResponse:
    return _page(request)


def _page(request: HttpRequest, *, fault: str = "", status: int = 200) -> HttpResponse:
    form, period = _asked(request)
    days = numbers.by_day(period)
    context = {
        "form": form,
        "period": period,
        "query": request.GET.urlencode(),
        "asked": [each for each in request.GET.items() if each[0] != "reason"],
        "days": days,
        "done": bars(days, ("submitted", "accepted", "returned")),
        "standing": stacked(days),
        "datasets": numbers.by_dataset(period),
        "people": numbers.by_person(period),
        "landmarks": numbers.by_landmark(period),
        "fault": fault,
    }
    return render(request, "annotation/numbers.html", context, status=status)


@require_safe
@require_permission(Permission.SEE_NUMBERS)
def numbers_csv(request: HttpRequest, table: str) -> HttpResponse:
    """Give a table as a file. What people did goes out with a reason, which the log keeps."""
    _form, period = _asked(request)
    if table == "people":
        reason = request.GET.get("reason", "").strip()[:300]
        if not reason:
            return _page(request, fault=_("Please say what you need these data for."), status=400)
        _note_download(request.user, period, reason)
    return _csv(table, _rows(table, period), hidden=set())


def _note_download(by: User, period: Period, reason: str) -> None:
    took = {"downloaded": "people.csv", "first": str(period.first), "last": str(period.last)}
    change = Change(by, None, took)
    at, action = timezone.now(), AuditEntry.Action.CREATED
    record([change], by=by, at=at, action=action, note=reason)


@require_safe
@require_permission(Permission.ANNOTATE)
def my_numbers(request: HttpRequest) -> HttpResponse:
    form, period = _asked(request, own=True)
    days = numbers.by_day(period)
    people = numbers.by_person(period)
    context = {
        "form": form,
        "period": period,
        "query": request.GET.urlencode(),
        "days": days,
        "done": bars(days, ("submitted", "accepted", "returned")),
        "mine": people[0].work if people else Work(),
        "landmarks": numbers.by_landmark(period),
    }
    return render(request, "annotation/my_numbers.html", context)


@require_safe
@require_permission(Permission.ANNOTATE)
def my_numbers_csv(request: HttpRequest, table: str) -> HttpResponse:
    if table == "datasets":
        raise Http404
    _form, period = _asked(request, own=True)
    return _csv(table, _rows(table, period), hidden=HIDDEN)


def _asked(request: HttpRequest, *, own: bool = False) -> tuple[PeriodForm, Period]:
    """Return the form and the period it asks for; what cannot be used is said and left out."""
    today = timezone.localdate()
    default = {"first": today - timedelta(days=DAYS - 1), "last": today}
    form = PeriodForm({**_texts(default), **request.GET.dict()}, own=own)
    values = {**default, **form.usable()}
    if own:
        values["person"] = request.user.pk
    return form, Period(**values)


def _texts(values: dict) -> dict[str, str]:
    return {name: value.isoformat() for name, value in values.items()}


def _rows(table: str, period: Period) -> list[NamedTuple]:
    if table not in TABLES:
        raise Http404
    makers = {
        "datasets": numbers.by_dataset,
        "people": numbers.by_person,
        "landmarks": numbers.by_landmark,
        "days": numbers.by_day,
    }
    return makers[table](period)


def _flat(row: NamedTuple) -> dict:
    """Return a row with the figures of its work beside its own."""
    values = row._asdict()
    work = values.pop("work", None)
    return values | (work._asdict() if work else {})


def _csv(table: str, rows: Iterable[NamedTuple], *, hidden: set[str]) -> HttpResponse:
    headers = {
        "Content-Disposition": f'attachment; filename="gilnun-{table}.csv"',
        "Cache-Control": "private, no-store",
    }
    response = HttpResponse(content_type="text/csv; charset=utf-8", headers=headers)
    lines = csv.writer(response, lineterminator="\n")
    for number, row in enumerate(map(_flat, rows)):
        shown = {name: value for name, value in row.items() if name not in hidden}
        if number == 0:
            lines.writerow(shown)
        lines.writerow("" if value is None else safe_cell(value) for value in shown.values())
    return response

"""The first page of the admin: how complete the catalogue is, what waits for whom, what changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from django.core.cache import cache
from django.db import connection
from django.db.models import Count, OuterRef, QuerySet, Value
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from apps.accounts.permissions import Permission, may
from apps.annotation.models import AnnotationTask, ImageImport
from apps.catalogue.admin.filters import CONDITIONS
from apps.catalogue.models import (
    CatalogueImport,
    Category,
    CategoryName,
    Landmark,
    Photo,
    Region,
    RegionName,
)
from apps.catalogue.models.naming import shown_name
from apps.guide.models import Article, Report
from apps.operations.models import AuditEntry, Comment, Job

KEPT_SECONDS = 60
CHANGES = 8
RECENT = timedelta(days=14)
# What a landmark may lack, by the name that the list's filter has for it.
LACKS = {
    "coordinates": "landmark.latitude IS NULL",
    "photo": "pictured.shown IS NOT TRUE",
    "license": "pictured.unlicensed IS TRUE",
    "credit": "pictured.uncredited IS TRUE",
    "korean_text": "written.korean IS NOT TRUE",
    "english_text": "written.english IS NOT TRUE",
    "english_name": "named.english IS NOT TRUE",
}
HAVES = {
    "coordinates": _("Coordinates"),
    "photo": _("Photo to show"),
    "license": _("License"),
    "credit": _("Credit"),
    "korean_text": _("Korean text"),
    "english_text": _("English text"),
    "english_name": _("English name"),
}
# Photos of a landmark, up to and with: 0, 1, 2–4, 5–9, 10–49, more.
BUCKETS = ((0, "0"), (1, "1"), (4, "2–4"), (9, "5–9"), (49, "10–49"), (None, "50+"))
COVERAGE = """
WITH RECURSIVE categories(id, top) AS (
    SELECT id, id FROM catalogue_category WHERE parent_id IS NULL
    UNION ALL
    SELECT below.id, top FROM catalogue_category below JOIN categories ON parent_id = categories.id
), regions(id, top) AS (
    SELECT id, id FROM catalogue_region WHERE parent_id IS NULL
    UNION ALL
    SELECT below.id, top FROM catalogue_region below JOIN regions ON parent_id = regions.id
), pictured AS (
    SELECT landmark_id, count(*) AS photos,
           bool_or(may_show AND NOT (needs_credit AND credit = '')) AS shown,
           bool_or(NOT may_show) AS unlicensed,
           bool_or(needs_credit AND credit = '') AS uncredited
      FROM catalogue_photo JOIN catalogue_license license ON license.id = license_id
     WHERE landmark_id IS NOT NULL
     GROUP BY landmark_id
), named AS (
    SELECT landmark_id, true AS english FROM catalogue_landmarkname
     WHERE kind = 'official' AND language = 'en'
), written AS (
    SELECT landmark_id, bool_or(language = 'ko') AS korean, bool_or(language = 'en') AS english
      FROM guide_article WHERE state = 'published'
     GROUP BY landmark_id
)
SELECT categories.top, regions.top,
       width_bucket(coalesce(photos, 0), ARRAY[1, 2, 5, 10, 50]::bigint[]) AS bucket,
       grouping(categories.top, regions.top,
                width_bucket(coalesce(photos, 0), ARRAY[1, 2, 5, 10, 50]::bigint[])) AS of,
       count(*), {lacks}
  FROM catalogue_landmark landmark
  JOIN categories ON categories.id = landmark.category_id
  JOIN regions ON regions.id = landmark.region_id
  LEFT JOIN pictured ON pictured.landmark_id = landmark.id
  LEFT JOIN named ON named.landmark_id = landmark.id
  LEFT JOIN written ON written.landmark_id = landmark.id
 WHERE landmark.state <> 'withdrawn'
 GROUP BY GROUPING SETS ((categories.top), (regions.top), (bucket), ())
"""
BY_CATEGORY, BY_REGION, BY_PHOTOS, TOGETHER = 0b011, 0b101, 0b110, 0b111


class Group(NamedTuple):
    """Landmarks of a category or region, or all: how many, and how many lack what."""

    landmarks: int
    lacks: dict[str, int]


class Counted(NamedTuple):
    """What one pass over the catalogue found."""

    at: datetime
    together: Group
    categories: dict[int, Group]
    regions: dict[int, Group]
    buckets: list[int]


class Cell(NamedTuple):
    """One share, and where the landmarks are that are missing in it."""

    label: str
    percent: int
    lacking: int
    address: str

    @property
    def tenth(self) -> int:
        return self.percent // 10


class Line(NamedTuple):
    """A category or region in the table of coverage."""

    label: str
    landmarks: int
    address: str
    cells: list[Cell]


class Column(NamedTuple):
    """One column of the chart of photos, in the chart's own units."""

    label: str
    landmarks: int
    x: int
    y: int
    height: int


class Waiting(NamedTuple):
    """Work that waits for people of a role: rows, and where they are listed."""

    label: str
    who: str
    rows: QuerySet
    address: str
    due: bool


def dashboard(request: HttpRequest, context: dict) -> dict:
    """Add to the admin's first page what the person may see; named by `DASHBOARD_CALLBACK`."""
    now = timezone.now()
    if request.user.has_perm("catalogue.view_landmark"):
        counted = cache.get("dashboard") or count_coverage(now)
        cache.set("dashboard", counted, KEPT_SECONDS)
        context |= {
            "counted": counted,
            "states": _states(),
            "overall": _cells(counted.together, {}),
            "coverage": [
                (_("By category"), _lines(counted.categories, Category, "category")),
                (_("By region"), _lines(counted.regions, Region, "region")),
            ],
            "have": list(HAVES.values()),
            "columns": _columns(counted.buckets),
            "changes": _changes(now),
        }
    return context | {"title": _("Overview"), "waiting": count_waiting(_waiting(request, now))}


def count_coverage(at: datetime) -> Counted:
    """Count what all landmarks but the withdrawn ones lack, in one query."""
    lacks = ", ".join(f"count(*) FILTER (WHERE {test})" for test in LACKS.values())
    with connection.cursor() as cursor:
        cursor.execute(COVERAGE.format(lacks=lacks))
        rows = cursor.fetchall()
    found: dict[int, dict] = {kind: {} for kind in (BY_CATEGORY, BY_REGION, BY_PHOTOS, TOGETHER)}
    for category, region, bucket, kind, count, *missing in rows:
        key = {BY_CATEGORY: category, BY_REGION: region, BY_PHOTOS: bucket, TOGETHER: 0}[kind]
        found[kind][key] = Group(count, dict(zip(LACKS, missing, strict=True)))
    nothing = Group(0, dict.fromkeys(LACKS, 0))
    return Counted(
        at,
        found[TOGETHER].get(0, nothing),
        found[BY_CATEGORY],
        found[BY_REGION],
        [found[BY_PHOTOS].get(bucket, nothing).landmarks for bucket in range(len(BUCKETS))],
    )


def _list_address(model: str, **chosen) -> str:
    query = f"?{urlencode(chosen)}" if chosen else ""
    return reverse(f"admin:{model}_changelist") + query


def _cells(group: Group, chosen: dict) -> list[Cell]:
    return [
        Cell(
            str(HAVES[name]),
            100 * (group.landmarks - lacking) // group.landmarks if group.landmarks else 100,
            lacking,
            _list_address("catalogue_landmark", **chosen, needs=name),
        )
        for name, lacking in group.lacks.items()
    ]


def _lines(groups: dict[int, Group], model, link: str) -> list[Line]:
    """A line for each category or region, the largest first."""
    names = {Category: CategoryName, Region: RegionName}[model]
    shown = shown_name(names.objects.filter(**{link: OuterRef("pk")}), get_language())
    labels = dict(
        model.objects.filter(pk__in=groups).annotate(label=shown).values_list("pk", "label")
    )
    lines = []
    for key, group in sorted(groups.items(), key=lambda each: (-each[1].landmarks, each[0])):
        chosen = {f"{link}__id__exact": key}
        address = _list_address("catalogue_landmark", **chosen)
        lines.append(Line(labels.get(key) or "–", group.landmarks, address, _cells(group, chosen)))
    return lines


def _columns(buckets: list[int]) -> list[Column]:
    most = max(*buckets, 1)
    columns = []
    for number, ((_most, label), count) in enumerate(zip(BUCKETS, buckets, strict=True)):
        height = round(120 * count / most)
        columns.append(Column(label, count, 20 + 70 * number, 145 - height, height))
    return columns


def _states() -> list[tuple[str, int, str]]:
    counted = dict(Landmark.objects.order_by().values_list("state").annotate(count=Count("pk")))
    return [
        (label, counted.get(state, 0), _list_address("catalogue_landmark", state__exact=state))
        for state, label in Landmark.State.choices
    ]


def _changes(now: datetime) -> list[AuditEntry]:
    kinds = ("catalogue.landmark", "catalogue.photo", "guide.article")
    recent = AuditEntry.objects.filter(at__gte=now - RECENT, subject_type__in=kinds)
    return list(recent.defer("before", "after").order_by("-pk")[:CHANGES])


def count_waiting(waiting: Iterable[Waiting]) -> list[tuple[Waiting, int]]:
    """Return each with its number of rows, all counted by one query."""
    waiting = list(waiting)
    counts = [
        each.rows.order_by().values(place=Value(place)).annotate(rows=Count("pk"))
        for place, each in enumerate(waiting)
    ]
    if not counts:
        return []
    found = {row["place"]: row["rows"] for row in counts[0].union(*counts[1:], all=True)}
    return [(each, found.get(place, 0)) for place, each in enumerate(waiting)]


def _waiting(request: HttpRequest, now: datetime) -> Iterator[Waiting]:
    """Yield the work that a person may see, of every row below this one."""
    user = request.user
    if user.has_perm("operations.view_comment"):
        yield Waiting(
            _("Comments that wait for you"),
            _("for you"),
            Comment.objects.waiting_for(user),
            _list_address("operations_comment", turn="mine"),
            True,
        )
    if user.has_perm("guide.view_article"):
        texts = Article.objects
        of = "guide_article"
        yield Waiting(
            _("Texts to review"),
            _("for reviewers"),
            texts.filter(state=Article.State.IN_REVIEW),
            _list_address(of, state__exact="in_review"),
            True,
        )
        yield Waiting(
            _("Texts in draft"),
            _("for editors"),
            texts.filter(state=Article.State.DRAFT),
            _list_address(of, state__exact="draft"),
            False,
        )
        yield Waiting(
            _("Texts that go live at a set time"),
            _("nothing to do"),
            texts.filter(state="published", published_at__gt=now),
            _list_address(of, scheduled="yes"),
            False,
        )
    if user.has_perm("guide.change_report"):
        yield Waiting(
            _("Reports of visitors"),
            _("for editors"),
            Report.objects.waiting(),
            _list_address("guide_report", state__exact="new"),
            True,
        )
    if user.has_perm("catalogue.change_photo"):
        yield from _waiting_photos()
    if user.has_perm("catalogue.view_catalogueimport"):
        yield from _waiting_imports(now)
    if user.has_perm("annotation.view_imageimport"):
        # The list knows a row that has any error by the same words.
        failed = {"error__regex": ".", "created_at__gte": (now - RECENT).isoformat()}
        yield Waiting(
            _("Imports of pictures that failed"),
            _("for operators"),
            ImageImport.objects.filter(**failed),
            _list_address("annotation_imageimport", **failed),
            True,
        )
    if may(user, Permission.REVIEW_ANNOTATIONS):
        yield Waiting(
            _("Annotations to review"),
            _("for annotation reviewers"),
            AnnotationTask.objects.to_review(),
            reverse("annotation:review"),
            True,
        )
    if user.has_perm("operations.view_job"):
        yield Waiting(
            _("Jobs that gave up"),
            _("for operators"),
            Job.objects.filter(state=Job.State.PARKED),
            _list_address("operations_job", state__exact="parked"),
            True,
        )


def _waiting_photos() -> Iterator[Waiting]:
    """Yield the photos that did not come, or of which no smaller versions could be made."""
    in_use = Landmark.objects.exclude(state=Landmark.State.WITHDRAWN)
    yield Waiting(
        _("Landmarks with an open photo not taken"),
        _("for photo editors"),
        in_use.filter(CONDITIONS["open_photo"]()),
        _list_address("catalogue_landmark", needs="open_photo"),
        True,
    )
    yield Waiting(
        _("Photos whose sizes could not be made"),
        _("for photo editors"),
        Photo.objects.exclude(renditions_error=""),
        _list_address("catalogue_photo", renditions="failed"),
        True,
    )


def _waiting_imports(now: datetime) -> Iterator[Waiting]:
    """Yield the imported lists that wait for a person, and those that failed lately."""
    lately = {"created_at__gte": (now - RECENT).isoformat()}
    state = CatalogueImport.State
    found = CatalogueImport.objects.filter(**lately)
    of = "catalogue_catalogueimport"
    waiting = [state.UPLOADED, state.CHECKED]
    yield Waiting(
        _("Imports to be confirmed"),
        _("for editors"),
        found.filter(state__in=waiting),
        _list_address(of, state__in=",".join(waiting), **lately),
        True,
    )
    yield Waiting(
        _("Imports that failed"),
        _("for editors"),
        found.filter(state=state.FAILED),
        _list_address(of, state__exact=state.FAILED.value, **lately),
        True,
    )

"""What is done to routes."""

from __future__ import annotations

import csv
from datetime import datetime
from itertools import count
from pathlib import Path

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils.translation import gettext as _

from apps.catalogue.models import Landmark
from apps.guide.models import Route, RouteStop, RouteText
from apps.guide.models.route import FIRST_LANGUAGE
from apps.operations.audit import Change, record, snapshot
from apps.operations.models import AuditEntry

SEED = Path(__file__).parent / "seed"
SEED_SOURCE = "gilnun-seed"
# Rows that are edited and logged together with a route.
ROUTE_RELATIONS = ("texts", "stops")
FEWEST_STOPS = 2


class RouteNotReady(Exception):
    """The route cannot be published; `blockers` say why."""

    def __init__(self, blockers: list[str]):
        super().__init__(", ".join(blockers))
        self.blockers = blockers


def blockers_of(route: Route) -> list[str]:
    """Return what keeps a route from being published."""
    blockers = []
    if not route.texts.filter(language=FIRST_LANGUAGE).exists():
        blockers.append(_("no Korean text"))
    shown = route.stops.filter(
        landmark__state=Landmark.State.PUBLISHED, landmark__latitude__isnull=False
    )
    if shown.count() < FEWEST_STOPS:
        blockers.append(_("fewer than two stops that are published and have coordinates"))
    return blockers


@transaction.atomic
def publish_route(route: Route, *, by: AbstractBaseUser | None, at: datetime) -> Route:
    """Show a route to everybody; a published one stays as it is. Raises RouteNotReady."""
    held = Route.objects.select_for_update().get(pk=route.pk)
    if held.state == Route.State.PUBLISHED:
        return held
    if blockers := blockers_of(held):
        raise RouteNotReady(blockers)
    return _enter(held, Route.State.PUBLISHED, by=by, at=at)


@transaction.atomic
def withdraw_route(route: Route, *, by: AbstractBaseUser | None, at: datetime) -> Route:
    """Take a route off the pages; one that is not published stays as it is."""
    held = Route.objects.select_for_update().get(pk=route.pk)
    if held.state != Route.State.PUBLISHED:
        return held
    return _enter(held, Route.State.WITHDRAWN, by=by, at=at)


def _enter(held: Route, state: str, *, by: AbstractBaseUser | None, at: datetime) -> Route:
    before = snapshot(held, related=ROUTE_RELATIONS)
    held.state = state
    held.updated_at = at
    held.version += 1
    held.save(update_fields=["state", "updated_at", "version"])
    change = Change(held, before, snapshot(held, related=ROUTE_RELATIONS))
    record([change], by=by, at=at, action=AuditEntry.Action.CHANGED)
    return held


@transaction.atomic
def add_missing_routes(*, at: datetime) -> int:
    """Publish the seed routes that are not there yet; return how many.

    A stop whose landmark is gone is left out. What staff changed or withdrew stays.
    """
    texts = _read("routes.csv")
    known = set(Route.objects.values_list("slug", flat=True))
    travels = {row["slug"]: row["travel"] for row in texts if row["slug"] not in known}
    routes = {
        slug: Route(
            slug=slug,
            travel=travel,
            state=Route.State.PUBLISHED,
            source=SEED_SOURCE,
            created_at=at,
            updated_at=at,
        )
        for slug, travel in travels.items()
    }
    Route.objects.bulk_create(routes.values())
    RouteText.objects.bulk_create(
        RouteText(
            route=routes[row["slug"]],
            language=row["language"],
            title=row["title"],
            summary=row["summary"],
            body=row["body"],
        )
        for row in texts
        if row["slug"] in routes
    )
    rows = [row for row in _read("route_stops.csv") if row["route"] in routes]
    slugs = {row["landmark"] for row in rows}
    landmarks = dict(Landmark.objects.filter(slug__in=slugs).values_list("slug", "pk"))
    positions = {slug: count(1) for slug in routes}
    RouteStop.objects.bulk_create(
        RouteStop(
            route=routes[row["route"]],
            landmark_id=landmarks[row["landmark"]],
            position=next(positions[row["route"]]),
            minutes=int(row["minutes"]),
            notes={"ko": row["note_ko"], "en": row["note_en"]},
        )
        for row in rows
        if row["landmark"] in landmarks
    )
    return len(routes)


def _read(name: str) -> list[dict[str, str]]:
    with (SEED / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))

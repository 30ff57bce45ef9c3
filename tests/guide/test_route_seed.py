"""The routes a new installation begins with."""

import csv
from datetime import datetime
from itertools import pairwise

import pytest
from django.utils import timezone

from apps.catalogue.seeding import add_missing_landmarks, read_seed
from apps.guide.itineraries import Travel, leg_between
from apps.guide.models import Route
from apps.guide.route_services import SEED, add_missing_routes
from apps.guide.trips import point_of
from apps.guide.visitor_facts import opening_lines
from tests.factories.guide import RouteFactory

LANGUAGES = ("ko", "en")


def rows(name: str) -> list[dict[str, str]]:
    with (SEED / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_five_routes_are_told_in_both_languages_with_notes_at_every_stop():
    texts, stops = rows("routes.csv"), rows("route_stops.csv")
    slugs = {text["slug"] for text in texts}

    assert len(slugs) == 5
    assert {(text["slug"], text["language"]) for text in texts} == {
        (slug, language) for slug in slugs for language in LANGUAGES
    }
    assert {stop["route"] for stop in stops} == slugs
    assert {stop["landmark"] for stop in stops} <= {
        row["slug"] for row in read_seed("landmarks.csv")
    }
    assert all(stop["note_ko"] and stop["note_en"] for stop in stops)


@pytest.mark.django_db
def test_the_routes_are_added_once_and_can_be_traveled_in_a_long_day():
    at = timezone.now()
    add_missing_landmarks(at=at)

    assert add_missing_routes(at=at) == 5
    assert add_missing_routes(at=at) == 0
    for route in Route.objects.published().with_stops():
        stops = route.shown_stops
        assert len(stops) >= 5
        points = [point_of(stop.landmark) for stop in stops]
        legs = [leg_between(*pair, Travel(route.travel)) for pair in pairwise(points)]
        minutes = sum(leg.minutes for leg in legs) + sum(stop.minutes for stop in stops)
        assert minutes <= 11 * 60, route.slug
        if route.travel == "walk":
            assert all(leg.travel is Travel.WALK for leg in legs)


@pytest.mark.django_db
def test_what_staff_changed_stays_and_missing_places_are_left_out():
    at = timezone.now()
    RouteFactory(slug="busan-coast", state="withdrawn", texts={"ko": "우리 글"})

    assert add_missing_routes(at=at) == 4
    assert Route.objects.get(slug="busan-coast").state == "withdrawn"
    assert not Route.objects.get(slug="jeju-east").stops.exists()


@pytest.mark.parametrize(
    ("text", "at", "lines"),
    [
        ("24/7", "2026-11-28T12:00", ["Always open"]),
        ("", "2026-11-28T12:00", []),
        ("09:00-18:00", "2026-11-28T12:00", ["Open now", "Daily 09:00–18:00"]),
        (
            "We-Mo 09:00-18:00; Tu off",
            "2026-11-24T12:00",
            ["Closed now", "Mon, Wed–Sun 09:00–18:00", "Tue closed"],
        ),
        ("Mo-Fr 10:00-12:00,13:00-17:00", "2026-11-28T12:00", ["Mon–Fri 10:00–12:00, 13:00–17:00"]),
    ],
)
def test_hours_are_told_as_a_person_reads_them(in_english, text, at, lines):
    moment = datetime.fromisoformat(f"{at}+09:00")

    assert opening_lines(text, moment) == lines

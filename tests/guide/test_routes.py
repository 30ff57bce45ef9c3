"""The pages of routes, and the route a visitor puts together."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import gpxpy
import pytest
from django.core.cache import caches
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from icalendar import Calendar

from apps.catalogue.merging import merge_landmarks
from apps.guide.models import Route
from apps.operations.models import AuditEntry
from tests.factories.catalogue import LandmarkFactory, PhotoFactory
from tests.factories.guide import ArticleFactory, RouteFactory

pytestmark = pytest.mark.django_db


def slugs_in(response) -> list[str]:
    return re.findall(r'data-landmark="([^"]+)"', response.content.decode())


def line_of(count: int, *, photos: bool = False) -> list:
    """Make landmarks that lie 500 m apart on a line to the north."""
    landmarks = [
        LandmarkFactory(
            slug=f"stop-{number}",
            names={"ko": f"곳 {number}", "en": f"Place {number}"},
            latitude=37.5 + number * 0.0045,
            longitude=127.0,
        )
        for number in range(count)
    ]
    if photos:
        for landmark in landmarks:
            PhotoFactory(landmark=landmark)
            ArticleFactory(landmark=landmark)
    return landmarks


def test_the_list_shows_published_routes_with_their_length(client):
    RouteFactory(slug="along", texts={"ko": "강길", "en": "The river walk"}, stops=line_of(3))
    RouteFactory(slug="draft", state="draft")
    RouteFactory(slug="gone", state="withdrawn")

    korean = client.get("/routes/").content.decode()
    english = client.get("/en/routes/").content.decode()

    assert "강길" in korean and "The river walk" not in korean
    assert "The river walk" in english
    assert re.findall(r'href="/en/routes/([a-z-]+)/"', english) == ["along", "plan"]
    # Two legs of 500 m with the detour, and three hours of looking.
    assert "1.3 km" in english
    assert "3 h 18 min" in english


def test_a_list_without_routes_says_so(client):
    assert "There is no route yet." in client.get("/en/routes/").content.decode()


def test_a_route_shows_its_stops_in_order_with_the_way_between(client):
    one, two, three = line_of(3)
    route = RouteFactory(slug="along", texts={"en": "The river walk"}, stops=[three, one, two])
    route.stops.filter(landmark=one).update(notes={"en": "Look up.", "ko": "위를 보세요."})

    page = client.get("/en/routes/along/")

    text = page.content.decode()
    assert slugs_in(page) == ["stop-2", "stop-0", "stop-1"]
    assert "Look up." in text and "위를 보세요." not in text
    assert re.findall(r'class="leg leg-(\w+)"', text) == ["walk", "walk"]
    assert "1.3 km on foot, 18 min" in text
    assert text.count('class="sketch-pin"') == 3
    assert 'href="/en/routes/along/route.gpx"' in text


def test_a_note_or_text_in_another_language_is_marked_or_falls_back(client):
    route = RouteFactory(slug="along", texts={"ko": "강길"}, stops=line_of(2))
    route.stops.update(notes={"ko": "위를 보세요."})

    page = client.get("/en/routes/along/").content.decode()

    assert '<h1 lang="ko">강길</h1>' in page
    assert "not available in your language" in page
    assert "위를 보세요." in page


def test_stops_that_visitors_may_not_see_are_left_out(client):
    one, two, three = line_of(3)
    nowhere = LandmarkFactory(slug="nowhere", latitude=None, longitude=None)
    RouteFactory(slug="along", stops=[one, two, three, nowhere])
    two.state = "withdrawn"
    two.save()

    assert slugs_in(client.get("/routes/along/")) == ["stop-0", "stop-2"]


@pytest.mark.parametrize(("state", "status"), [("draft", 404), ("withdrawn", 410)])
def test_a_route_that_is_not_published_is_not_shown(client, state, status):
    RouteFactory(slug="along", state=state, texts={"ko": "비밀의 길"}, stops=line_of(2))

    for path in ("/routes/along/", "/routes/along/route.gpx"):
        response = client.get(path)
        assert response.status_code == status
        assert "비밀의 길" not in response.content.decode()
    assert client.get("/routes/unknown/").status_code == 404


@pytest.mark.parametrize("path", ["/routes/", "/routes/along/", "/landmarks/stop-0/"])
def test_the_number_of_queries_does_not_grow(client, path):
    landmarks = line_of(2, photos=True)
    route = RouteFactory(slug="along", stops=landmarks)

    def queries() -> int:
        caches["pages"].clear()
        with CaptureQueriesContext(connection) as held:
            assert client.get(path).status_code == 200
        return len(held)

    queries()  # the first request fills caches of its own
    few = queries()
    more = LandmarkFactory.create_batch(10)
    for number, landmark in enumerate(more, 3):
        PhotoFactory(landmark=landmark)
        ArticleFactory(landmark=landmark)
        route.stops.create(landmark=landmark, position=number)
        RouteFactory(stops=[landmark, *landmarks])

    assert queries() == few
    if path.startswith("/routes/"):
        assert few <= 8


@pytest.mark.parametrize(
    "query", ["places=stop-2,stop-0", "places=stop-2,stop-0&q=곳", "near=37.5,127&hours=8"]
)
def test_a_plan_takes_eight_queries_at_any_size(client, query):
    line_of(3, photos=True)
    client.get("/en/routes/plan/?" + query)

    with CaptureQueriesContext(connection) as few:
        client.get("/en/routes/plan/?" + query)
    assert len(few) <= 8
    for number in range(3, 20):
        landmark = LandmarkFactory(slug=f"stop-{number}", names={"ko": f"곳 {number}"})
        PhotoFactory(landmark=landmark)
        query = query.replace("stop-0", f"stop-0,stop-{number}")
    with CaptureQueriesContext(connection) as many:
        client.get("/en/routes/plan/?" + query)
    assert len(many) == len(few)


def test_the_page_of_a_place_names_the_routes_through_it(client):
    one, two = line_of(2)
    RouteFactory(slug="along", texts={"ko": "강길", "en": "The river walk"}, stops=[one, two])
    RouteFactory(slug="secret", state="draft", texts={"ko": "비밀"}, stops=[one])

    page = client.get("/en/landmarks/stop-0/").content.decode()

    assert '<a href="/en/routes/along/">The river walk</a>' in page
    assert "비밀" not in page
    assert "/en/routes/plan/?places=stop-0" in page


def test_chosen_places_come_in_a_short_order(client):
    line_of(4)

    page = client.get("/en/routes/plan/?places=stop-2,stop-0,stop-3&places=stop-1")

    assert slugs_in(page) == ["stop-0", "stop-1", "stop-2", "stop-3"]
    assert 'name="robots" content="noindex"' in page.content.decode()


def test_chosen_places_stay_in_the_given_order_when_asked(client):
    line_of(3)

    page = client.get("/routes/plan/?places=stop-2,stop-0,stop-1&order=given")

    assert slugs_in(page) == ["stop-2", "stop-0", "stop-1"]


def test_a_chosen_place_is_taken_off_and_another_added(client):
    line_of(3)
    page = client.get("/en/routes/plan/?places=stop-0,stop-1&q=Place+2").content.decode()

    assert 'href="?places=stop-0"' in page
    assert 'href="?places=stop-0,stop-1,stop-2"' in page
    assert "Take Place 0 off" in page


def test_half_a_day_near_here_fits_into_the_time(client):
    line_of(30)

    page = client.get("/en/routes/plan/?near=37.5,127&hours=4")

    stops = slugs_in(page)
    assert stops[0] == "stop-0"
    assert 3 <= len(stops) <= 5
    assert len(slugs_in(client.get("/en/routes/plan/?near=37.5,127&hours=8"))) > len(stops)


def test_nothing_near_is_said(client):
    line_of(2)

    page = client.get("/en/routes/plan/?near=33.5,126.5&hours=2").content.decode()

    assert "Nothing in this guide is near enough" in page
    assert "sketch-pin" not in page


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("places=nowhere,stop-0", "1 of the places asked for"),
        ("places=%00,../x,'%20OR%201", "3 of the places asked for"),
        ("near=1e308,nan", "This is not a position"),
        ("near=91,500", "This is not a position"),
        ("places=" + ",".join(f"p{n}" for n in range(1000)), "A route holds 20 places"),
        ("places=unplaced,stop-0", "have no known position"),
        ("places=stop-0&q=zzzz", "Nothing found for"),
    ],
)
def test_what_cannot_be_done_is_said(client, query, said):
    line_of(1)
    LandmarkFactory(slug="unplaced", latitude=None, longitude=None)

    response = client.get("/en/routes/plan/?" + query)

    assert response.status_code == 200
    assert said in response.content.decode()


@pytest.mark.parametrize(
    "query",
    [
        *("", "places=", "places=,,,", "hours=9999999999999", "near=", "travel=%00", "order=x"),
        *("q=%00%ff", "places=stop-0&near=-90,-180&hours=12&travel=drive", "near=90,180"),
        *("places[]=x", "q=" + "가" * 3000, "places=" + "a-" * 3000, "date=9999-99-99"),
    ],
)
def test_any_query_gets_a_proper_page_and_file(client, query):
    line_of(2)

    assert client.get("/routes/plan/?" + query).status_code == 200
    assert client.get("/routes/plan/route.ics?" + query).status_code in (200, 404)


def test_a_route_is_carried_away_in_three_files(client):
    RouteFactory(slug="along", texts={"en": "The river walk"}, stops=line_of(3))

    gpx = client.get("/en/routes/along/route.gpx")
    kml = client.get("/en/routes/along/route.kml")
    ics = client.get("/en/routes/along/route.ics?date=2026-12-05&time=10:30")

    assert [p.name for p in gpxpy.parse(gpx.content.decode()).routes[0].points] == [
        *("Place 0", "Place 1", "Place 2")
    ]
    assert gpx["Content-Disposition"] == 'attachment; filename="along.gpx"'
    assert ElementTree.fromstring(kml.content).tag == "{http://www.opengis.net/kml/2.2}kml"
    events = Calendar.from_ical(ics.content).walk("VEVENT")
    # Half past ten in Korea; an hour there, then nine minutes on foot.
    assert [event.decoded("dtstart").strftime("%H:%M") for event in events] == [
        *("01:30", "02:39", "03:48")
    ]
    assert str(events[0]["url"]) == "http://testserver/en/landmarks/stop-0/"
    assert client.get("/routes/along/route.exe").status_code == 404


@pytest.mark.parametrize(
    "when", ["date=2026-13-45", "date=x&time=y", "date=0001-01-01", "time=25:61", "date=9999-12-31"]
)
def test_a_day_that_does_not_exist_becomes_tomorrow(client, when):
    RouteFactory(slug="along", stops=line_of(2))

    answer = client.get(f"/routes/along/route.ics?{when}")

    assert answer.status_code == 200
    assert len(Calendar.from_ical(answer.content).walk("VEVENT")) == 2


def test_the_files_of_an_own_route_follow_its_choices(client):
    line_of(3)

    answer = client.get("/en/routes/plan/route.gpx?places=stop-2,stop-0")

    points = gpxpy.parse(answer.content.decode()).routes[0].points
    assert [point.name for point in points] == ["Place 2", "Place 0"]
    assert client.get("/routes/plan/route.gpx").status_code == 404


def test_the_language_is_changed_without_losing_the_choice(client):
    line_of(2)

    page = client.get("/routes/plan/?places=stop-0,stop-1").content.decode()

    assert 'href="/en/routes/plan/?places=stop-0,stop-1" lang="en"' in page


def test_the_sketch_map_draws_the_outlines_around_the_stops(client):
    # Busan and Seoul: one drawing holds both, and what lies between.
    seoul = LandmarkFactory(slug="seoul", latitude=37.57, longitude=126.98)
    busan = LandmarkFactory(slug="busan", latitude=35.16, longitude=129.16)
    RouteFactory(slug="far", travel="drive", stops=[seoul, busan])

    page = client.get("/routes/far/").content.decode()

    assert page.count('class="sketch-land"') > 100
    assert "leg-drive" in page
    points = re.search(r'<polyline class="sketch-way" points="([^"]+)"', page)[1].split()
    (x, y), (other_x, other_y) = (map(float, point.split(",")) for point in points)
    assert x < other_x and y < other_y  # Busan lies to the south-east


def test_stops_on_one_spot_still_have_pins_of_their_own(client):
    same = [LandmarkFactory(latitude=37.5, longitude=127) for _ in range(4)]
    RouteFactory(slug="spot", stops=same)

    page = client.get("/routes/spot/").content.decode()

    pins = re.findall(r'class="sketch-pin"><circle cx="([\d.]+)" cy="([\d.]+)"', page)
    assert len(set(pins)) == 4
    assert page.count('class="sketch-lead"') == 4


def test_withdrawn_routes_say_why(client):
    RouteFactory(slug="along", state=Route.State.WITHDRAWN, stops=line_of(2))

    page = client.get("/en/routes/along/").content.decode()

    assert "no longer offered" in page


def test_merging_a_place_moves_its_stops_but_for_routes_that_have_both(client, django_user_model):
    one, two, three = line_of(3)
    only = RouteFactory(slug="only", stops=[one, three])
    both = RouteFactory(slug="both", stops=[one, two, three])
    editor = django_user_model.objects.create_superuser("editor", password="long enough it is")

    merge_landmarks(one, into=two, by=editor, at=timezone.now())

    assert slugs_in(client.get("/routes/only/")) == ["stop-1", "stop-2"]
    assert slugs_in(client.get("/routes/both/")) == ["stop-1", "stop-2"]
    assert both.stops.count() == 3
    moved = AuditEntry.objects.get(subject_type="guide.routestop")
    assert moved.after["landmark_id"] == two.pk
    assert only.stops.get(landmark=two).position == 1

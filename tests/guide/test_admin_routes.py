"""Routes in the admin: stops in order, publication, conflicts, the log."""

import pytest
from django.contrib.auth.models import Permission

from apps.accounts.models import User
from apps.guide.models import Route
from apps.operations.models import AuditEntry
from tests.factories.catalogue import LandmarkFactory
from tests.factories.guide import RouteFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def publisher(client):
    client.force_login(User.objects.create_superuser("publisher", password="long enough it is"))
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


@pytest.fixture
def editor(client):
    user = User.objects.create_user("editor", is_staff=True)
    names = [
        f"{action}_{model}"
        for model in ("route", "routetext", "routestop")
        for action in ("view", "add", "change", "delete")
    ]
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    client.force_login(user)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


def form_of(route: Route, **changes) -> dict:
    """Return what the form of a route sends."""
    texts, stops = list(route.texts.order_by("pk")), list(route.stops.order_by("position", "pk"))
    form = {
        "travel": route.travel,
        "source": route.source,
        "version": route.version,
        "texts-TOTAL_FORMS": len(texts),
        "texts-INITIAL_FORMS": len(texts),
        "stops-TOTAL_FORMS": len(stops),
        "stops-INITIAL_FORMS": len(stops),
    }
    for number, text in enumerate(texts):
        form |= {
            f"texts-{number}-{name}": value
            for name, value in {
                "id": text.pk,
                "route": route.pk,
                "language": text.language,
                "title": text.title,
                "summary": text.summary,
                "body": text.body,
            }.items()
        }
    for number, stop in enumerate(stops):
        form |= {
            f"stops-{number}-{name}": value
            for name, value in {
                "id": stop.pk,
                "route": route.pk,
                "landmark": stop.landmark_id,
                "position": stop.position,
                "minutes": stop.minutes,
                "note_ko": stop.notes.get("ko", ""),
                "note_en": stop.notes.get("en", ""),
            }.items()
        }
    return form | changes


def change(route: Route) -> str:
    return f"/admin/guide/route/{route.pk}/change/"


def order_of(route: Route) -> list[str]:
    return [stop.landmark.slug for stop in route.stops.order_by("position", "pk")]


def two_stops() -> list:
    return [LandmarkFactory(slug="one"), LandmarkFactory(slug="two", latitude=37.6)]


def test_a_new_route_is_a_draft_with_its_texts_and_stops(publisher):
    one, two = two_stops()
    sent = {
        "slug": "along",
        "travel": "walk",
        "source": "staff",
        "texts-TOTAL_FORMS": 1,
        "texts-INITIAL_FORMS": 0,
        "texts-0-language": "ko",
        "texts-0-title": "강길",
        "texts-0-summary": "강을 따라 걷습니다.",
        "stops-TOTAL_FORMS": 2,
        "stops-INITIAL_FORMS": 0,
        "stops-0-landmark": one.pk,
        "stops-0-position": 1,
        "stops-0-minutes": 30,
        "stops-0-note_en": "Look up.",
        "stops-1-landmark": two.pk,
        "stops-1-position": 2,
        "stops-1-minutes": 45,
    }

    answer = publisher.post("/admin/guide/route/add/", sent)

    assert answer.status_code == 302
    route = Route.objects.get()
    assert (route.state, str(route), order_of(route)) == ("draft", "강길", ["one", "two"])
    assert route.stops.get(landmark=one).notes == {"en": "Look up."}
    assert AuditEntry.objects.about(route).get().after["texts"][0]["title"] == "강길"


def test_stops_change_their_order_by_their_numbers(publisher):
    route = RouteFactory(stops=two_stops())

    publisher.post(change(route), form_of(route, **{"stops-0-position": 5}))

    assert order_of(route) == ["two", "one"]
    entry = AuditEntry.objects.about(route).get()
    assert [stop["position"] for stop in entry.before["stops"]] != [
        stop["position"] for stop in entry.after["stops"]
    ]


@pytest.mark.parametrize("minutes", ["0", "1441", "-1", "", "x"])
def test_a_stay_is_some_minutes_of_a_day(publisher, minutes):
    route = RouteFactory(stops=two_stops())

    answer = publisher.post(change(route), form_of(route, **{"stops-0-minutes": minutes}))

    assert answer.status_code == 200
    assert route.stops.filter(minutes=60).count() == 2


def test_a_place_stands_on_a_route_once(publisher):
    one, two = two_stops()
    route = RouteFactory(stops=[one, two])

    answer = publisher.post(change(route), form_of(route, **{"stops-1-landmark": one.pk}))

    assert answer.status_code == 200
    assert order_of(route) == ["one", "two"]


@pytest.mark.parametrize("slug", ["plan", "Along", "강길", "a--b"])
def test_an_address_that_cannot_be_is_refused(publisher, slug):
    sent = {
        "slug": slug,
        "travel": "walk",
        "source": "staff",
        "texts-TOTAL_FORMS": 1,
        "texts-INITIAL_FORMS": 0,
        "texts-0-language": "ko",
        "texts-0-title": "강길",
        "texts-0-summary": "강을 따라 걷습니다.",
        "stops-TOTAL_FORMS": 0,
        "stops-INITIAL_FORMS": 0,
    }

    assert publisher.post("/admin/guide/route/add/", sent).status_code == 200
    assert not Route.objects.exists()


def test_saving_and_publishing_is_one_step(publisher):
    route = RouteFactory(state="draft", stops=two_stops())

    publisher.post(change(route), form_of(route, guide_route_save_and_publish="1"))

    route.refresh_from_db()
    assert route.state == "published"
    assert publisher.get(f"/routes/{route.slug}/").status_code == 200
    publisher.post(change(route), form_of(route, guide_route_save_and_withdraw="1"))
    assert publisher.get(f"/routes/{route.slug}/").status_code == 410
    states = AuditEntry.objects.about(route).values_list("before__state", "after__state")
    assert list(states) == [("published", "withdrawn"), ("draft", "published")]


def test_a_route_of_one_stop_is_not_published_and_the_reason_is_said(publisher):
    route = RouteFactory(state="draft", stops=two_stops()[:1])

    page = publisher.post(
        change(route), form_of(route, guide_route_save_and_publish="1"), follow=True
    )

    assert "fewer than two stops" in page.content.decode()
    route.refresh_from_db()
    assert route.state == "draft"


def test_publishing_needs_its_permission(editor):
    route = RouteFactory(state="draft", stops=two_stops())
    form = editor.get(change(route)).content.decode()

    assert "save_and_publish" not in form
    editor.post(change(route), form_of(route, guide_route_save_and_publish="1"))
    listing = {"action": "publish", "_selected_action": [route.pk]}
    editor.post("/admin/guide/route/", listing)

    route.refresh_from_db()
    assert route.state == "draft"


def test_many_routes_are_published_from_the_list(publisher):
    ready = RouteFactory(state="draft", stops=two_stops())
    RouteFactory(state="draft", slug="empty")
    sent = {
        "action": "publish",
        "_selected_action": list(Route.objects.values_list("pk", flat=True)),
    }

    page = publisher.post("/admin/guide/route/", sent, follow=True).content.decode()

    assert list(Route.objects.published()) == [ready]
    assert "1 route is published." in page
    assert "fewer than two stops" in page


def test_the_second_of_two_editors_sees_both_texts(publisher):
    route = RouteFactory(stops=two_stops())
    stale = form_of(route, source="mine")
    publisher.post(change(route), form_of(route, source="theirs"))

    answer = publisher.post(change(route), stale)

    assert answer.status_code == 409
    assert "theirs" in answer.content.decode() and "mine" in answer.content.decode()
    assert Route.objects.get().source == "theirs"


def test_a_draft_is_previewed_and_stays_a_draft(publisher, client):
    route = RouteFactory(state="draft", texts={"ko": "강길"}, stops=two_stops())

    page = publisher.get(f"/admin/guide/route/{route.pk}/preview/")

    assert "강길" in page.content.decode()
    assert page["X-Robots-Tag"] == "noindex"
    assert Route.objects.get().state == "draft"


def test_the_list_of_routes_asks_a_fixed_number_of_questions(
    publisher, django_assert_max_num_queries
):
    for _ in range(12):
        RouteFactory(stops=[LandmarkFactory()])
    publisher.get("/admin/guide/route/")

    with django_assert_max_num_queries(10):
        publisher.get("/admin/guide/route/")

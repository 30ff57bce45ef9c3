"""The partner API with 25,000 landmarks, beside Wagtail's API and a plain REST framework list.

Processor time of workers and database, read from the kernel, in one run: ratios hold also where
another process moves the times. Every request carries a key, whose check is part of the cost.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from bench.catalogue import FilledDatabase, filled_database
from bench.peers import PeersMissing
from bench.rows import Row
from bench.wagtail import wagtail_site
from bench.web import Cost, web_server

TOURAPI = {
    "areaBasedList2": "",
    "areaBasedSyncList2": "",
    "locationBasedList2": "&mapX=126.98&mapY=37.57&radius=20000",
    "searchKeyword2": "&keyword=성산",
}
TIMES = 100
SLOW_TIMES = 20
LIST = "/api/v1/landmarks/"
FOUR = "fields=slug,name,category,region&page_size=50"
RATE = 5000
FILES_SECONDS, FILES_GROWTH_MB = 10, 20
# About 100 places, 2,000 places, a slip in a word of 2,000 places, and none.
WORDS = ("성산", "박물관", "박물간", "자유의여신상")
MOST_ABOVE_LIST_MS = 2
WAGTAIL_LIST = "/api/v2/pages/?type=places.Place&limit=50&fields=name_ko,name_en,category,region"


def run() -> list[Row]:
    """Measure our API and the plain list over one database, then Wagtail's API."""
    with filled_database() as database:
        ours = addresses(database)
        plain = plain_list(database)
        rate = database.call("bench.api:follow")
        files = database.call("bench.api:write_files")
    rows = [
        *(_row(name, cost) for name, cost in ours.items()),
        Row(
            "full files of 25,000 landmarks: JSON Lines, CSV, GeoJSON, Parquet",
            files["seconds"],
            "s",
            f"≤ {FILES_SECONDS}",
            files["seconds"] <= FILES_SECONDS,
            f"{files['megabytes']:.0f} MB, {files['processor']:.1f} s of this process's processor",
        ),
        Row(
            "… how the process grows from the fifth thousand to the last",
            files["grown"],
            "MB",
            f"≤ {FILES_GROWTH_MB}",
            files["grown"] <= FILES_GROWTH_MB,
            f"{files['resident']:.0f} MB at the end",
        ),
        Row(
            "changes/, the whole feed in pages of 1,000",
            rate["rows_per_second"],
            "rows/s",
            f"≥ {RATE}",
            rate["rows_per_second"] >= RATE and rate["rows"] == rate["published"],
            f"{rate['rows']:,} landmarks",
        ),
        _ratio("list of 50, four fields", ours["list of 50, four fields"], plain, "plain DRF", 1),
        *(_above_list(ours, f"search of {word}") for word in WORDS),
        _above_list(ours, "near"),
    ]
    try:
        theirs = wagtail_api()
    except PeersMissing as reason:
        return [*rows, Row("… against Wagtail's API", None, "", "", None, f"skipped: {reason}")]
    return [
        *rows,
        _ratio(
            "list of 50, four fields",
            ours["list of 50, four fields"],
            theirs["list"],
            "Wagtail's API",
            15,
        ),
        _ratio(
            "one landmark, all fields", ours["one landmark"], theirs["detail"], "Wagtail's API", 4
        ),
    ]


def addresses(database: FilledDatabase) -> dict[str, Cost]:
    """Return what each address costs a partner with a key."""
    known = database.call("bench.api:prepare")
    environment = database.environment | {
        "GILNUN_KEY_PER_MINUTE": "1000000",
        "GILNUN_KEY_PER_DAY": "10000000",
    }
    authorization = {"Authorization": f"Api-Key {known['key']}"}
    with web_server(
        Path(sys.executable),
        "portal.wsgi:application",
        environment=environment,
        ready="/healthz",
    ) as server:
        server.client.headers.update(authorization)
        one = f"{LIST}{known['landmark']}/"
        asked = {
            "list of 50, four fields": (f"{LIST}?{FOUR}", None),
            "list of 50, four fields, near the end": (
                f"{LIST}?{FOUR}&cursor={known['far_cursor']}",
                None,
            ),
            "list of 50, all fields": (f"{LIST}?page_size=50", None),
            "list of 50 as GeoJSON": (f"{LIST}?{FOUR}", "application/geo+json"),
            **{
                f"search of {word}, four fields": (f"{LIST}?{FOUR}&search={word}", None)
                for word in WORDS
            },
            "near, four fields": (f"{LIST}?{FOUR}&near=37.57,126.98&radius_m=20000", None),
            "one landmark": (one, None),
        }
        asked |= {
            f"TourAPI's {name}, 50 rows": (
                f"/api/tourapi/B551011/KorService2/{name}?serviceKey={known['key']}"
                f"&MobileOS=ETC&MobileApp=bench&_type=json&numOfRows=50{query}",
                None,
            )
            for name, query in TOURAPI.items()
        }
        costs = {}
        for name, (address, accept) in asked.items():
            headers = {"Accept": accept} if accept else {}
            costs[name] = server.cost_of(
                lambda client, address=address, headers=headers: client.get(
                    address, headers=headers
                ),
                times=TIMES,
            )
        for name, address in (("list, 304", f"{LIST}?{FOUR}"), ("one landmark, 304", one)):
            held = {"If-None-Match": server.client.get(address).headers["ETag"]}
            costs[name] = server.cost_of(
                lambda client, address=address, held=held: _unchanged(client, address, held),
                times=TIMES,
            )
        return costs


def _unchanged(client, address: str, held: dict[str, str]):
    response = client.get(address, headers=held)
    if response.status_code != 304:
        raise RuntimeError(f"{address} answers {response.status_code}")
    # Counted like the others, which raise where an answer is none.
    response.status_code = 200
    return response


def plain_list(database: FilledDatabase) -> Cost:
    """Return what the plain list costs."""
    environment = database.environment | {"DJANGO_SETTINGS_MODULE": "bench.plain_list_settings"}
    with web_server(
        Path(sys.executable),
        "django.core.wsgi:get_wsgi_application()",
        environment=environment,
        ready="/plain/?page_size=1",
    ) as server:
        return server.cost_of(lambda client: client.get("/plain/?page_size=50"), times=TIMES)


def wagtail_api() -> dict[str, Cost]:
    """Return what Wagtail's API costs. Raises PeersMissing."""
    with wagtail_site() as site:
        client = site.server.client
        page = client.get("/api/v2/pages/?type=places.Place&limit=1").json()["items"][0]["id"]
        return {
            name: site.server.cost_of(lambda client, path=path: client.get(path), times=SLOW_TIMES)
            for name, path in {"list": WAGTAIL_LIST, "detail": f"/api/v2/pages/{page}/"}.items()
        }


def prepare() -> dict:
    """Return a new key, a landmark with three photos and a text, and a cursor near the end.

    Runs in a process with Django.
    """
    from django.db.models import Count
    from django.utils import timezone

    from apps.api.v1.landmark_lists import BY_NUMBER
    from apps.api.v1.paging import Cursor, write_cursor
    from apps.catalogue.content import settle_changes
    from apps.catalogue.models import Landmark
    from apps.partners.models import Scope
    from apps.partners.services import create_api_key

    settle_changes()
    published = Landmark.objects.published()
    key = create_api_key(name="bench", scopes=[Scope.READ], at=timezone.now())
    of_usual_size = (
        published.filter(articles__isnull=False)
        .annotate(count=Count("photos", distinct=True))
        .filter(count=3)
        .order_by("pk")
    )
    last = published.order_by("-pk").values_list("pk", flat=True)[60]
    return {
        "key": key.text,
        "landmark": of_usual_size[0].pk,
        "far_cursor": write_cursor(Cursor([last], False), BY_NUMBER),
    }


def follow() -> dict:
    """Read the feed from its beginning through HTTP's code; return how fast it comes.

    Runs in a process with Django.
    """
    from django.conf import settings
    from django.test import Client

    from apps.catalogue.models import Landmark

    settings.ALLOWED_HOSTS.append("testserver")
    settings.ANONYMOUS_PER_MINUTE = 1_000_000
    client = Client()
    rows, cursor, more = 0, "", True
    started = time.perf_counter()
    while more:
        page = client.get("/api/v1/changes/", {"cursor": cursor, "page_size": 1000}).json()
        rows += len(page["results"])
        cursor, more = page["cursor"], page["next"]
    seconds = time.perf_counter() - started
    published = Landmark.objects.published().count()
    return {"rows": rows, "published": published, "rows_per_second": rows / seconds}


def write_files() -> dict[str, float]:
    """Write the full files as a worker does; return how long it took and how the process grew.

    Runs in a process with Django.
    """
    import psutil
    from django.conf import settings

    from apps.api.full_files import make_full_files

    process, resident = psutil.Process(), []
    with tempfile.TemporaryDirectory() as folder:
        settings.MEDIA_ROOT = folder
        spent, started = -time.process_time(), time.perf_counter()
        make_full_files("bench", lambda: resident.append(process.memory_info().rss / 1e6))
        seconds, spent = time.perf_counter() - started, spent + time.process_time()
        size = sum(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file())
    return {
        "seconds": seconds,
        "processor": spent,
        "megabytes": size / 1e6,
        "grown": resident[-1] - resident[4],
        "resident": resident[-1],
    }


def _row(name: str, cost: Cost) -> Row:
    most = 2 if name.endswith("304") else None
    return Row(
        f"API, 25,000 landmarks: {name}",
        cost.processor,
        "ms processor",
        f"≤ {most}" if most else "",
        cost.processor <= most if most else None,
        f"{cost.kilobytes:.1f} kB, {cost.wall:.1f} ms at the client",
    )


def _above_list(ours: dict[str, Cost], what: str) -> Row:
    """How much more a search, or looking around, costs than the list."""
    more = ours[f"{what}, four fields"].processor - ours["list of 50, four fields"].processor
    passed = more <= MOST_ABOVE_LIST_MS
    return Row(f"… {what} above the list", more, "ms processor", f"≤ {MOST_ABOVE_LIST_MS}", passed)


def _ratio(name: str, ours: Cost, theirs: Cost, peer: str, wanted: float) -> Row:
    """How many times less processor time than a peer in the same run."""
    times = theirs.processor / ours.processor
    return Row(
        f"… {name} against {peer}",
        times,
        "× less",
        f"≥ {wanted:g}",
        times >= wanted,
        f"{ours.processor:.2f} ms beside {theirs.processor:.1f} ms",
    )

"""The partner API with 25,000 landmarks, beside Wagtail's API and a plain REST framework list.

Processor time of workers and database, read from the kernel. Each is asked in turns with its peer,
and the middle of the ratios counts: they hold also where the machine's own speed changes. Every
request carries a key, whose check is part of the cost.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from bench.catalogue import FilledDatabase, filled_database
from bench.peers import PeersMissing
from bench.rows import Row
from bench.wagtail import wagtail_site
from bench.web import Cost, WebServer, web_server

TOURAPI = {
    "areaBasedList2": "",
    "areaBasedSyncList2": "",
    "locationBasedList2": "&mapX=126.98&mapY=37.57&radius=20000",
    "searchKeyword2": "&keyword=성산",
}
# The kernel counts hundredths of a second.
TIMES = 100
ROUNDS = 5
TURNS = count()
LIST = "/api/v1/landmarks/"
LIST_OF_50 = f"{LIST}?fields=slug,name,category,region&page_size=50"
PLAIN_LIST = "/plain/?page_size=50"
# What plain REST framework's list took on the machine on which the limits in milliseconds were
# set. Where the same list takes longer, in the same minute, so may we: machines differ, and one
# that others use too is half as fast in some hours as in others.
PLAIN_LIST_MS = 5.0
RATE = 5000
FILES_SECONDS, FILES_GROWTH_MB = 10, 20
# About 100 places, 840 places, 1,900 places, a slip in that, and none.
WORDS = ("성산", "산시", "박물관", "박물간", "자유의여신상")
# Promised is a word of some 840 places; what more of them, or a slip, may cost is our own measure.
MOST_ABOVE_LIST_MS = 2
MOST_OF_MANY_MS = {"박물관": 4, "박물간": 6}
WAGTAIL_LIST = "/api/v2/pages/?type=places.Place&limit=50&fields=name_ko,name_en,category,region"


def run() -> list[Row]:
    """Measure our API, the plain list over the same database, and Wagtail's API."""
    with filled_database() as database:
        known = database.call("bench.api:prepare")
        with partner_site(database, known["key"]) as ours, plain_site(database) as plain:
            costs = addresses(ours, known, plain)
            searches = above_list(ours, plain)
            ratios = [
                _ratio(
                    "list of 50, four fields",
                    "plain DRF",
                    1,
                    in_turns(ours, _ask(LIST_OF_50), plain, _ask(PLAIN_LIST)),
                )
            ]
            ratios += wagtail_ratios(ours, f"{LIST}{known['landmark']}/")
        rate = database.call("bench.api:follow")
        files = database.call("bench.api:write_files")
    return [
        *(_row(name, cost, slower) for name, (cost, slower) in costs.items()),
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
        *searches,
        *ratios,
    ]


@contextmanager
def partner_site(database: FilledDatabase, key: str) -> Iterator[WebServer]:
    """Serve the portal to a partner with a key."""
    environment = database.environment | {
        "GILNUN_KEY_PER_MINUTE": "1000000",
        "GILNUN_KEY_PER_DAY": "10000000",
    }
    with web_server(
        Path(sys.executable),
        "portal.wsgi:application",
        environment=environment,
        ready="/healthz",
    ) as server:
        server.client.headers["Authorization"] = f"Api-Key {key}"
        yield server


def addresses(server: WebServer, known: dict, plain: WebServer) -> dict[str, tuple[Cost, float]]:
    """Return what each address costs a partner with a key, and how slow the machine was then."""
    one = f"{LIST}{known['landmark']}/"
    asks = {
        "list of 50, four fields": _ask(LIST_OF_50),
        "list of 50, four fields, near the end": _ask(f"{LIST_OF_50}&cursor={known['far_cursor']}"),
        "list of 50, all fields": _ask(f"{LIST}?page_size=50"),
        "list of 50 as GeoJSON": _ask(LIST_OF_50, Accept="application/geo+json"),
        **_searches(),
        "one landmark": _ask(one),
        **{
            f"TourAPI's {name}, 50 rows": _ask(
                f"/api/tourapi/B551011/KorService2/{name}?serviceKey={known['key']}"
                f"&MobileOS=ETC&MobileApp=bench&_type=json&numOfRows=50{query}"
            )
            for name, query in TOURAPI.items()
        },
    }
    for name, address in (("list, 304", LIST_OF_50), ("one landmark, 304", one)):
        held = {"If-None-Match": server.client.get(address).headers["ETag"]}
        asks[name] = lambda client, address=address, held=held: _unchanged(client, address, held)
    return {
        name: (
            _middle_cost(server, ask) if "304" in name else server.cost_of(ask, times=TIMES),
            times_slower(plain),
        )
        for name, ask in asks.items()
    }


def times_slower(plain: WebServer) -> float:
    """Return how many times slower this machine is now than the one the limits are from."""
    cost = plain.cost_of(_ask(PLAIN_LIST), times=TIMES // 4)
    return max(1.0, cost.processor / PLAIN_LIST_MS)


def _middle_cost(server: WebServer, ask: Callable) -> Cost:
    """Return the middle of some rounds, of what takes so little that the clock is coarse for it."""
    costs = [server.cost_of(ask, times=TIMES) for _ in range(ROUNDS)]
    return sorted(costs, key=lambda cost: cost.processor)[ROUNDS // 2]


def _searches() -> dict[str, Callable]:
    """Return how one searches and looks around, for what nobody asked before and once more."""
    searches = {f"search of {word}": f"{LIST_OF_50}&search={word}" for word in WORDS}
    searches["near"] = f"{LIST_OF_50}&near=37.57,126.98&radius_m=20000"
    return {
        **{
            # Nothing is kept of an address that nobody asked for.
            f"{name}, first time": lambda client, address=address: client.get(
                f"{address}&turn={next(TURNS)}"
            )
            for name, address in searches.items()
        },
        **{f"{name}, again": _ask(address) for name, address in searches.items()},
    }


def above_list(server: WebServer, plain: WebServer) -> list[Row]:
    """How much more a search, or looking around, costs than the list: the middle of the rounds."""
    rows = []
    for name, ask in _searches().items():
        rounds, speeds = [], []
        for _ in range(ROUNDS):  # the machine's speed may change from one to the next
            rounds.append(in_turn(server, ask, server, _ask(LIST_OF_50)))
            speeds.append(times_slower(plain))
        slower = statistics.median(speeds)
        more = statistics.median(dear - cheap for dear, cheap in rounds)
        word = name.partition(",")[0].removeprefix("search of ")
        most = MOST_OF_MANY_MS.get(word, MOST_ABOVE_LIST_MS)
        rows.append(
            Row(
                f"… {name}, above the list",
                more,
                "ms processor",
                _limit(most, slower),
                more <= most * slower,
                f"{_middles(rounds)}{_at_speed(more, slower)}",
            )
        )
    return rows


def _limit(most: float, slower: float) -> str:
    return f"≤ {most}" if slower == 1 else f"≤ {most} × {slower:.2f}"


def _at_speed(measured: float, slower: float) -> str:
    """Say what a figure would be where the limits are from."""
    if slower == 1:
        return ""
    plain = f"{PLAIN_LIST_MS} ms, not {slower * PLAIN_LIST_MS:.1f}"
    return f"; {measured / slower:.2f} where plain DRF's list takes {plain}"


def in_turns(
    ours: WebServer, ask: Callable, theirs: WebServer, ask_them: Callable
) -> list[tuple[float, float]]:
    """Return the milliseconds of an answer of ours and one of a peer, round by round."""
    return [in_turn(ours, ask, theirs, ask_them) for _ in range(ROUNDS)]


def in_turn(
    ours: WebServer, ask: Callable, theirs: WebServer, ask_them: Callable
) -> tuple[float, float]:
    """Return the milliseconds of an answer of ours and one of a peer, right after each other."""
    return (
        ours.cost_of(ask, times=TIMES).processor,
        theirs.cost_of(ask_them, times=TIMES).processor,
    )


def _ask(address: str, **headers: str) -> Callable:
    return lambda client: client.get(address, headers=headers)


def _unchanged(client, address: str, held: dict[str, str]):
    response = client.get(address, headers=held)
    if response.status_code != 304:
        raise RuntimeError(f"{address} answers {response.status_code}")
    # Counted like the others, which raise where an answer is none.
    response.status_code = 200
    return response


@contextmanager
def plain_site(database: FilledDatabase) -> Iterator[WebServer]:
    """Serve the plain list."""
    environment = database.environment | {"DJANGO_SETTINGS_MODULE": "bench.plain_list_settings"}
    with web_server(
        Path(sys.executable),
        "django.core.wsgi:get_wsgi_application()",
        environment=environment,
        ready="/plain/?page_size=1",
    ) as server:
        yield server


def wagtail_ratios(ours: WebServer, one: str, *, landmarks: int = 25_000) -> list[Row]:
    """Compare list and landmark with Wagtail's API; skipped where it cannot be installed."""
    try:
        with wagtail_site(landmarks=landmarks) as site:
            theirs = site.server
            places = theirs.client.get("/api/v2/pages/?type=places.Place&limit=1").json()
            page = f"/api/v2/pages/{places['items'][0]['id']}/"
            return [
                _ratio(
                    name,
                    "Wagtail's API",
                    wanted,
                    in_turns(ours, _ask(address), theirs, _ask(their_address)),
                )
                for name, wanted, address, their_address in (
                    ("list of 50, four fields", 15, LIST_OF_50, WAGTAIL_LIST),
                    ("one landmark, all fields", 4, one, page),
                )
            ]
    except PeersMissing as reason:
        return [Row("… against Wagtail's API", None, "", "", None, f"skipped: {reason}")]


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


def _row(name: str, cost: Cost, slower: float) -> Row:
    most = 2 if name.endswith("304") else None
    if name.startswith("TourAPI"):
        # These two count all that they could show, by distance or by letters.
        most = 50 if "location" in name or "search" in name else 30
    return Row(
        f"API, 25,000 landmarks: {name}",
        cost.processor,
        "ms processor",
        _limit(most, slower) if most else "",
        cost.processor <= most * slower if most else None,
        f"{cost.kilobytes:.1f} kB, {cost.wall:.1f} ms at the client"
        + (_at_speed(cost.processor, slower) if most else ""),
    )


def _ratio(name: str, peer: str, wanted: float, rounds: list[tuple[float, float]]) -> Row:
    """How many times less processor time than a peer: the middle of the rounds."""
    times = statistics.median(theirs / ours for ours, theirs in rounds)
    return Row(
        f"… {name} against {peer}",
        times,
        "× less",
        f"≥ {wanted:g}",
        times >= wanted,
        _middles(rounds),
    )


def _middles(rounds: list[tuple[float, float]]) -> str:
    ours, theirs = (statistics.median(each) for each in zip(*rounds, strict=True))
    return f"{ours:.2f} ms beside {theirs:.2f} ms, {len(rounds)} rounds in turns"

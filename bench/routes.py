"""Pages of routes with 25,000 landmarks, and the solver of a visitor's own route."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

from apps.guide.itineraries import Point, shortest_order
from bench.catalogue import FilledDatabase, filled_database
from bench.rows import Row
from bench.web import Cost, web_server
from tests.running import ROOT

TIMES = 40
MOST = {
    "list": 15,
    "one route": 20,
    "own route of 20 places": 30,
    "near, 4 hours on foot": 40,
    "near, 8 hours by car": 40,
}
MOST_SOLVER = 50


def run() -> list[Row]:
    """Measure the pages, then the solver alone."""
    with filled_database() as database:
        costs = pages(database)
    rows = []
    for name, cost in costs.items():
        rows.append(
            Row(
                f"routes, 25,000 landmarks: {name}",
                cost.processor,
                "ms processor",
                f"≤ {MOST[name]}",
                cost.processor <= MOST[name],
                f"{cost.kilobytes:.0f} kB, {cost.wall:.0f} ms at the client",
            )
        )
    for count in (9, 20):
        spent = solver_ms(count)
        rows.append(
            Row(
                f"order of {count} places",
                spent,
                "ms processor",
                f"≤ {MOST_SOLVER}",
                spent <= MOST_SOLVER,
            )
        )
    return rows


def pages(database: FilledDatabase) -> dict[str, Cost]:
    """Return what each page costs."""
    slugs = database.call("bench.routes:seeded")
    addresses = {
        "list": "/routes/",
        "one route": "/routes/busan-coast/",
        "own route of 20 places": "/routes/plan/?places=" + ",".join(slugs),
        "near, 4 hours on foot": "/routes/plan/?near=37.5759,126.9768&hours=4",
        "near, 8 hours by car": "/routes/plan/?near=37.5759,126.9768&hours=8&travel=drive",
    }
    subprocess.run(
        [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity=0"],
        cwd=ROOT,
        env=database.environment,
        check=True,
    )
    with web_server(
        Path(sys.executable),
        "portal.wsgi:application",
        environment=database.environment,
        ready="/healthz",
    ) as server:
        return {
            name: server.cost_of(lambda client, path=path: client.get(path), times=TIMES)
            for name, path in addresses.items()
        }


def seeded() -> list[str]:
    """Add the routes of a new installation; return 20 places near each other.

    Runs in a process with Django.
    """
    from django.utils import timezone

    from apps.catalogue.models import Landmark
    from apps.catalogue.seeding import add_missing_landmarks
    from apps.guide.route_services import add_missing_routes

    at = timezone.now()
    add_missing_landmarks(at=at)
    add_missing_routes(at=at)
    placed = Landmark.objects.published().exclude(latitude=None).order_by("latitude", "slug")
    return list(placed.values_list("slug", flat=True)[:20])


def solver_ms(count: int) -> float:
    """Return the processor time of one order, the mean of ten drawn with a fixed seed."""
    chance = random.Random(count)
    draws = [
        [Point(chance.uniform(37.4, 37.7), chance.uniform(126.8, 127.2)) for _ in range(count)]
        for _ in range(10)
    ]
    began = time.process_time()
    for points in draws:
        shortest_order(points)
    return (time.process_time() - began) * 1000 / len(draws)

"""The map at 25,000 landmarks: what it asks of the server, of the line and of a slow phone."""

from __future__ import annotations

import gzip
import itertools
import re
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
from playwright.sync_api import Page, sync_playwright

from bench.catalogue import filled_database
from bench.rows import Row
from bench.web import WebServer, web_server
from tests.running import ROOT

TIMES = 30
KOREA = (124.6, 33.0, 131.0, 38.7)
MOST_VIEW_KB = 60
MOST_SCRIPT_KB = 60
MOST_OUTLINES_KB = 100
MOST_POINTS_MS = 60
MOST_TASK_MS = 200
SLOWER = 4
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
QUIET = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
SETTLED = "[data-part=list][aria-busy=false]"
BUSY = "[data-part=list][aria-busy=true]"
WATCH_TASKS = """
  window.tasks = [];
  new PerformanceObserver((list) => {
    for (const task of list.getEntries()) window.tasks.push(task.duration);
  }).observe({ type: "longtask", buffered: true });
"""


def run() -> list[Row]:
    """Measure the points of the map and its page in a throttled browser."""
    with filled_database() as database:
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
            return [*points(server), *files(server.client), *tasks(server)]


def points(server: WebServer) -> list[Row]:
    """Return the size of the first view and the processor time of views nobody saw before."""
    first = server.client.get("/map/points/", params=view(KOREA, 7))
    # Each a little elsewhere: none is answered from what was kept.
    steps = itertools.count(1)

    def elsewhere(client: httpx.Client, size: float, zoom: int) -> httpx.Response:
        moved = next(steps) / 1000
        box = (127.0 - size + moved, 36.5 - size, 127.0 + size + moved, 36.5 + size)
        return client.get("/map/points/", params=view(box, zoom))

    kilobytes = len(first.content) / 1000
    rows = [
        Row(
            "map, 25,000 landmarks: data of the first view",
            kilobytes,
            "kB",
            f"≤ {MOST_VIEW_KB}",
            kilobytes <= MOST_VIEW_KB,
            f"{len(first.json()['points'])} signs",
        )
    ]
    for name, size, zoom in (("country", 3.0, 7), ("province", 0.6, 9), ("city", 0.1, 12)):
        cost = server.cost_of(
            lambda client, size=size, zoom=zoom: elsewhere(client, size, zoom), times=TIMES
        )
        rows.append(
            Row(
                f"map, 25,000 landmarks: points of a {name}",
                cost.processor,
                "ms processor",
                f"≤ {MOST_POINTS_MS}",
                cost.processor <= MOST_POINTS_MS,
                f"{cost.kilobytes:.0f} kB, {cost.wall:.0f} ms at the client",
            )
        )
    return rows


def view(box: tuple[float, float, float, float], zoom: int) -> dict[str, str]:
    return {"bbox": ",".join(f"{edge:.4f}" for edge in box), "zoom": str(zoom)}


def files(client: httpx.Client) -> list[Row]:
    """Return what the scripts of the page and the outlines take on the line, compressed."""
    page = client.get("/map/").text
    scripts = set(re.findall(r'<script[^>]*src="([^"]+)"', page))
    waiting = list(scripts)
    while waiting:
        address = waiting.pop()
        source = client.get(address).text
        for imported in re.findall(r'from\s*"(\.[^"]+)"', source):
            found = str(httpx.URL(f"http://any{address}").join(imported).path)
            if found not in scripts:
                scripts.add(found)
                waiting.append(found)
    script = sum(compressed(client, address) for address in scripts)
    outlines = compressed(client, re.search(r'data-outlines="([^"]+)"', page)[1])
    return [
        Row(
            "map: scripts with Leaflet, gzip",
            script,
            "kB",
            f"≤ {MOST_SCRIPT_KB}",
            script <= MOST_SCRIPT_KB,
            f"{len(scripts)} files",
        ),
        Row(
            "map: outlines of Korea, gzip",
            outlines,
            "kB",
            f"≤ {MOST_OUTLINES_KB}",
            outlines <= MOST_OUTLINES_KB,
        ),
    ]


def compressed(client: httpx.Client, address: str) -> float:
    return len(gzip.compress(client.get(address).content, 9)) / 1000


def tasks(server: WebServer) -> list[Row]:
    """Return the longest task of a phone four times slower than this machine."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    name = f"map, 25,000 landmarks: longest task, {SLOWER} × slower"
    if program is None:
        return [Row(name, None, "ms", f"≤ {MOST_TASK_MS}", None, "needs Chromium")]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=QUIET)
        page = browser.new_page(base_url=str(server.client.base_url), **PHONE)
        session = page.context.new_cdp_session(page)
        session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        page.add_init_script(WATCH_TASKS)
        use(page)
        durations = page.evaluate("window.tasks")
        browser.close()
    longest = max(durations, default=0.0)
    return [
        Row(
            name,
            longest,
            "ms",
            f"≤ {MOST_TASK_MS}",
            longest <= MOST_TASK_MS,
            f"{len(durations)} over 50 ms: opened, moved, closer four times",
        )
    ]


def use(page: Page) -> None:
    page.goto("/map/")
    page.locator(SETTLED).wait_for()
    for _ in range(4):
        page.locator(".leaflet-control-zoom-in").click()
        page.locator(BUSY).wait_for()
        page.locator(SETTLED).wait_for()
    page.mouse.move(200, 350)
    page.mouse.down()
    page.mouse.move(120, 300, steps=8)
    page.mouse.up()
    page.locator(SETTLED).wait_for()

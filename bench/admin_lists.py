"""List pages of the admin with 25,000 landmarks, beside Wagtail's explorer in the same run.

Processor time of workers and database, read from the kernel: a busy neighbour moves the time at
the client by half and this by a few percent.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from bench.catalogue import FilledDatabase, filled_database
from bench.peers import PeersMissing
from bench.rows import Row
from bench.wagtail import wagtail_site
from bench.web import Cost, web_server
from tests.running import ROOT

TIMES = 40
MOST = 75
# It looks at every photo; counted, and held against no target.
REPORTED = ("no photo, no English",)
LIST = "/admin/catalogue/landmark/"


def run() -> list[Row]:
    """Measure the lists of the portal, then Wagtail's."""
    with filled_database() as database:
        ours = lists(database)
    rows = [
        Row(
            f"admin, 25,000 landmarks: {name}",
            cost.processor,
            "ms processor",
            f"≤ {MOST}" if name not in REPORTED else "",
            cost.processor <= MOST if name not in REPORTED else None,
            f"{cost.kilobytes:.0f} kB, {cost.wall:.0f} ms at the client",
        )
        for name, cost in ours.items()
    ]
    try:
        theirs = explorer()
    except PeersMissing as reason:
        note = f"skipped: {reason}"
        return [*rows, Row("… against Wagtail's explorer", None, "", "", None, note)]
    return [*rows, *compared(ours, theirs)]


def lists(database: FilledDatabase) -> dict[str, Cost]:
    """Return what each list page costs an administrator."""
    chosen = database.call("bench.admin_lists:choices")
    pages = {
        "list": "",
        "page 200": "p=200",
        "search 성산": "q=성산",
        "search 석탑": "q=석탑",
        "search with a typo": "q=박물간",
        "two filters": f"category__id__exact={chosen['category']}&state__exact=published",
        "no photo, no English": "needs=photo&needs=english_text",
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
        server.client.cookies.set("sessionid", chosen["session"])
        return {
            name: server.cost_of(
                lambda client, query=query: client.get(f"{LIST}?{query}"), times=TIMES
            )
            for name, query in pages.items()
        }


def choices() -> dict:
    """Return a category with many landmarks, and the key of a session of an administrator.

    Runs in a process with Django.
    """
    from django.conf import settings
    from django.db.models import Count
    from django.test import Client

    from apps.accounts.models import User
    from apps.catalogue.models import Category

    settings.ALLOWED_HOSTS.append("testserver")
    person = User.objects.create_superuser("bench", password=None)
    client = Client()
    client.force_login(person)
    largest = Category.objects.annotate(count=Count("landmarks")).order_by("-count", "pk")[0]
    return {"category": largest.pk, "session": client.session.session_key}


def explorer() -> dict[str, Cost]:
    """Return what Wagtail's explorer costs an administrator. Raises PeersMissing."""
    with wagtail_site() as site:
        site.server.client.cookies.set("sessionid", site.session)
        found = site.server.client.get("/admin/api/main/pages/?child_of=1&limit=1").json()
        address = f"/admin/pages/{found['items'][0]['id']}/"
        return {
            name: site.server.cost_of(
                lambda client, query=query: client.get(f"{address}?{query}"), times=TIMES // 2
            )
            for name, query in {"list": "", "page 200": "p=200"}.items()
        }


def compared(ours: dict[str, Cost], theirs: dict[str, Cost]) -> list[Row]:
    """A row for each page that both have."""
    return [
        Row(
            f"… {name} against Wagtail's explorer",
            100 * ours[name].processor / cost.processor,
            "%",
            "< 50",
            ours[name].processor < cost.processor / 2,
            f"Wagtail {cost.processor:.0f} ms, {cost.kilobytes:.0f} kB",
        )
        for name, cost in theirs.items()
    ]

"""Fill the Wagtail site with places that the portal's own measurements use too.

Run as `python -m bench.wagtail_site.filling PLACES.json`; prints a session key.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

ROWS_AT_ONCE = 5000


def main(file: Path) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.wagtail_site.settings")
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    fill(json.loads(file.read_text()))
    print(session())


def fill(places: list[dict]) -> None:
    """Store the places as children of one page, in bulk: no revisions and no workflows."""
    from django.contrib.contenttypes.models import ContentType
    from django.db import connection
    from django.utils import timezone
    from wagtail.images.models import Image
    from wagtail.models import Locale, Page

    from bench.wagtail_site.places.models import Category, Place, Region

    now = timezone.now()
    root = Page.objects.get(depth=2)
    locale = Locale.get_active()
    kind = ContentType.objects.get_for_model(Place)
    categories = {name: Category.objects.create(name=name) for name in _all(places, "category")}
    regions = {name: Region.objects.create(name=name) for name in _all(places, "region")}
    images = Image.objects.bulk_create(
        (
            Image(title=place["korean"], file=f"{number}.jpg", width=1600, height=1200)
            for number, place in enumerate(places)
        ),
        batch_size=ROWS_AT_ONCE,
    )
    pages = Page.objects.bulk_create(
        (
            Page(
                title=place["korean"],
                draft_title=place["korean"],
                slug=f"place-{number}",
                path=Page._get_path(root.path, 3, number + 1),
                depth=3,
                numchild=0,
                url_path=f"{root.url_path}place-{number}/",
                content_type=kind,
                locale=locale,
                live=True,
                first_published_at=now,
                last_published_at=now,
                latest_revision_created_at=now,
            )
            for number, place in enumerate(places)
        ),
        batch_size=ROWS_AT_ONCE,
    )
    Page.objects.filter(pk=root.pk).update(numchild=len(pages), title="Places")
    columns = "page_ptr_id, name_ko, name_en, category_id, region_id, image_id"
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {Place._meta.db_table} ({columns}) FROM STDIN") as copy,
    ):
        for page, image, place in zip(pages, images, places, strict=True):
            of = categories[place["category"]].pk, regions[place["region"]].pk
            copy.write_row((page.pk, place["korean"], place["english"], *of, image.pk))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _all(places: list[dict], name: str) -> list[str]:
    return sorted({place[name] for place in places})


def session() -> str:
    """Return the key of a session of an administrator."""
    from django.contrib.auth import get_user_model
    from django.test import Client

    person = get_user_model().objects.create_superuser("admin", "admin@example.com", "not used")
    client = Client()
    client.force_login(person)
    return client.session.session_key


if __name__ == "__main__":
    main(Path(sys.argv[1]))

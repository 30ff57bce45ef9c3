"""What a soak works on: places of its own, editors, a partner's key.

Run as a module beside a portal it makes them and prints how to act as them.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from typing import NamedTuple

from tests.running import ROOT, Portal

SENTENCE = "돌로 쌓은 문과 성벽이 있는 곳이다. " * 6


class Place(NamedTuple):
    landmark: int
    slug: str
    article: int


class Desk(NamedTuple):
    """One editor and the places that nobody else works on."""

    name: str
    session: str
    places: list[Place]


class Stage(NamedTuple):
    desks: list[Desk]
    key: str


def set_stage(portal: Portal, *, editors: int, places: int) -> Stage:
    """Make so many editors beside a running portal, each with so many places, and a key."""
    result = subprocess.run(
        [sys.executable, "-m", "bench.soak.making"]
        + ["--editors", str(editors), "--places", str(places)],
        cwd=ROOT,
        env=portal.environment | {"DJANGO_SETTINGS_MODULE": "portal.settings"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    made = json.loads(result.stdout)
    desks = [
        Desk(name, session, [Place(*place) for place in places])
        for name, session, places in made["desks"]
    ]
    return Stage(desks, made["key"])


def make(*, editors: int, places: int) -> dict:
    """Make the rows; return what `Stage` holds."""
    from django.db import transaction
    from django.test import Client
    from django.utils import timezone

    from apps.accounts.models import User
    from apps.accounts.permissions import Role, ensure_roles
    from apps.partners.models import Scope
    from apps.partners.services import create_api_key

    at = timezone.now()
    desks = []
    with transaction.atomic():
        roles = ensure_roles()
        for number in range(editors):
            user = User.objects.create(username=f"soak-{at:%y%m%d%H%M%S}-{number}", is_staff=True)
            user.groups.add(roles[Role.CONTENT_EDITOR], roles[Role.PUBLISHER])
            client = Client()
            client.force_login(user)
            session = client.cookies["sessionid"].value
            desks.append((user.username, session, _places(user.username, places, at)))
    key = create_api_key(
        name="soak", scopes=[Scope.READ, Scope.RECOGNIZE], at=at, per_day=10_000_000
    )
    return {"desks": desks, "key": key.text}


def _places(name: str, count: int, at) -> list[Place]:
    """Published landmarks with a published text each."""
    from apps.catalogue.models import Category, Landmark, LandmarkName, Region
    from apps.guide.models import Article

    made = []
    category = Category.objects.exclude(parent=None).order_by("pk").first()
    region = Region.objects.exclude(parent=None).order_by("pk").first()
    for number in range(count):
        slug = f"{name}-{number}"
        landmark = Landmark.objects.create(
            slug=slug,
            state="published",
            category=category,
            region=region,
            source="soak",
            created_at=at,
            updated_at=at,
        )
        LandmarkName.objects.create(landmark=landmark, language="ko", text=f"성문 {slug}")
        article = Article.objects.create(
            landmark=landmark,
            language="ko",
            title=f"성문 {slug}",
            body=SENTENCE.strip(),
            state="published",
            published_at=at,
            created_at=at,
            updated_at=at,
        )
        made.append(Place(landmark.pk, slug, article.pk))
    return made


if __name__ == "__main__":
    import django

    django.setup()
    parser = argparse.ArgumentParser()
    for option in ("--editors", "--places"):
        parser.add_argument(option, type=int, required=True)
    print(json.dumps(make(**vars(parser.parse_args()))))

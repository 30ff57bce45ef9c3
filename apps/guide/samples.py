"""Pictures that a visitor without a photo at hand can try; they come with the product."""

from __future__ import annotations

import csv
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.catalogue.models import Landmark

LANDMARK_SPLIT = "sample"
OTHER_SPLIT = "nonlandmark-try"
OTHERS_SHOWN = 3


class SamplePicture(NamedTuple):
    """One picture of the manifest that may be served. `file` is its path below the folder."""

    file: str
    split: str
    slug: str

    @property
    def name(self) -> str:
        return Path(self.file).name


class Sample(NamedTuple):
    """A picture to try as a page shows it; `slug` is empty where it shows no landmark."""

    url: str
    name: str
    slug: str
    caption: str


def home_samples(language: str) -> list[Sample]:
    """Return one picture of each place to try, then a few that show no place."""
    pictures = sample_pictures(settings.DEMO_PICTURES_DIR)
    places = _first_of_each([picture for picture in pictures if picture.split == LANDMARK_SPLIT])
    others = _first_of_each([picture for picture in pictures if picture.split == OTHER_SPLIT])
    names = {
        landmark.slug: landmark.name_in(language)
        for landmark in Landmark.objects.published()
        .filter(slug__in=[picture.slug for picture in places])
        .prefetch_related("names")
    }
    samples = [_sample(picture, names[picture.slug]) for picture in places if picture.slug in names]
    middle = len(samples) // 2
    refused = [_sample(picture, "") for picture in others[:OTHERS_SHOWN]]
    # One that Gilnun should not know stands early, so that refusing is seen to be normal.
    return samples[:3] + refused[:1] + samples[3 : middle + 2] + refused[1:] + samples[middle + 2 :]


def _first_of_each(pictures: list[SamplePicture]) -> list[SamplePicture]:
    first: dict[str, SamplePicture] = {}
    for picture in pictures:
        first.setdefault(picture.slug, picture)
    return list(first.values())


def _sample(picture: SamplePicture, name: str) -> Sample:
    return Sample(
        url=reverse("guide:sample", args=[picture.split, picture.slug, picture.name]),
        name=picture.name,
        slug=picture.slug if name else "",
        caption=name or _("Not a landmark"),
    )


def sample_file(split: str, slug: str, name: str) -> Path | None:
    """Return the file of a picture to try, or None: only what the manifest lists is served."""
    for picture in sample_pictures(settings.DEMO_PICTURES_DIR):
        if (picture.split, picture.slug, picture.name) == (split, slug, name):
            path = settings.DEMO_PICTURES_DIR / picture.file
            return path if path.is_file() else None
    return None


@lru_cache(maxsize=2)
def sample_pictures(folder: Path) -> tuple[SamplePicture, ...]:
    """Return the pictures of the manifest that are for trying; none where there is no manifest."""
    manifest = folder / "manifest.csv"
    if not manifest.is_file():
        return ()
    with manifest.open(encoding="utf-8", newline="") as lines:
        rows = [
            SamplePicture(row["file"], row["split"], row["slug"]) for row in csv.DictReader(lines)
        ]
    return tuple(row for row in rows if row.split in (LANDMARK_SPLIT, OTHER_SPLIT))

"""Photos that visitors left with their consent: where recognition and annotation meet."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime

from django.db import transaction

from apps.catalogue.models import Landmark, License, Photo
from apps.catalogue.photos import attach_photo
from apps.operations.jobs import add_job

SOURCE = "tourist"
# Who annotates takes the photo from here; the row is the promise, whoever does it.
TASK = "apps.annotation.tasks.add_visitor_photo"

# Who answered a photo says how little it teaches; see `ease_of`.
_judges: list[Callable[[Photo], int]] = []


def judge_visitor_photos(judge: Callable[[Photo], int]) -> None:
    """Have a function asked for the ease of each visitor's photo; called while apps are loaded."""
    _judges.append(judge)


def ease_of(photo: Photo) -> int:
    """Return how little a photo teaches, 0 to 100: whoever annotates begins with the hard ones."""
    return min((judge(photo) for judge in _judges), default=100)


def visitor_license() -> License:
    """Return what visitors consent to: learning from the photo, and not showing it."""
    license, _ = License.objects.get_or_create(
        code="VISITOR",
        defaults={
            "name": "Visitor's consent: to learn from, not to show",
            "may_show": False,
            "may_modify": False,
            "may_train": True,
            "needs_credit": False,
        },
    )
    return license


@transaction.atomic
def keep_visitor_photo(*, landmark: Landmark | None, content: bytes, at: datetime) -> Photo:
    """Store a visitor's photo, and have a task made of it. `landmark` is what they say it shows;
    None where they do not know: that is not the same as showing no landmark."""
    photo, new = attach_photo(
        landmark=landmark,
        content=content,
        sha256=hashlib.sha256(content).hexdigest(),
        license=visitor_license(),
        source=SOURCE,
        at=at,
    )
    if new:
        if landmark is None:
            photo.shows_no_landmark = False
            photo.save(update_fields=["shows_no_landmark"])
        add_job(task=TASK, subject=photo.pk, at=at)
    return photo


@transaction.atomic
def forget_visitor_photo(photo: Photo) -> None:
    """Remove a visitor's photo with all that was drawn on it; others' photos stay."""
    if photo.source != SOURCE:
        return
    file = photo.file
    photo.delete()
    transaction.on_commit(lambda: file.delete(save=False))

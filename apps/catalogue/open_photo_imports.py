"""Brings chosen photos of Wikimedia Commons into the catalogue, one job for each.

The rows say what became of each; license and author are asked for again when it is fetched.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from datetime import datetime
from functools import partial

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.catalogue.models import Landmark, License, OpenPhotoImport
from apps.catalogue.open_photos import (
    PHOTO_TYPES,
    AddressRefused,
    OpenPhoto,
    OpenPhotoGone,
    OpenPhotosUnavailable,
    TooLarge,
    fetch_picture,
    open_photo,
)
from apps.catalogue.photos import attach_photo, photo_bounds
from apps.catalogue.pictures import MESSAGES, PictureRefused, prepare
from apps.catalogue.scope import may_edit, require_edit
from apps.operations.audit import Change, record, snapshot
from apps.operations.jobs import Effect, add_job
from apps.operations.models import AuditEntry

TASK = "apps.catalogue.tasks.import_open_photo"
SOURCE = "Wikimedia Commons"
State = OpenPhotoImport.State
# Another try later may find the decoders free, or the scanner back.
PASSING = ("too_busy", "scanner_unavailable")
REASONS = MESSAGES | {
    "gone": gettext_lazy("Wikimedia Commons does not have it any more."),
    "outside": gettext_lazy("Its file lies on a host that GILNUN_OPEN_PHOTO_HOSTS does not name."),
    "unavailable": gettext_lazy("Wikimedia Commons did not answer. Please try again later."),
    "license": gettext_lazy("Its license is no longer one that the portal may use."),
    "not_allowed": gettext_lazy("Whoever chose it may not add photos here any more."),
}


def licenses_by_code() -> dict[str, License]:
    """Return the licenses that a photo of Commons may have here."""
    return {license.code: license for license in License.objects.all()}


def refusal(photo: OpenPhoto, licenses: Mapping[str, License]) -> str:
    """Return why a photo cannot be chosen; "" where it can."""
    license = licenses.get(photo.license_code)
    if not photo.license_code:
        text = _("Its license “%(name)s” is unknown here, or not a free one.")
        return text % {"name": photo.license_name or _("none")}
    if license is None:
        text = _("The portal has no license with the code %(code)s. Please add it under Licenses.")
        return text % {"code": photo.license_code}
    if not license.may_show:
        return _("The portal may not show photos of this license.")
    if license.needs_credit and not photo.author:
        return _("Its license asks for a credit, and it names no author.")
    if photo.mime not in PHOTO_TYPES:
        return _("It is not a JPEG, PNG or WebP picture.")
    if photo.bytes > settings.PHOTO_MAX_BYTES:
        return str(MESSAGES["too_large"])
    if photo.width * photo.height > settings.PHOTO_MAX_PIXELS:
        return str(MESSAGES["too_many_pixels"])
    return ""


@transaction.atomic
def choose_open_photo(
    *, landmark: Landmark, page_id: int, title: str, by: AbstractBaseUser, at: datetime
) -> OpenPhotoImport:
    """Have a photo fetched in the background; one that waits or is there stays as it is.

    Raises OutsideRegions.
    """
    require_edit(by, landmark)
    row, new = OpenPhotoImport.objects.get_or_create(
        landmark=landmark,
        page_id=page_id,
        defaults={"title": title[:300], "by": by, "chosen_at": at},
    )
    if new:
        add_job(task=TASK, subject=row.pk, at=at)
        return row
    return fetch_again(row, by=by, at=at)


@transaction.atomic
def fetch_again(row: OpenPhotoImport, *, by: AbstractBaseUser, at: datetime) -> OpenPhotoImport:
    """Try a photo once more that was not taken, or was deleted since. Raises OutsideRegions."""
    require_edit(by, row.landmark)
    row = OpenPhotoImport.objects.select_for_update().get(pk=row.pk)
    if row.state == State.WAITING or row.photo_id:
        return row
    row.state, row.reason, row.finished_at = State.WAITING, "", None
    row.by, row.chosen_at = by, at
    row.save()
    add_job(task=TASK, subject=row.pk, at=at)
    return row


def import_in_turn(subject: str) -> Effect | None:
    """Fetch a chosen photo and make it ours. Raises OpenPhotosUnavailable."""
    rows = OpenPhotoImport.objects.select_related("landmark", "by")
    row = rows.filter(pk=subject, state=State.WAITING).first()
    if row is None:
        return None
    if not _is_allowed(row):
        return partial(_refuse, row, "not_allowed")
    try:
        photo = open_photo(row.page_id)
        licenses = licenses_by_code()
        if refusal(photo, licenses):
            return partial(_refuse, row, _reason(photo))
        license = licenses[photo.license_code]
        content = fetch_picture(photo.file_url, most=settings.PHOTO_MAX_BYTES)
        if photo.sha1 and hashlib.sha1(content, usedforsecurity=False).hexdigest() != photo.sha1:
            raise OpenPhotosUnavailable("the file is not the one that was described")
        prepared = prepare(io.BytesIO(content), name="photo.jpg", bounds=photo_bounds(license))
    except OpenPhotoGone:
        return partial(_refuse, row, "gone")
    except AddressRefused:
        return partial(_refuse, row, "outside")
    except TooLarge:
        return partial(_refuse, row, "too_large")
    except PictureRefused as refused:
        if refused.code in PASSING:
            raise
        return partial(_refuse, row, refused.code)
    return partial(_attach, row, photo, license, prepared)


def give_up_import(subject: str, reason: str) -> None:
    """Say of a photo that it was not taken, after all tries."""
    row = OpenPhotoImport.objects.filter(pk=subject, state=State.WAITING).first()
    if row is not None:
        _refuse(row, "unavailable")


def _is_allowed(row: OpenPhotoImport) -> bool:
    by = row.by
    if by is None or not by.is_active or not by.has_perm("catalogue.add_photo"):
        return False
    return may_edit(by, row.landmark)


def _reason(photo: OpenPhoto) -> str:
    if photo.mime not in PHOTO_TYPES:
        return "unsupported_type"
    if photo.bytes > settings.PHOTO_MAX_BYTES:
        return "too_large"
    if photo.width * photo.height > settings.PHOTO_MAX_PIXELS:
        return "too_many_pixels"
    return "license"


def _attach(row: OpenPhotoImport, found: OpenPhoto, license: License, prepared) -> None:
    at = timezone.now()
    photo, new = attach_photo(
        landmark=row.landmark,
        content=prepared.content,
        sha256=prepared.sha256,
        license=license,
        source=SOURCE,
        source_url=found.page_url,
        author=found.author,
        credit=found.credit,
        at=at,
    )
    if new:
        change = Change(photo, None, snapshot(photo))
        record([change], by=row.by, at=at, action=AuditEntry.Action.CREATED)
    row.photo, row.state = photo, State.IMPORTED if new else State.KNOWN
    row.finished_at = at
    row.save(update_fields=["photo", "state", "finished_at"])


def _refuse(row: OpenPhotoImport, reason: str) -> None:
    row.state, row.reason, row.finished_at = State.REFUSED, reason, timezone.now()
    row.save(update_fields=["state", "reason", "finished_at"])

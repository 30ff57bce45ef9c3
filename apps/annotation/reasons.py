"""Why a file could not be taken, in words for people; pure."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.catalogue.pictures import MESSAGES

REASONS: dict[str, str | Promise] = {
    **MESSAGES,
    "bad_box": _("The box is not four numbers."),
    "bad_line": _("The line cannot be read."),
    "duplicate_name": _("Another file of the ZIP has the same name."),
    "encrypted": _("The file is encrypted."),
    "file_missing": _("The file is not there."),
    "no_archive": _("This is not a ZIP file, or it is damaged."),
    "no_file_column": _("The first line must name a column file, path or url."),
    "no_images": _("The file lists no images."),
    "no_json": _("This is not a JSON file, or it is damaged."),
    "no_license": _("No license is named."),
    "no_source": _("What was to be imported is not there any more."),
    "not_fetched": _("Addresses elsewhere are not fetched. Put the file beside the list."),
    "outside_folder": _("The name leads out of the folder."),
    "too_many_entries": _("The ZIP holds too many files. Please divide it."),
    "unknown_encoding": _("The list is neither UTF-8 nor CP949."),
    "unknown_landmark": _("There is no such landmark."),
    "unknown_license": _(
        "There is no license of this code; those that there are follow it. Name one of them, or"
        " add it first, then import again."
    ),
    "unreadable": _("The file cannot be read."),
}


def reason_text(reason: str) -> str:
    """Return a code, with a detail after a colon, as a sentence; other texts as they are."""
    code, colon, detail = reason.partition(": ")
    if code not in REASONS:
        return reason
    return f"{REASONS[code]} ({detail})" if colon else str(REASONS[code])

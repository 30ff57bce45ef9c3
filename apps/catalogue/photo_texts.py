"""What is said of a photo, in each language: to who does not see it, and beneath it."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from django.conf import settings
from django.utils.translation import get_language_info, gettext, override

if TYPE_CHECKING:
    from apps.catalogue.models import Landmark

ALT_LENGTH = 300
CAPTION_LENGTH = 500
# What is asked for before publication; other languages may be written, too.
NEEDED_LANGUAGES = ("ko", "en")
Texts = Mapping[str, str]
# Lies beside the pictures of a folder; in it stands {name} for the name of the landmark.
TEXTS_FILE = "texts.csv"
NAME = "{name}"


class PhotoTexts(NamedTuple):
    """Texts of one photo by language."""

    alt_texts: Texts
    captions: Texts

    def of(self, landmark: Landmark) -> PhotoTexts:
        """Return the texts with the landmark's name in them."""
        return PhotoTexts(
            *(
                {code: text.replace(NAME, landmark.name_in(code)) for code, text in texts.items()}
                for texts in self
            )
        )


NO_TEXTS = PhotoTexts({}, {})


class TextsUnreadable(Exception):
    """The file beside the pictures is not what it should be; the message says how it should."""


def read_photo_texts(folder: Path) -> dict[str, PhotoTexts]:
    """Return the texts of the pictures in a folder by their path in it; {} without such a file.

    Columns: file, and alt_ko, alt_en, caption_ko, caption_en for each language. Raises
    TextsUnreadable.
    """
    path = folder / TEXTS_FILE
    if not path.is_file():
        return {}
    columns = [f"{kind}_{code}" for kind in ("alt", "caption") for code in text_languages()]
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            rows = list(csv.DictReader(lines, strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise TextsUnreadable(f"{path} is not a CSV file in UTF-8: {error}.") from error
    if rows and "file" not in rows[0]:
        known = ", ".join(["file", *columns])
        raise TextsUnreadable(f"{path} has no column “file”. Its columns are {known}.")
    return {
        row["file"]: PhotoTexts(
            *(
                tidy_texts({code: row.get(f"{kind}_{code}") or "" for code in text_languages()})
                for kind in ("alt", "caption")
            )
        )
        for row in rows
    }


def text_languages() -> list[str]:
    """Return the languages of the interface, in which texts may be written."""
    return [code for code, _ in settings.LANGUAGES]


def tidy_texts(texts: Texts | None) -> dict[str, str]:
    """Return the texts without empty ones: who asks for a language finds words or nothing."""
    tidy = {language: text.strip() for language, text in (texts or {}).items()}
    return {language: text for language, text in tidy.items() if text}


def lacking(alt_texts: Texts, captions: Texts) -> str:
    """Say what a photo lacks: "alternative text (Korean, English)"; "" where it lacks nothing."""
    wanted = (
        (gettext("alternative text"), alt_texts),
        (gettext("caption"), captions),
    )
    return ", ".join(
        f"{label} ({', '.join(missing)})"
        for label, texts in wanted
        if (missing := missing_languages(texts))
    )


def missing_languages(texts: Texts) -> list[str]:
    """Return the names of the languages in which a text is still needed."""
    return [language_name(code) for code in NEEDED_LANGUAGES if not texts.get(code)]


def language_name(code: str) -> str:
    return str(get_language_info(code)["name_translated"])


def plain_texts(landmark: Landmark) -> PhotoTexts:
    """Return texts that say no more than whose photo it is."""
    alt_texts, captions = {}, {}
    for language in text_languages():
        name = landmark.name_in(language)
        with override(language):
            alt_texts[language] = gettext("Photo of %(name)s") % {"name": name}
        captions[language] = name
    return PhotoTexts(alt_texts, captions)

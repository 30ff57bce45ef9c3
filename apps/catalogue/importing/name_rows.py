"""A row of a list of names: one name of a landmark in one language; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.catalogue.importing.cells import one_line
from apps.catalogue.importing.columns import Column
from apps.catalogue.importing.landmark_rows import refuse_length, refuse_letters
from apps.catalogue.importing.problems import RowRefused

COLUMNS = (
    Column("landmark", gettext_lazy("landmark"), ("랜드마크", "slug", "식별자", "사이트 주소")),
    Column("language", gettext_lazy("language"), ("언어", "lang")),
    Column("kind", gettext_lazy("kind"), ("종류", "구분", "type")),
    Column("text", gettext_lazy("name"), ("이름", "명칭", "name")),
)
REQUIRED_COLUMNS = ("landmark", "language", "text")
KINDS = {
    "official": ("official", "공식", "정식", ""),
    "alias": ("alias", "also called", "별칭", "다른 이름"),
    "former": ("former", "옛", "옛 이름", "이전"),
    "romanized": ("romanized", "로마자"),
}
LANGUAGES = {"한국어": "ko", "korean": "ko", "영어": "en", "english": "en"}


class NameRow(NamedTuple):
    landmark: str
    language: str
    kind: str
    text: str


def check_name(values: Mapping[str, str | None], *, languages: Mapping[str, object]) -> NameRow:
    """Return a checked row; `languages` are the codes that names may have. Raises RowRefused."""
    text = {column.name: one_line(values.get(column.name) or "") for column in COLUMNS}
    refuse_letters(text)
    for name in REQUIRED_COLUMNS:
        if not text[name]:
            raise RowRefused(_("%(column)s is empty"), name)
    refuse_length(text, {"text": 200})
    kind = next((kind for kind, words in KINDS.items() if text["kind"].casefold() in words), None)
    if kind is None:
        reason = _("%(value)r is none of %(known)s")
        raise RowRefused(reason % {"value": text["kind"], "known": ", ".join(KINDS)}, "kind")
    return NameRow(
        text["landmark"], check_language(text["language"], languages), kind, text["text"]
    )


def check_language(text: str, languages: Mapping[str, object]) -> str:
    """Return the code of a language. Raises RowRefused for one that the portal does not speak."""
    code = LANGUAGES.get(text.casefold(), text.casefold())
    if code not in languages:
        reason = _("%(value)r is none of %(known)s")
        raise RowRefused(reason % {"value": text, "known": ", ".join(languages)}, "language")
    return code

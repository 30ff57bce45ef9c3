"""Fields for what is said of photos: one line for each language."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextInputWidget

from apps.catalogue.photo_texts import (
    ALT_LENGTH,
    CAPTION_LENGTH,
    language_name,
    missing_languages,
    text_languages,
    tidy_texts,
)

_named = lazy(language_name, str)
_labelled = lazy(lambda label, code: f"{label}, {language_name(code)}", str)


class LinesWidget(forms.MultiWidget):
    """A line for each language, named so that who hears the form knows which."""

    def __init__(self, label: str):
        super().__init__(
            {
                code: UnfoldAdminTextInputWidget(
                    attrs={
                        "lang": code,
                        "aria-label": _labelled(label, code),
                        "placeholder": _named(code),
                    }
                )
                for code in text_languages()
            }
        )

    def decompress(self, value: dict | None) -> list[str]:
        return [(value or {}).get(code, "") for code in text_languages()]

    def id_for_label(self, id_: str) -> str:
        return f"{id_}_0"


class TextsField(forms.MultiValueField):
    """A text in each language → {language: text}; empty ones are left out."""

    def __init__(self, *, label: str, max_length: int, help_text: str = ""):
        super().__init__(
            [forms.CharField(max_length=max_length, required=False) for _ in text_languages()],
            label=label,
            help_text=help_text,
            required=False,
            require_all_fields=False,
            widget=LinesWidget(label),
        )

    def compress(self, values: list[str]) -> dict[str, str]:
        return tidy_texts(dict(zip(text_languages(), values, strict=False)))


class AllTextsField(TextsField):
    """Texts of many photos at once: in every language that is needed, or nothing changes."""

    def clean(self, value):
        texts = super().clean(value)
        if texts and missing_languages(texts):
            raise ValidationError(_("Please write it in every language, or in none."))
        return texts or None


def alt_field(kind: type[TextsField] = TextsField) -> TextsField:
    return kind(
        label=gettext_lazy("alternative text"),
        max_length=ALT_LENGTH,
        help_text=gettext_lazy(
            "What is to be seen, for who cannot see it. Needed for publication."
        ),
    )


def caption_field(kind: type[TextsField] = TextsField) -> TextsField:
    return kind(
        label=gettext_lazy("caption"),
        max_length=CAPTION_LENGTH,
        help_text=gettext_lazy("Stands beneath the photo. Needed for publication."),
    )


# By the field of a photo, for the forms of one photo, of an upload and of many photos.
FIELDS = {"alt_texts": alt_field, "captions": caption_field}


def require_texts(form: forms.Form, values: dict) -> None:
    """Add an error for each text that a photo on a public page still lacks."""
    for name in FIELDS:
        missing = missing_languages(values.get(name) or {})
        if missing and name not in form.errors:
            text = _("This photo is public: please write this also in %(languages)s.")
            form.add_error(name, text % {"languages": ", ".join(missing)})

"""The form of a landmark: its names first, then what belongs together in one section."""

from __future__ import annotations

import json
import re

from django import forms
from django.conf import settings
from django.contrib.admin import ModelAdmin
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import get_language_info
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from apps.catalogue.history import state_refusal
from apps.catalogue.imports.slugs import free_slugs
from apps.catalogue.models import Landmark, LandmarkName, LandmarkNote, LandmarkRedirect
from apps.catalogue.models.tree import NameKind
from apps.catalogue.publication import untold

# Languages that names come in beside those of the pages.
OTHER_LANGUAGES = ("ja", "zh-hans", "zh-hant", "fr", "de", "es", "ru", "vi", "th")
SECTIONS = (
    (None, ("slug", "state", "category", "region", "parent", "owner")),
    (_("Place"), ("address", "latitude", "longitude", "place")),
    (_("Photos and texts"), ("pictures", "texts")),
    (_("For visitors"), ("opening_hours", "adult_fee", "wheelchair", "website", "phone")),
)
REST = _("Record")


class Sections(ModelAdmin):
    """Sorts the fields into sections; a field that no section names stands in the last one."""

    def get_fieldsets(self, request: HttpRequest, obj: Landmark | None = None):
        left = list(self.get_fields(request, obj))
        sections = []
        for title, wanted in SECTIONS:
            fields = [name for name in wanted if name in left]
            left = [name for name in left if name not in fields]
            if fields:
                sections.append((title, {"fields": fields}))
        return [*sections, (REST, {"fields": left})]


def languages() -> list[tuple[str, str]]:
    """Return the languages of names, each in its own words, those of the pages first."""
    others = [(code, get_language_info(code)["name_local"]) for code in OTHER_LANGUAGES]
    return [*((code, get_language_info(code)["name_local"]) for code, _ in settings.LANGUAGES)] + [
        (code, name) for code, name in others if code not in dict(settings.LANGUAGES)
    ]


class InOneLanguage(forms.ModelForm):
    """A row in a language; one that an import brought from elsewhere stays as it is."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        choices = languages()
        if (held := self.instance.language) and held not in dict(choices):
            choices.append((held, held))
        field = self.fields["language"]
        self.fields["language"] = forms.ChoiceField(
            label=field.label, choices=choices, widget=UnfoldAdminSelectWidget
        )


class LandmarkNames(TabularInline):
    model = LandmarkName
    form = InOneLanguage
    fields = ["language", "kind", "text"]
    extra = 0
    min_num = 1
    hide_title = True


class LandmarkNotes(TabularInline):
    model = LandmarkNote
    form = InOneLanguage
    fields = ["language", "kind", "text"]
    extra = 0
    hide_title = True


class NumbersField(forms.CharField):
    """Numbers of a landmark elsewhere, a line each: `aihub: 1234`."""

    widget = UnfoldAdminTextareaWidget({"rows": 3})

    def prepare_value(self, value):
        if not isinstance(value, dict):
            return value
        return "\n".join(f"{name}: {number}" for name, number in value.items())

    def to_python(self, value) -> dict[str, str]:
        text = super().to_python(value).strip()
        if text.startswith("{"):
            return self._from_json(text)
        numbers = {}
        for line in filter(None, map(str.strip, text.splitlines())):
            name, colon, number = (part.strip() for part in line.partition(":"))
            if not (name and colon and number):
                raise ValidationError(_("Please write a name, a colon and a number in each line."))
            numbers[name] = number
        return numbers

    def _from_json(self, text: str) -> dict:
        try:
            return json.loads(text)
        except ValueError as error:
            text = _("Please write a name, a colon and a number in each line.")
            raise ValidationError(text) from error

    def has_changed(self, initial, data) -> bool:
        try:
            return (initial or {}) != self.to_python(data)
        except ValidationError:
            return True


class LandmarkForm(forms.ModelForm):
    """Publishing by the form passes the same gate as publishing many at once."""

    external_ids = NumbersField(
        label=_("numbers elsewhere"),
        required=False,
        help_text=_("A line each, such as “aihub: 1234”."),
    )

    by = None

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        # Only the form of a new landmark has it.
        if slug := self.fields.get("slug"):
            slug.required = False
            slug.help_text = _("Left empty, it is made from the name. It never changes.")

    def clean_slug(self) -> str:
        return self.cleaned_data["slug"] or free_slugs([self._official_names()])[0]

    def _official_names(self) -> tuple[str, str]:
        """Return the English and the Korean name that are sent with a new landmark."""
        rows = [key[:-4] for key in sorted(self.data) if re.fullmatch(r"names-\d+-text", key)]
        official = {
            self.data.get(f"{row}language"): self.data[f"{row}text"]
            for row in rows
            if self.data.get(f"{row}kind") == NameKind.OFFICIAL
        }
        return official.get("en", ""), official.get("ko", "")

    def clean_external_ids(self) -> dict:
        numbers = self.cleaned_data["external_ids"]
        held = self.instance.external_ids
        # Written as numbers elsewhere, they are not turned into texts by a look at them.
        same = numbers == {name: str(number) for name, number in held.items()}
        return held if same else numbers

    def clean(self) -> dict:
        values = super().clean()
        was = Landmark.objects.filter(pk=self.instance.pk).values_list("state", flat=True).first()
        was, becomes = was or Landmark.State.DRAFT, values.get("state")
        if becomes and (reason := state_refusal(was, becomes, self.by)):
            self.add_error("state", reason)
        if becomes != Landmark.State.PUBLISHED or was == Landmark.State.PUBLISHED:
            return values
        if values.get("latitude") is None:
            self.add_error("state", _("no coordinates"))
        if (region := values.get("region")) and region.is_too_large:
            text = _("the region is a whole province: choose a city, county or district")
            self.add_error("state", text)
        if LandmarkRedirect.objects.filter(old_slug=self.instance.slug).exists():
            self.add_error("state", _("it was merged into another landmark"))
        if self.instance.pk and self.instance.photos.uncredited().exists():
            self.add_error("state", _("a photo lacks the credit that its license asks for"))
        for text in self._untold_photos():
            self.add_error("state", text)
        return values

    def _untold_photos(self) -> list[str]:
        """Say of each photo what keeps it from the public, with a way to it."""
        if not self.instance.pk:
            return []
        (untold_photos,) = (
            Landmark.objects.filter(pk=self.instance.pk)
            .with_facts()
            .values_list("untold", flat=True)
        )
        return [
            format_html(
                '<a class="admin-link" href="{}">{}</a>',
                reverse("admin:catalogue_photo_change", args=[photo["pk"]]),
                untold(photo),
            )
            for photo in untold_photos
        ]

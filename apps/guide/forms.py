from __future__ import annotations

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.catalogue.pictures import MESSAGES
from apps.guide.models import Report
from apps.guide.models.report import LONGEST_MESSAGE


class PhotoForm(forms.Form):
    """Exactly one file in the field `photo`; what is in it, recognition checks."""

    photo = forms.FileField(
        error_messages={
            "required": _("No photo arrived. Please choose or take one."),
            "empty": MESSAGES["empty_file"],
        },
        # Django's own limit on names would answer in words of a form field.
        max_length=None,
    )

    # Stable codes that programs read, by the names Django gives the errors.
    CODES = {"required": "empty_file", "empty": "empty_file"}

    def __init__(self, request: HttpRequest):
        super().__init__(data=request.POST, files=request.FILES)

    def clean_photo(self) -> UploadedFile:
        if len(self.files.getlist("photo")) > 1:
            raise forms.ValidationError(MESSAGES["too_many_files"], code="too_many_files")
        return self.cleaned_data["photo"]

    @property
    def refusal(self) -> tuple[str, str]:
        """The code and the sentence of what is wrong, after is_valid() said no."""
        error = self.errors.as_data()["photo"][0]
        return self.CODES.get(error.code, error.code), error.messages[0]


class ReportForm(forms.Form):
    """What is wrong on the page of a landmark, in a visitor's words."""

    about = forms.ChoiceField(
        label=_("What is wrong?"),
        choices=Report.About.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Please choose what is wrong.")},
    )
    message = forms.CharField(
        label=_("What should it say?"),
        min_length=5,
        max_length=LONGEST_MESSAGE,
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={"required": _("Please say in a few words what is wrong.")},
    )
    # Nobody sees it; see views.reports.
    nickname = forms.CharField(required=False, widget=forms.TextInput(attrs={"tabindex": "-1"}))

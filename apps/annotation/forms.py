"""What managers ask for on the workbench's pages."""

from __future__ import annotations

from datetime import timedelta

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.annotation.exporting import Selection
from apps.annotation.models import Dataset
from apps.annotation.services.assigning import RULES
from apps.catalogue.models import Landmark

LONGEST = timedelta(days=366)


def people_who_annotate():
    """Return the people who may get tasks, by name."""
    return User.objects.filter(is_active=True).order_by("username")


class PersonForm(forms.Form):
    """A person to work on a dataset."""

    person = forms.ModelChoiceField(
        User.objects.none(), label=_("Person"), empty_label=_("Choose a person")
    )

    def __init__(self, data=None, *, dataset: Dataset):
        super().__init__(data, label_suffix="")
        self.fields["person"].queryset = people_who_annotate()
        self.others = people_who_annotate().exclude(assignments__dataset=dataset)


class RulesForm(forms.ModelForm):
    """By which rules a dataset is worked on."""

    class Meta:
        model = Dataset
        fields = RULES
        labels = {
            "needs_review": _("Every image is reviewed"),
            "redundancy": _("People per image"),
            "truth_share": _("Hidden known answers, percent of a person's images"),
            "least_agreement": _("Least overlap of two people's boxes, percent"),
            "open_to_all": _("Open to every annotator"),
        }
        help_texts = {
            "needs_review": _("Otherwise what is submitted is complete."),
            "redundancy": "",
            "truth_share": _("5 to 15 tells who is right; 0 hides none."),
            "least_agreement": _("Boxes that overlap less, and different tags, go to review."),
            "open_to_all": "",
        }

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options, label_suffix="")
        bounds = {"redundancy": (1, 9), "truth_share": (0, 50), "least_agreement": (0, 100)}
        for name, (least, most) in bounds.items():
            field = self.fields[name]
            field.min_value, field.max_value = least, most
            field.validators += [MinValueValidator(least), MaxValueValidator(most)]
            field.widget.attrs |= {"min": least, "max": most}

    def _post_clean(self) -> None:
        """Leave the row alone: a service changes it."""


class TasksForm(forms.Form):
    """What to do with the tasks that were ticked."""

    action = forms.ChoiceField(
        choices=[(name, name) for name in ("hand", "take_back", "close", "check", "uncheck")],
        error_messages={
            name: _("Please choose what to do.") for name in ("required", "invalid_choice")
        },
    )
    tasks = forms.TypedMultipleChoiceField(
        coerce=int,
        error_messages={
            name: _("Please tick a task first.") for name in ("required", "invalid_choice")
        },
    )
    person = forms.ModelChoiceField(
        User.objects.none(),
        label=_("Person"),
        required=False,
        empty_label=_("Choose a person"),
    )
    reason = forms.CharField(label=_("Reason"), required=False, max_length=500)

    def __init__(self, data=None):
        super().__init__(data, label_suffix="")
        self.fields["person"].queryset = people_who_annotate()
        # What was ticked is looked up by the services; here it only has to be numbers.
        ticked = data.getlist("tasks") if data is not None else []
        numbers = [number for number in ticked if number.isdecimal() and len(number) < 19]
        self.fields["tasks"].choices = [(number, number) for number in numbers]

    def clean(self) -> dict:
        values = super().clean()
        if values.get("action") == "hand" and not values.get("person"):
            self.add_error("person", _("Choose a person first."))
        if values.get("action") == "close" and not values.get("reason"):
            self.add_error("reason", _("Please give a reason."))
        return values


class ExportForm(forms.Form):
    """Which completed annotations are wanted, and how they are written."""

    dataset = forms.ModelChoiceField(
        Dataset.objects.none(), label=_("Dataset"), empty_label=_("Choose a dataset")
    )
    format = forms.ChoiceField(
        label=_("Format"),
        choices=[
            ("coco", "COCO"),
            ("aihub", "AI Hub JSON"),
            ("yolo", "YOLO"),
            ("voc", "Pascal VOC"),
            ("csv", "CSV"),
        ],
    )
    with_images = forms.BooleanField(label=_("With the pictures, in a ZIP"), required=False)
    place = forms.CharField(
        label=_("Place"),
        required=False,
        max_length=200,
        help_text=_("Name or slug; empty for all."),
    )
    reason = forms.CharField(
        label=_("What for"),
        max_length=300,
        help_text=_("The log keeps who took these data, and what for."),
    )
    first = forms.DateField(
        label=_("Completed from"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    last = forms.DateField(
        label=_("Completed to"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )

    def __init__(self, data=None, **options):
        super().__init__(data, label_suffix="", **options)
        # Everybody practises on the same answers: they are nobody's data.
        datasets = Dataset.objects.filter(practice=False)
        self.fields["dataset"].queryset = datasets.order_by("name")

    def clean_place(self) -> Landmark | None:
        asked = self.cleaned_data["place"].strip()
        if not asked:
            return None
        found = Landmark.objects.filter(slug=asked).first()
        named = [] if found else list(Landmark.objects.filter(names__text=asked).distinct()[:2])
        if len(named) > 1:
            raise forms.ValidationError(_("Several places have this name. Please give the slug."))
        if found is None and not named:
            raise forms.ValidationError(_("There is no place of this name."))
        return found or named[0]

    def clean(self) -> dict:
        values = super().clean()
        first, last = values.get("first"), values.get("last")
        if first and last and first > last:
            self.add_error("last", _("The end lies before the beginning."))
        return values

    @property
    def selection(self) -> Selection:
        """The filter of a form that may be used."""
        values = self.cleaned_data
        place = values["place"]
        return Selection(place.pk if place else None, values["first"], values["last"])


class PeriodForm(forms.Form):
    """Which numbers to show; a field that cannot be used is said, and the rest still counts."""

    first = forms.DateField(
        label=_("From"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    last = forms.DateField(
        label=_("To"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    dataset = forms.ModelChoiceField(
        Dataset.objects.order_by("name"),
        label=_("Dataset"),
        required=False,
        empty_label=_("All datasets"),
    )
    person = forms.ModelChoiceField(
        User.objects.filter(annotations__isnull=False).distinct().order_by("username"),
        label=_("Person"),
        required=False,
        empty_label=_("Everybody"),
    )

    def __init__(self, data, *, own: bool):
        super().__init__(data, label_suffix="")
        if own:
            del self.fields["person"]
            # Which other datasets there are is not theirs to know.
            del self.fields["dataset"]

    def clean(self) -> dict:
        values = super().clean()
        first, last = values.get("first"), values.get("last")
        if first and last and first > last:
            self.add_error("last", _("The end lies before the beginning."))
        elif first and last and last - first > LONGEST:
            self.add_error("first", _("Please choose at most a year."))
        return values

    def usable(self) -> dict:
        """Return what may be used as fields of a Period."""
        self.is_valid()
        if self.has_error("first") or self.has_error("last"):
            self.cleaned_data.pop("first", None)
            self.cleaned_data.pop("last", None)
        return {
            name: getattr(value, "pk", value) for name, value in self.cleaned_data.items() if value
        }

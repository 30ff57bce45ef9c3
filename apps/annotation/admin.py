from django import forms
from django.contrib import admin, messages
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import ModelAdmin, TabularInline
from unfold.forms import ActionForm
from unfold.widgets import UnfoldAdminURLInputWidget

from apps.accounts.models import User
from apps.annotation.models import (
    Annotation,
    AnnotationImage,
    AnnotationTask,
    Assignment,
    Dataset,
    Review,
)
from apps.annotation.services.handing import Moved, hand_tasks, take_back_tasks
from apps.annotation.services.suggesting import suggest_later
from apps.annotation.uploads import PictureUploads
from apps.operations.conflicts import VersionedAdmin


class Assignments(TabularInline):
    model = Assignment
    extra = 1
    autocomplete_fields = ["annotator"]


@admin.register(Dataset)
class DatasetAdmin(PictureUploads, VersionedAdmin):
    list_display = ["name", "year", "needs_review", "redundancy", "open_to_all", "practice"]
    list_filter = ["needs_review", "practice"]
    search_fields = ["name", "description"]
    readonly_fields = ["created_at"]
    inlines = [Assignments]
    audited_relations = ["assignments"]
    actions = ["suggest_boxes"]
    formfield_overrides = {
        models.URLField: {"assume_scheme": "https", "widget": UnfoldAdminURLInputWidget}
    }

    def save_model(self, request: HttpRequest, row: Dataset, form, change: bool) -> None:
        if not change:
            row.created_at = timezone.now()
        super().save_model(request, row, form, change)

    @admin.action(description=_("Suggest boxes by the model"), permissions=["change"])
    def suggest_boxes(self, request: HttpRequest, datasets: QuerySet[Dataset]) -> None:
        for dataset in datasets:
            suggest_later(dataset, at=timezone.now())
        text = _("Boxes will be suggested in the background; those that are there stay.")
        self.message_user(request, text, messages.SUCCESS)


class ReadOnly(ModelAdmin):
    """Rows that the workbench writes."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj=None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj=None) -> bool:
        return False


@admin.register(AnnotationImage)
class AnnotationImageAdmin(ReadOnly):
    list_display = ["name", "dataset", "landmark", "width", "height", "license"]
    list_filter = ["dataset"]
    list_select_related = ["dataset", "landmark", "license"]
    search_fields = ["name", "external_id"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[AnnotationImage]:
        return super().get_queryset(request).prefetch_related("landmark__names")


class PersonForm(ActionForm):
    person = forms.ModelChoiceField(
        User.objects.filter(is_active=True).order_by("username"),
        required=False,
        label=_("Person to hand tasks to"),
    )


@admin.register(AnnotationTask)
class AnnotationTaskAdmin(ModelAdmin):
    """The state filter "skipped" is the supervisor's list."""

    list_display = ["pk", "image", "dataset", "state", "holder", "reserved_for", "annotator"]
    list_filter = ["state", "dataset"]
    list_select_related = ["image", "dataset", "holder", "reserved_for", "annotator"]
    search_fields = ["image__name"]
    actions = ["hand", "take_back"]
    action_form = PersonForm
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj=None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj=None) -> list[str]:
        # A task moves by the workbench and by the actions below, never by its form.
        return [field.name for field in self.model._meta.fields]

    @admin.action(
        description=_("Hand the selected tasks to the chosen person"), permissions=["change"]
    )
    def hand(self, request: HttpRequest, tasks: QuerySet[AnnotationTask]) -> None:
        person = User.objects.filter(pk=request.POST.get("person") or None, is_active=True).first()
        if person is None:
            self.message_user(request, _("Choose a person first."), messages.WARNING)
            return
        ids = list(tasks.values_list("pk", flat=True))
        self._tell(request, hand_tasks(ids, to=person, by=request.user, at=timezone.now()))

    @admin.action(
        description=_("Take the selected tasks back for everybody"), permissions=["change"]
    )
    def take_back(self, request: HttpRequest, tasks: QuerySet[AnnotationTask]) -> None:
        ids = list(tasks.values_list("pk", flat=True))
        self._tell(request, take_back_tasks(ids, by=request.user, at=timezone.now()))

    def _tell(self, request: HttpRequest, moved: Moved) -> None:
        for task in moved.stayed:
            text = _("%(task)s is finished and stays as it is.") % {"task": task}
            self.message_user(request, text, messages.WARNING)
        text = ngettext("%(count)d task was changed.", "%(count)d tasks were changed.", moved.tasks)
        self.message_user(request, text % {"count": moved.tasks}, messages.SUCCESS)


@admin.register(Annotation)
class AnnotationAdmin(ReadOnly):
    list_display = ["task", "origin", "current", "by", "created_at"]
    list_filter = ["origin", "current"]
    list_select_related = ["task__image", "by"]
    raw_id_fields = ["task"]


@admin.register(Review)
class ReviewAdmin(ReadOnly):
    list_display = ["task", "verdict", "reason", "reviewer", "created_at"]
    list_filter = ["verdict"]
    list_select_related = ["task__image", "reviewer"]

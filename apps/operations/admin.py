import json

from django.apps import apps
from django.contrib import admin
from django.contrib.auth import get_permission_codename
from django.utils import timezone
from django.utils.html import format_html
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import RadioFilter

from apps.operations.comparing import changed_labels
from apps.operations.jobs import retry_job
from apps.operations.listing import ListAdmin
from apps.operations.models import AuditEntry, Comment, Event, Job


class ReadOnlyAdmin(ListAdmin):
    """Rows that only the programs write."""

    def has_add_permission(self, request) -> bool:
        return False

    def has_change_permission(self, request, obj=None) -> bool:
        return False

    def has_delete_permission(self, request, obj=None) -> bool:
        return False


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    list_display = ["task", "subject", "state", "attempts", "created_at", "finished_at", "error"]
    list_filter = ["state", "task"]
    search_fields = ["subject"]
    actions = ["retry"]

    def has_retry_permission(self, request) -> bool:
        """Looking at jobs starts none of them again."""
        name = get_permission_codename("change", self.opts)
        return request.user.has_perm(f"{self.opts.app_label}.{name}")

    @admin.action(description=_("Try the selected parked jobs again"), permissions=["retry"])
    def retry(self, request, queryset) -> None:
        for job in queryset.filter(state=Job.State.PARKED):
            retry_job(job, at=timezone.now())


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ["at", "by_name", "action", "subject_name", "changed", "note"]
    list_filter = ["action", "subject_type"]
    search_fields = ["subject_name", "by_name", "subject", "=batch"]
    ordering = ["-pk"]
    show_full_result_count = False
    list_per_page = 50
    fields = ["at", "by_name", "action", "subject_type", "subject_name", "was", "became", "note"]

    @admin.display(description=_("changed"))
    def changed(self, entry: AuditEntry) -> str:
        if not (entry.before and entry.after):
            return ""
        try:
            model = apps.get_model(entry.subject_type)
        except LookupError:
            return ", ".join(entry.changed_fields)
        return ", ".join(changed_labels(model, entry.before, entry.after))

    @admin.display(description=_("before"))
    def was(self, entry: AuditEntry) -> str:
        return _shown(entry.before)

    @admin.display(description=_("after"))
    def became(self, entry: AuditEntry) -> str:
        return _shown(entry.after)


class WhoseTurn(RadioFilter):
    title = _("whose turn")
    parameter_name = "turn"

    def lookups(self, request, model_admin):
        return [("mine", _("waits for me")), ("open", _("open")), ("settled", _("resolved"))]

    def queryset(self, request, comments):
        if self.value() == "mine":
            return comments.waiting_for(request.user)
        if self.value() == "open":
            return comments.open()
        return comments.exclude(resolved_at=None) if self.value() == "settled" else comments


@admin.register(Comment)
class CommentAdmin(ReadOnlyAdmin):
    """The threads about everything; one speaks on the page of what they are about."""

    list_display = ["about", "said", "by_name", "asked", "at", "resolved_at"]
    list_display_links = None
    list_filter = [WhoseTurn]
    list_select_related = ["asked"]
    search_fields = ["subject_name", "text", "by_name"]
    ordering = ["-pk"]
    show_full_result_count = False
    list_per_page = 50

    def get_queryset(self, request):
        return super().get_queryset(request).threads()

    @admin.display(description=_("about"))
    def about(self, comment: Comment) -> str:
        return format_html(
            '<a class="admin-link" href="{}#thread-{}">{}</a>',
            comment.get_absolute_url(),
            comment.pk,
            comment.subject_name,
        )

    @admin.display(description=_("comment"))
    def said(self, comment: Comment) -> str:
        return Truncator(comment.text).chars(120)


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = ["at", "kind", "subject", "passed_on_at"]
    list_filter = ["kind"]
    search_fields = ["subject"]
    ordering = ["-pk"]
    show_full_result_count = False


def _shown(values: dict | None) -> str:
    return json.dumps(values, ensure_ascii=False, indent=1) if values else "–"

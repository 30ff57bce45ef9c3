from django.contrib import admin
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.operations.jobs import retry_job
from apps.operations.models import Job


@admin.register(Job)
class JobAdmin(admin.ModelAdmin):
    list_display = ["task", "subject", "state", "attempts", "created_at", "finished_at", "error"]
    list_filter = ["state", "task"]
    search_fields = ["subject"]
    actions = ["retry"]

    def has_add_permission(self, request) -> bool:
        return False

    def has_change_permission(self, request, obj=None) -> bool:
        return False

    def has_delete_permission(self, request, obj=None) -> bool:
        return False

    @admin.action(description=_("Try the selected parked jobs again"), permissions=["view"])
    def retry(self, request, queryset) -> None:
        for job in queryset.filter(state=Job.State.PARKED):
            retry_job(job, at=timezone.now())

from __future__ import annotations

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils import timezone, translation
from django.utils.html import format_html
from django.utils.text import capfirst, format_lazy
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import StackedInline, TabularInline
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from apps.catalogue.admin.scope import ScopedAdmin
from apps.guide.admin.articles import STATE_COLOURS
from apps.guide.models import Route, RouteStop, RouteText
from apps.guide.route_services import (
    ROUTE_RELATIONS,
    RouteNotReady,
    publish_route,
    withdraw_route,
)
from apps.guide.views.routes import route as route_page
from apps.operations.conflicts import VersionedAdmin

LONGEST_NOTE = 300


class RouteTexts(StackedInline):
    model = RouteText
    fields = ["language", "title", "summary", "body"]
    extra = 0
    min_num = 1

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        if db_field.name == "language":
            return forms.ChoiceField(
                label=capfirst(db_field.verbose_name),
                choices=settings.LANGUAGES,
                widget=UnfoldAdminSelectWidget,
            )
        return super().formfield_for_dbfield(db_field, request, **kwargs)


class StopForm(forms.ModelForm):
    """A stop with a field for its note in each language; what is kept is one row."""

    class Meta:
        model = RouteStop
        fields = ["position", "landmark", "minutes"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for code, _name in settings.LANGUAGES:
            self.fields[f"note_{code}"].initial = self.instance.notes.get(code, "")

    def save(self, commit: bool = True) -> RouteStop:
        written = {
            code: self.cleaned_data.get(f"note_{code}", "").strip()
            for code, _name in settings.LANGUAGES
        }
        # A language that the portal no longer speaks keeps its note.
        notes = {**self.instance.notes, **written}
        self.instance.notes = {code: text for code, text in notes.items() if text}
        return super().save(commit)


NOTE_FIELDS = {
    f"note_{code}": forms.CharField(
        label=format_lazy("{} ({})", _("note"), code),
        required=False,
        max_length=LONGEST_NOTE,
        widget=UnfoldAdminTextInputWidget({"class": "admin-note"}),
    )
    for code, _name in settings.LANGUAGES
}


class RouteStops(TabularInline):
    """Stops are ordered by their number: rows are dragged, or the number is written."""

    model = RouteStop
    form = type("StopForm", (StopForm,), dict(NOTE_FIELDS))
    fields = ["position", "landmark", "minutes", *NOTE_FIELDS]
    ordering = ["position", "pk"]
    ordering_field = "position"
    autocomplete_fields = ["landmark"]
    extra = 0


@admin.register(Route)
class RouteAdmin(ScopedAdmin, VersionedAdmin):
    list_display = ["name", "travel", "stop_count", "shown_state", "updated_at"]
    list_filter = ["state", "travel"]
    list_filter_submit = True
    list_per_page = 50
    show_full_result_count = False
    search_fields = ["slug", "texts__title"]
    ordering = ["-updated_at", "-pk"]
    fields = ["slug", "travel", "source", "standing"]
    readonly_fields = ["standing"]
    inlines = [RouteTexts, RouteStops]
    audited_relations = ROUTE_RELATIONS
    actions = ["publish", "withdraw"]
    actions_submit_line = ["save_and_publish", "save_and_withdraw"]
    warn_unsaved_form = True

    def rows_of_page(self, request: HttpRequest, keys) -> QuerySet[Route]:
        rows = super().rows_of_page(request, keys)
        return rows.annotate(stops_on_it=Count("stops")).prefetch_related("texts")

    def get_readonly_fields(self, request: HttpRequest, obj: Route | None = None):
        fields = super().get_readonly_fields(request, obj)
        return [*fields, "slug"] if obj else fields

    def save_model(self, request: HttpRequest, route: Route, form, change: bool) -> None:
        route.updated_at = timezone.now()
        if not change:
            route.created_at = route.updated_at
        super().save_model(request, route, form, change)

    @admin.display(description=_("name"))
    def name(self, route: Route) -> str:
        text = route.text_in(get_language())
        return text.title if text else route.slug

    @admin.display(description=_("stops"))
    def stop_count(self, route: Route) -> int:
        return route.stops_on_it

    @display(description=_("state"), ordering="state", label=STATE_COLOURS)
    def shown_state(self, route: Route) -> tuple[str, str]:
        return route.state, route.get_state_display()

    @admin.display(description=_("state"))
    def standing(self, route: Route) -> str:
        if not route.pk:
            return _("A new route is a draft.")
        return format_html(
            '{} · <a class="admin-link" href="{}">{}</a>',
            route.get_state_display(),
            reverse("admin:guide_route_preview", args=[route.pk]),
            _("Preview"),
        )

    def has_publish_permission(self, request: HttpRequest, object_id=None) -> bool:
        return request.user.has_perm("guide.publish_route")

    @action(description=_("Save and publish"), permissions=["publish"])
    def save_and_publish(self, request: HttpRequest, route: Route) -> None:
        request.route_step = publish_route

    @action(description=_("Save and withdraw"), permissions=["publish"])
    def save_and_withdraw(self, request: HttpRequest, route: Route) -> None:
        request.route_step = withdraw_route

    def response_add(self, request: HttpRequest, route: Route, post_url_continue=None):
        self._take_step(request, route)
        return super().response_add(request, route, post_url_continue)

    def response_change(self, request: HttpRequest, route: Route) -> HttpResponse:
        self._take_step(request, route)
        return super().response_change(request, route)

    def _take_step(self, request: HttpRequest, route: Route) -> None:
        """Publish or withdraw after the stops are saved too: they are what is judged."""
        step = getattr(request, "route_step", None)
        if step is not None:
            self._try(request, step, route)

    def _try(self, request: HttpRequest, step, route: Route) -> bool:
        try:
            step(route, by=request.user, at=timezone.now())
        except RouteNotReady as reason:
            text = _("%(route)s is not published: %(blockers)s.")
            values = {"route": route, "blockers": ", ".join(reason.blockers)}
            self.message_user(request, text % values, messages.WARNING)
            return False
        return True

    @admin.action(description=_("Publish the selected routes"), permissions=["publish"])
    def publish(self, request: HttpRequest, routes: QuerySet[Route]) -> None:
        count = sum(self._try(request, publish_route, route) for route in routes)
        text = ngettext("%(count)d route is published.", "%(count)d routes are published.", count)
        self.message_user(request, text % {"count": count}, messages.SUCCESS)

    @admin.action(description=_("Withdraw the selected routes"), permissions=["publish"])
    def withdraw(self, request: HttpRequest, routes: QuerySet[Route]) -> None:
        count = sum(self._try(request, withdraw_route, route) for route in routes)
        text = ngettext("%(count)d route is withdrawn.", "%(count)d routes are withdrawn.", count)
        self.message_user(request, text % {"count": count}, messages.SUCCESS)

    def get_urls(self):
        view = self.admin_site.admin_view
        return [
            path("<int:key>/preview/", view(self.preview_view), name="guide_route_preview"),
            *super().get_urls(),
        ]

    def preview_view(self, request: HttpRequest, key: int) -> HttpResponse:
        """Show the public page as it would be: publish, render, and take it all back."""
        route = get_object_or_404(Route, pk=key)
        if not self.has_view_permission(request, route):
            raise PermissionDenied
        with transaction.atomic(), translation.override(get_language()):
            Route.objects.filter(pk=key).update(state=Route.State.PUBLISHED)
            response = route_page(request, route.slug)
            transaction.set_rollback(True)
        response["X-Robots-Tag"] = "noindex"
        return response

from __future__ import annotations

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as PlainUserAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import RadioFilter
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from apps.accounts import second_factor
from apps.accounts.models import EditorRegion, User
from apps.accounts.permissions import ROLE_NAMES, Role, ensure_roles, roles_of
from apps.accounts.services import apply_roles, describe, record_password_change
from apps.accounts.signing_in import is_locked, unlock
from apps.operations.audit import Change, Snapshot, record
from apps.operations.conflicts import VersionedAdmin
from apps.operations.models import AuditEntry

# What a role may do is written in permissions.py; groups are how Django knows it.
admin.site.unregister(Group)


class RolesMixin(forms.ModelForm):
    """A person's roles, ticked; the flags of Django follow from them."""

    roles = forms.MultipleChoiceField(
        label=_("Roles"),
        choices=list(ROLE_NAMES.items()),
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_("What each role may do: docs/people.md."),
    )
    by = None

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["roles"] = [str(role) for role in roles_of(self.instance)]

    def clean(self) -> dict | None:
        values = super().clean()
        if self.by is not None and self.instance.pk == self.by.pk:
            if Role.ADMINISTRATOR not in self.cleaned_data.get("roles", []):
                text = _("Nobody takes the role of administrator from themselves.")
                self.add_error("roles", text)
            if not self.cleaned_data.get("is_active", True):
                self.add_error("is_active", _("Nobody deactivates themselves."))
        return values

    def save(self, commit: bool = True) -> User:
        apply_roles(self.instance, self.chosen_roles())
        return super().save(commit)

    def chosen_roles(self) -> list[Role]:
        return [Role(name) for name in self.cleaned_data["roles"]]


class ChangeForm(RolesMixin, UserChangeForm):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "password" in self.fields:
            link = '<a class="admin-link" href="../password/">{}</a>'
            self.fields["password"].help_text = format_html(link, _("Set another password"))


class AddForm(RolesMixin, UserCreationForm):
    pass


class RoleFilter(RadioFilter):
    title = _("role")
    parameter_name = "role"

    def lookups(self, request, model_admin):
        return list(ROLE_NAMES.items())

    def queryset(self, request, users: QuerySet[User]) -> QuerySet[User]:
        if self.value() == Role.ADMINISTRATOR:
            return users.filter(is_superuser=True)
        return users.filter(groups__name=self.value()) if self.value() else users


class Regions(TabularInline):
    model = EditorRegion
    extra = 0
    autocomplete_fields = ["region"]
    verbose_name = _("region")
    verbose_name_plural = _("Edits only in these regions (none: everywhere)")


@admin.register(User)
class UserAdmin(VersionedAdmin, PlainUserAdmin):
    # Roles and passwords are set anew, never put back.
    keeps_no_way_back = True
    form = ChangeForm
    add_form = AddForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["username", "name", "roles", "where", "last_login", "factor", "shown_state"]
    list_filter = [RoleFilter, "is_active"]
    list_filter_submit = True
    search_fields = ["username", "first_name", "last_name", "email"]
    ordering = ["username"]
    list_per_page = 50
    show_full_result_count = False
    inlines = [Regions]
    readonly_fields = ["last_login", "date_joined", "factor_state", "sign_in_state"]
    filter_horizontal = []
    actions = ["deactivate", "activate", "unlock_selected", "reset_selected"]
    fieldsets = [
        (None, {"fields": ["username", "password", "first_name", "last_name", "email"]}),
        (_("What they do here"), {"fields": ["roles", "is_active"]}),
        (
            _("Signing in"),
            {"fields": ["last_login", "date_joined", "factor_state", "sign_in_state"]},
        ),
    ]
    add_fieldsets = [
        (None, {"fields": ["username", "first_name", "last_name", "email"]}),
        (_("What they do here"), {"fields": ["roles"]}),
        (_("Password"), {"fields": ["password1", "password2"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        users = super().get_queryset(request)
        return users.prefetch_related("groups", "regions__region__names")

    def get_inlines(self, request: HttpRequest, obj: User | None):
        return self.inlines if obj else []

    def get_form(self, request: HttpRequest, obj: User | None = None, **kwargs):
        form = super().get_form(request, obj, **kwargs)
        form.by = request.user
        return form

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_delete_permission(request, obj) and obj != request.user

    def snapshot(self, row: models.Model) -> Snapshot:
        return describe(row)

    def save_related(self, request: HttpRequest, form, formsets, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        groups = ensure_roles()
        form.instance.groups.set([groups[role] for role in form.chosen_roles()])

    def log_change(self, request: HttpRequest, user: User, message):
        if not hasattr(request, "audit_before"):
            record_password_change(user, by=request.user, at=timezone.now())
        return super().log_change(request, user, message)

    @admin.display(description=_("name"), ordering="first_name")
    def name(self, user: User) -> str:
        return user.get_full_name()

    @admin.display(description=_("roles"))
    def roles(self, user: User) -> str:
        return ", ".join(str(ROLE_NAMES[role]) for role in Role if role in roles_of(user))

    @admin.display(description=_("regions"))
    def where(self, user: User) -> str:
        names = [each.region.name_in("ko") for each in user.regions.all()]
        return ", ".join(names) or "–"

    @admin.display(description=_("second factor"), boolean=True)
    def factor(self, user: User) -> bool:
        return user.second_factor_at is not None

    @display(description=_("state"), label={"active": "success", "left": "danger"})
    def shown_state(self, user: User) -> tuple[str, str]:
        return ("active", _("active")) if user.is_active else ("left", _("left"))

    @admin.display(description=_("second factor"))
    def factor_state(self, user: User) -> str:
        if not user.second_factor_at:
            return _("not set up")
        since = date_format(timezone.localtime(user.second_factor_at), "DATETIME_FORMAT")
        return _beside(since, "reset_second_factor", user, _("Reset for a lost phone"))

    @admin.display(description=_("sign-in"))
    def sign_in_state(self, user: User) -> str:
        if not user.pk or not is_locked(user, at=timezone.now()):
            return _("can sign in")
        return _beside(_("closed after many wrong tries"), "unlock", user, _("Unlock"))

    def get_urls(self):
        view = self.admin_site.admin_view
        return [
            path("<int:key>/unlock/", view(self.unlock_view), name="accounts_user_unlock"),
            path(
                "<int:key>/reset-second-factor/",
                view(self.reset_view),
                name="accounts_user_reset_second_factor",
            ),
            *super().get_urls(),
        ]

    def unlock_view(self, request: HttpRequest, key: int) -> HttpResponse:
        user = self._for_change(request, key)
        unlock(user, by=request.user, at=timezone.now())
        self.message_user(request, _("They can sign in again."), messages.SUCCESS)
        return redirect("admin:accounts_user_change", key)

    def reset_view(self, request: HttpRequest, key: int) -> HttpResponse:
        user = self._for_change(request, key)
        if second_factor.take_away(user, by=request.user, at=timezone.now()):
            text = _("The second factor is reset, and their sessions ended.")
            self.message_user(request, text, messages.SUCCESS)
        return redirect("admin:accounts_user_change", key)

    def _for_change(self, request: HttpRequest, key: int) -> User:
        user = get_object_or_404(User, pk=key)
        if not self.has_change_permission(request, user) or request.method != "POST":
            raise PermissionDenied
        return user

    @admin.action(description=_("Deactivate: they cannot sign in"), permissions=["change"])
    def deactivate(self, request: HttpRequest, users: QuerySet[User]) -> None:
        self._set_active(request, users.exclude(pk=request.user.pk), False)

    @admin.action(description=_("Activate again"), permissions=["change"])
    def activate(self, request: HttpRequest, users: QuerySet[User]) -> None:
        self._set_active(request, users, True)

    @transaction.atomic
    def _set_active(self, request: HttpRequest, users: QuerySet[User], active: bool) -> None:
        changes = []
        for user in users.filter(is_active=not active):
            changes.append(Change(user, {"is_active": not active}, {"is_active": active}))
            User.objects.filter(pk=user.pk).update(is_active=active)
        at = timezone.now()
        record(changes, by=request.user, at=at, action=AuditEntry.Action.CHANGED)
        self._tell(request, len(changes))

    @admin.action(description=_("Unlock the sign-in"), permissions=["change"])
    def unlock_selected(self, request: HttpRequest, users: QuerySet[User]) -> None:
        for user in users:
            unlock(user, by=request.user, at=timezone.now())
        self._tell(request, len(users))

    @admin.action(description=_("Reset the second factor"), permissions=["change"])
    def reset_selected(self, request: HttpRequest, users: QuerySet[User]) -> None:
        chosen = users.filter(~Q(second_factor_at=None))
        at = timezone.now()
        done = [second_factor.take_away(user, by=request.user, at=at) for user in chosen]
        self._tell(request, sum(done))

    def _tell(self, request: HttpRequest, count: int) -> None:
        text = ngettext("%(count)d person changed.", "%(count)d people changed.", count)
        self.message_user(request, text % {"count": count}, messages.SUCCESS)


def _beside(text: str, view: str, user: User, label: str) -> str:
    """Return a text with a button that sends the form of the page to another address."""
    return format_html(
        '<span class="admin-row">{} <button class="admin-button admin-quiet" type="submit"'
        ' formnovalidate formaction="{}">{}</button></span>',
        text,
        reverse(f"admin:accounts_user_{view}", args=[user.pk]),
        label,
    )

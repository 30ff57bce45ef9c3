"""Who may do what: permissions, the roles that carry them, and the check on a view.

A role is a Django group of the same name. What a role may do in the portal's own pages is
written here; what it may do in the admin are Django's permissions of its group.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum
from functools import wraps

from django.contrib.auth.models import Group
from django.contrib.auth.models import Permission as ModelPermission
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from apps.accounts.models import User
from apps.operations.problems import problem_response


class Permission(StrEnum):
    ANNOTATE = "annotate"
    REVIEW_ANNOTATIONS = "review_annotations"
    SEE_NUMBERS = "see_numbers"
    EDIT_CONTENT = "edit_content"
    PUBLISH = "publish"
    EDIT_PHOTOS = "edit_photos"
    MANAGE_PARTNERS = "manage_partners"
    SERVE_MODELS = "serve_models"
    EXPORT_ANNOTATIONS = "export_annotations"
    ADMINISTER = "administer"


class Role(StrEnum):
    ANNOTATOR = "annotator"
    ANNOTATION_REVIEWER = "annotation_reviewer"
    CONTENT_EDITOR = "content_editor"
    PUBLISHER = "publisher"
    PHOTO_EDITOR = "photo_editor"
    PARTNER_MANAGER = "partner_manager"
    ML_ENGINEER = "ml_engineer"
    ADMINISTRATOR = "administrator"


PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.ANNOTATOR: frozenset({Permission.ANNOTATE}),
    Role.ANNOTATION_REVIEWER: frozenset({Permission.REVIEW_ANNOTATIONS, Permission.SEE_NUMBERS}),
    Role.CONTENT_EDITOR: frozenset({Permission.EDIT_CONTENT}),
    Role.PUBLISHER: frozenset({Permission.EDIT_CONTENT, Permission.PUBLISH}),
    Role.PHOTO_EDITOR: frozenset({Permission.EDIT_PHOTOS}),
    Role.PARTNER_MANAGER: frozenset({Permission.MANAGE_PARTNERS}),
    Role.ML_ENGINEER: frozenset(
        {Permission.SERVE_MODELS, Permission.EXPORT_ANNOTATIONS, Permission.SEE_NUMBERS}
    ),
    Role.ADMINISTRATOR: frozenset(Permission),
}
# What a role sees and changes in the admin: app label → actions.
ADMIN: dict[Role, dict[str, tuple[str, ...]]] = {
    Role.CONTENT_EDITOR: {
        "catalogue": ("view", "add", "change"),
        "guide": ("view", "add", "change"),
    },
    Role.PUBLISHER: {
        "catalogue": ("view", "add", "change", "delete"),
        "guide": ("view", "add", "change", "delete", "publish"),
    },
    Role.PHOTO_EDITOR: {"catalogue": ("view",)},
    Role.PARTNER_MANAGER: {"partners": ("view", "add", "change")},
    Role.ML_ENGINEER: {"recognition": ("view",), "annotation": ("view",)},
}
PHOTO_EDITOR_MAY_CHANGE = ("photo",)


def roles_of(user: User) -> frozenset[Role]:
    """Return a person's roles; asked once per object, kept for the request."""
    if not hasattr(user, "_roles"):
        keep_roles(user, user.groups.values_list("name", flat=True))
    return user._roles


def keep_roles(user: User, groups: Iterable[str]) -> None:
    """Note the groups of a person who was read together with them."""
    names = set(groups)
    user._roles = frozenset(role for role in Role if role in names)


def may(user: User, permission: Permission) -> bool:
    """Say whether an active person has a permission; superusers have every one."""
    if not user.is_authenticated or not user.is_active:
        return False
    return user.is_superuser or any(permission in PERMISSIONS[role] for role in roles_of(user))


def require_permission(permission: Permission) -> Callable:
    """Let only people with a permission see a page; strangers are sent to the sign-in page."""

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def checked(request: HttpRequest, *args, **kwargs) -> HttpResponse:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if not may(request.user, permission):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        checked.permission = permission
        return checked

    return decorate


def require_permission_json(permission: Permission) -> Callable:
    """Let only people with a permission use a JSON address; never a redirect.

    A stranger hears 401 whether or not a CSRF token came along, so the token is checked
    here, after the sign-in, and not by the middleware.
    """

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def checked(request: HttpRequest, *args, **kwargs) -> HttpResponse:
            if not request.user.is_authenticated:
                return problem_response(401, "not_authenticated", _("Please sign in."))
            if _csrf_fault(request):
                detail = _("The form came from another site or was open for too long.")
                return problem_response(403, "csrf_failed", detail)
            if not may(request.user, permission):
                return problem_response(403, "forbidden", _("This is not allowed."))
            return view(request, *args, **kwargs)

        checked.permission = permission
        return csrf_exempt(checked)

    return decorate


class _CsrfCheck(CsrfViewMiddleware):
    def _reject(self, request: HttpRequest, reason: str) -> str:
        return reason


def _csrf_fault(request: HttpRequest) -> str | None:
    check = _CsrfCheck(lambda _request: HttpResponse())
    check.process_request(request)
    return check.process_view(request, None, (), {})


@transaction.atomic
def ensure_roles() -> dict[Role, Group]:
    """Return the group of every role; make what is missing."""
    groups = {role: Group.objects.get_or_create(name=role.value)[0] for role in Role}
    for role, apps in ADMIN.items():
        wanted = Q(pk__in=[])
        for app, actions in apps.items():
            for action in actions:
                wanted |= Q(content_type__app_label=app, codename__startswith=f"{action}_")
        if role == Role.PHOTO_EDITOR:
            for model in PHOTO_EDITOR_MAY_CHANGE:
                codenames = [f"{action}_{model}" for action in ("add", "change", "delete")]
                wanted |= Q(content_type__app_label="catalogue", codename__in=codenames)
        groups[role].permissions.add(*ModelPermission.objects.filter(wanted))
    return groups


def works_in_the_admin(roles: Iterable[Role]) -> bool:
    """Say whether one of the roles needs the admin."""
    return any(role in ADMIN or role == Role.ADMINISTRATOR for role in roles)

"""Who may do what: permissions, the roles that carry them, and the check on a view.

A role is a Django group of the same name. PERMISSIONS says what a role may do in the portal's
own pages, ADMIN what it may do in the admin; `ensure_roles` gives the groups just that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum
from functools import wraps

from django.conf import settings
from django.contrib.auth.models import Group
from django.contrib.auth.models import Permission as ModelPermission
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.csrf import csrf_exempt

from apps.accounts.models import User
from apps.operations.problems import problem_response


class Permission(StrEnum):
    ANNOTATE = "annotate"
    SEE_GUIDE = "see_guide"
    REVIEW_ANNOTATIONS = "review_annotations"
    ASSIGN_ANNOTATIONS = "assign_annotations"
    SEE_NUMBERS = "see_numbers"
    EDIT_CONTENT = "edit_content"
    PUBLISH = "publish"
    EDIT_PHOTOS = "edit_photos"
    MANAGE_PARTNERS = "manage_partners"
    USE_API = "use_api"
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
    PARTNER = "partner"
    ML_ENGINEER = "ml_engineer"
    ADMINISTRATOR = "administrator"


PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.ANNOTATOR: frozenset({Permission.ANNOTATE, Permission.SEE_GUIDE}),
    # Whoever judges the work also hands it out, gets what others could not do, and hands it on.
    Role.ANNOTATION_REVIEWER: frozenset(
        {
            Permission.REVIEW_ANNOTATIONS,
            Permission.ASSIGN_ANNOTATIONS,
            Permission.EXPORT_ANNOTATIONS,
            Permission.SEE_NUMBERS,
            Permission.SEE_GUIDE,
        }
    ),
    Role.CONTENT_EDITOR: frozenset({Permission.EDIT_CONTENT}),
    Role.PUBLISHER: frozenset({Permission.EDIT_CONTENT, Permission.PUBLISH}),
    Role.PHOTO_EDITOR: frozenset({Permission.EDIT_PHOTOS}),
    Role.PARTNER_MANAGER: frozenset({Permission.MANAGE_PARTNERS, Permission.USE_API}),
    Role.PARTNER: frozenset({Permission.USE_API}),
    Role.ML_ENGINEER: frozenset(
        {Permission.SERVE_MODELS, Permission.EXPORT_ANNOTATIONS, Permission.SEE_NUMBERS}
    ),
    Role.ADMINISTRATOR: frozenset(Permission),
}
ROLE_NAMES = {
    Role.CONTENT_EDITOR: _lazy("content editor"),
    Role.PUBLISHER: _lazy("reviewer and publisher"),
    Role.PHOTO_EDITOR: _lazy("photo editor"),
    Role.PARTNER_MANAGER: _lazy("partner manager"),
    Role.PARTNER: _lazy("partner"),
    Role.ANNOTATOR: _lazy("annotator"),
    Role.ANNOTATION_REVIEWER: _lazy("annotation reviewer"),
    Role.ML_ENGINEER: _lazy("ML engineer"),
    Role.ADMINISTRATOR: _lazy("administrator"),
}
VIEW = ("view",)
WRITE = ("view", "add", "change")
ALL = ("view", "add", "change", "delete")
EDITOR, PUBLISHER, PHOTOS = Role.CONTENT_EDITOR, Role.PUBLISHER, Role.PHOTO_EDITOR
# What the roles see and do in the admin, model by model. Administrators do everything that a
# page offers; a model that nobody else touches has an empty row. A model without a row fails
# tests/accounts/test_addresses.py, and so does a page of the admin that ADDRESSES leaves out.
ADMIN: dict[str, dict[Role, tuple[str, ...]]] = {
    "catalogue.landmark": {EDITOR: WRITE, PUBLISHER: ALL, PHOTOS: VIEW},
    "catalogue.landmarkname": {EDITOR: ALL, PUBLISHER: ALL, PHOTOS: VIEW},
    "catalogue.landmarknote": {EDITOR: ALL, PUBLISHER: ALL, PHOTOS: VIEW},
    "catalogue.landmarkredirect": {EDITOR: VIEW, PUBLISHER: ALL},
    "catalogue.photo": {EDITOR: WRITE, PUBLISHER: ALL, PHOTOS: ALL},
    "catalogue.category": {EDITOR: WRITE, PUBLISHER: ALL, PHOTOS: VIEW},
    "catalogue.categoryname": {EDITOR: ALL, PUBLISHER: ALL, PHOTOS: VIEW},
    "catalogue.region": {EDITOR: WRITE, PUBLISHER: ALL, PHOTOS: VIEW},
    "catalogue.regionname": {EDITOR: ALL, PUBLISHER: ALL, PHOTOS: VIEW},
    "catalogue.photopreset": {EDITOR: WRITE, PUBLISHER: ALL, PHOTOS: ALL},
    "catalogue.categoryalias": {EDITOR: ALL, PUBLISHER: ALL, PHOTOS: VIEW},
    "catalogue.catalogueimport": {EDITOR: WRITE, PUBLISHER: WRITE},
    "catalogue.license": {EDITOR: VIEW, PUBLISHER: ALL, PHOTOS: WRITE},
    "guide.article": {EDITOR: WRITE, PUBLISHER: (*ALL, "publish"), PHOTOS: VIEW},
    "guide.route": {EDITOR: WRITE, PUBLISHER: (*ALL, "publish"), PHOTOS: VIEW},
    "guide.report": {
        EDITOR: ("view", "change"),
        PUBLISHER: ("view", "change", "delete"),
        PHOTOS: ("view", "change"),
    },
    "guide.routetext": {EDITOR: ALL, PUBLISHER: ALL, PHOTOS: VIEW},
    "guide.routestop": {EDITOR: ALL, PUBLISHER: ALL, PHOTOS: VIEW},
    "recognition.recognitionrequest": {Role.ML_ENGINEER: VIEW},
    "recognition.candidate": {Role.ML_ENGINEER: VIEW},
    "recognition.servedmodel": {Role.ML_ENGINEER: VIEW},
    "recognition.referenceindex": {Role.ML_ENGINEER: VIEW},
    "recognition.trainingrun": {Role.ML_ENGINEER: ("view", "add")},
    "recognition.referencechoice": {
        EDITOR: VIEW,
        PUBLISHER: VIEW,
        PHOTOS: VIEW,
        Role.ML_ENGINEER: VIEW,
    },
    "annotation.dataset": {Role.ML_ENGINEER: VIEW},
    "annotation.assignment": {Role.ML_ENGINEER: VIEW},
    "annotation.annotationimage": {Role.ML_ENGINEER: VIEW},
    "annotation.annotationtask": {Role.ML_ENGINEER: VIEW},
    "annotation.annotation": {Role.ML_ENGINEER: VIEW},
    "annotation.review": {Role.ML_ENGINEER: VIEW},
    "annotation.imageimport": {Role.ML_ENGINEER: VIEW},
    "partners.apikey": {Role.PARTNER_MANAGER: WRITE},
    "partners.webhook": {Role.PARTNER_MANAGER: VIEW},
    "partners.delivery": {Role.PARTNER_MANAGER: VIEW},
    "operations.job": {Role.ML_ENGINEER: VIEW},
    "operations.auditentry": {},
    "operations.event": {},
    "operations.comment": {EDITOR: VIEW, PUBLISHER: VIEW, PHOTOS: VIEW},
    "accounts.user": {},
    "accounts.editorregion": {},
}
# Who opens the pages that are not one of the five that each model has. Names of permissions,
# or one of these.
ANYBODY = "anybody"  # a check of its own, such as an unguessable receipt or an API key
SIGNED_IN = "signed in"
STAFF = "staff"
ADDRESSES: dict[str, str] = {
    "admin:index": STAFF,
    "admin:login": ANYBODY,
    "admin:logout": ANYBODY,
    "admin:password_change": SIGNED_IN,
    "admin:password_change_done": STAFF,
    "admin:search": STAFF,
    "admin:jsi18n": STAFF,
    # The rows are asked of the model that is searched: its view permission counts.
    "admin:autocomplete": STAFF,
    "admin:view_on_site": STAFF,
    "admin:app_list": STAFF,
    "admin:accounts_user_unlock": "accounts.change_user",
    "admin:accounts_user_reset_second_factor": "accounts.change_user",
    "admin:auth_user_password_change": "accounts.change_user",
    "admin:catalogue_landmark_bulk": "catalogue.change_landmark",
    "admin:catalogue_landmark_undo": "catalogue.change_landmark",
    "admin:catalogue_landmark_duplicates": "catalogue.view_landmark",
    "admin:catalogue_merge": "catalogue.change_landmark",
    "admin:catalogue_unmerge": "catalogue.change_landmark",
    "admin:catalogue_landmark_photos": "catalogue.add_photo",
    "admin:catalogue_landmark_open_photos": "catalogue.add_photo",
    "admin:catalogue_landmark_open_photo_thumbnail": "catalogue.add_photo",
    "admin:catalogue_photo_alike": "catalogue.view_photo",
    "admin:catalogue_photo_picture": "catalogue.view_photo",
    "admin:catalogue_photo_bulk": "catalogue.change_photo",
    "admin:catalogue_photo_undo": "catalogue.change_photo",
    "admin:catalogue_catalogueimport_progress": "catalogue.view_catalogueimport",
    "admin:catalogue_catalogueimport_report": "catalogue.view_catalogueimport",
    "admin:recognition_referencechoice_pick": "catalogue.change_photo",
    "admin:recognition_referencechoice_decide": "catalogue.change_photo",
    "admin:recognition_trainingrun_go_on": "recognition.add_trainingrun",
    "admin:recognition_trainingrun_report": "recognition.view_trainingrun",
    "admin:guide_article_texts": "guide.view_article",
    "admin:annotation_dataset_pictures": "annotation.change_dataset",
    "admin:annotation_imageimport_progress": "annotation.view_imageimport",
    "admin:annotation_imageimport_report": "annotation.view_imageimport",
    "admin:guide_article_workflow": "guide.change_article",
    "admin:guide_article_preview": "guide.view_article",
    "admin:guide_route_preview": "guide.view_route",
    "login": ANYBODY,
    "logout": ANYBODY,
    "accounts:second_step": ANYBODY,
    "accounts:second_factor": SIGNED_IN,
    # Those of one's own task, all for reviewers: the view asks what the task says.
    "annotation:image": SIGNED_IN,
    "annotation:small_image": SIGNED_IN,
}


def roles_of(user: User) -> frozenset[Role]:
    """Return a person's roles; asked once per object, kept for the request."""
    if not hasattr(user, "_roles"):
        keep_roles(user, [group.name for group in user.groups.all()])
    return user._roles


def keep_roles(user: User, groups: Iterable[str]) -> None:
    """Note the groups of a person who was read together with them."""
    names = set(groups)
    if user.is_superuser:
        names.add(Role.ADMINISTRATOR)
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
    """Return the group of every role, with exactly the permissions that ADMIN gives it."""
    groups = {role: Group.objects.get_or_create(name=role.value)[0] for role in Role}
    known = {
        f"{each.content_type.app_label}.{each.codename}": each
        for each in ModelPermission.objects.select_related("content_type")
    }
    for role, group in groups.items():
        wanted = {known[name] for name in admin_permissions(role) if name in known}
        if wanted != set(group.permissions.all()):
            group.permissions.set(wanted)
    return groups


def admin_permissions(role: Role) -> list[str]:
    """Return the names of Django's permissions that a role has, such as catalogue.add_photo."""
    return [
        f"{label.partition('.')[0]}.{action}_{label.partition('.')[2]}"
        for label, roles in ADMIN.items()
        for action in roles.get(role, ())
    ]


def first_page(user: User) -> str:
    """Return where somebody begins to work after signing in."""
    if user.is_staff:
        return reverse("admin:index")
    if may(user, Permission.ANNOTATE):
        return reverse("annotation:editor")
    if may(user, Permission.REVIEW_ANNOTATIONS):
        return reverse("annotation:review")
    if may(user, Permission.USE_API):
        return reverse("partners:keys")
    # It says that the account has no rights yet, and who gives them.
    return settings.LOGIN_REDIRECT_URL


def works_in_the_admin(roles: Iterable[Role]) -> bool:
    """Say whether one of the roles needs the admin."""
    return any(role == Role.ADMINISTRATOR or admin_permissions(role) for role in roles)

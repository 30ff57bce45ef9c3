"""How the admin looks, and what stands in its side bar: the value of the setting UNFOLD."""

from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

_static = lazy(static, str)


def _sidebar(title, icon: str, model: str) -> dict:
    """Return a link to the list of a model, for those who may see it."""
    app, name = model.split("_")
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{model}_changelist"),
        "permission": lambda request: request.user.has_perm(f"{app}.view_{name}"),
    }


THEME = {
    "SITE_TITLE": _("Gilnun staff"),
    "SITE_HEADER": _("Gilnun staff"),
    "SITE_ICON": _static("img/favicon.svg"),
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": _static("img/favicon.svg")}],
    "STYLES": [_static("css/admin.css"), _static("css/dashboard.css")],
    "SCRIPTS": [_static("js/operations/theme.js"), _static("js/operations/field-names.js")],
    "DASHBOARD_CALLBACK": "portal.dashboard.dashboard",
    "COLORS": {
        # The guide's green, --green in static/css/tokens.css.
        "primary": {
            "50": "oklch(97% .015 165)",
            "100": "oklch(94% .03 165)",
            "200": "oklch(88% .05 165)",
            "300": "oklch(80% .08 165)",
            "400": "oklch(70% .1 165)",
            "500": "oklch(58% .1 165)",
            "600": "oklch(46% .085 165)",
            "700": "oklch(40% .075 165)",
            "800": "oklch(34% .06 165)",
            "900": "oklch(29% .05 165)",
            "950": "oklch(20% .04 165)",
        },
    },
    "ACCOUNT": {
        "navigation": [
            {"title": _("Second factor"), "link": reverse_lazy("accounts:second_factor")},
        ],
    },
    "SIDEBAR": {
        "show_search": True,
        "navigation": [
            {
                "items": [
                    {
                        "title": _("Overview"),
                        "icon": "dashboard",
                        "link": reverse_lazy("admin:index"),
                    },
                ],
            },
            {
                "title": _("Catalogue"),
                "items": [
                    _sidebar(_("Landmarks"), "location_on", "catalogue_landmark"),
                    _sidebar(_("Photos"), "photo_library", "catalogue_photo"),
                    _sidebar(_("Articles"), "article", "guide_article"),
                    _sidebar(_("Routes"), "route", "guide_route"),
                    _sidebar(_("Reports of visitors"), "flag", "guide_report"),
                    _sidebar(_("Comments"), "forum", "operations_comment"),
                    _sidebar(_("Categories"), "category", "catalogue_category"),
                    _sidebar(_("Regions"), "map", "catalogue_region"),
                    _sidebar(_("Licenses"), "copyright", "catalogue_license"),
                    _sidebar(_("Photo presets"), "badge", "catalogue_photopreset"),
                    _sidebar(_("Imports"), "upload_file", "catalogue_catalogueimport"),
                ],
            },
            {
                "title": _("Annotation"),
                "separator": True,
                "items": [
                    _sidebar(_("Datasets"), "photo_album", "annotation_dataset"),
                    _sidebar(_("Tasks"), "assignment", "annotation_annotationtask"),
                    _sidebar(_("Imports of pictures"), "upload", "annotation_imageimport"),
                ],
            },
            {
                "title": _("Recognition"),
                "separator": True,
                "items": [
                    _sidebar(_("Questions"), "photo_camera", "recognition_recognitionrequest"),
                    _sidebar(_("Models"), "model_training", "recognition_servedmodel"),
                    _sidebar(_("Training runs"), "fitness_center", "recognition_trainingrun"),
                    _sidebar(
                        _("Choices of references"), "add_a_photo", "recognition_referencechoice"
                    ),
                    _sidebar(_("Reference indexes"), "database", "recognition_referenceindex"),
                ],
            },
            {
                "title": _("People and operation"),
                "separator": True,
                "items": [
                    _sidebar(_("People"), "group", "accounts_user"),
                    _sidebar(_("API keys"), "key", "partners_apikey"),
                    _sidebar(_("Webhooks"), "webhook", "partners_webhook"),
                    _sidebar(_("Deliveries"), "outgoing_mail", "partners_delivery"),
                    _sidebar(_("Changes"), "history", "operations_auditentry"),
                    _sidebar(_("Jobs"), "manufacturing", "operations_job"),
                ],
            },
        ],
    },
}

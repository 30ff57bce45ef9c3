"""How the portal puts its libraries together: the same in every installation."""

from pathlib import Path

INSTALLED_APPS = [
    "apps.accounts",
    "apps.operations",
    "apps.catalogue",
    "apps.recognition",
    "apps.annotation",
    "apps.partners",
    "apps.guide",
    "apps.api",
    "portal",
    # Before the admin, whose templates and site it replaces.
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "rest_framework",
    "drf_spectacular",
    "csp",
]
MIDDLEWARE = [
    "apps.operations.request_ids.RequestIds",
    "apps.operations.middleware.RequestClock",
    "apps.operations.middleware.CountResponses",
    "portal.database_router.ReadPagesFromReplica",
    "apps.operations.middleware.DatabaseOutage",
    "apps.operations.outages.StorageOutage",
    "apps.guide.kept_pages.KeptPages",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "portal.page_middleware.ContentPolicy",
    "portal.page_middleware.Sessions",
    "portal.page_middleware.Languages",
    "apps.operations.middleware.UnprefixedLanguage",
    "apps.api.middleware.ApiHeaders",
    "apps.operations.middleware.BodyLimit",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "portal.page_middleware.People",
    "apps.accounts.middleware.SecondFactor",
    "portal.page_middleware.Messages",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [Path(__file__).resolve().parent.parent / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django.template.loaders.filesystem.Loader",
                        "portal.strict_theme.ThemeLoader",
                    ],
                )
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# API

REST_FRAMEWORK = {
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_AUTHENTICATION_CLASSES": ["apps.api.v1.authentication.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "EXCEPTION_HANDLER": "apps.api.v1.errors.problem",
    "UNAUTHENTICATED_USER": None,
    # The Accept header says it; ?format= would be a second way to ask.
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Gilnun",
    "DESCRIPTION": "Landmarks, and what a photograph shows.",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    # The document says nothing that needs a key, and costs no limit.
    "SERVE_AUTHENTICATION": [],
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    # Without names of their own, enums of generated clients change their names on upgrades.
    "ENUM_NAME_OVERRIDES": {
        "ExportFormat": "apps.catalogue.models.FullFile.Format",
        "ChangeKind": "apps.api.v1.shapes.changes.CHANGE_KINDS",
        "NameKind": "apps.catalogue.models.tree.NameKind",
        "RecognitionStatus": "apps.recognition.models.RecognitionRequest.State",
        "Certainty": "apps.recognition.models.RecognitionRequest.Certainty",
        "EvidenceSource": "apps.recognition.models.Candidate.Source",
        "EventKind": "apps.partners.models.EventKind",
        "DeliveryState": "apps.partners.models.Delivery.State",
        "KeyScope": "apps.partners.models.Scope",
    },
}

# Log

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "apps.operations.redaction.HideKeys",
            "format": "%(levelname)s %(name)s [%(request_id)s]: %(message)s",
        },
        "json": {"()": "apps.operations.redaction.HideKeysInJson"},
    },
    "filters": {"request": {"()": "apps.operations.request_ids.NameRequest"}},
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["request"],
        }
    },
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        # Without Django's mails to ADMINS at every fault, which carry the whole request.
        "django": {"level": "INFO"},
        "celery": {"level": "WARNING"},
        "httpx": {"level": "WARNING"},
        "django.request": {"level": "ERROR"},
    },
}

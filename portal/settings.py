"""Every setting of Gilnun. Values come from the environment; `.env.example` lists them.

Only this file reads the environment. Without any of them the portal runs on one machine:
its own PostgreSQL, the queue in that database, the embedded model server, local media.
"""

import re
import sys
from pathlib import Path
from urllib.parse import urlsplit

import environ
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _
from psycopg.conninfo import make_conninfo

from portal.admin_theme import THEME
from portal.data_dir import secret
from portal.database_cluster import APPLICATION, DATABASE, OWNER, QUEUE, DatabaseCluster
from portal.framework import (  # noqa: F401  (Django looks for them here)
    AUTH_PASSWORD_VALIDATORS,
    INSTALLED_APPS,
    LOGGING,
    MIDDLEWARE,
    REST_FRAMEWORK,
    ROOT_URLCONF,
    SPECTACULAR_SETTINGS,
    TEMPLATES,
    WSGI_APPLICATION,
)
from portal.safe_values import refuse_unsafe

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env", overwrite=False)

# This machine

PORT = env.int("PORT", 8000)
DATA_DIR = Path(env.str("GILNUN_DATA_DIR", str(BASE_DIR / ".gilnun"))).absolute()
DEBUG = env.bool("GILNUN_DEBUG", False)
HTTPS = env.bool("GILNUN_HTTPS", False)
ALLOWED_HOSTS = env.list("GILNUN_ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
BIND = env.str("GILNUN_BIND", "127.0.0.1")
WEB_PROCESSES = env.int("GILNUN_WEB_PROCESSES", 2)
TRUSTED_PROXIES = env.int("GILNUN_TRUSTED_PROXIES", 0)
STAFF_MFA = env.str("GILNUN_STAFF_MFA", "") or ("required" if HTTPS else "optional")
if STAFF_MFA not in ("optional", "required"):
    raise ImproperlyConfigured("GILNUN_STAFF_MFA is optional or required. See .env.example.")
ADMIN_PASSWORD = env.str("GILNUN_ADMIN_PASSWORD", "")
SEED = env.str("GILNUN_SEED", "all")
if SEED not in ("all", "catalogue", "none"):
    raise ImproperlyConfigured("GILNUN_SEED is all, catalogue or none. See .env.example.")

SECRET_KEY = env.str("GILNUN_SECRET_KEY", "") or secret(DATA_DIR, "django-secret-key")
SECRET_KEY_FALLBACKS = env.list("GILNUN_OLD_SECRET_KEYS", default=[])
METRICS_TOKEN = env.str("GILNUN_METRICS_TOKEN", "")
refuse_unsafe(
    debug=DEBUG,
    https=HTTPS,
    bind=BIND,
    hosts=ALLOWED_HOSTS,
    secret_keys=[SECRET_KEY],
    metrics_token=METRICS_TOKEN,
)

LOG_FORMAT = env.str("GILNUN_LOG", "text")
if LOG_FORMAT not in ("text", "json"):
    raise ImproperlyConfigured("GILNUN_LOG is text or json. See .env.example.")
if LOG_FORMAT == "json":
    LOGGING["handlers"]["stderr"]["formatter"] = "json"

# Database

CLUSTER = DatabaseCluster(DATA_DIR)
EMBEDDED_DATABASE = not env.str("DATABASE_URL", "")


def _database(url: str) -> dict:
    parsed = environ.Env.db_url_config(url)
    if parsed["ENGINE"] != "django.db.backends.postgresql":
        raise ImproperlyConfigured("DATABASE_URL must name a PostgreSQL database (postgresql://…).")
    return parsed


def _embedded(role: str) -> dict:
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": DATABASE,
        "HOST": str(CLUSTER.socket_dir),
        "USER": role,
        "PASSWORD": CLUSTER.password(role),
    }


def _conninfo(database: dict) -> str:
    """Return a keyword DSN: kombu's pgmq transport loses a socket host in the URL form."""
    return make_conninfo(
        host=database["HOST"] or database.get("OPTIONS", {}).get("host"),
        port=database.get("PORT") or None,
        dbname=database["NAME"],
        user=database["USER"] or None,
        password=database["PASSWORD"] or None,
    )


DATABASES = {
    "default": _embedded(APPLICATION) if EMBEDDED_DATABASE else _database(env.str("DATABASE_URL")),
}
if EMBEDDED_DATABASE:
    DATABASES["owner"] = _embedded(OWNER)
else:
    DATABASES["owner"] = _database(env.str("DATABASE_OWNER_URL", "") or env.str("DATABASE_URL"))
if env.str("DATABASE_REPLICA_URL", ""):
    DATABASES["replica"] = _database(env.str("DATABASE_REPLICA_URL"))
for _alias, _values in DATABASES.items():
    _values["CONN_MAX_AGE"] = 60
    _values["CONN_HEALTH_CHECKS"] = True
    _values.setdefault("OPTIONS", {})
    _values["OPTIONS"]["connect_timeout"] = 3
    # The written statements (apps/operations/statements.py) keep their plan.
    _values["OPTIONS"]["prepare_threshold"] = 2
    if _alias == "owner":
        # A migration that waits for a table lets everybody else wait behind it: better to fail,
        # and to be run again.
        _values["OPTIONS"]["options"] = "-c lock_timeout=2000"
    else:
        # A stuck statement must not hold a web process; migrations may take their time.
        _values["OPTIONS"]["options"] = (
            "-c statement_timeout=15000 -c lock_timeout=5000"
            " -c idle_in_transaction_session_timeout=30000"
            # The 100 nearest references must be found, also past rows of other indexes.
            " -c hnsw.ef_search=200 -c hnsw.iterative_scan=strict_order"
            # Below this a typo is another word: 경북궁 and 경복궁 are 0.54 alike in letters.
            " -c pg_trgm.word_similarity_threshold=0.5"
        )
    if _alias != "default":
        _values["TEST"] = {"MIRROR": "default"}
DATABASE_ROUTERS = ["portal.database_router.ConnectionRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Queue

CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", "") or "pgmq://localhost"
CELERY_BROKER_TRANSPORT_OPTIONS = {}
QUEUE_CONNINFO = ""
if CELERY_BROKER_URL.startswith("pgmq"):
    QUEUE_CONNINFO = _conninfo(_embedded(QUEUE) if EMBEDDED_DATABASE else DATABASES["default"])
    CELERY_BROKER_TRANSPORT = "portal.queue_transport:Transport"
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "conn_string": QUEUE_CONNINFO,
        "init_extension": False,
        "pool_size": 2,
        "pool_timeout": 3,
        # A notification wakes the worker at once; polling is for one that got lost.
        "use_notify": True,
        "notify_throttle_interval_ms": 0,
        "polling_interval": 1.0,
        # Long polling would hold the worker for a whole second between tasks.
        "wait_time_seconds": 0,
        "visibility_timeout": 120,
    }
elif CELERY_BROKER_URL.startswith("redis"):
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "visibility_timeout": 120,
        "socket_connect_timeout": 2,
        # A Redis that hangs must not hold the sweeper.
        "socket_timeout": 10,
        # Of the sender; the worker keeps trying.
        "max_retries": 1,
        "interval_start": 0,
    }
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_POOL_LIMIT = 2
# A wake-up that cannot be sent must not keep a visitor waiting: the sweeper finds the row.
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# Until a killed child is given up its message takes the place of another. The row says whether the
# job was done, so there is no late result to wait ten seconds for.
CELERY_WORKER_LOST_WAIT = 0.1
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_TIME_LIMIT = 300
CELERY_TASK_SOFT_TIME_LIMIT = 270
CELERY_TASK_ALWAYS_EAGER = False

# What the sweeper does besides: look whether something waits for which there is no job yet.
ROUTINES = [
    "apps.catalogue.renditions.ask_for_renditions",
    "apps.guide.services.announce_due",
    "apps.catalogue.content.settle_changes",
    "apps.api.full_files.ask_for_full_files",
    "apps.operations.stored_files.remove_discarded",
    "apps.operations.nightly.begin_nightly",
    "apps.operations.idempotency.forget_expired",
    "apps.partners.announcing.pass_on",
    "apps.partners.delivering.forget_old",
    "apps.recognition.joining.ask_to_follow",
    "apps.recognition.retention.delete_old_requests",
    "portal.operators.look_for_trouble",
]
# Jobs that the sweeper begins once a night, at that hour of TIME_ZONE or as soon as it runs again.
NIGHTLY = ["apps.operations.tasks.sweep_files", "portal.tasks.check_pictures"]
# Of all stored pictures so many are read again each night, others every night.
INTEGRITY_PERCENT = env.float("GILNUN_INTEGRITY_PERCENT", 5.0)
if not 0 < INTEGRITY_PERCENT <= 100:
    raise ImproperlyConfigured(
        "GILNUN_INTEGRITY_PERCENT is more than 0, at most 100. See .env.example."
    )
BACKUP_DIR = env.str("GILNUN_BACKUP_DIR", "")
BACKUPS_KEPT = env.int("GILNUN_BACKUPS_KEPT", 7)
if BACKUP_DIR and (not Path(BACKUP_DIR).is_absolute() or BACKUPS_KEPT < 1):
    raise ImproperlyConfigured(
        "GILNUN_BACKUP_DIR is a whole path, GILNUN_BACKUPS_KEPT 1 or more. See .env.example."
    )
if BACKUP_DIR:
    NIGHTLY.append("portal.tasks.back_up")
NIGHTLY_HOUR = 3
# Deleted photos can come back that long.
DELETED_PHOTOS_KEPT_DAYS = env.int("GILNUN_DELETED_PHOTOS_KEPT_DAYS", 7)
VISITOR_PHOTOS_KEPT_DAYS = env.int("GILNUN_VISITOR_PHOTOS_KEPT_DAYS", 30)
if VISITOR_PHOTOS_KEPT_DAYS < 1:
    raise ImproperlyConfigured("GILNUN_VISITOR_PHOTOS_KEPT_DAYS is 1 or more. See .env.example.")
JOB_LEASE_SECONDS = 60
JOB_ATTEMPTS = 3
SWEEP_SECONDS = 5

# Recognition

# What a training run may learn from: (number, name, annotations) of datasets.
LEARNABLE_DATASETS = "apps.annotation.exporting.learnable_datasets"
TF_SERVING_ADDRESS = env.str("TF_SERVING_ADDRESS", "") or f"127.0.0.1:{PORT + 1}"
EMBEDDED_MODEL_SERVER = not env.str("TF_SERVING_ADDRESS", "")
# TensorFlow Serving looks for new models every half minute and needs a while to load one.
MODEL_SERVER_START_SECONDS = env.int("GILNUN_MODEL_SERVER_START_SECONDS", 180)
MODELS_DIR = DATA_DIR / "models"
EMBEDDED_MODEL_SERVER_COMMAND = [sys.executable, "-m", "ml.serving", "--models", str(MODELS_DIR)]
EMBEDDED_MODEL_SERVER_COMMAND += ["--model-config", str(MODELS_DIR / "models.config")]
EMBEDDED_MODEL_SERVER_COMMAND += ["--host", "127.0.0.1", "--port", str(PORT + 1)]
# Where the model server finds that folder; TensorFlow Serving may have it elsewhere.
SERVED_MODELS_PATH = env.str("GILNUN_SERVED_MODELS_PATH", "")
# Of so many visitors' photos the canary is asked as well.
SHADOW_PERCENT = env.int("GILNUN_SHADOW_PERCENT", 10)
# Candidates are verified by geometry after the answer: seconds of a core for each photo.
VERIFY_MATCHES = env.bool("GILNUN_VERIFY_MATCHES", False)
RECOGNITION_PROFILE = env.str("GILNUN_RECOGNITION_PROFILE", "lite2+lite0")
RECOGNITION_WAIT_SECONDS = 3.0
PHOTO_MAX_BYTES = 20 * 1024 * 1024
PHOTO_MAX_PIXELS = 80_000_000
PHOTO_MIN_SIDE = 64
# Half the longer side of a 12 MP photo: such a JPEG is decoded to it without another step.
PHOTO_STORED_SIDE = 2048
PHOTOS_PER_REQUEST = 5
# Every picture is decoded in a process of its own, which may use this much.
PICTURE_MEMORY_MB = env.int("GILNUN_PICTURE_MEMORY_MB", 1536)
PICTURE_CPU_SECONDS = 10
PICTURE_SECONDS = 20
PICTURE_WAIT_SECONDS = 3
UPLOAD_SCANNER = env.str("GILNUN_UPLOAD_SCANNER", "")
UPLOAD_SCANNER_SECONDS = 20
QUARANTINE_MEGABYTES = env.int("GILNUN_QUARANTINE_MEGABYTES", 0)
# Photos of the catalogue are kept larger than visitors' photos: smaller versions come of them.
PHOTO_MASTER_SIDE = 4096
RENDITION_WIDTHS = [320, 640, 1280, 1920]
RENDITION_CARD_WIDTHS = [320, 640]
RENDITION_SECONDS = 30
DEMO_PICTURES_DIR = BASE_DIR / "ml" / "demo" / "pictures"

# Catalogue

# What lists may hold; each kind brings its importer and its exporter.
IMPORT_KINDS = {
    "landmarks": "apps.catalogue.imports.landmarks.LandmarkImporter",
    "names": "apps.catalogue.imports.names.NameImporter",
    "articles": "apps.guide.article_imports.ArticleImporter",
}
EXPORT_KINDS = {
    "landmarks": "apps.catalogue.exporting.landmarks.LandmarkExport",
    "names": "apps.catalogue.exporting.names.NameExport",
    "articles": "apps.guide.article_exports.ArticleExport",
}
IMPORT_MAX_BYTES = env.int("GILNUN_IMPORT_MAX_MB", 100) * 1024 * 1024
IMPORT_PATH = "/admin/catalogue/catalogueimport/add/"
# A ZIP of pictures for a dataset; it goes to disk as it comes.
ARCHIVE_MAX_BYTES = env.int("GILNUN_ARCHIVE_MAX_MB", 2048) * 1024 * 1024
ARCHIVE_PATH = re.compile(r"/admin/annotation/dataset/\d+/pictures/")
# Open photos: no other host is asked, whatever an answer or a redirect names. Commons answers
# questions at one host and keeps the files at the other.
OPEN_PHOTO_HOSTS = env.list(
    "GILNUN_OPEN_PHOTO_HOSTS", default=["commons.wikimedia.org", "upload.wikimedia.org"]
)
# Another one is a mirror, or a stand-in for tests.
OPEN_PHOTO_API = env.str("GILNUN_OPEN_PHOTO_API", "https://commons.wikimedia.org/w/api.php")

# Map

# Without tiles the map shows outlines of its own.
TILE_URL = env.str("GILNUN_TILE_URL", "")
TILE_ATTRIBUTION = env.str("GILNUN_TILE_ATTRIBUTION", "")
_tiles = urlsplit(TILE_URL)
if TILE_URL and not (
    _tiles.scheme == "https"
    and re.fullmatch(r"[a-z0-9.-]+(:\d+)?", _tiles.netloc)
    and all(part in _tiles.path for part in ("{z}", "{x}", "{y}"))
    and TILE_ATTRIBUTION
):
    raise ImproperlyConfigured(
        "GILNUN_TILE_URL is https://HOST/…{z}/{x}/{y}…, with GILNUN_TILE_ATTRIBUTION."
        " See .env.example."
    )
TILE_HOST = f"https://{_tiles.netloc}" if TILE_URL else ""

# Full files of the catalogue for partners: made after this hour of the night, kept that long.
FULL_FILES_HOUR = 3
FULL_FILES_KEPT_DAYS = 3

# Annotation

EXPORTS_KEPT_DAYS = env.int("GILNUN_EXPORTS_KEPT_DAYS", 30)

# Limits

UPLOADS_PER_HOUR = env.int("GILNUN_UPLOADS_PER_HOUR", 60)
# Photos of all senders together that wait for their answer.
PENDING_UPLOADS = env.int("GILNUN_PENDING_UPLOADS", 200)
REPORTS_PER_HOUR = env.int("GILNUN_REPORTS_PER_HOUR", 10)
ANONYMOUS_PER_MINUTE = env.int("GILNUN_ANONYMOUS_PER_MINUTE", 60)
KEY_PER_MINUTE = env.int("GILNUN_KEY_PER_MINUTE", 300)
KEY_PER_DAY = env.int("GILNUN_KEY_PER_DAY", 10_000)
# Hosts that webhooks may call although their addresses are private or the connection is plain.
WEBHOOK_HOSTS = env.list("GILNUN_WEBHOOK_HOSTS", default=[])
WEBHOOK_DISABLED_AFTER_DAYS = env.int("GILNUN_WEBHOOK_DISABLED_AFTER_DAYS", 3)
SIGN_IN_TRIES = env.int("GILNUN_SIGN_IN_TRIES", 5)
SIGN_IN_TRIES_PER_ADDRESS = env.int("GILNUN_SIGN_IN_TRIES_PER_ADDRESS", 100)

# Mail

MAIL = env.str("GILNUN_MAIL", "")
MAIL_IS_SET_UP = bool(MAIL)
DEFAULT_FROM_EMAIL = env.str("GILNUN_MAIL_FROM", "gilnun@localhost")
# Who is told when something stands still or failed.
ADMINS = [(address, address) for address in env.list("GILNUN_OPERATORS", default=[])]
EMAIL_SUBJECT_PREFIX = "[Gilnun] "
# For visitors, and for those who found a hole (RFC 9116).
CONTACT = env.str("GILNUN_CONTACT", "")
SECURITY_CONTACT = env.str("GILNUN_SECURITY_CONTACT", "")
if SECURITY_CONTACT and not SECURITY_CONTACT.startswith(("mailto:", "https://", "tel:")):
    raise ImproperlyConfigured("GILNUN_SECURITY_CONTACT is mailto:… or https://… See .env.example.")
# A mail server that is away must not hold a page.
EMAIL_TIMEOUT = 5
if MAIL:
    vars().update(env.email_url_config(MAIL))
else:
    EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"

# Media

MEDIA = env.str("GILNUN_MEDIA", "")
MEDIA_ENDPOINT = env.str("GILNUN_MEDIA_ENDPOINT", "")
MEDIA_HOST = env.str("GILNUN_MEDIA_HOST", "").rstrip("/")
if MEDIA_HOST and (urlsplit(MEDIA_HOST).scheme != "https" or not urlsplit(MEDIA_HOST).netloc):
    raise ImproperlyConfigured("GILNUN_MEDIA_HOST is https://…. See .env.example.")
MEDIA_ROOT = DATA_DIR / "media"
MEDIA_URL = "/media/"
if MEDIA:
    _media = urlsplit(MEDIA)
    if _media.scheme != "s3" or not _media.netloc:
        raise ImproperlyConfigured("GILNUN_MEDIA is s3://BUCKET/PREFIX. See .env.example.")
    _default_storage = {
        "BACKEND": "portal.s3_storage.PatientS3Storage",
        "OPTIONS": {
            "bucket_name": _media.netloc,
            "location": _media.path.strip("/"),
            "file_overwrite": False,
            "querystring_auth": True,
            "endpoint_url": MEDIA_ENDPOINT or None,
        },
    }
else:
    _default_storage = {"BACKEND": "portal.media_storage.AtomicFileSystemStorage"}
STORAGES = {
    "default": _default_storage,
    "staticfiles": {"BACKEND": "portal.static_storage.HashedModuleStorage"},
}
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
# A photo and its form fields; larger bodies are refused before they are read.
REQUEST_MAX_BYTES = PHOTO_MAX_BYTES + 1024 * 1024
IMPORT_REQUEST_MAX_BYTES = IMPORT_MAX_BYTES + 1024 * 1024
ARCHIVE_REQUEST_MAX_BYTES = ARCHIVE_MAX_BYTES + 1024 * 1024
API_REQUEST_MAX_BYTES = PHOTOS_PER_REQUEST * PHOTO_MAX_BYTES + 1024 * 1024
# Photos inside JSON are held in memory as a whole, so there is room for one of the largest.
API_JSON_MAX_BYTES = PHOTO_MAX_BYTES * 4 // 3 + 1024 * 1024

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
# The admin's theme brings the build of Alpine that evaluates text; the other one takes its place.
ALPINE_DIR = BASE_DIR / "static" / "vendor" / "alpine-csp-3.17.4"
STATICFILES_DIRS = [BASE_DIR / "static", ("unfold/js/alpine", ALPINE_DIR)]
WHITENOISE_USE_FINDERS = DEBUG

# Django

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["apps.accounts.sessions.PersonBackend"]
SESSION_ENGINE = "apps.accounts.sessions"
# Passwords of earlier installations are hashed anew when their people sign in.
PASSWORD_HASHERS = [
    "apps.accounts.passwords.Argon2",
    "django.contrib.auth.hashers.ScryptPasswordHasher",
]
CSRF_FAILURE_VIEW = "apps.guide.views.csrf_failed"
LOGIN_URL = "/accounts/login/"
LOGIN_REDIRECT_URL = "/admin/"

LANGUAGE_CODE = "ko"
LANGUAGES = [("ko", _("Korean")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "portal" / "locale"]
USE_I18N = True
TIME_ZONE = "Asia/Seoul"
USE_TZ = True

# Security

SESSION_COOKIE_HTTPONLY = True
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if HTTPS:
    SECURE_SSL_REDIRECT = True
    # Asked inside, past the proxy that speaks TLS.
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    SESSION_COOKIE_NAME = "__Host-sessionid"
    CSRF_COOKIE_NAME = "__Host-csrftoken"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:", "blob:", *filter(None, [MEDIA_HOST, TILE_HOST])],
        "worker-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    },
}

# Admin

UNFOLD = THEME

# Cache

_redis = {
    "BACKEND": "portal.redis_cache.DispensableRedisCache",
    "LOCATION": env.str("REDIS_URL", ""),
}
_local = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
CACHES = {
    "default": _redis if env.str("REDIS_URL", "") else _local,
    # What public pages are made of, by the version of the content. Without Redis each process
    # keeps its own: about 20 MB at 25,000 landmarks.
    "pages": _redis | {"KEY_PREFIX": "pages"}
    if env.str("REDIS_URL", "")
    else _local | {"LOCATION": "pages", "OPTIONS": {"MAX_ENTRIES": 400}},
    # Searches of partners, of 100 kB at most: 10 MB a process.
    "answers": _redis | {"KEY_PREFIX": "answers"}
    if env.str("REDIS_URL", "")
    else _local | {"LOCATION": "answers", "OPTIONS": {"MAX_ENTRIES": 100}},
}

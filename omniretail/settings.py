"""Settings of the whole service. Everything an operator may change comes from the environment."""

from __future__ import annotations

import os
import re
from pathlib import Path

from csp.constants import NONCE, NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.core.exceptions import ImproperlyConfigured

from core import embedded
from core.embedded.places import log_dir
from core.embedded.secret import load_or_make
from omniretail.unfold import UNFOLD  # noqa: F401

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = embedded.data_dir()

DEBUG = os.environ.get("DEBUG") == "1"
# Accounts and keys of the demo, which are known to all, are let in.
DEMO = os.environ.get("OMNIRETAIL_DEMO") == "1"
SECRET_KEY = os.environ.get("SECRET_KEY") or load_or_make(DATA_DIR / "secret_key")
SECRET_KEY_FALLBACKS = [k for k in os.environ.get("SECRET_KEY_FALLBACKS", "").split(",") if k]
ALLOWED_HOSTS = os.environ.get("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
CSRF_TRUSTED_ORIGINS = [o for o in os.environ.get("CSRF_TRUSTED_ORIGINS", "").split(",") if o]
# Behind TLS: secure cookies, redirect, HSTS. Off by default, because the demo answers plain http.
HTTPS = os.environ.get("HTTPS") == "1"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SESSION_COOKIE_AGE = 12 * 3600  # as core/pages/sessions.py
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
# Probes ask over plain http from inside.
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None

INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "pgtrigger",
    "csp",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "core",
    "core.roles",
    "core.embedded",
    "core.access",
    "core.idempotency",
    "core.outbox",
    "core.audit",
    "core.imports",
    "stores",
    "inventory",
    "orders",
    "omniretail",
    "omniretail.files",
    "omniretail.demo",
    # After omniretail: its templates are ours where they have the same name.
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
]
MIDDLEWARE = [
    "core.api.requests.RequestIdMiddleware",
    "core.api.requests.ReadableRequestMiddleware",
    "core.metrics.middleware.MetricsMiddleware",
    "core.access.rate.RateLimitMiddleware",
    "core.audit.middleware.SecurityLogMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "core.pages.middleware.WhiteNoiseMiddleware",
    "core.pages.middleware.CSPMiddleware",
    "core.pages.middleware.SessionMiddleware",
    "core.pages.middleware.CsrfViewMiddleware",
    "core.pages.sessions.SessionLimitsMiddleware",
    "core.pages.middleware.AuthenticationMiddleware",
    "core.pages.second_factor.SecondFactorMiddleware",
    "core.pages.language.LanguageMiddleware",
    "core.pages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
# It looks for Django's own class by name; ours is a subclass of it.
SILENCED_SYSTEM_CHECKS = ["security.W003"]
# What `/metrics` asks the database at each reading: see core/metrics/figures.py.
FIGURES = (
    "core.outbox.waiting.FIGURES",
    "core.imports.waiting.FIGURES",
    "inventory.queries.overdue.FIGURES",
    "inventory.queries.ledger_partitions.FIGURES",
    "orders.queries.overdue.FIGURES",
)
# What is deleted when it has served (core/retention/rules.py), and after how many days; 0: never.
RETENTION_RULES = (
    "core.audit.retention.SECURITY_RECORDS",
    "core.idempotency.retention.STORED_ANSWERS",
    "core.imports.retention.BAD_ROWS",
    "core.imports.retention.CHANGES",
    "core.imports.retention.FILE_NAMES",
    "core.outbox.retention.EVENTS",
    "core.retention.sessions.SESSIONS",
    "inventory.retention.ENDED_RESERVATIONS",
    "inventory.retention.TRANSFER_SCANS",
    "orders.retention.PICK_SCANS",
    "orders.retention.SOURCING_RECEIPTS",
)
RETENTION_DAYS = {
    "stored_answers": 3,  # as the contract of the API says
    "events": int(os.environ.get("RETENTION_EVENTS") or 0),
    "import_rows": int(os.environ.get("RETENTION_IMPORT_ROWS") or 30),
    "reservations": int(os.environ.get("RETENTION_RESERVATIONS") or 90),
    "scans": int(os.environ.get("RETENTION_SCANS") or 90),
    "security": int(os.environ.get("RETENTION_SECURITY") or 365),
    "sessions": int(os.environ.get("RETENTION_SESSIONS") or 1),
    "sourcing_receipts": int(os.environ.get("RETENTION_SOURCING_RECEIPTS") or 180),
}
# A customer's document opens a pickup once a second person has confirmed it.
PICKUP_IDENTITY_BY_TWO = os.environ.get("PICKUP_IDENTITY_BY_TWO") == "1"
# What does to orders what a change of stock asks for: see inventory/settlement.py.
STOCK_SETTLEMENT = "orders.settlement.OrderSettlement"
ROOT_URLCONF = "omniretail.urls"
WSGI_APPLICATION = "omniretail.wsgi.application"
APPEND_SLASH = False
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

DATABASES = {"default": embedded.database()}
# What differs for the role that owns the tables; None where it is the one above.
MIGRATE_DATABASE = embedded.migrate_database()
# Tables to which the service only adds rows, with the columns that it may change; and those that
# only functions of the database write.
APPEND_ONLY_TABLES = {
    "audit_auditrecord": (),
    "inventory_stockmovement": (),
    "outbox_event": (),
    "outbox_run": ("length",),
}
READ_ONLY_TABLES = ("audit_seal",)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LOGIN_REDIRECT_URL = "/"
AUTH_USER_MODEL = "access.User"
AUTHENTICATION_BACKENDS = [
    "core.access.backends.Accounts",
    "core.access.backends.RolePermissions",
]
# Signing in: core/pages/signing_in.py, second_factor.py, sign_on.py. allauth's own limits are off:
# they count in each process.
LOGIN_URL = "account_login"
ACCOUNT_ADAPTER = "core.pages.signing_in.AccountAdapter"
ACCOUNT_FORMS = {"login": "core.pages.signing_in.SignInForm"}
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_RATE_LIMITS = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 900  # as RECENT in core/pages/signing_in.py
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
MFA_ADAPTER = "core.pages.second_factor.SecondFactorAdapter"
MFA_FORMS = {
    "authenticate": "core.pages.second_factor.CodeForm",
    "reauthenticate": "core.pages.second_factor.CodeAgainForm",
}
MFA_RATE_LIMITS = False
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_ISSUER = "OmniRetail"
MFA_TOTP_TOLERANCE = 1  # half a minute, which phones are wrong by
SOCIALACCOUNT_ADAPTER = "core.pages.sign_on.SignOnAdapter"
# Single sign-on: an OpenID Connect provider of the operator's.
OIDC_ISSUER = os.environ.get("OIDC_ISSUER", "")
if OIDC_ISSUER and not re.match(
    r"https://|http://(localhost|127\.0\.0\.1|\[::1\])[:/]", OIDC_ISSUER
):
    raise ImproperlyConfigured("OIDC_ISSUER must be https: others could answer in its place.")
OIDC_CLIENT_ID = os.environ.get("OIDC_CLIENT_ID", "")
OIDC_CLIENT_SECRET = os.environ.get("OIDC_CLIENT_SECRET", "")
OIDC_NAME = os.environ.get("OIDC_NAME") or "your organisation"
# The provider asks for a second factor itself; 0: ours is asked for as well.
OIDC_SECOND_FACTOR = os.environ.get("OIDC_SECOND_FACTOR") != "0"
PASSWORD_HASHERS = [
    "core.access.hashing.BoundedArgon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
    )
]

LANGUAGE_CODE = "en-gb"
LANGUAGES = [("en-gb", "English"), ("it", "Italiano")]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"
# Times to the second: in a warehouse many things happen within a minute.
FORMAT_MODULE_PATH = "omniretail.formats"
USE_TZ = True
USE_I18N = True

STATIC_URL = "/static/"
# Collected files where a deployment wants them; without, they are found beside the code.
STATIC_ROOT = os.environ.get("STATIC_ROOT")
WHITENOISE_USE_FINDERS = True

# The body limit of the API contract; larger bodies are refused before they are parsed.
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024

# Larger ones belong here alone.
TAKE_FILES = ("/api/v1/imports", "/admin/imports/import/upload")

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "core.access.authentication.ApiKeyAuthentication",
        "core.access.authentication.StaffSessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["core.access.permissions.HasScope"],
    "DEFAULT_THROTTLE_CLASSES": ["core.access.rate.ClientThrottle"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "core.api.requests.WillingNegotiation",
    "DEFAULT_PARSER_CLASSES": ["core.api.requests.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "core.api.openapi.ContractSchema",
    "EXCEPTION_HANDLER": "core.problems.handler.answer_problem",
    "UNAUTHENTICATED_USER": None,
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "OmniRetail",
    "DESCRIPTION": "One stock pool for shops and web: availability, orders, fulfilment, returns.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": [],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SECURITY": [{"ApiKey": []}],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "core.api.openapi.add_problem_answers",
    ],
    "ENUM_NAME_OVERRIDES": {
        "LocationKind": "stores.choices.LocationKind",
        "ChannelKind": "stores.choices.ChannelKind",
        "MovementReason": "inventory.choices.Reason",
        "AdjustmentReason": "inventory.choices.ADJUSTMENT_REASONS",
        "KeepKind": "inventory.choices.KeepKind",
        "KeepState": "inventory.choices.KeepState",
        "AbcClass": "inventory.choices.AbcClass",
        "ReservationState": "inventory.choices.ReservationState",
        "ResolutionEnum": "orders.choices.Resolution",
        "TransferState": "inventory.choices.TransferState",
        "CountState": "inventory.choices.CountState",
        "ImportKind": "omniretail.files.kinds.KIND_NAMES",
        "ImportState": "core.imports.models.ImportState",
        "OrderState": "orders.choices.OrderState",
        "FulfilmentType": "orders.choices.FulfilmentType",
        "AvailabilityState": "orders.queries.availability.STATES",
        "FulfilmentState": "orders.choices.FulfilmentState",
        "PickListState": "orders.choices.PickListState",
        "ScanVerdict": "orders.choices.ScanVerdict",
        "TransferVerdict": "inventory.choices.TransferVerdict",
        "RejectReason": "orders.choices.RejectReason",
        "ReturnState": "orders.choices.ReturnState",
        "Disposition": "orders.choices.Disposition",
        "DropOff": "orders.choices.DropOff",
    },
}

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "base-uri": [NONE],
        "form-action": [SELF],
        "img-src": [SELF, "data:"],
        "style-src": [SELF, NONCE],
        "script-src": [SELF],
        "object-src": [NONE],
        "frame-ancestors": [NONE],
    },
}
# The admin's theme computes styles, and Alpine.js, which moves it, expressions in its markup. The
# pages of the API document set styles as well.
LOOSER_POLICIES = {
    "/admin/": {"style-src": [SELF, UNSAFE_INLINE], "script-src": [SELF, UNSAFE_EVAL]},
    "/api/v1/docs": {"style-src": [SELF, UNSAFE_INLINE]},
}

CELERY_BROKER_URL = embedded.broker_url()
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 3600}
CELERY_TASK_TIME_LIMIT = 1800

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "class": "core.access.redaction.SecretsFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
        }
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "line"},
        "security": {
            "class": "core.audit.log_file.SecurityFileHandler",
            "filename": str(log_dir(DATA_DIR) / "security.log"),
        },
    },
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "core": {"level": "INFO"},
        "omniretail": {"level": "INFO"},
        "security": {"level": "INFO", "handlers": ["security"], "propagate": False},
        # What was refused is counted by /metrics: a line for each would bury the others.
        "django.request": {"level": "ERROR"},
        "waitress.queue": {"level": "ERROR"},
    },
}

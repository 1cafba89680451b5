"""Settings: the embedded default runs with no environment at all; the rest is by variables.

| Variable | Meaning | Default |
|---|---|---|
| `TENCHO_DATA` | folder for the database, uploads, results | `./var` |
| `DATABASE_URL` | `postgres://…`; unset means SQLite in the data folder | – |
| `REDIS_URL` | channel layer and cache for several processes | in memory |
| `SECRET_KEY` | required with `DATABASE_URL` on PostgreSQL | made once, kept in the data folder |
| `ALLOWED_HOSTS` | host names served, comma separated | `localhost,127.0.0.1,[::1]` |
| `TENCHO_ORIGIN` | address people use, e.g. `https://tencho.example.jp` | `http://127.0.0.1:8000` |
| `TENCHO_HTTPS` | 1 behind TLS: secure cookies | from `TENCHO_ORIGIN` |
| `EMAIL_URL` | mail server: `smtp://user:password@host:587`; see `env.mail` | `mail/` in the data folder |
| `TENCHO_MAIL_FROM` | sender your mail server allows: `Tencho <tencho@example.jp>` | `tencho@localhost` |
| `TENCHO_PROXIES` | proxies before Tencho whose `X-Forwarded-For` is believed | 1 behind TLS |
| `TENCHO_THREADS` | threads for HTTP requests | 4, on SQLite 1 writer + 1 |
| `TENCHO_DEBUG` | 1 shows error pages with code; never in public | 0 |
"""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url
from django.utils.translation import gettext_lazy as _

from config import env

DATA = Path(env.text("TENCHO_DATA", "var")).absolute()
DATABASE_URL = env.text("DATABASE_URL")
REDIS_URL = env.text("REDIS_URL")
EMBEDDED = not DATABASE_URL.startswith(("postgres:", "postgresql:"))
DEBUG = env.flag("TENCHO_DEBUG")
SECRET_KEY = env.secret_key(DATA, embedded=EMBEDDED)
ORIGIN = env.text("TENCHO_ORIGIN", "http://127.0.0.1:8000").rstrip("/")
ALLOWED_HOSTS = env.listing("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = [ORIGIN]
HTTPS = env.flag("TENCHO_HTTPS", ORIGIN.startswith("https:"))
PROXIES = env.number("TENCHO_PROXIES", 1 if HTTPS else 0)
HTTP_THREADS = env.number("TENCHO_THREADS", 2 if EMBEDDED else 4)

INSTALLED_APPS = [
    "daphne",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    # Before allauth: its templates are ours.
    "frontend",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "channels",
    "csp",
    "django_fsm",
    "django_tasks",
    "django_tasks_db",
    "rest_framework",
    "drf_spectacular",
    "kernel",
    "jobs",
    "events",
    "accounts",
    "realtime",
    "notify",
    "exchange",
    "workers",
    "tasks",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    # Before the first that reads a form.
    "frontend.middleware.LargeBodies",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.PreferencesMiddleware",
    "accounts.middleware.SecondStepMiddleware",
    "frontend.middleware.ErrorPages",
]

ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "frontend.context.shell",
            ],
            "builtins": [
                "frontend.templatetags.tencho",
                "django.templatetags.i18n",
                "django.templatetags.static",
            ],
        },
    }
]


def _database() -> dict[str, Any]:
    config: dict[str, Any] = dict(
        dj_database_url.parse(DATABASE_URL or f"sqlite:///{DATA / 'tencho.sqlite3'}")
    )
    test_name = "test_tencho" + env.text("TENCHO_TEST_DB_SUFFIX")
    if EMBEDDED:
        config["OPTIONS"] = {
            # Without IMMEDIATE half of all writes under load fail with "database is locked".
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-16000;",
        }
        config["TEST"] = {"NAME": str(DATA / f"{test_name}.sqlite3")}
        # One connection per long-lived thread (kernel.http bounds them).
        config["CONN_MAX_AGE"] = None
    else:
        config["CONN_MAX_AGE"] = None
        config["CONN_HEALTH_CHECKS"] = True
        config["TEST"] = {"NAME": test_name}
    return config


DATABASES = {"default": _database()}

CACHES: dict[str, Any]
CHANNEL_LAYERS: dict[str, Any]
if REDIS_URL:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}
    # The pub/sub layer: the core layer breaks with redis-py 8's defaults.
    CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            # Pub/sub ignores the database number: two systems on one Redis would ring each other's doorbells.
            "CONFIG": {"hosts": [REDIS_URL], "prefix": f"tencho{urlsplit(REDIS_URL).path}"},
        }
    }
else:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}

TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": []}}

# People
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
# In `notify`, which has the outbox that its mails go by.
ACCOUNT_ADAPTER = "notify.adapter.MailingAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_SIGNUP_FORM_CLASS = "accounts.forms.SignUpForm"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
# A link is mailed at sign-up; whoever has not opened it yet can work all the same.
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_PREVENT_ENUMERATION = True
# Without it everybody behind a proxy has one address, and one limit of attempts.
ALLAUTH_TRUSTED_PROXY_COUNT = PROXIES
ACCOUNT_RATE_LIMITS = {
    # By address and network together (see the adapter): nobody is locked out by somebody else's attempts.
    "login_failed": "30/m/ip,5/5m/key",
    # Opening an invitation's link costs nothing; answering it is counted.
    "join": "30/m/ip",
    # Each mails two addresses, of which one may be anybody's.
    "change_email": "5/h/user",
}
# What changed in an account is mailed to its owner.
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
MFA_ADAPTER = "accounts.adapter.SecondStepAdapter"
MFA_FORMS = {
    "add_webauthn": "accounts.passkeys.AddForm",
    "authenticate_webauthn": "accounts.passkeys.AuthenticateForm",
    "login_webauthn": "accounts.passkeys.LoginForm",
    "reauthenticate_webauthn": "accounts.passkeys.ReauthenticateForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_ISSUER = "Tencho"
# Clocks of phones are off by some seconds.
MFA_TOTP_TOLERANCE = 1
# Browsers offer passkeys on localhost without TLS; so does the server there.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
# Mail. Whatever it takes, no step of it waits longer than this for the server.
_MAIL = env.mail(DATA)
EMAIL_BACKEND = _MAIL.backend
EMAIL_HOST, EMAIL_PORT = _MAIL.host, _MAIL.port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _MAIL.user, _MAIL.password
EMAIL_USE_TLS, EMAIL_USE_SSL = _MAIL.starttls, _MAIL.tls
EMAIL_FILE_PATH = _MAIL.folder
EMAIL_TIMEOUT = 10
EMAIL_SUBJECT_PREFIX = ""
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.text("TENCHO_MAIL_FROM", "Tencho <tencho@localhost>")

# Languages and times
LANGUAGE_CODE = "ja"
LANGUAGES = [("ja", _("Japanese")), ("en", _("English"))]
_ROOT = Path(__file__).resolve().parents[2]
# Catalogues of single screens; each room has its own in its `locale/`.
LOCALE_PATHS = sorted((_ROOT / "frontend").glob("*/locale"))
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Tokyo"

# Files
# The installed icon set, copied there at set-up.
ICONS_ROOT = _ROOT / "frontend" / "vendor" / "icons"
STATIC_URL = "/static/"
STATIC_ROOT = DATA / "static"
MEDIA_ROOT = DATA / "media"
MEDIA_URL = "/media/"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
# A table has up to 1,000 columns, each with a role and perhaps a tick, and the rules of what is filled.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2500

# Browsers
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_ENGINE = (
    "django.contrib.sessions.backends.cached_db" if REDIS_URL else "django.contrib.sessions.backends.db"
)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_REFERRER_POLICY = "same-origin"
CSRF_FAILURE_VIEW = "frontend.errors.csrf_failure"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        # Product pictures named in a shop's file live on the shop's own servers.
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "manifest-src": ["'self'"],
    }
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.api.authentication.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "tasks.api.schema.TenchoSchema",
    "EXCEPTION_HANDLER": "tasks.api.problems.problem_response",
    "UNAUTHENTICATED_USER": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Tencho API",
    "DESCRIPTION": "Store work as tasks: post, claim, submit, review, take the results back.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENUM_NAME_OVERRIDES": {
        name: f"tasks.states.{name}" for name in ("AssignmentState", "BatchState", "JobState", "TaskState")
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.text("TENCHO_LOG", "WARNING")},
    "loggers": {"tencho": {"level": env.text("TENCHO_LOG", "INFO")}},
}

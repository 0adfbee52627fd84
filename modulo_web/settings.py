"""Every setting of Modulo, each read once from the environment or `.env`, each with a default that works alone."""

import atexit
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import django_stubs_ext

import modulo_web.environment as read

django_stubs_ext.monkeypatch()  # lets classes of Django be subscripted with types

BASE_DIR = Path(__file__).resolve().parent.parent
MODULO_VERSION = "0.1.0"
UNDER_TEST = "PYTEST_VERSION" in os.environ  # a test sees neither a developer's `.env` nor their model
if not UNDER_TEST:
    read.load(BASE_DIR / ".env")
environment = read.Environment(os.environ, left_out="OPENAI_" if UNDER_TEST else None)

# --- the data directory ----------------------------------------------------------------------------------------------

_default_data = BASE_DIR / ".modulo"
if UNDER_TEST and "MODULO_DATA" not in os.environ:
    _default_data = Path(tempfile.mkdtemp(prefix="modulo-tests-"))
    atexit.register(shutil.rmtree, _default_data, ignore_errors=True)

MODULO_DATA = Path(
    environment.text("MODULO_DATA", str(_default_data), "the data directory: database, attachments, caches, logs")
).absolute()
MODULO_DATA.mkdir(mode=0o700, parents=True, exist_ok=True)

# --- projects under test ---------------------------------------------------------------------------------------------

MODULO_PYTHON = environment.text(
    "MODULO_PYTHON", "", "interpreter for projects under test; empty builds an environment for each project"
)
MODULO_SANDBOX = environment.choice(
    "MODULO_SANDBOX",
    "",
    ("", "bwrap", "namespaces", "rlimits"),
    "forces one way to isolate tests; empty takes the best",
)
MODULO_ALLOW_RLIMITS = environment.flag(
    "MODULO_ALLOW_RLIMITS", False, "lets tests run with resource limits only, not isolated, where nothing better works"
)
MODULO_TRUSTED_PATHS = environment.flag(
    "MODULO_TRUSTED_PATHS", True, "lets reports name repositories by a path on this machine"
)

# --- how far a run may go --------------------------------------------------------------------------------------------

MODULO_STAGE_SECONDS = environment.number("MODULO_STAGE_SECONDS", 1800, "the longest a stage may take")
MODULO_LEASE_SECONDS = environment.number(
    "MODULO_LEASE_SECONDS", 30, "how long a silent worker keeps its stage before another takes over"
)
MODULO_FIX_SECONDS = environment.number("MODULO_FIX_SECONDS", 60, "the longest the search for candidates may take")
MODULO_VALIDATE_SECONDS = environment.number("MODULO_VALIDATE_SECONDS", 600, "the longest trying candidates may take")
MODULO_SUITE_SECONDS = environment.number(
    "MODULO_SUITE_SECONDS", 300, "the longest one run of a project's suite may take"
)
MODULO_MAX_CANDIDATES = environment.integer("MODULO_MAX_CANDIDATES", 300, "candidates a run may propose")
MODULO_MAX_CHUNKS = environment.integer("MODULO_MAX_CHUNKS", 64, "chunks of a repository that are scored in parallel")

# --- the model -------------------------------------------------------------------------------------------------------

OPENAI_API_KEY = environment.text("OPENAI_API_KEY", "", "key of the model server; empty works without a model")
OPENAI_BASE_URL = environment.text(
    "OPENAI_BASE_URL", "", "address of any OpenAI-compatible server; empty is OpenAI's own once a key is set"
)
MODULO_MODEL = environment.text("MODULO_MODEL", "gpt-5-mini", "the model's name, as its server knows it")
MODULO_SAMPLES = environment.integer("MODULO_SAMPLES", 4, "patches asked of the model, in parallel")
MODULO_SLOTS = environment.integer("MODULO_SLOTS", 16, "model calls in flight at once")
MODULO_FIRST_TOKEN_SECONDS = environment.number(
    "MODULO_FIRST_TOKEN_SECONDS", 60, "how long a model may be silent before its first token"
)
MODULO_IDLE_SECONDS = environment.number("MODULO_IDLE_SECONDS", 20, "how long a model may be silent between tokens")
MODULO_PRICE_INPUT = environment.optional_number(
    "MODULO_PRICE_INPUT", "US dollars for a million tokens sent; empty shows no cost"
)
MODULO_PRICE_CACHED = environment.optional_number(
    "MODULO_PRICE_CACHED", "US dollars for a million tokens sent that the server had cached; empty counts them as sent"
)
MODULO_PRICE_OUTPUT = environment.optional_number(
    "MODULO_PRICE_OUTPUT", "US dollars for a million tokens received; empty shows no cost"
)
MODULO_MEMORY = environment.choice(
    "MODULO_MEMORY", "mem0", ("mem0", "local"), "what keeps and finds memories of earlier bugs"
)

# --- serving ---------------------------------------------------------------------------------------------------------

MODULO_HOST = environment.text("MODULO_HOST", "127.0.0.1", "the address the web process listens on")
MODULO_PORT = environment.integer("MODULO_PORT", 0, "the port; 0 takes 8000 or the next one that is free")
MODULO_HOSTS = environment.words("MODULO_HOSTS", "", "host names pages may be asked for, besides this machine's own")
MODULO_HTTPS = environment.flag("MODULO_HTTPS", False, "set it behind a proxy that speaks HTTPS: cookies become secure")
MODULO_STAGE_WORKERS = environment.integer("MODULO_STAGE_WORKERS", 2, "stages that run at the same time")
MODULO_CHUNK_WORKERS = environment.integer("MODULO_CHUNK_WORKERS", 1, "processes that score chunks, many calls each")
MODULO_DEMO = environment.flag("MODULO_DEMO", True, "`up` starts the demo bug the first time")
MODULO_LOG_LEVEL = environment.choice(
    "MODULO_LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR"), "how much the log files say"
)
DEBUG = environment.flag("MODULO_DEBUG", False, "Django's debug pages; for development only")
SECRET_KEY = environment.text("MODULO_SECRET_KEY", "", "signs sessions; empty generates one in the data directory")
SECRET_KEY = SECRET_KEY or read.secret(MODULO_DATA)

_names = ["localhost", "127.0.0.1", "[::1]", *MODULO_HOSTS]
ALLOWED_HOSTS = _names
_port = f":{MODULO_PORT or 8000}"
MODULO_ORIGINS = [f"http://{name}{_port}" for name in _names] + [f"https://{name}" for name in MODULO_HOSTS]
CSRF_TRUSTED_ORIGINS = MODULO_ORIGINS

# --- database and broker ---------------------------------------------------------------------------------------------

MODULO_SQLITE_SYNCHRONOUS = environment.choice(
    "MODULO_SQLITE_SYNCHRONOUS", "NORMAL", ("NORMAL", "FULL"), "FULL also survives a power cut, at a third of the speed"
)
DATABASE_URL = environment.text(
    "DATABASE_URL", "", "postgres://user:password@host/name; empty is SQLite in the data directory"
)
DATABASES = {
    "default": read.database(DATABASE_URL or f"sqlite://{MODULO_DATA / 'modulo.sqlite3'}", MODULO_SQLITE_SYNCHRONOUS)
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = environment.text(
    "REDIS_URL", "", "a Redis or Valkey server; empty starts one of its own, `none` works without"
)
BROKER_SOCKET = read.broker_socket(MODULO_DATA)
BROKER_IS_OURS = REDIS_URL == ""
if BROKER_IS_OURS:
    REDIS_URL = f"unix://{BROKER_SOCKET}?db=0"
elif REDIS_URL == "none":
    REDIS_URL = ""

RQ_QUEUES = {
    name: {"URL": REDIS_URL or f"unix://{BROKER_SOCKET}", "DEFAULT_TIMEOUT": -1}
    for name in ("stages", "chunks", "chat")
}
RQ = {"COMMIT_MODE": "on_db_commit"}

CHANNEL_LAYERS: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [{"address": REDIS_URL, "socket_timeout": 30, "socket_connect_timeout": 2}]},
    }
}
if not REDIS_URL:
    CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}

# --- Django ----------------------------------------------------------------------------------------------------------

# Daphne as an application is for `runserver` alone: it costs every other process 1 s of CPU and 50 MB.
INSTALLED_APPS = [
    *(["daphne"] if "runserver" in sys.argv else []),
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "django_rq",
    "bugs",
    "modulo_web",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "modulo_web.security.headers",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
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
ROOT_URLCONF = "modulo_web.urls"
ASGI_APPLICATION = "modulo_web.asgi.application"

LANGUAGE_CODE = "en"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True

LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = MODULO_HTTPS
if MODULO_HTTPS:
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 31_536_000
DATA_UPLOAD_MAX_MEMORY_SIZE = 9 << 20  # parts of files are 8 MiB

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": MODULO_LOG_LEVEL if os.environ.get("MODULO_CHILD") else "WARNING"},
}

"""How Django and Celery reach their servers: the embedded ones, or those a URL names."""

from __future__ import annotations

import os
from typing import Any

from core.embedded.places import data_dir, socket_dir
from core.roles.names import EMBEDDED

DATABASE_NAME = "omniretail"
SOCKET_PORT = "5432"  # only names the socket file; nothing listens on TCP
BROKER_SOCKET = "broker.sock"

POOL = {
    "min_size": 2,
    "max_size": 28,  # the 24 places of a web process (overload.py), and some for probes
    # Seconds for a connection; then 503 and Retry-After. While the database is away a pool
    # gives up reconnecting, and only the next caller makes it try again: callers that wait then
    # wait in vain, and a longer wait only delays the recovery.
    "timeout": 3,
    # A pool waits ever longer between its attempts to reconnect, up to this many seconds.
    # Kept short so that the web is back as soon as a restarted database is.
    "reconnect_timeout": 2,
}


def database() -> dict[str, Any]:
    """The entry for Django's DATABASES. Cheap, and starts nothing.

    From DATABASE_URL (any form libpq takes, sockets included), else the embedded server of
    DATA_DIR. Timeouts and pooling follow OMNIRETAIL_ROLE: `web`, `worker` or `manage`.

    Raises ImproperlyConfigured when DATABASE_URL cannot be read.
    """
    url = os.environ.get("DATABASE_URL")
    entry = _from_url(url, "DATABASE_URL") if url else _embedded()
    role = os.environ.get("OMNIRETAIL_ROLE", "manage")
    options = entry["OPTIONS"]
    options["options"] = " ".join(filter(None, [_session(role), options.get("options")]))
    # Only statements that ask for it are prepared (`core/database/statements.py`): Django writes
    # values into the text of the others, and each text would be another statement.
    options.setdefault("prepare_threshold", 1_000_000_000)
    if test_database := os.environ.get("OMNIRETAIL_TEST_DATABASE"):
        entry["TEST"] = {"NAME": test_database}
    if role == "web":
        options["pool"] = dict(POOL)
        return {"ENGINE": "core.database.pooled", **entry}  # checks when it lends
    return {
        "ENGINE": "django.db.backends.postgresql",
        **entry,
        # Checked once a task: a connection that broke when the database restarted is replaced
        # before a statement uses it.
        "CONN_HEALTH_CHECKS": True,
        "CONN_MAX_AGE": 600 if role == "worker" else 0,
    }


def migrate_database() -> dict[str, Any] | None:
    """What differs in the entry for the role that migrates; None where it is the one that runs.

    From MIGRATE_DATABASE_URL, which leads to the same database as DATABASE_URL.
    """
    if is_database_embedded():
        return {"USER": EMBEDDED.migrate, "PASSWORD": ""}
    url = os.environ.get("MIGRATE_DATABASE_URL")
    if not url:
        return None
    entry = _from_url(url, "MIGRATE_DATABASE_URL")
    return {name: entry[name] for name in ("USER", "PASSWORD", "HOST", "PORT")}


def broker_url() -> str:
    """CELERY_BROKER_URL, else the embedded broker's socket."""
    given = os.environ.get("CELERY_BROKER_URL")
    return given or f"redis+socket://{socket_dir(data_dir()) / BROKER_SOCKET}"


def is_database_embedded() -> bool:
    return not os.environ.get("DATABASE_URL")


def is_broker_embedded() -> bool:
    return not os.environ.get("CELERY_BROKER_URL")


def _embedded() -> dict[str, Any]:
    return {
        "NAME": DATABASE_NAME,
        "USER": EMBEDDED.run,
        "PASSWORD": "",
        "HOST": str(socket_dir(data_dir())),
        "PORT": SOCKET_PORT,
        "OPTIONS": {},
    }


def _from_url(url: str, variable: str) -> dict[str, Any]:
    from django.core.exceptions import ImproperlyConfigured
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    try:
        parts: dict[str, Any] = dict(conninfo_to_dict(url))
    except ProgrammingError:
        # The parser's message may contain the password.
        raise ImproperlyConfigured(
            f"{variable} cannot be read: write postgres://user:password@host:5432/name"
        ) from None
    if not parts.get("dbname"):
        raise ImproperlyConfigured(f"{variable} names no database: end it with /name")
    return {
        "NAME": parts.pop("dbname"),
        "USER": parts.pop("user", ""),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", ""),
        "PORT": str(parts.pop("port", "")),
        "OPTIONS": parts,
    }


def _session(role: str) -> str:
    """Session settings in libpq's `options` form; times in milliseconds."""
    settings = {
        "default_transaction_isolation": r"read\ committed",
        "idle_in_transaction_session_timeout": "60000",
        "lock_timeout": "10000",
        "statement_timeout": "30000" if role == "web" else "0",
        "TimeZone": "UTC",  # spares Django a SET on each new connection
    }
    if role == "web":
        # Array-fed statements are planned anew at each call otherwise, at twice the CPU.
        settings["plan_cache_mode"] = "force_generic_plan"
    return " ".join(f"-c {name}={value}" for name, value in settings.items())

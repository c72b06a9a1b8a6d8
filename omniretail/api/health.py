"""Health checks: whether the process runs, and whether it can serve requests."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cache

from django.conf import settings
from django.db import Error, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from kombu import Connection
from kombu.exceptions import KombuError

from core.problems.handler import to_be_read
from core.roles.granting import may_change_tables
from inventory.queries.clock import seconds_behind_records
from inventory.queries.integrity import CLOCK_SLACK
from inventory.queries.ledger_partitions import has_room

log = logging.getLogger("omniretail.api.health")

BROKER_PATIENCE = 2  # seconds; a slower broker counts as down

Complaint = str | None


@to_be_read
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """Answer while the process runs. It uses nothing else, so that a database that is down
    does not cause every web process to be restarted."""
    return JsonResponse({"status": "alive"})


@to_be_read
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """Answer 200 when requests can be served, 503 with what is wrong when they cannot.

    Some checks only warn: they say what is wrong, and requests are served all the same.
    """
    found = {name: check() for name, check in CHECKS.items()}
    ready = not any(found.values())
    found |= {name: check() for name, check in WARNINGS.items()}
    return JsonResponse(
        {
            "status": "ready" if ready else "not_ready",
            "checks": {name: complaint or "ok" for name, complaint in found.items()},
        },
        status=200 if ready else 503,
    )


def check_database() -> Complaint:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error as error:
        log.warning("database not ready: %s", error)
        return "cannot be reached"
    return None


def check_migrations() -> Complaint:
    try:
        applied = set(MigrationRecorder(connection).applied_migrations())
    except Error as error:
        log.warning("migrations cannot be read: %s", error)
        return "cannot be read"
    missing = sorted(f"{app}.{name}" for app, name in known_migrations() - applied)
    return f"not applied: {', '.join(missing)}" if missing else None


@cache
def known_migrations() -> frozenset[tuple[str, str]]:
    """Return the migrations of this release."""
    loader = MigrationLoader(None)
    assert loader.disk_migrations is not None
    return frozenset(loader.disk_migrations)


def check_broker() -> Complaint:
    url = settings.CELERY_BROKER_URL
    patience = {"socket_connect_timeout": BROKER_PATIENCE, "socket_timeout": BROKER_PATIENCE}
    try:
        with Connection(
            url,
            connect_timeout=BROKER_PATIENCE,
            transport_options=patience if url.startswith("redis") else {},
        ) as broker:
            broker.ensure_connection(max_retries=1, interval_start=0)
    except (KombuError, OSError) as error:
        log.warning("broker not ready: %s", error)
        return "cannot be reached"
    return None


def check_ledger() -> Complaint:
    try:
        room = has_room()
    except Error as error:
        log.warning("partitions of the ledger cannot be read: %s", error)
        return "cannot be read"
    return None if room else "no partition for the next movement: every write of stock is refused"


def check_clock() -> Complaint:
    """Warn of a clock that was set back: until it has passed them, movements are dated ahead."""
    try:
        behind = seconds_behind_records()
    except Error as error:
        log.warning("clock cannot be compared: %s", error)
        return "cannot be read"
    if behind <= CLOCK_SLACK:
        return None
    return f"behind the newest movements of stock by {behind:.0f} seconds: was it set back?"


def check_role() -> Complaint:
    """Warn of a role of the database that could rewrite what is append-only."""
    try:
        is_able = may_change_tables()
    except Error as error:
        log.warning("rights in the database cannot be read: %s", error)
        return "cannot be read"
    return "may rewrite the audit: see `manage.py database_roles`" if is_able else None


CHECKS: dict[str, Callable[[], Complaint]] = {
    "database": check_database,
    "migrations": check_migrations,
    "ledger": check_ledger,
    "broker": check_broker,
}
WARNINGS: dict[str, Callable[[], Complaint]] = {"clock": check_clock, "role": check_role}

"""`/healthz` and `/readyz`, and what they say when something is down."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client


def test_alive_asks_nobody() -> None:
    """Without a database mark a query would fail the test."""
    answer = Client().get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})


@pytest.mark.django_db
def test_ready_when_everything_is_there() -> None:
    answer = Client().get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ready",
        "checks": {"database": "ok", "migrations": "ok", "broker": "ok"},
    }
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.django_db
def test_a_migration_that_is_missing_is_named() -> None:
    MigrationRecorder.Migration.objects.filter(app="stores", name="0001_initial").delete()
    answer = Client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["migrations"] == "not applied: stores.0001_initial"


@pytest.mark.django_db
def test_a_broker_that_is_down_is_named(settings: Any, tmp_path: Path) -> None:
    settings.CELERY_BROKER_URL = f"redis+socket://{tmp_path}/no.sock"
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (503, "not_ready")
    assert answer.json()["checks"] == {
        "database": "ok",
        "migrations": "ok",
        "broker": "cannot be reached",
    }


@pytest.mark.django_db
def test_a_database_that_is_down_is_named() -> None:
    def refuse(*args: object) -> None:
        raise OperationalError("no server")

    with connection.execute_wrapper(refuse):
        answer = Client().get("/readyz")
        assert Client().get("/healthz").status_code == 200
    assert answer.status_code == 503
    assert answer.json()["checks"]["database"] == "cannot be reached"


def test_health_is_only_read() -> None:
    assert Client().post("/healthz").status_code == 405

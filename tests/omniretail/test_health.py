"""`/healthz` and `/readyz`, and what they say when something is down."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from core.embedded.connection import is_database_embedded
from tests.factories import UserFactory
from tests.roles import as_the_owner, as_the_service


@pytest.fixture(autouse=True)
def service_rights(_django_db_helper: None) -> Iterator[None]:
    """Answer with the rights of the service."""
    with as_the_service():
        yield


def test_alive_asks_no_other_service() -> None:
    """Without a database mark a query would fail the test."""
    answer = Client().get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})


@pytest.mark.parametrize("address", ["/healthz", "/readyz", "/", "/problems/conflict"])
def test_what_is_there_to_be_read_says_so_in_the_manner_of_the_api(address: str) -> None:
    answer = Client(enforce_csrf_checks=True).post(address)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD")
    assert answer.json()["code"] == "method_not_allowed"


@pytest.mark.django_db
def test_ready_when_everything_is_there() -> None:
    answer = Client().get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ready",
        "checks": {
            "database": "ok",
            "migrations": "ok",
            "ledger": "ok",
            "broker": "ok",
            "clock": "ok",
            "role": "ok",
        },
    }
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.django_db
def test_a_migration_that_is_missing_is_named() -> None:
    with as_the_owner():
        MigrationRecorder.Migration.objects.filter(app="stores", name="0001_initial").delete()
    answer = Client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["migrations"] == "not applied: stores.0001_initial"


@pytest.mark.django_db
@pytest.mark.skipif(not is_database_embedded(), reason="needs roles of its own")
def test_a_role_that_may_rewrite_the_audit_is_warned_of() -> None:
    with as_the_owner():
        answer = Client().get("/readyz")
    assert answer.status_code == 200
    assert "may rewrite the audit" in answer.json()["checks"]["role"]


@pytest.mark.django_db
def test_a_broker_that_is_down_is_named(settings: Any, tmp_path: Path) -> None:
    settings.CELERY_BROKER_URL = f"redis+socket://{tmp_path}/no.sock"
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (503, "not_ready")
    assert answer.json()["checks"] == {
        "database": "ok",
        "migrations": "ok",
        "ledger": "ok",
        "broker": "cannot be reached",
        "clock": "ok",
        "role": "ok",
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


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", "/admin/", "/admin/inventory/stock/"])
@pytest.mark.parametrize("away", [OperationalError, InterfaceError])
def test_pages_say_that_the_database_is_away(path: str, away: type[Exception]) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(UserFactory(superuser=True))

    def refuse(*args: object) -> None:
        raise away("no server")

    with connection.execute_wrapper(refuse):
        answer = client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (503, "temporarily_unavailable")
    assert answer["Retry-After"] == "1"


@pytest.mark.django_db
def test_a_defect_of_a_page_stays_a_defect() -> None:
    client = Client(raise_request_exception=False)
    client.force_login(UserFactory(superuser=True))

    def break_down(*args: object) -> None:
        raise RuntimeError("a slip of ours")

    with connection.execute_wrapper(break_down):
        answer = client.get("/")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")

"""What every test may use."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import user_logged_in
from django.db import connection
from django.dispatch import receiver
from django.http import HttpRequest
from django.test import Client
from hypothesis import settings

from core.access.keys import issue_key
from core.access.models import User
from core.audit.bound import Bound
from core.embedded.connection import is_database_embedded
from core.pages.second_factor import note_given
from core.roles import setting_up
from core.roles.granting import grant_to
from core.roles.names import EMBEDDED
from tests.deadlocks import ServerLog
from tests.factories import ApiClientFactory
from tests.roles import as_the_service

# `--hypothesis-profile=long`: other histories in every run, and many more of them.
settings.register_profile("long", max_examples=1_000, stateful_step_count=100, deadline=None)

# Tests there start servers, or compare every resource around each act.
SLOW_FOLDERS = [Path(__file__).parent / name for name in ("core/embedded", "journeys")]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if any(item.path.is_relative_to(folder) for folder in SLOW_FOLDERS):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(autouse=True)
def keys_are_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Believe nothing that was known of a key before: what a request costs would depend on it."""
    monkeypatch.setattr("core.access.keys.LATELY", -1.0)


@pytest.fixture(autouse=True)
def nothing_is_refused_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each test have its own minute: so many refusals of a source are recorded in one."""
    monkeypatch.setattr("core.audit.refusals.BOUND", Bound())


@receiver(user_logged_in)
def sign_in_wholly(request: HttpRequest, user: User, **more: Any) -> None:
    """`force_login` and `login` of the test client stand for the whole way, to the second factor.
    What goes through a page has an address."""
    if not request.path:
        note_given(request.session, user)


@pytest.fixture(autouse=True)
def server_log(request: pytest.FixtureRequest) -> Iterator[ServerLog]:
    """Fail a race in which PostgreSQL ended a transaction because of the order of its locks."""
    log = ServerLog()
    yield log
    if request.node.get_closest_marker("race"):
        found = log.take_deadlocks(connection.settings_dict["NAME"])
        assert not found, "\n".join(found)


class ServiceClient(Client):
    """Answers requests with the rights of the service."""

    def request(self, **request: Any) -> Any:
        with as_the_service():
            return super().request(**request)


class ApiCaller:
    """An API client as a shop's site is one: a key, JSON, paths relative to /api/v1/."""

    def __init__(self, key: str) -> None:
        self.client = ServiceClient(raise_request_exception=False)
        self.headers = {"Authorization": f"Bearer {key}"}

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(self._url(path), query, headers=self.headers)

    def put(self, path: str, body: Any, **headers: str) -> Any:
        return self.client.put(
            self._url(path),
            json.dumps(body),
            content_type="application/json",
            headers=self.headers | headers,
        )

    def delete(self, path: str, **headers: str) -> Any:
        return self.client.delete(self._url(path), headers=self.headers | headers)

    def post(self, path: str, body: Any = None, *, key: str | None = None) -> Any:
        """POST with an Idempotency-Key: a fresh one unless given."""
        return self.client.post(
            self._url(path),
            json.dumps({} if body is None else body),
            content_type="application/json",
            headers=self.headers | {"Idempotency-Key": key or uuid.uuid4().hex},
        )

    @staticmethod
    def _url(path: str) -> str:
        return path if path.startswith("/") else f"/api/v1/{path}"


def make_caller(scopes: list[str], **more: Any) -> ApiCaller:
    """Return a caller whose key has these scopes, tied to `channels` and `locations` if given."""
    client = ApiClientFactory(name=uuid.uuid4().hex, scopes=scopes, **more)
    return ApiCaller(issue_key(client=client))


@pytest.fixture
def api(db: None) -> ApiCaller:
    """A caller that may do everything."""
    return make_caller(["*"])


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """Hand the tables over to the roles, and let the tests empty them: the ledger and others refuse
    TRUNCATE in every real database."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            """SELECT tgname, tgrelid::regclass FROM pg_trigger
               WHERE tgname LIKE '%is_not_truncated%'"""
        )
        for name, table in cursor.fetchall():
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {name}")
        if is_database_embedded():
            cursor.execute(setting_up.for_database(EMBEDDED))
            grant_to(EMBEDDED.run)

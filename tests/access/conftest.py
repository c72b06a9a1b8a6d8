"""The world in two halves, built once for all tests of a file; each test takes its changes back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction

from tests.access.world import World, build, caller, contents, send_file


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    with django_db_blocker.unblock(), transaction.atomic():
        built = build()
        for names in (built.ours, built.others):
            clerk = caller(["*"], name=f"{names['mark']} sender")
            names["file"] = send_file(clerk, names["mark"], key=names["mark"]).json()["id"]
        yield World(built.ours, built.others, contents())
        transaction.set_rollback(True)

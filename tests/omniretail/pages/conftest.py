"""One retailer for all tests of a file; what a test changes is rolled back after it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction

from tests.omniretail.pages.retailer import open_for_business


@pytest.fixture(scope="module")
def built(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    with django_db_blocker.unblock(), transaction.atomic():
        open_for_business()
        yield
        transaction.set_rollback(True)


@pytest.fixture
def retailer(built: None, db: None) -> None:
    """Two halves of a retailer."""
    cache.clear()

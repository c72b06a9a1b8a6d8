"""What races share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection

from inventory.queries.lookup import Spot
from tests.concurrency.ledger_helpers import UNITS
from tests.factories import ChannelFactory, LocationFactory, SkuFactory, stock_up
from tests.roles import as_the_owner, as_the_service


@pytest.fixture(autouse=True)
def service_rights(_django_db_helper: None) -> Iterator[None]:
    """Race with the rights of the service, in every thread."""
    with as_the_service():
        yield


@pytest.fixture
def no_constraint() -> Iterator[None]:
    """Take the database's own net away, and put it back whole for the next test."""
    name = "stock_never_oversold"
    with as_the_owner(), connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE inventory_stock DROP CONSTRAINT {name}")
    yield
    with as_the_owner(), connection.cursor() as cursor:
        # What was oversold must go first, else the constraint would not be valid.
        cursor.execute("TRUNCATE inventory_stock CASCADE")
        cursor.execute(
            f"ALTER TABLE inventory_stock ADD CONSTRAINT {name}"
            " CHECK (on_hand >= reserved + unavailable)"
        )


@pytest.fixture
def spot() -> Spot:
    """Five of A1 in W1."""
    sku, location = SkuFactory(code="A1"), LocationFactory(code="W1")
    ChannelFactory(code="web")
    stock_up(sku, location, UNITS)
    return Spot(sku.pk, sku.code, location.pk, location.code)

"""The clock of the ledger: within a Stock row, times follow ids, whichever writer waited."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from inventory import ledger
from inventory.choices import Reason
from inventory.ledger import Entry
from inventory.models import Sku, StockMovement
from stores.models import Location
from tests.concurrency.threads import wait_until_blocked
from tests.factories import LocationFactory, SkuFactory, stock_up

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def find_one(place: Location, *skus: Sku) -> None:
    """Find a unit of each SKU, in a transaction and on a connection of its own."""
    try:
        with transaction.atomic():
            ledger.post(
                [Entry(sku.pk, place.pk, on_hand=1, reason=Reason.FOUND) for sku in skus],
                actor="test",
            )
    finally:
        connection.close()


def test_a_statement_that_waited_elsewhere_records_when_it_writes() -> None:
    """It began before the other one wrote, and got the row after it: by the time at which it
    began, its movement would stand before the one that it follows."""
    place, shirt, mug = LocationFactory(code="W1"), SkuFactory(code="A1"), SkuFactory(code="B1")
    stock_up(shirt, place, 5)
    stock_up(mug, place, 5)
    with ThreadPoolExecutor(2) as people:
        with transaction.atomic():
            ledger.lock_rows([(shirt.pk, place.pk)])
            early = people.submit(find_one, place, shirt, mug)
            wait_until_blocked()
            people.submit(find_one, place, mug).result(timeout=30)
        early.result(timeout=30)
    times = list(
        StockMovement.objects.filter(sku=mug).order_by("id").values_list("recorded_at", flat=True)
    )
    assert len(times) == 3
    assert times == sorted(times)

"""A file of figures that comes while people sell from the same rows."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event

import pytest
from django.db import connection, transaction
from django.utils import timezone

from inventory import ledger
from inventory.choices import Reason
from inventory.ledger import Entry
from inventory.models import StockMovement
from tests.concurrency.threads import wait_until_blocked
from tests.conftest import ApiCaller
from tests.factories import ChannelFactory, LocationFactory, SkuFactory, hold_units, stock_up
from tests.inventory.laws import assert_pool_laws
from tests.inventory.stock_helpers import balances
from tests.omniretail.files.import_helpers import apply_files, send

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def apply_once() -> None:
    try:
        apply_files()
    finally:
        connection.close()


def test_a_figure_that_waited_for_a_sale_is_posted_against_what_it_left(api: ApiCaller) -> None:
    """The file saw ten, waited, and two were sold: by what it saw, five would be five less than
    ten, and the ledger would be two short."""
    place, shirt, mug = LocationFactory(code="W1"), SkuFactory(code="A1"), SkuFactory(code="B1")
    stock_up(shirt, place, 10)
    stock_up(mug, place, 10)
    sent = send(api, "stock", "sku,location,on_hand\nA1,W1,5\nB1,W1,5\n").json()
    sale = Entry(shirt.pk, place.pk, on_hand=-2, reason=Reason.OTHER)
    with ThreadPoolExecutor(1) as worker:
        with transaction.atomic():
            ledger.post([sale], actor="test")
            applying = worker.submit(apply_once)
            wait_until_blocked()
        applying.result(timeout=30)
    done = api.get(f"imports/{sent['id']}").json()
    assert (done["state"], done["rows_changed"], done["rows_failed"]) == ("done", 2, 0)
    assert balances("A1", "W1") == balances("B1", "W1") == (5, 0, 0)
    deltas = StockMovement.objects.filter(sku=shirt).order_by("id")
    assert list(deltas.values_list("on_hand_delta", flat=True)) == [10, -2, -3]
    assert_pool_laws()


def test_rows_that_are_counted_one_by_one_are_locked_with_the_others(api: ApiCaller) -> None:
    """The last row is sold from meanwhile and changed by one statement, the first one, of which a
    unit is damaged, by a later: who holds the first and wants the last must not wait for both."""
    place = LocationFactory(code="W1")
    first, middle, last = (SkuFactory(code=code) for code in ("A1", "B1", "C1"))
    for sku in (first, middle, last):
        stock_up(sku, place, 10)
    damaged = {"sku": "A1", "location": "W1", "unavailable_delta": 1}
    api.post("stock/adjustments", {"reason": "damaged", "lines": [damaged]})
    sent = send(api, "stock", "sku,location,on_hand\nA1,W1,5\nB1,W1,5\nC1,W1,5\n").json()
    sold, may_commit = Event(), Event()

    def sell() -> None:
        with transaction.atomic():
            ledger.post([Entry(last.pk, place.pk, on_hand=-2)], actor="test")
            sold.set()
            assert may_commit.wait(timeout=30)
        connection.close()

    with ThreadPoolExecutor(2) as threads:
        selling = threads.submit(sell)
        assert sold.wait(timeout=30)
        with transaction.atomic():
            ledger.lock_rows({(first.pk, place.pk)})
            applying = threads.submit(apply_once)
            wait_until_blocked()
            may_commit.set()
            selling.result(timeout=30)
            wait_until_blocked()
            ledger.lock_rows({(last.pk, place.pk)})
        applying.result(timeout=30)
    done = api.get(f"imports/{sent['id']}").json()
    assert (done["state"], done["rows_changed"], done["rows_failed"]) == ("done", 3, 0)
    assert [balances(code, "W1")[0] for code in ("A1", "B1", "C1")] == [5, 5, 5]
    assert_pool_laws()


def test_rows_of_expired_holds_are_locked_with_those_of_the_file(api: ApiCaller) -> None:
    """A hold that has expired is ended, of which the SKU's rows in other buildings are locked: who
    holds one of these and wants a row of the file must not wait for both."""
    place, other = LocationFactory(code="W1"), LocationFactory(code="W2")
    held, plain = SkuFactory(code="A1"), SkuFactory(code="B1")
    for sku in (held, plain):
        stock_up(sku, place, 10)
    stock_up(held, other, 10)
    damaged = [{"sku": code, "location": "W1", "unavailable_delta": 1} for code in ("A1", "B1")]
    api.post("stock/adjustments", {"reason": "damaged", "lines": damaged})
    passed = timezone.now() - timedelta(minutes=1)
    hold_units(held, place, 2, channel=ChannelFactory(), until=passed)
    sent = send(api, "stock", "sku,location,on_hand\nA1,W1,5\nB1,W1,5\n").json()
    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic():
            ledger.lock_rows({(held.pk, other.pk)})
            applying = threads.submit(apply_once)
            wait_until_blocked()
            ledger.lock_rows({(plain.pk, place.pk)})
        applying.result(timeout=30)
    done = api.get(f"imports/{sent['id']}").json()
    assert (done["state"], done["rows_changed"], done["rows_failed"]) == ("done", 2, 0)
    assert [balances(code, "W1")[:2] for code in ("A1", "B1")] == [(5, 0), (5, 0)]
    assert_pool_laws()

"""A customer who is erased while a file with orders of theirs is being applied."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import transaction

from inventory.models import Stock
from orders.models import Order
from tests.concurrency.test_erasure_races import in_thread, place, shop
from tests.concurrency.threads import wait_until_blocked
from tests.conftest import make_caller
from tests.omniretail.files.import_helpers import apply_files, send
from tests.orders.people.people_helpers import tables_with

__all__ = ["shop"]  # a fixture

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
ORDERS = 2_000  # of several chunks
HEADER = "channel,external_id,currency,line_id,sku,quantity,unit_price,customer_email,note"


def test_an_erasure_amid_a_file_leaves_nothing_of_the_person() -> None:
    """It waits for the chunk that is being applied, whose orders it erases, and takes the rows of
    the others out of the file."""
    desk = make_caller(["*"])
    first = place(desk, "first")
    stock = Stock.objects.get()
    emails = ("sam@example.org", "jo@example.org")
    rows = [f"web,F-{n},GBP,1,A1,1,9.50,{emails[n % 2]},to person {n}" for n in range(ORDERS)]
    sent = send(desk, "orders", "\n".join([HEADER, *rows]) + "\n").json()
    with ThreadPoolExecutor(2) as pool:
        with transaction.atomic():
            Stock.objects.select_for_update().get(pk=stock.pk)
            applying = in_thread(pool, apply_files)
            wait_until_blocked()
            erasing = in_thread(pool, lambda: desk.post(f"customers/{first.customer}/erase"))
            wait_until_blocked(2)
        erased = erasing.result(timeout=120)
        applying.result(timeout=120)
    apply_files()  # the next round: the file was locked when the worker came back to it
    assert erased.status_code == 200, erased.content
    done = desk.get(f"imports/{sent['id']}").json()
    mine = len(erased.json()["orders"]) - 1
    assert (done["state"], done["rows_done"]) == ("done", ORDERS)
    assert 0 < mine < ORDERS // 2
    assert done["rows_failed"] + done["rows_changed"] == ORDERS
    assert done["rows_failed"] >= ORDERS // 2 - mine
    assert tables_with("jo@example.org") == {}
    assert not Order.objects.filter(
        note__in=[f"to person {n}" for n in range(1, ORDERS, 2)]
    ).exists()

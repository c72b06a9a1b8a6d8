"""Acts that lock in several steps, against others that take the same rows the other way round.

Each of these ended in a deadlock, of which the answers told nothing: what meets one is repeated.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, Event
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from core.access.principal import SYSTEM
from core.idempotency.execute import retry_conflicts
from core.outbox.models import Event as OutboxEvent
from inventory import ledger
from inventory.commands.change import StockChange
from inventory.commands.holds import end_stale_holds
from inventory.ledger import Entry
from inventory.models import Reservation
from orders.commands.locks import lock_orders
from orders.commands.settling.change_stock import OthersConcerned, change_stock
from orders.models import Order
from tests.concurrency.threads import together, wait_until_blocked
from tests.conftest import ApiCaller, make_caller
from tests.factories import (
    ChannelFactory,
    LocationFactory,
    OrderBody,
    OrderLineBody,
    SkuFactory,
    hold_units,
    stock_up,
)
from tests.inventory.laws import assert_pool_laws
from tests.inventory.stock_helpers import balances, expire_cart, hold
from tests.inventory.transfers.transfer_helpers import body as transfer_body
from tests.omniretail.files.import_helpers import apply_files, send
from tests.orders.fulfilment_helpers import place

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

JO = {"name": "Jo Reed", "email": "jo@example.org"}


def in_thread(pool: ThreadPoolExecutor, act: Callable[[], Any]) -> Future[Any]:
    def run() -> Any:
        try:
            return act()
        finally:
            connection.close()

    return pool.submit(run)


def erase(api: ApiCaller, customer: str) -> dict[str, Any]:
    answer = api.post(f"customers/{customer}/erase")
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_two_who_end_holds_of_the_same_carts(api: ApiCaller) -> None:
    """Each ends one SKU of either cart, in the other order, as acts on several SKUs do. A cart that
    ended is told once, by whoever ends the first of its holds."""
    ChannelFactory(code="web")
    place = LocationFactory(code="W1")
    skus = {code: SkuFactory(code=code) for code in ("A1", "A2", "B1", "B2")}
    for sku in skus.values():
        stock_up(sku, place, 5)
    carts = [hold(api, (f"{row}1", 1), (f"{row}2", 1)) for row in "AB"]
    for cart in carts:
        expire_cart(cart)
    has_ended = Barrier(2)

    def end(first: str, second: str) -> None:
        end_stale_holds(actor="test", sku_ids=[skus[first].pk])
        has_ended.wait(timeout=30)
        end_stale_holds(actor="test", sku_ids=[skus[second].pk])

    assert together(lambda: end("A1", "B1"), lambda: end("B2", "A2")) == [None, None]
    assert list(Reservation.objects.values_list("state", flat=True)) == ["expired"] * 4
    told = OutboxEvent.objects.filter(type="reservation.expired").values_list("subject", flat=True)
    assert sorted(told) == sorted(f"reservations/{cart}" for cart in carts)
    assert_pool_laws()


class TestErasures:
    """An erasure locks the customer's orders, then the customer."""

    def test_a_till_sale_that_breaks_a_promise_of_the_erased(self, api: ApiCaller) -> None:
        """One set places an order of theirs and breaks another's promise: of those two it must not
        hold the customer and wait for the order."""
        ChannelFactory(code="web")
        ChannelFactory(code="pos")
        shop = LocationFactory(code="S1", store=True)
        shirt, mug, cap = (SkuFactory(code=code) for code in ("A1", "B1", "C1"))
        for sku in (shirt, mug, cap):
            stock_up(sku, shop, 1)
        promised = place(api, ("A1", 1), customer=JO)
        sale = OrderLineBody(fulfilment={"type": "carry_out", "location": "S1"})
        both = [
            OrderBody(channel="pos", lines=[sale]),
            OrderBody(customer=JO, lines=[OrderLineBody(sku="C1")]),
        ]
        with ThreadPoolExecutor(3) as pool:
            with transaction.atomic():
                ledger.lock_rows([(mug.pk, shop.pk)])
                placing = in_thread(pool, lambda: place(make_caller(["*"]), ("B1", 1), customer=JO))
                wait_until_blocked()
                erasing = in_thread(pool, lambda: erase(api, promised["customer_id"]))
                wait_until_blocked(2)
                selling = in_thread(
                    pool, lambda: make_caller(["*"]).post("orders/batch", {"orders": both})
                )
                wait_until_blocked(3)
            placing.result(timeout=60)
            erasing.result(timeout=60)
            results = selling.result(timeout=60).json()["results"]
        assert [result["status"] for result in results] == [201, 201]
        assert results[1]["order"]["customer_id"] != promised["customer_id"]
        assert_pool_laws()

    def test_orders_that_came_while_it_waited(self, api: ApiCaller) -> None:
        """An order that was begun before another and committed after it is locked before it."""
        ChannelFactory(code="web")
        store = LocationFactory(code="W1")
        rows = {}
        for code in ("A1", "B1", "C1", "D1"):
            sku = SkuFactory(code=code)
            stock_up(sku, store, 5)
            rows[code] = (sku.pk, store.pk)
        known = place(api, ("D1", 1), customer=JO)
        may_commit, is_locked = Event(), Event()

        def hold_the_first() -> None:
            with transaction.atomic():
                ledger.lock_rows([rows["A1"]])
                is_locked.set()
                assert may_commit.wait(timeout=30)

        def buy(code: str) -> dict[str, Any]:
            return place(make_caller(["*"]), (code, 1), customer=JO)

        def lock_both() -> None:
            with transaction.atomic():
                bought = Order.objects.filter(lines__sku__code__in=["A1", "C1"])
                lock_orders(bought.values_list("pk", flat=True))

        with ThreadPoolExecutor(5) as pool:
            holding = in_thread(pool, hold_the_first)
            assert is_locked.wait(timeout=30)
            with transaction.atomic():
                ledger.lock_rows([rows["B1"]])
                first = in_thread(pool, lambda: buy("A1"))
                wait_until_blocked()
                second = in_thread(pool, lambda: buy("C1")).result(timeout=30)
                third = in_thread(pool, lambda: buy("B1"))
                wait_until_blocked(2)
                erasing = in_thread(pool, lambda: erase(api, second["customer_id"]))
                wait_until_blocked(3)
                may_commit.set()
                holding.result(timeout=30)
                orders = [known, first.result(timeout=30), second]
                locking = in_thread(pool, lock_both)
                wait_until_blocked(3)
            orders.append(third.result(timeout=60))
            locking.result(timeout=60)
            erased = erasing.result(timeout=60)
        assert sorted(erased["orders"]) == sorted(order["number"] for order in orders)
        assert orders[1]["number"] < second["number"]


def test_an_act_that_begins_again_has_let_go_of_all(api: ApiCaller) -> None:
    """One who waits for a row that the act has changed under a savepoint of its own would wait for
    the end of the transaction, though the row is free; the act then waits for that one, or for
    another who does."""
    ChannelFactory(code="web")
    store = LocationFactory(code="W1")
    low, middle, high = (SkuFactory(code=code) for code in ("A1", "B1", "C1"))
    for sku in (low, middle, high):
        stock_up(sku, store, 5)
    place(api, ("A1", 1))
    concerned = list(Order.objects.values_list("pk", flat=True))
    attempts = 0

    def count() -> tuple[None, StockChange]:
        nonlocal attempts
        attempts += 1
        with transaction.atomic():
            ledger.post([Entry(high.pk, store.pk, on_hand=1)], actor="test")
        if attempts == 1:
            locking.append(in_thread(pool, lambda: lock_all(middle.pk, high.pk)))
            wait_until_blocked()
            locking.append(in_thread(pool, lambda: lock_all(low.pk, middle.pk)))
            wait_until_blocked(2)
            raise OthersConcerned(frozenset(), frozenset())
        return None, StockChange()

    @transaction.atomic
    def act() -> None:
        change_stock(count, waiting_for={low.pk}, concerning=concerned, actor=SYSTEM)

    def lock_all(*skus: int) -> None:
        with transaction.atomic():
            ledger.lock_skus(skus)

    locking: list[Future[Any]] = []
    with ThreadPoolExecutor(2) as pool:
        retry_conflicts(act)
        for each in locking:
            each.result(timeout=60)
    assert attempts == 2
    assert balances("C1", "W1") == (6, 0, 0)
    assert_pool_laws()


def test_a_row_is_opened_under_the_locks_of_its_sku(api: ApiCaller) -> None:
    """An act may lock all rows of a SKU more than once. Another one that appeared meanwhile would
    be locked behind those that it holds, by others before them."""
    ChannelFactory(code="web")
    new, old = LocationFactory(code="W1"), LocationFactory(code="W2")
    sku = SkuFactory(code="A1")
    stock_up(sku, old, 3)
    body = {"location": "W1", "reference": "van", "lines": [{"sku": "A1", "quantity": 4}]}

    def lock_all() -> None:
        with transaction.atomic():
            ledger.lock_skus([sku.pk])

    with ThreadPoolExecutor(2) as pool:
        with transaction.atomic():
            assert ledger.lock_skus([sku.pk]).keys() == {(sku.pk, old.pk)}
            receiving = in_thread(pool, lambda: api.post("receipts", body))
            wait_until_blocked()
            locking = in_thread(pool, lock_all)
            wait_until_blocked(2)
            assert ledger.lock_skus([sku.pk]).keys() == {(sku.pk, old.pk)}
        assert receiving.result(timeout=60).status_code == 201
        locking.result(timeout=60)
    assert balances("A1", new.code) == (4, 0, 0)
    assert_pool_laws()


def test_goods_that_arrive_where_there_never_were_any(api: ApiCaller) -> None:
    """Orders wait for them, so all their rows are locked: that of the shop must be open by then."""
    ChannelFactory(code="web")
    warehouse, shop = LocationFactory(code="W1"), LocationFactory(code="S1", store=True)
    sku = SkuFactory(code="A1")
    stock_up(sku, warehouse, 4)
    transfer = api.post("transfers", transfer_body(("A1", 4))).json()["id"]
    assert api.post(f"transfers/{transfer}/dispatch").status_code == 200
    scans = [{"scan_id": str(uuid.uuid4()), "payload": "A1", "quantity": 4}]
    assert api.post(f"transfers/{transfer}/scans", {"scans": scans}).status_code == 200
    place(api, ("A1", 2), allow_backorder=True)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            ledger.open_rows([(sku.pk, shop.pk)])
            receiving = in_thread(
                pool, lambda: api.post(f"transfers/{transfer}/receive", {"as_scanned": True})
            )
            wait_until_blocked()
            ledger.lock_skus([sku.pk])
        assert receiving.result(timeout=60).status_code == 200
    assert balances("A1", "S1") == (4, 2, 0)
    assert_pool_laws()


def test_a_figure_that_waited_and_was_left(api: ApiCaller) -> None:
    """The row of a file's figure was changed meanwhile. It is looked at again under locks, and must
    not be locked still from the first attempt: with it go all rows of a SKU whose hold expired."""
    first, second = LocationFactory(code="W1"), LocationFactory(code="W2")
    sku = SkuFactory(code="A1")
    for store in (first, second):
        stock_up(sku, store, 10)
    passed = timezone.now() - timedelta(minutes=1)
    hold_units(sku, first, 2, channel=ChannelFactory(), until=passed)
    sent = send(api, "stock", "sku,location,on_hand\nA1,W2,5\n").json()

    def lock_all() -> None:
        with transaction.atomic():
            ledger.lock_skus([sku.pk])

    with ThreadPoolExecutor(2) as pool:
        with transaction.atomic():
            ledger.post([Entry(sku.pk, second.pk, on_hand=-2)], actor="test")
            applying = in_thread(pool, apply_files)
            wait_until_blocked()
            locking = in_thread(pool, lock_all)
            wait_until_blocked(2)
        locking.result(timeout=60)
        applying.result(timeout=60)
    assert api.get(f"imports/{sent['id']}").json()["state"] == "done"
    assert (balances("A1", "W1"), balances("A1", "W2")) == ((10, 0, 0), (5, 0, 0))
    assert_pool_laws()

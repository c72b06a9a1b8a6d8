"""A customer who is erased while they order."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection, transaction

from core.access.principal import SYSTEM
from inventory.models import Stock
from orders.commands.privacy import erase_customer
from orders.models import Customer
from tests.concurrency.threads import wait_until_blocked
from tests.conftest import ApiCaller, make_caller
from tests.factories import (
    ChannelFactory,
    LocationFactory,
    OrderBody,
    SkuFactory,
    stock_up,
)

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

JO = {"name": "Jo Reed", "email": "jo@example.org", "phone": "+44 20 7946 0000"}
HOME = {"name": "Jo Reed", "line1": "2 Elm Row", "city": "York", "country": "GB"}
# Long enough that no time and no id holds one of them by chance.
PERSONAL = ("Jo Reed", "jo@example.org", "7946 0000", "Elm Row", "ring twice")
BUYERS, ORDERS_EACH = 8, 25
LATE = 5  # of each buyer's, sent when the erasure has been answered


@dataclass(frozen=True)
class Placed:
    """An accepted order, as its buyer was told of it."""

    number: str
    customer: str
    api: ApiCaller  # of the buyer
    body: dict[str, Any]
    key: str
    was_sent_after: bool  # the erasure had been answered


@pytest.fixture(autouse=True)
def shop() -> None:
    ChannelFactory(code="web")
    stock_up(SkuFactory(code="A1"), LocationFactory(code="W1"), 1_000)


def body_of(name: str) -> dict[str, Any]:
    return OrderBody(external_id=name, customer=JO, ship_to=HOME, note="Please ring twice")


def place(api: ApiCaller, name: str, *, after: bool = False) -> Placed:
    body = body_of(name)
    answer = api.post("orders", body, key=name)
    assert answer.status_code == 201, answer.content
    order = answer.json()
    return Placed(order["number"], order["customer_id"], api, body, name, after)


def in_thread(pool: ThreadPoolExecutor, act: Callable[[], Any]) -> Future[Any]:
    def run() -> Any:
        try:
            return act()
        finally:
            connection.close()

    return pool.submit(run)


def kept_of(api: ApiCaller, order: Placed) -> str:
    """Return all that the service answers about an order, as one text."""
    answers = [
        api.get(f"orders/{order.number}"),
        api.get(f"orders/{order.number}/timeline"),
        api.get(f"orders/{order.number}/sourcing"),
        order.api.post("orders", order.body, key=order.key),
        api.post("orders", order.body),
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 201, 200]
    return repr([answer.json() for answer in answers])


def feed_of(api: ApiCaller) -> dict[str, str]:
    """Return what the feed tells of each order, as one text."""
    told: dict[str, str] = {}
    after: int | None = 0
    while after is not None:
        page = api.get("events", after=after, limit=200).json()
        for event in page["results"]:
            number = event["subject"].partition("/")[2].partition("-")[0]
            told[number] = told.get(number, "") + repr(event)
        after = page["results"][-1]["sequence"] if page["results"] else None
    return told


def assert_forgotten(api: ApiCaller, orders: list[Placed]) -> None:
    told = feed_of(api)
    for order in orders:
        kept = kept_of(api, order) + told[order.number]
        assert [word for word in PERSONAL if word in kept] == [], order


def test_two_hundred_orders_around_an_erasure() -> None:
    """Those of the erased customer have no name and no address; later ones are a new customer's."""
    desk = make_caller(["*"])
    first = place(desk, "first")
    answered, accepted = threading.Event(), threading.Semaphore(0)

    def buy(buyer: int) -> list[Placed]:
        api = make_caller(["*"])  # a key of its own, whose orders commit beside those of others
        mine = []
        for number in range(ORDERS_EACH):
            if number == ORDERS_EACH - LATE:
                assert answered.wait(timeout=60)
            mine.append(place(api, f"{buyer}-{number}", after=answered.is_set()))
            accepted.release()
        return mine

    with ThreadPoolExecutor(BUYERS) as pool:
        buying = [in_thread(pool, lambda buyer=buyer: buy(buyer)) for buyer in range(BUYERS)]  # type: ignore[misc]
        for _ in range(BUYERS * ORDERS_EACH // 4):
            assert accepted.acquire(timeout=60)
        erased = desk.post(f"customers/{first.customer}/erase")
        answered.set()
        placed = [first, *(order for bought in buying for order in bought.result(timeout=120))]
    assert erased.status_code == 200, erased.content

    old = [order for order in placed if order.customer == first.customer]
    new = [order for order in placed if order.customer != first.customer]
    assert len(placed) == BUYERS * ORDERS_EACH + 1
    assert set(erased.json()["orders"]) == {order.number for order in old}
    assert len(old) > BUYERS * ORDERS_EACH // 4
    assert len(new) >= BUYERS * LATE
    assert [order for order in old if order.was_sent_after] == []
    assert len({order.customer for order in new}) == 1
    assert_forgotten(desk, old)
    for order in new:
        assert desk.get(f"orders/{order.number}").json()["ship_to"]["line1"] == "2 Elm Row"


def test_an_erasure_waits_for_the_order_that_is_being_placed() -> None:
    desk = make_caller(["*"])
    first = place(desk, "first")
    with ThreadPoolExecutor(2) as pool:
        with transaction.atomic():
            list(Stock.objects.select_for_update())
            placing = in_thread(pool, lambda: place(desk, "second"))
            wait_until_blocked()
            erasing = in_thread(pool, lambda: desk.post(f"customers/{first.customer}/erase"))
            wait_until_blocked(2)
        second = placing.result(timeout=60)
        erased = erasing.result(timeout=60)
    assert second.customer == first.customer
    assert erased.json()["orders"] == [first.number, second.number]
    assert_forgotten(desk, [first, second])


def test_an_order_that_waited_for_an_erasure_is_a_new_customers() -> None:
    desk = make_caller(["*"])
    first = place(desk, "first")
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            erase_customer(identity=first.customer, actor=SYSTEM)
            placing = in_thread(pool, lambda: place(desk, "second"))
            wait_until_blocked()
        second = placing.result(timeout=60)
    assert second.customer != first.customer
    assert desk.get(f"orders/{second.number}").json()["ship_to"]["line1"] == "2 Elm Row"
    assert_forgotten(desk, [first])


def test_two_erasures_clean_the_answer_to_one_batch() -> None:
    """The second must not write back what it read before the first was done."""
    desk = make_caller(["*"])
    people = [{"name": f"{name} Reed", "email": f"{name}@example.org"} for name in ("Ann", "Bob")]
    orders = [
        OrderBody(external_id=each["name"], customer=each, note=each["name"]) for each in people
    ]
    placed = desk.post("orders/batch", {"orders": orders}, key="both").json()["results"]
    ann, bob = (result["order"]["customer_id"] for result in placed)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            erase_customer(identity=ann, actor=SYSTEM)
            erasing = in_thread(pool, lambda: desk.post(f"customers/{bob}/erase"))
            wait_until_blocked()
        assert erasing.result(timeout=60).status_code == 200
    again = repr(desk.post("orders/batch", {"orders": orders}, key="both").json()["results"])
    assert [
        word for person in people for word in person.values() if f"note': '{word}" in again
    ] == []


def test_orders_of_one_customer_do_not_wait_for_one_another() -> None:
    desk, other = make_caller(["*"]), make_caller(["*"])
    first = place(desk, "first")
    stock_up(SkuFactory(code="B1"), LocationFactory(code="W1"), 10)
    with ThreadPoolExecutor(2) as pool, transaction.atomic():
        list(Stock.objects.filter(sku__code="A1").select_for_update())
        waiting = in_thread(pool, lambda: place(desk, "second"))
        wait_until_blocked()
        body = body_of("third")
        body["lines"][0]["sku"] = "B1"
        third = in_thread(pool, lambda: other.post("orders", body)).result(timeout=60)
        assert not waiting.done()
    assert third.status_code == 201
    assert third.json()["customer_id"] == waiting.result().customer == first.customer
    assert Customer.objects.count() == 1

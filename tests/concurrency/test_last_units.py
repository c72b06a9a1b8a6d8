"""Fifty units, two hundred buyers at once."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Sum

from core.access.keys import issue_key
from inventory.models import Reservation, Stock
from orders.models import Order
from tests.concurrency.load import Answer, Call, call_at_once
from tests.factories import (
    ApiClientFactory,
    ChannelFactory,
    LocationFactory,
    OrderBody,
    OrderLineBody,
    SkuFactory,
    stock_up,
)

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def api_key() -> str:
    return issue_key(client=ApiClientFactory(name="load"))


@pytest.fixture
def fifty_units() -> None:
    """Fifty of HOT, over two locations."""
    ChannelFactory(code="web")
    sku = SkuFactory(code="HOT")
    for code, units in (("W1", 30), ("W2", 20)):
        stock_up(sku, LocationFactory(code=code), units)


def buyers(count: int, *, units: int = 1) -> list[Call]:
    return [
        Call(
            "orders",
            OrderBody(
                external_id=f"buyer-{number}",
                customer={"email": "everyone@example.org"},
                lines=[
                    OrderLineBody(
                        sku="HOT", quantity=units, unit_price="9.99", fulfilment={"type": "ship"}
                    )
                ],
            ),
            key=f"buy-{number}",
        )
        for number in range(count)
    ]


def reserved() -> int:
    return Stock.objects.aggregate(units=Sum("reserved"))["units"]


def test_fifty_are_sold_and_the_others_told(api_key: str, fifty_units: None) -> None:
    answers = call_at_once(buyers(200), api_key=api_key)
    assert Counter((a.status, a.code) for a in answers) == {
        (201, None): 50,
        (409, "insufficient_stock"): 150,
    }
    assert reserved() == 50
    assert Order.objects.count() == 50
    assert Reservation.objects.filter(state="confirmed").count() == 50


def buy_all_at_one_moment(api_key: str, *, without_guard: bool) -> list[Answer]:
    """Let four buyers, each in a process of its own, want 20 of the 50 at the same moment.

    The stock is locked until all four have seen the fifty and stand before the lock.
    """
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            list(Stock.objects.select_for_update())
            buying = pool.submit(
                call_at_once,
                buyers(4, units=20),
                api_key=api_key,
                threads=1,
                without_guard=without_guard,
            )
            while not buying.done() and waiting_for_locks() < 4:
                pass
        return buying.result()


def waiting_for_locks() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")  # else one look serves a transaction
        cursor.execute(
            """SELECT count(*) FROM pg_stat_activity
               WHERE datname = current_database() AND wait_event_type = 'Lock'"""
        )
        return cursor.fetchone()[0]


def test_two_of_four_get_their_twenty_of_fifty(api_key: str, fifty_units: None) -> None:
    answers = buy_all_at_one_moment(api_key, without_guard=False)
    assert Counter((a.status, a.code) for a in answers) == {
        (201, None): 2,
        (409, "insufficient_stock"): 2,
    }
    assert reserved() == 40


def test_without_the_guard_more_are_sold_than_there_are(
    api_key: str, fifty_units: None, no_constraint: None
) -> None:
    answers = buy_all_at_one_moment(api_key, without_guard=True)
    assert [answer.status for answer in answers] == [201] * 4
    assert reserved() == 80


def test_one_key_sent_twenty_times_is_one_order(api_key: str, fifty_units: None) -> None:
    (call,) = buyers(1)
    answers = call_at_once([call] * 20, api_key=api_key)
    done = [answer for answer in answers if answer.status == 201]
    waiting = [answer for answer in answers if answer.status != 201]
    assert {answer.body["number"] for answer in done} == {Order.objects.get().number}
    assert sum(not answer.replayed for answer in done) == 1
    assert {answer.code for answer in waiting} <= {"idempotency_in_progress"}
    assert reserved() == 1


def test_one_external_id_sent_with_many_keys_is_one_order(api_key: str, fifty_units: None) -> None:
    (call,) = buyers(1)
    calls = [Call(call.path, call.body, key=f"other-{n}") for n in range(20)]
    answers = call_at_once(calls, api_key=api_key)
    assert Counter(answer.status for answer in answers) == {201: 1, 200: 19}
    assert len({answer.body["number"] for answer in answers}) == 1
    assert reserved() == 1


def test_lines_in_opposite_order_do_not_deadlock(api_key: str) -> None:
    ChannelFactory(code="web")
    location = LocationFactory(code="W1")
    for code in ("A", "B", "C"):
        stock_up(SkuFactory(code=code), location, 60)

    def order(number: int) -> Call:
        codes = ["A", "B", "C"] if number % 2 else ["C", "B", "A"]
        lines: list[dict[str, Any]] = [
            OrderLineBody(line_id=code, sku=code, unit_price="1.00") for code in codes
        ]
        body = OrderBody(external_id=str(number), lines=lines)
        return Call("orders", body, key=str(number))

    answers = call_at_once([order(number) for number in range(100)], api_key=api_key)
    assert Counter((a.status, a.code) for a in answers) == {
        (201, None): 60,
        (409, "insufficient_stock"): 40,
    }

"""Cancelling an order, over HTTP: its goods are on sale again, or go to an order that waits."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import ApiCaller
from tests.orders.placing.placing_helpers import order_of, row

pytestmark = pytest.mark.django_db


def test_cancelling_puts_the_goods_back_on_sale(api: ApiCaller, world: Any) -> None:
    number = api.post("orders", order_of(("A1", 3))).json()["number"]
    cancel = f"orders/{number}/cancellations"
    part = api.post(cancel, {"lines": [{"line_id": "1", "quantity": 1}], "reason": "too many"})
    assert part.status_code == 201, part.content
    assert part.json()["lines"][0] | {"reserved": 2, "cancelled": 1} == part.json()["lines"][0]
    assert row(world["A1"], world["W1"]) == (5, 2, 0)
    rest = api.post(cancel, {"reason": "changed my mind"}).json()
    assert rest["state"] == "cancelled"
    assert rest["fulfilments"][0]["state"] == "cancelled"
    assert row(world["A1"], world["W1"]) == (5, 0, 0)
    again = api.post(cancel, {"reason": "again"})
    assert (again.status_code, again.json()["code"]) == (409, "nothing_to_cancel")
    types = [line["type"] for line in api.get(f"orders/{number}/timeline").json()["results"]]
    assert types.count("order.cancelled") == 2
    assert types.count("refund.requested") == 2
    told = [event["data"] for event in api.get("events", types="order.cancelled").json()["results"]]
    assert [(each["whole_order"], each["cancelled_lines"]) for each in told] == [
        (False, [{"line_id": "1", "sku": "A1", "quantity": 1}]),
        (True, [{"line_id": "1", "sku": "A1", "quantity": 2}]),
    ]


def test_a_freed_unit_goes_to_the_order_that_waits_longest(api: ApiCaller, world: Any) -> None:
    first = api.post("orders", order_of(("B1", 3), external_id="1")).json()["number"]
    waiting = [
        api.post("orders", order_of(("B1", 1), external_id=str(n), allow_backorder=True)).json()
        for n in (2, 3)
    ]
    api.post(
        f"orders/{first}/cancellations",
        {"lines": [{"line_id": "1", "quantity": 1}], "reason": "one too many"},
    )
    states = [api.get(f"orders/{order['number']}").json()["state"] for order in waiting]
    assert states == ["open", "backordered"]

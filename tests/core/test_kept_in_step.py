"""A list read by `ordering=updated_at` is kept in step: nothing is left out or comes twice."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from inventory.models import Sku
from orders.models import Order
from tests.conftest import ApiCaller, make_caller
from tests.factories import ChannelFactory, LocationFactory, SkuFactory, stock_up
from tests.orders.fulfilment_helpers import place


def walk(api: ApiCaller, path: str, **query: Any) -> list[dict[str, Any]]:
    """Follow a list to its end, two at a time."""
    answer = api.get(path, ordering="updated_at", limit=2, **query).json()
    found = answer["results"]
    while answer["next"]:
        answer = api.client.get(answer["next"], headers=api.headers).json()
        found += answer["results"]
    return found


def open_shop() -> None:
    LocationFactory(code="W1")
    ChannelFactory(code="web")
    stock_up(SkuFactory(code="A1"), LocationFactory(code="W2"), 100)


@pytest.mark.django_db
def test_what_changed_since_is_read_once(api: ApiCaller) -> None:
    open_shop()
    orders = [place(api, ("A1", 1)) for _ in range(5)]
    seen = walk(api, "orders")
    assert [order["number"] for order in seen] == [order["number"] for order in orders]
    assert seen == orders
    assert walk(api, "orders", updated_after=seen[-1]["updated_at"]) == []

    fulfilment = orders[1]["fulfilments"][0]["id"]
    api.post(f"fulfilments/{fulfilment}/pick", {"lines": [{"line_id": "1", "quantity": 1}]})
    api.post(f"orders/{orders[0]['number']}/cancellations", {"reason": "x"})
    news = walk(api, "orders", updated_after=seen[-1]["updated_at"])
    assert [order["number"] for order in news] == [orders[1]["number"], orders[0]["number"]]
    fulfilments = walk(api, "fulfilments")
    assert [each["order"] for each in fulfilments[-2:]] == [each["number"] for each in news]
    assert walk(api, "orders", updated_before=news[0]["updated_at"]) == seen[2:]
    backwards = api.get("orders", ordering="-updated_at", limit=1).json()["results"]
    assert backwards == news[-1:]


@pytest.mark.django_db
def test_rows_of_one_moment_are_read_once(api: ApiCaller) -> None:
    at = timezone.now() - timedelta(seconds=1)
    SkuFactory.create_batch(7, updated_at=at)
    assert [sku["sku"] for sku in walk(api, "skus")] == list(
        Sku.objects.order_by("pk").values_list("code", flat=True)
    )


@pytest.mark.django_db(transaction=True)
def test_a_reader_never_goes_past_a_change_that_is_under_way() -> None:
    """It was written before the reader looked, and can be seen only afterwards."""
    api = make_caller(["*"])
    open_shop()
    early, late = place(api, ("A1", 1)), place(api, ("A1", 1))
    seen = walk(api, "orders")
    written, looked = threading.Event(), threading.Event()

    def change_slowly() -> None:
        try:
            with transaction.atomic():
                Order.objects.filter(number=early["number"]).update(note="called")
                written.set()
                assert looked.wait(20)
        finally:
            connection.close()

    slow = threading.Thread(target=change_slowly)
    slow.start()
    assert written.wait(20)
    Order.objects.filter(number=late["number"]).update(note="called")
    meanwhile = walk(api, "orders", updated_after=seen[-1]["updated_at"])
    looked.set()
    slow.join()
    last = [*seen, *meanwhile][-1]["updated_at"]
    afterwards = walk(api, "orders", updated_after=last)
    assert {order["number"] for order in [*meanwhile, *afterwards]} == {
        early["number"],
        late["number"],
    }

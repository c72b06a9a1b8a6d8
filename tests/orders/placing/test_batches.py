"""Many orders in one request: each stands alone, and all compete for the same units."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import ApiCaller
from tests.factories import ChannelFactory, RingFenceFactory
from tests.orders.placing.placing_helpers import order_of, row

pytestmark = pytest.mark.django_db


def test_orders_of_a_batch_stand_alone(api: ApiCaller, world: Any) -> None:
    bodies = [
        order_of(("B1", 2), external_id="b1"),
        order_of(("B1", 2), external_id="b2"),
        order_of(("NOPE", 1), external_id="b3"),
        order_of(("B1", 1), external_id="b4"),
        order_of(("B1", 2), external_id="b1"),
        {"external_id": "b6"},
        7,
    ]
    results = api.post("orders/batch", {"orders": bodies}).json()["results"]
    assert [result["status"] for result in results] == [201, 409, 400, 201, 200, 400, 400]
    assert results[1]["problem"]["lines"][0]["available"] == 1
    assert results[2]["problem"]["errors"][0]["code"] == "unknown_sku"
    assert row(world["B1"], world["W2"]) == (3, 3, 0)


def test_a_batch_repeats_only_external_ids_that_are_texts(api: ApiCaller, world: Any) -> None:
    orders = [{"external_id": odd} for odd in ([], 7, {"a": 1}, None, "b1")] + [7]
    results = api.post("orders/batch", {"orders": orders}).json()["results"]
    assert [result["external_id"] for result in results] == [None, None, None, None, "b1", None]
    assert {result["status"] for result in results} == {400}


def test_channels_of_one_batch_compete_for_the_same_units(api: ApiCaller, world: Any) -> None:
    ChannelFactory(code="phone")
    bodies = [
        order_of(("B1", 2), external_id="1"),
        order_of(("B1", 2), external_id="2", channel="phone"),
        order_of(("B1", 1), external_id="3", channel="phone"),
    ]
    results = api.post("orders/batch", {"orders": bodies}).json()["results"]
    assert [result["status"] for result in results] == [201, 409, 201]
    assert row(world["B1"], world["W2"]) == (3, 3, 0)


def test_a_channel_sells_its_own_ring_fence_beside_another_channel(
    api: ApiCaller, world: Any
) -> None:
    phone = ChannelFactory(code="phone")
    RingFenceFactory(channel=phone, sku=world["B1"], location=world["W2"], quantity=2)
    bodies = [
        order_of(("B1", 1), external_id="1"),
        order_of(("B1", 2), external_id="2", channel="phone"),
        order_of(("B1", 1), external_id="3"),
    ]
    results = api.post("orders/batch", {"orders": bodies}).json()["results"]
    assert [result["status"] for result in results] == [201, 201, 409]
    assert row(world["B1"], world["W2"]) == (3, 3, 0)

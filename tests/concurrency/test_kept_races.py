"""Two channels at one shelf that keeps units for both: nobody takes what is the other's."""

from __future__ import annotations

from collections import Counter

import pytest

from core.access.keys import issue_key
from core.access.models import ApiClient
from inventory.models import KeepRule, RingFence, Stock, StockMovement
from orders.models import Order
from tests.builders import make_channel, make_location, make_sku, stock_up
from tests.concurrency.crowd import Call, call_at_once
from tests.inventory.laws import assert_pool_laws

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

BUYERS = 40  # of each channel in each way: with an order, with a cart
# What a channel must leave of 40: the safety stock, and what is kept for the other one.
LEAVES = {"web": 5 + 10, "pos": 5 + 4}


def order(channel: str, number: int) -> Call:
    line = {"line_id": "1", "sku": "HOT", "quantity": 1, "unit_price": "9.99"}
    name = f"{channel}-order-{number}"
    body = {"channel": channel, "external_id": name, "currency": "GBP", "lines": [line]}
    return Call("orders", body, key=name)


def cart(channel: str, number: int) -> Call:
    name = f"{channel}-cart-{number}"
    lines = [{"sku": "HOT", "quantity": 1}]
    body = {"channel": channel, "reference": name, "ttl_seconds": 600, "lines": lines}
    return Call("reservations", body, key=name)


def test_many_buyers_of_two_channels_leave_what_is_kept() -> None:
    web, pos = make_channel("web"), make_channel("pos")
    sku, place = make_sku("HOT", category="Toys"), make_location("W1")
    stock_up(sku, place, 40)
    KeepRule.objects.create(code="safe", kind="safety_stock", quantity=5, category="Toys")
    KeepRule.objects.create(code="till", kind="ring_fence", channel=pos, quantity=10)
    RingFence.objects.create(channel=web, sku=sku, location=place, quantity=4)
    api_key = issue_key(client=ApiClient.objects.create(name="crowd", scopes=["*"]))

    calls = [
        make(channel, number)
        for number in range(BUYERS)
        for make in (order, cart)
        for channel in ("web", "pos")
    ]
    answers = call_at_once(calls, api_key=api_key, processes=2)

    # The till may go on until nothing but the safety stock and web's four are left.
    assert Counter((answer.status, answer.code) for answer in answers) == {
        (201, None): 40 - LEAVES["pos"],
        (409, "insufficient_stock"): len(calls) - (40 - LEAVES["pos"]),
    }
    assert Stock.objects.get().reserved == 40 - LEAVES["pos"]
    channels = {each.number: each.channel.code for each in Order.objects.select_related("channel")}
    sold = Counter()
    for taken in StockMovement.objects.filter(reason="reserved"):
        channel = channels.get(taken.reference) or taken.reference.partition("-")[0]
        assert taken.on_hand_after - taken.reserved_after >= LEAVES[channel], taken.reference
        sold[channel] += taken.reserved_delta
    assert sold["web"] <= 40 - LEAVES["web"]
    assert_pool_laws()

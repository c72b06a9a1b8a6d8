"""Two channels buy of one SKU that keeps units for both: neither takes what is the other's."""

from __future__ import annotations

from collections import Counter

import pytest

from core.access.keys import issue_key
from inventory.models import ReservationGroup, Stock, StockMovement
from inventory.queries.reservations import cart_name
from orders.models import Order
from tests.concurrency.load import Call, call_at_once
from tests.factories import (
    ApiClientFactory,
    CartBody,
    ChannelFactory,
    KeepRuleFactory,
    LocationFactory,
    OrderBody,
    OrderLineBody,
    RingFenceFactory,
    SkuFactory,
    stock_up,
)
from tests.inventory.laws import assert_pool_laws

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

BUYERS = 40  # of each channel in each way: with an order, with a cart
# What a channel must leave of 40: the safety stock, and what is kept for the other one.
LEAVES = {"web": 5 + 10, "pos": 5 + 4}


def order(channel: str, number: int) -> Call:
    line = OrderLineBody(sku="HOT", unit_price="9.99")
    name = f"{channel}-order-{number}"
    body = OrderBody(channel=channel, external_id=name, lines=[line])
    return Call("orders", body, key=name)


def cart(channel: str, number: int) -> Call:
    name = f"{channel}-cart-{number}"
    lines = [{"sku": "HOT", "quantity": 1}]
    body = CartBody(channel=channel, reference=name, lines=lines)
    return Call("reservations", body, key=name)


def test_many_buyers_of_two_channels_leave_what_is_kept() -> None:
    web, pos = ChannelFactory(code="web"), ChannelFactory(code="pos")
    sku, place = SkuFactory(code="HOT", category="Toys"), LocationFactory(code="W1")
    stock_up(sku, place, 40)
    KeepRuleFactory(code="safe", kind="safety_stock", quantity=5, category="Toys")
    KeepRuleFactory(code="till", kind="ring_fence", channel=pos, quantity=10)
    RingFenceFactory(channel=web, sku=sku, location=place, quantity=4)
    api_key = issue_key(client=ApiClientFactory(name="load"))

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
    carts = ReservationGroup.objects.select_related("channel")
    channels |= {cart_name(each.pk): each.channel.code for each in carts}
    sold = Counter()
    for taken in StockMovement.objects.filter(reason="reserved"):
        channel = channels[taken.reference]
        assert taken.on_hand_after - taken.reserved_after >= LEAVES[channel], taken.reference
        sold[channel] += taken.reserved_delta
    assert sold["web"] <= 40 - LEAVES["web"]
    assert_pool_laws()

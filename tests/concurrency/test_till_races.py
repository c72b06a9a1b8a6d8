"""Tills sell what others have promised, pack, count and cancel at the same moment."""

from __future__ import annotations

from collections import Counter

import pytest

from core.access.keys import issue_key
from inventory.models import Drift, StockMovement
from tests.concurrency.load import Call, call_at_once
from tests.conftest import ApiCaller
from tests.factories import (
    ApiClientFactory,
    ChannelFactory,
    LocationFactory,
    OrderBody,
    OrderLineBody,
    SkuFactory,
    stock_up,
)
from tests.inventory.laws import assert_pool_laws
from tests.orders.fulfilment_helpers import assert_laws_hold, place, stock, units

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
PROMISED, SOLD = 12, 16
TILL = {"type": "carry_out", "location": "S1"}


def sale(number: int) -> Call:
    lines = [
        OrderLineBody(line_id=sku, sku=sku, fulfilment=TILL)
        for sku in (("A1", "B1") if number % 2 else ("B1", "A1"))
    ]
    return Call(
        "orders", OrderBody(channel="pos", external_id=f"T-{number}", lines=lines), f"t{number}"
    )


def test_every_sale_is_recorded_and_breaks_what_it_must() -> None:
    ChannelFactory(code="web")
    ChannelFactory(code="pos")
    shop, warehouse = LocationFactory(code="S1", store=True), LocationFactory(code="W1", priority=9)
    for code in ("A1", "B1"):
        article = SkuFactory(code=code)
        stock_up(article, shop, PROMISED)
        stock_up(article, warehouse, 4)
    key = issue_key(client=ApiClientFactory(name="load"))
    api = ApiCaller(key)
    promised = [
        place(api, ("A1", 1), ("B1", 1), pickup_at="S1", allow_backorder=number % 3 == 0)
        for number in range(PROMISED)
    ]
    sales = [sale(number) for number in range(SOLD)]
    others = [
        Call(f"fulfilments/{order['fulfilments'][0]['id']}/pick", units(("1", 1)), f"p{number}")
        for number, order in enumerate(promised[:6])
    ] + [
        Call(f"orders/{order['number']}/cancellations", {"reason": "late"}, f"c{number}")
        for number, order in enumerate(promised[6:9])
    ]
    mixed = [call for pair in zip(sales, others, strict=False) for call in pair]
    answers = call_at_once([*mixed, *sales[len(others) :]], api_key=key)
    assert not [a for a in answers if a.status >= 500]
    statuses = Counter(a.status for a in answers if a.status < 300)
    assert statuses[201] >= SOLD
    # Twelve were there: four more must have been, of each.
    assert (stock("A1", "S1")[0], stock("B1", "S1")[0]) == (0, 0)
    found = StockMovement.objects.filter(reason="unrecorded").values_list(
        "on_hand_delta", flat=True
    )
    assert sum(found) == 2 * (SOLD - PROMISED)
    assert sum(Drift.objects.filter(source="till").values_list("drift", flat=True)) == sum(found)
    assert_pool_laws()
    assert_laws_hold()


def test_a_sale_where_there_never_were_any_opens_its_row_once() -> None:
    ChannelFactory(code="pos")
    LocationFactory(code="S1", store=True)
    for code in ("A1", "B1"):
        SkuFactory(code=code)
    key = issue_key(client=ApiClientFactory(name="load"))
    answers = call_at_once([sale(number) for number in range(SOLD)], api_key=key)
    assert [a.status for a in answers] == [201] * SOLD
    assert (stock("A1", "S1"), stock("B1", "S1")) == ((0, 0, 0), (0, 0, 0))
    assert_pool_laws()

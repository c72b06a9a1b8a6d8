"""Two shops want the same last units of one warehouse; an arrival meets its cancellation."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from core.access.keys import issue_key
from inventory.models import Stock
from orders.models import Fulfilment
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
from tests.orders.fulfilment_helpers import place, step, units

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def api_key() -> str:
    return issue_key(client=ApiClientFactory(name="load"))


@pytest.fixture(autouse=True)
def world() -> None:
    """Six of A1 in the warehouse, none in the two shops."""
    ChannelFactory(code="web")
    for shop in ("S1", "S2"):
        LocationFactory(code=shop, store=True, ships=False)
    stock_up(SkuFactory(code="A1"), LocationFactory(code="W1", pickup=False), 6)


def pickups(count: int) -> list[Call]:
    """Orders of one unit, in turn for either shop."""
    return [
        Call(
            "orders",
            OrderBody(
                external_id=f"buyer-{number}",
                lines=[
                    OrderLineBody(
                        unit_price="9.99",
                        fulfilment={"type": "pickup", "location": f"S{number % 2 + 1}"},
                    )
                ],
            ),
            key=f"buy-{number}",
        )
        for number in range(count)
    ]


def whole(api: ApiCaller) -> dict[str, Any]:
    report: dict[str, Any] = api.get("integrity").json()
    assert report["ok"], report["violations"]
    assert_pool_laws()
    return report


def test_two_shops_compete_for_the_last_units_of_a_warehouse(api: ApiCaller, api_key: str) -> None:
    answers = call_at_once(pickups(24), api_key=api_key)
    assert Counter((a.status, a.code) for a in answers) == {
        (201, None): 6,
        (409, "insufficient_stock"): 18,
    }
    row = Stock.objects.get(location__code="W1")
    assert (row.on_hand, row.reserved) == (6, 6)
    assert set(Fulfilment.objects.values_list("source__code", "state")) == {("W1", "open")}
    whole(api)


def test_an_arrival_and_a_cancellation_settle_it_between_them(api: ApiCaller, api_key: str) -> None:
    """Whichever comes first, the units end in the shop, and no reservation outlives its order."""
    order = place(api, ("A1", 4), pickup_at="S1")
    code = order["fulfilments"][0]["id"]
    step(api, code, "pick", units(("1", 4)))
    transfer = step(api, code, "pack")["transfer"]
    step(api, code, "ship")
    one = {"lines": [{"sku": "A1", "quantity": 1}]}
    calls = [Call(f"transfers/{transfer}/receive", one, key=f"in-{n}") for n in range(4)]
    cancel = {"reason": "no", **units(("1", 1))}
    calls += [
        Call(f"orders/{order['number']}/cancellations", cancel, key=f"out-{n}") for n in range(2)
    ]
    answers = call_at_once(calls, api_key=api_key)
    assert Counter(a.status for a in answers) == {200: 4, 201: 2}
    shop = Stock.objects.get(location__code="S1")
    assert (shop.on_hand, shop.reserved) == (4, 2)
    assert Fulfilment.objects.get().state == "ready"
    whole(api)

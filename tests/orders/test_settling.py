"""What follows for orders when one act takes goods from some and brings goods for others."""

from __future__ import annotations

import pytest

from tests.conftest import ApiCaller
from tests.factories import ChannelFactory, LocationFactory, SkuFactory, stock_up
from tests.orders.fulfilment_helpers import assert_laws_hold, place, stock

pytestmark = pytest.mark.django_db


def test_a_count_that_breaks_reservations_fills_backorders_too(api: ApiCaller) -> None:
    shop = LocationFactory(code="W1")
    ChannelFactory(code="web")
    stock_up(SkuFactory(code="A1"), shop, 5)
    SkuFactory(code="B1")
    promised = place(api, ("A1", 5))
    waiting = place(api, ("B1", 2), allow_backorder=True)
    assert waiting["lines"][0]["backordered"] == 2
    counted = [
        {"sku": "A1", "location": "W1", "on_hand": 3},
        {"sku": "B1", "location": "W1", "on_hand": 4},
    ]
    body = {"reason": "cycle_count", "lines": counted}
    assert api.post("stock/counts/apply", body).status_code == 200
    broken = api.get(f"orders/{promised['number']}").json()["lines"][0]
    filled = api.get(f"orders/{waiting['number']}").json()["lines"][0]
    assert (broken["reserved"], broken["cancelled"], broken["backordered"]) == (3, 2, 0)
    assert (filled["reserved"], filled["backordered"]) == (2, 0)
    assert (stock("A1", "W1"), stock("B1", "W1")) == ((3, 3, 0), (4, 2, 0))
    assert_laws_hold()

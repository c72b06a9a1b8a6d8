"""What the customer accepted holds for every later decision, not only when the order is placed."""

from __future__ import annotations

from typing import Any

import pytest

from orders.models import FulfilmentLine
from tests.conftest import ApiCaller
from tests.factories import ChannelFactory, LocationFactory, SkuFactory, stock_up
from tests.orders.fulfilment_helpers import assert_laws_hold, place, step, units

pytestmark = pytest.mark.django_db


@pytest.fixture
def network(db: None) -> None:
    for code in ("W1", "W2", "W3"):
        LocationFactory(code=code)
    ChannelFactory(code="web")
    SkuFactory(code="A1")
    SkuFactory(code="B1")


def stocked(sku: str, location: str, units: int) -> None:
    stock_up(SkuFactory(code=sku), LocationFactory(code=location), units)


def receive(api: ApiCaller, location: str, sku: str, units: int) -> None:
    body = {"location": location, "reference": f"{sku}{units}{location}"}
    answer = api.post("receipts", body | {"lines": [{"sku": sku, "quantity": units}]})
    assert answer.status_code == 201, answer.content


def buildings(order: dict[str, Any]) -> dict[str, int]:
    """Return the units of an order by the building that they come from."""
    found: dict[str, int] = {}
    for line in FulfilmentLine.objects.filter(
        fulfilment__order__number=order["number"], quantity__gt=0
    ).select_related("fulfilment__location", "fulfilment__source"):
        code = line.fulfilment.building.code
        found[code] = found.get(code, 0) + line.quantity
    return found


def line_of(api: ApiCaller, order: dict[str, Any]) -> dict[str, Any]:
    line: dict[str, Any] = api.get(f"orders/{order['number']}").json()["lines"][0]
    return line


@pytest.mark.parametrize("pickup_at", [None, "W3"])
def test_a_backorder_is_filled_only_by_the_building_that_supplies_the_rest(
    api: ApiCaller, network: None, pickup_at: str | None
) -> None:
    stocked("A1", "W1", 2)
    order = place(api, ("A1", 5), allow_split=False, allow_backorder=True, pickup_at=pickup_at)
    assert buildings(order) == {"W1": 2}
    receive(api, "W2", "A1", 3)
    assert buildings(order) == {"W1": 2}
    assert line_of(api, order)["backordered"] == 3
    receive(api, "W1", "A1", 2)
    assert buildings(order) == {"W1": 4}
    assert_laws_hold()


def test_goods_that_have_left_still_bind(api: ApiCaller, network: None) -> None:
    stocked("A1", "W1", 2)
    order = place(api, ("A1", 3), allow_split=False, allow_backorder=True)
    code = order["fulfilments"][0]["id"]
    step(api, code, "pick", units(("1", 2)))
    step(api, code, "pack")
    step(api, code, "ship", {"carrier": "X", "tracking_number": "1"})
    receive(api, "W2", "A1", 1)
    assert buildings(order) == {"W1": 2}
    receive(api, "W1", "A1", 1)
    assert buildings(order) == {"W1": 3}


def test_rejected_units_come_from_no_second_building(api: ApiCaller, network: None) -> None:
    stocked("A1", "W1", 2)
    order = place(api, ("A1", 2), allow_split=False)
    stocked("A1", "W2", 5)
    code = order["fulfilments"][0]["id"]
    refused = {"line_id": "1", "quantity": 1, "reason": "damaged"}
    step(api, code, "reject", {"lines": [refused]})
    assert buildings(order) == {"W1": 1}
    assert line_of(api, order)["cancelled"] == 1
    assert_laws_hold()
    decided = api.get(f"orders/{order['number']}/sourcing").json()["decisions"][-1]
    assert {each["location"]: each["code"] for each in decided["receipt"]["candidates"]} == {
        "W2": "another_supplies"
    }


def test_an_order_that_is_rejected_whole_moves_whole(api: ApiCaller, network: None) -> None:
    stocked("A1", "W1", 2)
    order = place(api, ("A1", 2), allow_split=False)
    stocked("A1", "W2", 1)
    stocked("A1", "W3", 2)
    step(api, order["fulfilments"][0]["id"], "reject", {"reason": "no_capacity"})
    assert buildings(order) == {"W3": 2}


def test_a_broken_claim_is_mended_by_no_second_building(api: ApiCaller, network: None) -> None:
    stocked("A1", "W1", 1)
    stocked("B1", "W1", 1)
    order = place(api, ("A1", 1), ("B1", 1), allow_split=False, allow_backorder=True)
    stocked("A1", "W2", 1)
    counted = {"sku": "A1", "location": "W1", "on_hand": 0}
    body = {"reason": "cycle_count", "lines": [counted]}
    assert api.post("stock/counts/apply", body).status_code == 200
    assert buildings(order) == {"W1": 1}
    assert line_of(api, order)["backordered"] == 1
    receive(api, "W1", "A1", 1)
    assert buildings(order) == {"W1": 2}
    assert_laws_hold()


def test_lines_that_break_together_move_together(api: ApiCaller, network: None) -> None:
    stocked("A1", "W1", 1)
    stocked("B1", "W1", 1)
    order = place(api, ("A1", 1), ("B1", 1), allow_split=False)
    stocked("A1", "W2", 1)
    stocked("A1", "W3", 1)
    stocked("B1", "W3", 1)
    counted = [{"sku": sku, "location": "W1", "on_hand": 0} for sku in ("A1", "B1")]
    body = {"reason": "cycle_count", "lines": counted}
    assert api.post("stock/counts/apply", body).status_code == 200
    assert buildings(order) == {"W3": 2}


def test_a_short_pick_is_filled_by_no_second_building(api: ApiCaller, network: None) -> None:
    stocked("A1", "W1", 2)
    order = place(api, ("A1", 2), allow_split=False, allow_backorder=True)
    stocked("A1", "W2", 2)
    fulfilments = [order["fulfilments"][0]["id"]]
    body = {"location": "W1", "fulfilments": fulfilments, "mode": "single"}
    picking = api.post("pick-lists", body).json()
    line = picking["lines"][0]["id"]
    answer = api.post(f"pick-lists/{picking['id']}/lines/{line}/short", {"found": 1})
    assert answer.status_code == 200, answer.content
    assert buildings(order) == {"W1": 1}
    assert line_of(api, order)["backordered"] == 1


def test_an_order_that_may_be_split_takes_from_anywhere(api: ApiCaller, network: None) -> None:
    stocked("A1", "W1", 2)
    order = place(api, ("A1", 5), allow_backorder=True)
    receive(api, "W2", "A1", 3)
    assert buildings(order) == {"W1": 2, "W2": 3}


def test_a_location_that_the_channel_has_left_fills_nothing(api: ApiCaller, network: None) -> None:
    order = place(api, ("A1", 1), allow_backorder=True)
    body = {"name": "Web", "kind": "web", "locations": ["W1"]}
    assert api.put("channels/web", body).status_code == 200
    receive(api, "W2", "A1", 1)
    assert buildings(order) == {}
    receive(api, "W1", "A1", 1)
    assert buildings(order) == {"W1": 1}

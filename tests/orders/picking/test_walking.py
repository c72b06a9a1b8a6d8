"""Lists in a building whose layout is known: the shortest walk."""

from __future__ import annotations

from typing import Any

import pytest

from inventory.models import Sku
from stores.models import Location
from tests.conftest import ApiCaller
from tests.factories import SkuFactory, stock_up
from tests.orders.fulfilment_helpers import place
from tests.orders.picking.picking_helpers import put_in_bin, scan, send, start

pytestmark = pytest.mark.django_db

# Bin and SKU, aisle and metres. `walk` is the S-shape: up one aisle, down the next.
SPOTS = {"N1": (0, 1), "N2": (0, 9), "F1": (1, 9), "F2": (1, 1), "E1": (2, 1), "E2": (2, 2)}


@pytest.fixture(autouse=True)
def floor(world: None, api: ApiCaller) -> None:
    warehouse = Location.objects.get(code="W1")
    for walk, code in enumerate(SPOTS, start=20):
        sku = SkuFactory(code=code)
        put_in_bin(sku, warehouse, f"bin-{code}", walk)
        stock_up(sku, warehouse, 100)
    put_layout(api)


def put_layout(api: ApiCaller, aisles: Any = None) -> None:
    aisles = aisles or {"length": 40, "gap": 3}
    bins = [
        {"code": f"bin-{code}", "aisle": aisle, "metres": metres}
        for code, (aisle, metres) in SPOTS.items()
    ]
    answer = api.put("locations/W1/layout", {"aisles": aisles, "bins": bins})
    assert answer.status_code == 200, answer.content


def walked(pick_list: dict[str, Any]) -> list[str]:
    return [line["sku"] for line in pick_list["lines"]]


def test_a_list_is_walked_by_the_shortest_way(api: ApiCaller) -> None:
    place(api, *((code, 1) for code in ("F2", "N1", "E1")))
    order = walked(start(api))
    assert order in (["N1", "F2", "E1"], ["E1", "F2", "N1"])


def test_without_a_layout_it_is_walked_as_the_bins_say(api: ApiCaller) -> None:
    assert api.put("locations/W1/layout", {"aisles": None, "bins": []}).status_code == 200
    place(api, *((code, 1) for code in ("F2", "F1", "N2")))
    assert walked(start(api)) == ["N2", "F1", "F2"]


def test_goods_without_a_spot_follow_behind(api: ApiCaller) -> None:
    place(api, ("C1", 1), ("B1", 1), ("E2", 1))
    assert walked(start(api)) == ["E2", "B1", "C1"]


def test_lines_of_one_bin_stay_together_and_picked_ones_stay_in_place(api: ApiCaller) -> None:
    place(api, ("N1", 1), ("E1", 1))
    place(api, ("E1", 2), ("N1", 2))
    pick_list = start(api, mode="batch")
    order = walked(pick_list)
    assert order in (["N1", "N1", "E1", "E1"], ["E1", "E1", "N1", "N1"])
    first = pick_list["lines"][0]
    send(api, pick_list, scan(first["sku"], first["quantity"]))
    assert walked(api.get(f"pick-lists/{pick_list['id']}").json()) == order


def test_moved_goods_are_fetched_at_the_nearest_stop(api: ApiCaller) -> None:
    place(api, *((code, 1) for code in ("N2", "F1", "E1", "E2")))
    pick_list = start(api)
    other = next(code for code in walked(pick_list) if code in ("N2", "F1"))
    moved = {"N2": "F1", "F1": "N2"}[other]
    move = {"sku": other, "from_bin": f"bin-{other}", "to_bin": "bin-E2"}
    assert api.post("locations/W1/placements/move", move).status_code == 200
    now = api.get(f"pick-lists/{pick_list['id']}").json()
    assert {line["sku"]: line["bin"] for line in now["lines"]}[other] == "bin-E2"
    without = [code for code in walked(now) if code != other]
    assert without == [code for code in walked(pick_list) if code != other]
    assert abs(walked(now).index(other) - walked(now).index("E2")) == 1
    assert moved in without


def test_a_wave_gives_near_orders_to_one_picker(api: ApiCaller) -> None:
    near, far = [], []
    for _ in range(2):
        near.append(place(api, ("N1", 1))["number"])
        far.append(place(api, ("E2", 1))["number"])
    answer = api.post("pick-lists/waves", {"location": "W1", "orders_per_list": 2})
    assert answer.status_code == 201, answer.content
    shown = [api.get(f"pick-lists/{each['id']}").json() for each in answer.json()["pick_lists"]]
    assert [{line["order"] for line in each["lines"]} for each in shown] == [set(near), set(far)]


def test_the_bins_of_another_building_do_not_matter(api: ApiCaller) -> None:
    other = Location.objects.get(code="W2")
    sku = Sku.objects.get(code="N1")
    put_in_bin(sku, other, "bin-N1", 0)
    place(api, ("N1", 1), ("F2", 1))
    assert sorted(walked(start(api))) == ["F2", "N1"]

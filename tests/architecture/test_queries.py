"""How many statements each reading endpoint may need: as many for one row as for many."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.conftest import ApiCaller
from tests.factories import BarcodeFactory, ChannelFactory, LocationFactory, SkuFactory, stock_up

pytestmark = pytest.mark.django_db

SKUS, PLACES = 12, 4


@pytest.fixture
def retailer(api: ApiCaller) -> ApiCaller:
    """A dozen SKUs in four buildings, with barcodes, bins and ring fences."""
    channel = ChannelFactory(code="web")
    places = [LocationFactory(code=f"S{number}", store=True) for number in range(PLACES)]
    skus = [SkuFactory(code=f"A{number:02}") for number in range(SKUS)]
    for sku in skus:
        BarcodeFactory(sku=sku, code=f"IN-{sku.code}")
        for place in places:
            stock_up(sku, place, 5)
            channel.ring_fences.create(sku=sku, location=place, quantity=1)
    for place in places:
        plan = [{"code": sku.code, "walk": 1, "skus": [sku.code]} for sku in skus]
        api.put(f"locations/{place.code}/bins", {"bins": plan})
    api.get("events")  # what has happened so far has its numbers
    return api


def statements(act: Callable[[], Any]) -> int:
    """Count the statements of a request, without the one that recognises its key and without
    those that only mark places to go back to."""
    with CaptureQueriesContext(connection) as captured:
        answer = act()
    assert answer.status_code < 300, answer.content
    return sum("SAVEPOINT" not in query["sql"] for query in captured.captured_queries) - 1


def query(api: ApiCaller, skus: int) -> Any:
    lines = [{"sku": f"A{number:02}", "quantity": 1} for number in range(skus)]
    return api.post("availability/query", {"channel": "web", "lines": lines})


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("skus", 2),
        ("skus/A01", 2),
        ("locations", 1),
        ("locations/S1", 1),
        ("locations/S1/bins", 3),
        ("channels", 3),
        ("keep-rules", 1),
        ("channels/web", 3),
        ("scan/IN-A01", 1),
        ("stock", 3),
        ("stock/movements", 1),
        ("stock/as-of?sku=A01&location=S1&at=2026-01-01T00:00:00Z", 5),
        ("integrity", 4),
        ("events", 4),
    ],
)
def test_a_reading_door_needs_no_more(retailer: ApiCaller, path: str, expected: int) -> None:
    retailer.get(path)  # the network is in memory from here on
    assert statements(lambda: retailer.get(path)) == expected


def test_a_page_of_many_costs_what_a_page_of_one_does(retailer: ApiCaller) -> None:
    for path in ("skus", "locations", "channels", "stock", "stock/movements", "events"):
        retailer.get(path)
        one = statements(lambda path=path: retailer.get(path, limit=1))
        many = statements(lambda path=path: retailer.get(path, limit=200))
        assert one == many, path


def test_availability_costs_the_same_for_any_number_of_lines(retailer: ApiCaller) -> None:
    query(retailer, 1)
    assert statements(lambda: query(retailer, 1)) == statements(lambda: query(retailer, SKUS)) == 1


def test_a_plan_of_many_bins_costs_what_a_plan_of_one_does(retailer: ApiCaller) -> None:
    def plan(aisle: str, bins: int) -> Any:
        skus = [f"A{number:02}" for number in range(bins)]
        return retailer.put(
            "locations/S1/bins",
            {"bins": [{"code": f"{aisle}-{sku}", "walk": 9, "skus": [sku]} for sku in skus]},
        )

    few_for_many = statements(lambda: plan("B", 1))
    many_for_few = statements(lambda: plan("C", SKUS))
    assert few_for_many == many_for_few


def test_many_ring_fences_cost_what_one_does(retailer: ApiCaller) -> None:
    def fence(count: int) -> Any:
        fences = [
            {"sku": f"A{number:02}", "location": "S1", "quantity": 7} for number in range(count)
        ]
        return retailer.put(
            "channels/web",
            {"name": "Web", "kind": "web", "locations": "all", "ring_fences": fences},
        )

    fence(SKUS - 1)
    assert statements(lambda: fence(1)) == statements(lambda: fence(SKUS))

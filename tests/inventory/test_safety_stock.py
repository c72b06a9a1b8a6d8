"""Units kept from sale, over the API."""

from __future__ import annotations

from typing import Any

import pytest

from core.audit.models import AuditRecord
from inventory.models import Stock
from tests.conftest import ApiCaller, make_caller
from tests.factories import LocationFactory, SkuFactory, stock_up
from tests.inventory.laws import assert_pool_laws
from tests.inventory.stock_helpers import nothing_written, pointers, problem

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def world() -> None:
    stock_up(SkuFactory(code="A1"), LocationFactory(code="W1"), 10)


def level(units: Any, **more: Any) -> dict[str, Any]:
    return {"sku": "A1", "location": "W1", "safety_stock": units} | more


def put(api: ApiCaller, *lines: dict[str, Any]) -> Any:
    return api.put("stock/safety-stock", {"lines": lines})


def test_levels_are_set_also_where_nothing_is_yet(api: ApiCaller) -> None:
    LocationFactory(code="S1")
    answer = put(api, level(3), level(2, location="S1"))
    assert answer.status_code == 200
    assert answer.json() == {"lines": [level(3), level(2, location="S1")]}
    rows = Stock.objects.values_list("location__code", "on_hand", "safety_stock")
    assert set(rows) == {("W1", 10, 3), ("S1", 0, 2)}
    assert AuditRecord.objects.get(action="safety_stock.set").data["lines"][0] == level(3)
    assert_pool_laws()


def test_more_than_there_is_may_be_kept(api: ApiCaller) -> None:
    assert put(api, level(1_000_000)).status_code == 200


@pytest.mark.parametrize("units", [-1, 1_000_001, "3", 1.0, None, True])
def test_what_is_no_level_is_refused(api: ApiCaller, units: Any) -> None:
    with nothing_written():
        assert set(pointers(put(api, level(units)))) == {"/lines/0/safety_stock"}


def test_two_levels_for_one_row_are_refused(api: ApiCaller) -> None:
    with nothing_written():
        assert pointers(put(api, level(1), level(2))) == {"/lines/1": "duplicate_line"}


def test_every_unknown_code_is_named(api: ApiCaller) -> None:
    with nothing_written():
        answer = put(api, level(1, sku="X"), level(1, location="Y"))
    assert pointers(answer) == {
        "/lines/0/sku": "unknown_sku",
        "/lines/1/location": "unknown_location",
    }


def test_who_may(api: ApiCaller) -> None:
    problem(put(make_caller(["stock:read"]), level(1)), 403, "forbidden")
    tied = make_caller(["stock:write"], locations=["S9"])
    assert pointers(put(tied, level(1))) == {"/lines/0/location": "unknown_location"}

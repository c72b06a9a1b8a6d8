"""What the ledger tells of the conditions of units."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory import ledger
from inventory.choices import Condition, Reason
from inventory.conditions import draw, named_by, read_conditions
from inventory.ledger import Entry
from inventory.models import Sku
from stores.models import Location
from tests.conftest import ApiCaller
from tests.factories import LocationFactory, SkuFactory, stock_up
from tests.inventory.setting_apart.unavailable_helpers import kept, line, move, moved
from tests.inventory.stock_helpers import balances


def test_the_list_shows_rows_with_something_set_apart(world: None, api: ApiCaller) -> None:
    stock_up(SkuFactory(code="A2"), LocationFactory(code="W2"), 5)
    place_ = {"sku": "A2", "location": "W2"}
    assert api.get("stock/unavailable").json()["results"] == []
    moved(api, line("available", "damaged", 1), line("available", "missing", 2, **place_))
    first, second = api.get("stock/unavailable").json()["results"]
    assert first == {
        "sku": "A1",
        "location": "W1",
        "unavailable": 1,
        "damaged": 1,
        "inspection": 0,
        "quarantine": 0,
        "missing": 0,
        "to_put_back": 0,
    }
    assert (second["sku"], second["unavailable"], second["missing"]) == ("A2", 2, 2)
    assert kept(api, "A2", "W2") == {"missing": 2}
    assert api.get("stock/unavailable", sku="A1", location="W2").json()["results"] == []


def test_ledgers_from_before_are_read_without_losing_a_unit(world: None, api: ApiCaller) -> None:
    """Movements under reasons that name no condition, as they were once written."""
    spot = Sku.objects.get().pk, Location.objects.get().pk
    entries = [
        Entry(*spot, unavailable=5, reason=Reason.DAMAGED),
        Entry(*spot, unavailable=2, reason=Reason.CORRECTION),
        Entry(*spot, unavailable=-3, reason=Reason.RESTOCKED),
        Entry(*spot, on_hand=-1, unavailable=-1, reason=Reason.COUNT),
    ]
    ledger.post(entries, actor="old")
    try:
        assert kept(api) == {"damaged": 3}
        assert sum(kept(api).values()) == balances("A1", "W1")[2]
    finally:  # the laws hold for what is written now
        ledger.post(
            [
                Entry(*spot, unavailable=3, reason=Reason.INSPECTION),
                Entry(*spot, unavailable=-3, reason=Reason.DAMAGED),
            ],
            actor="old",
        )


def test_the_work_does_not_grow_with_the_rows(world: None, api: ApiCaller) -> None:
    place_ = Location.objects.get()
    codes = [SkuFactory(code=f"B{number}").code for number in range(20)]
    for sku in Sku.objects.filter(code__in=codes):
        stock_up(sku, place_, 5)

    def statements(act: Any) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert act().status_code < 300
        return len(captured)

    def damage(some: list[str]) -> Any:
        return move(api, *(line("available", "damaged", 1, sku=code) for code in some))

    damage(codes[:1])
    assert statements(lambda: damage(codes[:1])) == statements(lambda: damage(codes))
    shown = statements(lambda: api.get("stock/unavailable", sku="B1"))
    assert statements(lambda: api.get("stock/unavailable", sku=",".join(codes))) == shown


@pytest.mark.parametrize("condition", Condition)
def test_each_condition_is_named_by_its_own_reason(condition: Condition) -> None:
    assert named_by(condition.value, 1) == named_by(condition.value, -1) == condition


def test_no_unit_is_lost_or_counted_twice() -> None:
    sums = [("damaged", 5), ("inspection", 2), ("restocked", -4), ("cycle_count", -1), ("other", 1)]
    kept = read_conditions(sums)
    assert sum(kept.values()) == sum(units for _, units in sums)
    assert min(kept.values()) == 0
    assert kept == {
        Condition.DAMAGED: 3,
        Condition.INSPECTION: 0,
        Condition.QUARANTINE: 0,
        Condition.MISSING: 0,
        Condition.TO_PUT_BACK: 0,
    }


def test_drawing_stops_when_nothing_is_left() -> None:
    kept = read_conditions([("damaged", 1), ("missing", 1)])
    assert draw(kept, 5, reason="other") == {Condition.MISSING: 1, Condition.DAMAGED: 1}
    assert set(kept.values()) == {0}

"""`/stock`, `/stock/movements`, `/stock/as-of`: balances, and the ledger behind them."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from core.access.principal import SYSTEM
from inventory import ledger
from inventory.choices import Reason
from inventory.models import Sku, StockMovement
from stores.models import Location
from tests.conftest import ApiCaller, make_caller
from tests.factories import (
    ChannelFactory,
    LocationFactory,
    SkuFactory,
    TransferFactory,
    hold_units,
    stock_up,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Location:
    return LocationFactory(code="S1")


@pytest.fixture
def shirt(shop: Location) -> Sku:
    """Ten shirts in the shop, one of them damaged."""
    shirt = SkuFactory(code="A1")
    stock_up(shirt, shop, 10)
    move(shirt, shop, unavailable=1, reason=Reason.DAMAGED, reference="shelf walk")
    return shirt


def move(sku: Sku, location: Location, **deltas: Any) -> None:
    ledger.open_rows([(sku.pk, location.pk)])
    ledger.post([ledger.Entry(sku.pk, location.pk, **deltas)], actor=SYSTEM.name)


def rows_of(answer: Any) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.content
    return answer.json()["results"]


def test_a_row_shows_every_balance(api: ApiCaller, shirt: Sku, shop: Location) -> None:
    ledger.set_safety_stock([(shirt.pk, shop.pk, 2)], actor="test")
    (row,) = rows_of(api.get("stock", sku="A1", location="S1"))
    assert row == {
        "sku": "A1",
        "location": "S1",
        "on_hand": 10,
        "reserved": 0,
        "unavailable": 1,
        "available": 9,
        "safety_stock": 2,
        "kept": [
            {
                "kind": "safety_stock",
                "channel": None,
                "quantity": 2,
                "until": None,
                "rule": None,
            }
        ],
        "incoming": 0,
        "version": 3,
    }


def test_what_is_on_the_way_is_incoming(api: ApiCaller, shirt: Sku, shop: Location) -> None:
    warehouse = LocationFactory(code="W1")
    for state, quantity, received, lost in [
        ("in_transit", 9, 2, 1),
        ("in_transit", 4, 0, 0),
        ("draft", 100, 0, 0),
        ("received", 50, 50, 0),
        ("cancelled", 70, 0, 0),
    ]:
        transfer = TransferFactory(source=warehouse, destination=shop, state=state)
        transfer.lines.create(sku=shirt, quantity=quantity, received=received, lost=lost)
    (row,) = rows_of(api.get("stock", sku="A1"))
    assert row["incoming"] == 10


def test_a_hold_past_its_time_reserves_nothing(api: ApiCaller, shirt: Sku, shop: Location) -> None:
    for units, left in [(3, timedelta(minutes=-1)), (2, timedelta(minutes=5))]:
        hold_units(shirt, shop, units, channel=ChannelFactory(), until=timezone.now() + left)
    (row,) = rows_of(api.get("stock", sku="A1"))
    assert (row["reserved"], row["available"]) == (2, 7)


def test_the_list_filters_and_pages(api: ApiCaller, shirt: Sku, shop: Location) -> None:
    other = LocationFactory(code="S2")
    mug = SkuFactory(code="MUG")
    for sku, location in [(shirt, other), (mug, shop), (mug, other)]:
        stock_up(sku, location, 1)
    pairs = [(row["sku"], row["location"]) for row in rows_of(api.get("stock", location="S2"))]
    assert pairs == [("A1", "S2"), ("MUG", "S2")]
    assert rows_of(api.get("stock", sku="NONE")) == []
    first = api.get("stock", limit=3).json()
    rest = api.get(first["next"].removeprefix("http://testserver")).json()
    assert len(first["results"]) == 3
    assert len(rest["results"]) == 1
    assert rest["next"] is None


def test_the_ledger_tells_every_movement(api: ApiCaller, shirt: Sku, shop: Location) -> None:
    goods_in, damage = rows_of(api.get("stock/movements", sku="A1", location="S1"))
    assert (goods_in["reason"], goods_in["reference"]) == ("receipt", "test")
    assert damage == {
        "id": str(StockMovement.objects.get(reason=Reason.DAMAGED).pk),
        "sku": "A1",
        "location": "S1",
        "on_hand_delta": 0,
        "reserved_delta": 0,
        "unavailable_delta": 1,
        "on_hand_after": 10,
        "reserved_after": 0,
        "unavailable_after": 1,
        "reason": "damaged",
        "reference": "shelf walk",
        "actor": "system",
        "occurred_at": damage["occurred_at"],
        "recorded_at": damage["recorded_at"],
    }
    assert rows_of(api.get("stock/movements", after=goods_in["id"])) == [damage]
    assert rows_of(api.get("stock/movements", reference="shelf walk")) == [damage]
    assert rows_of(api.get("stock/movements", after=damage["id"])) == []


@pytest.mark.parametrize(("where", "count"), [({}, 12), ({"location": "S1"}, 7)])
def test_the_ledger_pages_in_order(
    api: ApiCaller, shirt: Sku, shop: Location, where: dict[str, str], count: int
) -> None:
    other = LocationFactory(code="S2")
    for _ in range(5):
        move(shirt, shop, on_hand=1, reason=Reason.FOUND)
        move(shirt, other, on_hand=1, reason=Reason.FOUND)
    stock_up(SkuFactory(code="B1"), shop, 1)
    seen: list[int] = []
    answer = api.get("stock/movements", sku="A1", limit=3, **where).json()
    while True:
        seen += [int(row["id"]) for row in answer["results"]]
        assert {row["sku"] for row in answer["results"]} == {"A1"}
        if answer["next"] is None:
            break
        answer = api.get(answer["next"].removeprefix("http://testserver")).json()
    assert seen == sorted(set(seen))
    assert len(seen) == count
    later = rows_of(api.get("stock/movements", sku="A1", after=seen[4], **where))
    assert [int(row["id"]) for row in later] == seen[5:]


@pytest.mark.parametrize("key", ['"x"', '"5"', "null", "1.5", str(2**63)])
def test_a_cursor_of_another_list_is_refused(api: ApiCaller, shirt: Sku, key: str) -> None:
    cursor = base64.urlsafe_b64encode(key.encode()).decode()
    answer = api.get("stock/movements", sku="A1", cursor=cursor)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "bad_cursor")


def test_any_moment_can_be_looked_back_at(api: ApiCaller, shirt: Sku, shop: Location) -> None:
    goods_in, damage = StockMovement.objects.order_by("id")
    between = goods_in.recorded_at + (damage.recorded_at - goods_in.recorded_at) / 2
    then = as_of(api, at=between)
    assert (then["on_hand"], then["unavailable"], then["available"]) == (10, 0, 10)
    assert then["movement"]["reason"] == "receipt"
    assert as_of(api, at=damage.recorded_at)["available"] == 9
    assert as_of(api, at=timezone.now() + timedelta(days=900))["movement"]["reason"] == "damaged"
    before = as_of(api, at=datetime(1999, 1, 1, tzinfo=UTC))
    assert before == {
        "sku": "A1",
        "location": "S1",
        "at": "1999-01-01T00:00:00.000Z",
        "on_hand": 0,
        "reserved": 0,
        "unavailable": 0,
        "available": 0,
        "movement": None,
        "before": [],
        "after": before["after"],
    }
    assert [each["reason"] for each in before["after"]] == ["receipt", "damaged"]


def as_of(api: ApiCaller, *, at: datetime) -> dict[str, Any]:
    answer = api.get("stock/as-of", sku="A1", location="S1", at=at.isoformat())
    assert answer.status_code == 200, answer.content
    return answer.json()


@pytest.mark.parametrize(
    ("query", "errors"),
    [
        ({}, {("/sku", "required"), ("/location", "required"), ("/at", "required")}),
        ({"sku": "A1", "location": "S1", "at": "yesterday"}, {("/at", "invalid")}),
        ({"sku": "A1", "location": "S1", "at": "2026-01-01T00:00:00"}, {("/at", "invalid")}),
        (
            {"sku": "NONE", "location": "S9", "at": "2026-01-01T00:00:00Z"},
            {("/sku", "unknown_sku"), ("/location", "unknown_location")},
        ),
    ],
)
def test_a_question_about_nothing_is_refused(
    api: ApiCaller, shirt: Sku, query: dict[str, str], errors: set[tuple[str, str]]
) -> None:
    answer = api.get("stock/as-of", **query)
    assert answer.status_code == 400
    assert {(error["pointer"], error["code"]) for error in answer.json()["errors"]} == errors


@pytest.mark.parametrize("after", ["-1", "x", "9" * 30, "1.5"])
def test_after_is_the_id_of_a_movement(api: ApiCaller, after: str) -> None:
    assert api.get("stock/movements", after=after).status_code == 400


def test_a_client_tied_to_a_location_sees_its_stock_alone(
    api: ApiCaller, shirt: Sku, shop: Location
) -> None:
    stock_up(shirt, LocationFactory(code="S2"), 4)
    tied = make_caller(["stock:read"], locations=["S2"])
    assert [row["location"] for row in rows_of(tied.get("stock"))] == ["S2"]
    for asked in ({}, {"sku": "A1"}, {"reference": "test"}):
        assert {row["location"] for row in rows_of(tied.get("stock/movements", **asked))} <= {"S2"}
    assert len(rows_of(tied.get("stock/movements", sku="A1"))) == 1
    assert rows_of(tied.get("stock/movements", sku="A1", location="S1")) == []
    at = "2026-01-01T00:00:00Z"
    assert tied.get("stock/as-of", sku="A1", location="S1", at=at).status_code == 400
    assert make_caller(["catalogue:read"]).get("stock").status_code == 403

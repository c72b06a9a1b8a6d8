"""`/integrity`: every law is checked, and each one can be seen to fail."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from core.imports.models import Import
from inventory.models import ExpectedDeliveryLine, Reservation, Sku, TransferLine
from orders.models import FulfilmentLine, OrderLine
from stores.models import Location
from tests.conftest import ApiCaller, make_caller
from tests.factories import (
    CartBody,
    ChannelFactory,
    LocationFactory,
    ReturnBody,
    SkuFactory,
    stock_up,
)
from tests.omniretail.files.import_helpers import bring_in
from tests.orders.fulfilment_helpers import place, step, units

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Location:
    shop = LocationFactory(code="S1")
    ChannelFactory(code="web")
    return shop


@pytest.fixture
def shirt(shop: Location) -> Sku:
    shirt = SkuFactory(code="A1")
    stock_up(shirt, shop, 10)
    return shirt


def check(api: ApiCaller) -> dict[str, Any]:
    answer = api.get("integrity")
    assert answer.status_code == 200, answer.content
    report = answer.json()
    assert report["ok"] == (report["violation_count"] == 0)
    return report


def found_in(report: dict[str, Any]) -> list[tuple[str, str, int, int]]:
    return [
        (each["law"], each["subject"], each["expected"], each["found"])
        for each in report["violations"]
    ]


def unguarded(*statements: str) -> None:
    """Break laws with the triggers taken down that would refuse it."""
    tables = ("inventory_stock", "inventory_stockmovement")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # a table with checks due cannot change
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for statement in statements:
            cursor.execute(statement)
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def test_an_empty_pool_keeps_every_law(api: ApiCaller) -> None:
    report = check(api)
    assert (report["ok"], report["rows_checked"], report["violations"]) == (True, 0, [])


def test_a_pool_at_work_keeps_every_law(api: ApiCaller, shirt: Sku, shop: Location) -> None:
    LocationFactory(code="W1")
    stock_up(shirt, Location.objects.get(code="W1"), 3)
    order = place(api, ("A1", 4))
    place(api, ("A1", 2), pickup_at="S1")
    code = order["fulfilments"][0]["id"]
    step(api, code, "pick", units(("1", 4)))
    step(api, code, "pack")
    step(api, code, "ship", {"carrier": "DHL", "tracking_number": "1"})
    held = api.post(
        "reservations",
        CartBody(lines=[{"sku": "A1", "quantity": 1}]),
    )
    assert held.status_code == 201
    report = check(api)
    assert report["violations"] == []
    assert report["rows_checked"] == 2


def test_a_balance_without_a_movement_is_found(api: ApiCaller, shirt: Sku) -> None:
    unguarded("UPDATE inventory_stock SET on_hand = 11")
    report = check(api)
    assert found_in(report) == [
        ("balance_is_the_sum_of_its_movements", "on_hand", 10, 11),
        ("balance_is_what_the_last_movement_left", "on_hand", 10, 11),
    ]
    assert {(each["sku"], each["location"]) for each in report["violations"]} == {("A1", "S1")}


def test_a_movement_that_does_not_follow_on_is_found(
    api: ApiCaller, shirt: Sku, shop: Location
) -> None:
    stock_up(shirt, shop, 5)
    unguarded(
        "UPDATE inventory_stockmovement SET on_hand_after = 14, on_hand_delta = 4"
        " WHERE on_hand_after = 15",
        "UPDATE inventory_stock SET on_hand = 14",
        "INSERT INTO inventory_stockmovement (sku_id, location_id, on_hand_delta, reserved_delta,"
        " unavailable_delta, on_hand_after, reserved_after, unavailable_after, reason, reference,"
        f" actor, occurred_at) VALUES ({shirt.pk}, {shop.pk}, 0, 0, 0, 14, 0, 1, 'other', '', '',"
        " now())",
    )
    laws = {each["law"] for each in check(api)["violations"]}
    assert laws == {
        "movement_follows_the_one_before",
        "balance_is_what_the_last_movement_left",
    }


def test_movements_without_a_row_are_found(api: ApiCaller, shirt: Sku) -> None:
    unguarded("DELETE FROM inventory_stock")
    assert ("balance_is_the_sum_of_its_movements", "on_hand", 10, 0) in found_in(check(api))


def test_a_reservation_that_was_not_counted_is_found(
    api: ApiCaller, shirt: Sku, shop: Location
) -> None:
    Reservation.objects.create(
        sku=shirt, location=shop, quantity=2, state="confirmed", reference="ghost"
    )
    assert found_in(check(api)) == [
        ("reserved_is_the_sum_of_live_claims", "reserved", 2, 0),
        ("what_must_leave_is_claimed", "reservation of ghost", 0, 2),
    ]


def test_an_oversold_row_and_the_missing_guard_are_found(api: ApiCaller, shirt: Sku) -> None:
    unguarded(
        "ALTER TABLE inventory_stock DROP CONSTRAINT stock_never_oversold",
        "UPDATE inventory_stock SET unavailable = 12",
    )
    found = found_in(check(api))
    assert ("never_oversold", "available", 0, -2) in found
    assert ("guards_stand", "stock_never_oversold", 1, 0) in found


@pytest.mark.parametrize(
    ("table", "guards"),
    [
        ("inventory_stockmovement", ["ledger_is_immutable"]),
        ("inventory_stock", ["balance_follows_ledger", "closed_empty", "opened_empty"]),
    ],
)
def test_guards_that_were_taken_down_are_missed(
    api: ApiCaller, table: str, guards: list[str]
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    assert found_in(check(api)) == [("guards_stand", guard, 1, 0) for guard in guards]


def test_an_order_that_promises_without_a_reservation_is_found(api: ApiCaller, shirt: Sku) -> None:
    number = place(api, ("A1", 4))["number"]
    FulfilmentLine.objects.update(quantity=3)
    assert found_in(check(api)) == [
        ("line_reserves_what_must_leave", f"order {number}, line 1", 3, 4),
        ("what_must_leave_is_claimed", f"fulfilment {number}-1, line 1", 3, 4),
    ]
    FulfilmentLine.objects.update(quantity=4)
    OrderLine.objects.update(reserved=3, fulfilled=1)
    assert found_in(check(api)) == [
        ("line_fulfils_what_has_left", f"order {number}, line 1", 0, 1),
        ("line_reserves_what_must_leave", f"order {number}, line 1", 4, 3),
    ]


def test_what_lost_its_order_is_found(api: ApiCaller, shirt: Sku) -> None:
    order = place(api, ("A1", 4))
    ordered, line = OrderLine.objects.get(), FulfilmentLine.objects.get()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE orders_fulfilmentline SET fulfilment_id = 0")
        cursor.execute("UPDATE orders_orderline SET order_id = 0")
    found = found_in(check(api))
    assert ("line_has_its_order", f"order line {ordered.pk}", 1, 0) in found
    emptied = f"fulfilment {order['number']}-1"
    assert ("fulfilment_has_its_order_and_lines", emptied, 1, 0) in found
    lost = f"fulfilment line {line.pk}"
    assert ("fulfilment_has_its_order_and_lines", lost, 1, 0) in found


def test_a_transfer_that_moved_something_else_is_found(
    api: ApiCaller, shirt: Sku, shop: Location
) -> None:
    LocationFactory(code="W1")
    lines = [{"sku": "A1", "quantity": 4}]
    transfer = api.post("transfers", {"from": "S1", "to": "W1", "lines": lines}).json()["id"]
    for act, body in [
        ("dispatch", {}),
        ("receive", {"lines": [{"sku": "A1", "quantity": 3}], "close": True}),
    ]:
        answer = api.post(f"transfers/{transfer}/{act}", body)
        assert answer.status_code == 200, answer.content
        assert check(api)["ok"]
    TransferLine.objects.update(quantity=5, received=2)
    assert found_in(check(api)) == [
        ("transfer_moves_what_it_says", f"transfer {transfer}, transfer_out", -5, -4),
        ("transfer_moves_what_it_says", f"transfer {transfer}, transfer_in", 2, 3),
    ]


def test_a_delivery_that_counts_what_never_came_in_is_found(
    api: ApiCaller, shirt: Sku, shop: Location
) -> None:
    lines = {"lines": [{"sku": "A1", "quantity": 4}]}
    papers = {"location": "S1", "reference": "ASN-7"} | lines
    delivery = api.post("deliveries", papers).json()["id"]
    assert api.post(f"deliveries/{delivery}/receipts", lines).status_code == 200
    assert check(api)["ok"]
    ExpectedDeliveryLine.objects.update(received=5)
    assert found_in(check(api)) == [
        ("delivery_counts_what_came_in", f"delivery {delivery}", 5, 4),
    ]


def test_a_return_that_came_back_otherwise_is_found(
    api: ApiCaller, shirt: Sku, shop: Location
) -> None:
    order = place(api, ("A1", 2))
    code = order["fulfilments"][0]["id"]
    step(api, code, "pick", units(("1", 2)))
    step(api, code, "pack")
    step(api, code, "ship", {"carrier": "DHL", "tracking_number": "1"})
    ret = api.post(
        "returns",
        ReturnBody(
            order=order["number"], lines=[{"line_id": "1", "quantity": 1, "reason": "too small"}]
        ),
    ).json()["id"]
    line = {"line_id": "1", "quantity": 1, "disposition": "restock"}
    answer = api.post(f"returns/{ret}/receipts", {"location": "S1", "lines": [line]})
    assert answer.status_code == 201, answer.content
    assert check(api)["violations"] == []
    OrderLine.objects.update(returned=2)
    assert found_in(check(api)) == [
        ("line_returns_what_came_back", f"order {order['number']}, line 1", 1, 2)
    ]


@pytest.mark.parametrize("reference", ["", "stocktake 2026"])
def test_a_figure_of_a_file_that_was_applied_twice_is_found(
    api: ApiCaller, shirt: Sku, shop: Location, reference: str
) -> None:
    SkuFactory(code="B1")
    rows = ("sku,location,on_hand", "A1,S1,7", "B1,S1,2")
    first = bring_in(api, "stock", *rows, reference=reference)
    bring_in(api, "stock", "sku,location,on_hand", "A1,S1,6", reference=reference)
    line = {"sku": "A1", "location": "S1", "on_hand": 5}
    body = {"reason": "cycle_count", "reference": reference, "lines": [line]}
    assert api.post("stock/counts/apply", body).status_code == 200
    assert check(api)["violations"] == []
    unguarded(
        "INSERT INTO inventory_stockmovement (sku_id, location_id, on_hand_delta, reserved_delta,"
        " unavailable_delta, on_hand_after, reserved_after, unavailable_after, reason, reference,"
        " actor, occurred_at, recorded_at)"
        " SELECT sku_id, location_id, on_hand_after - 5, 0, 0, on_hand_after, 0, 0, reason,"
        f" reference, actor, occurred_at, recorded_at FROM inventory_stockmovement m"
        f" WHERE sku_id = {shirt.pk} AND on_hand_after = 7",
        "UPDATE inventory_stock SET on_hand = 7 WHERE on_hand = 5",
    )
    found = [each for each in found_in(check(api)) if each[0].startswith("file_")]
    assert found == [("file_changes_a_row_once", f"import {first['id']}", 1, 2)]


def test_a_file_that_changed_more_rows_than_it_has_is_found(api: ApiCaller, shirt: Sku) -> None:
    done = bring_in(api, "stock", "sku,location,on_hand", "A1,S1,7")
    assert check(api)["ok"]
    Import.objects.update(rows_changed=2)
    assert found_in(check(api)) == [
        ("file_changes_no_more_rows_than_it_has", f"import {done['id']}", 1, 2)
    ]


def test_at_most_a_hundred_are_listed_and_all_are_counted(api: ApiCaller, shop: Location) -> None:
    for number in range(120):
        stock_up(SkuFactory(code=f"B{number}"), shop, 1)
    unguarded("UPDATE inventory_stock SET on_hand = 2")
    report = check(api)
    assert (len(report["violations"]), report["violation_count"]) == (100, 240)


def test_checking_asks_for_a_scope() -> None:
    assert make_caller(["catalogue:read"]).get("integrity").status_code == 403

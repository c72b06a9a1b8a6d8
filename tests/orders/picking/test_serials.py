"""Lots and serial numbers on their way: in, out once, and back."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from inventory.models import LabelRecord
from tests.conftest import ApiCaller, make_caller
from tests.factories import ChannelFactory, LocationFactory, ReturnBody
from tests.inventory.stock_helpers import balances
from tests.orders.fulfilment_helpers import place, refused, step, units
from tests.orders.picking.picking_helpers import GTINS, act, results, scan, send, short, start, undo

pytestmark = pytest.mark.django_db


def serial(number: str, lot: str = "") -> str:
    return f"(01){GTINS['A1']}(21){number}" + (f"(10){lot}" if lot else "")


def way(api: ApiCaller, number: str, kind: str = "serials") -> list[tuple[Any, ...]]:
    answer = api.get(f"{kind}/{number}")
    assert answer.status_code == 200, answer.content
    return [
        (row["step"], row["location"], row["order"], row["state"])
        for row in answer.json()["results"]
    ]


def sold(api: ApiCaller, *numbers: str) -> dict[str, Any]:
    """Return an order that has left with these serial numbers."""
    order = place(api, ("A1", len(numbers)))
    send(api, start(api), *(scan(serial(number)) for number in numbers))
    code = order["fulfilments"][0]["id"]
    step(api, code, "pack")
    step(api, code, "ship", {"carrier": "Post", "tracking_number": "T"})
    return order


def take_back(api: ApiCaller, order: dict[str, Any] | None, **line: Any) -> Any:
    wanted = {"line_id": "1"} if order else {"sku": "A1"}
    about = {"order": order["number"]} if order else {}
    announced = api.post(
        "returns", ReturnBody(lines=[wanted | {"quantity": 1, "reason": "x"}]) | about
    )
    assert announced.status_code == 201, announced.content
    lines = [wanted | {"quantity": 1, "disposition": "restock"} | line]
    path = f"returns/{announced.json()['id']}/receipts"
    return api.post(path, {"location": "W1", "lines": lines})


def test_a_serial_number_is_picked_once(api: ApiCaller) -> None:
    first, second = place(api, ("A1", 3)), place(api, ("A1", 1))
    pick_list = start(api)
    one = scan(serial("S-1", "L-7"))
    answer = send(
        api, pick_list, one, scan(serial("S-1")), scan(serial("S-2"), 2), scan(serial("S-3")),
        scan(serial("S-4")),
    )  # fmt: skip
    assert results(answer) == ["accepted", "duplicate", "over_pick", "accepted", "accepted"]
    assert answer["results"][1]["detail"] == (
        f"Serial number S-1 is in order {first['number']} already."
    )
    assert "first_result" not in answer["results"][1]
    assert results(send(api, pick_list, scan(serial("S-3")))) == ["duplicate"]
    labels = api.get(f"fulfilments/{first['fulfilments'][0]['id']}").json()["labels"]
    assert [(label["serial"], label["lot"], label["units"]) for label in labels] == [
        ("S-3", None, 1), ("S-4", None, 1), ("S-1", "L-7", 1),
    ]  # fmt: skip
    undo(api, pick_list, one)
    assert way(api, "S-1") == [
        ("put_back", "W1", first["number"], "picking"),
        ("picked", "W1", first["number"], "picking"),
    ]
    assert len(api.get(f"fulfilments/{first['fulfilments'][0]['id']}").json()["labels"]) == 2
    answer = send(api, pick_list, scan(GTINS["A1"]), scan(serial("S-1")))
    assert results(answer) == ["accepted", "accepted"]
    assert way(api, "S-1")[0][2] == second["number"]


def test_what_has_left_is_not_picked_again_until_it_came_back(api: ApiCaller) -> None:
    order = sold(api, "S-1")
    place(api, ("A1", 1))
    pick_list = start(api)
    assert results(send(api, pick_list, scan(serial("S-1")))) == ["duplicate"]
    assert way(api, "S-1") == [("picked", "W1", order["number"], "shipped")]
    back = take_back(api, order, serial="S-1", lot="L-7")
    assert back.status_code == 201, back.content
    identity = back.json()["id"]
    assert api.get(f"returns/{identity}").json()["labels"] == [
        {"sku": "A1", "lot": "L-7", "serial": "S-1", "expiry": None, "units": 1}
    ]
    assert way(api, "S-1")[0] == ("returned", "W1", None, None)
    assert results(send(api, pick_list, scan(serial("S-1")))) == ["accepted"]


def test_goods_that_came_back_unread_may_be_any_of_the_order(api: ApiCaller) -> None:
    order = sold(api, "S-1", "S-2")
    assert take_back(api, order).status_code == 201
    place(api, ("A1", 1))
    assert results(send(api, start(api), scan(serial("S-2")))) == ["accepted"]
    place(api, ("A1", 1))
    # Of the two of that order one is known to have come back: the other is still there.
    assert results(send(api, start(api), scan(serial("S-1")))) == ["duplicate"]


def test_a_cancelled_order_has_no_serial_numbers(api: ApiCaller) -> None:
    order = place(api, ("A1", 1))
    send(api, start(api), scan(serial("S-1")))
    api.post(f"orders/{order['number']}/cancellations", units(("1", 1)) | {"reason": "x"})
    place(api, ("A1", 1))
    assert results(send(api, start(api), scan(serial("S-1")))) == ["accepted"]


def test_other_goods_are_not_taken_back(api: ApiCaller) -> None:
    first, second = sold(api, "S-1"), sold(api, "S-2")
    problem = refused(take_back(api, second, serial="S-1"), 409, "serial_not_sold")
    assert problem["serial"] == "S-1"
    assert balances("A1", "W1") == (8, 0, 0)
    assert take_back(api, first, serial="S-1").status_code == 201
    refused(take_back(api, None, serial="S-1"), 409, "serial_not_sold")
    third = sold(api, "S-3")
    refused(take_back(api, third, serial="S-3", quantity=2), 400, "validation_error")
    fourth = sold(api, "S-4")
    assert take_back(api, fourth, serial="S-9").status_code == 201  # never seen: believed
    assert LabelRecord.objects.filter(step="returned").count() == 2


def test_a_lot_is_followed_from_the_supplier_to_the_buyers(
    api: ApiCaller, monkeypatch: pytest.MonkeyPatch
) -> None:
    label = f"(01){GTINS['A1']}(17)991231(10)L/7"
    lines = [{"sku": "A1", "quantity": 5}]
    body = {"location": "W1", "reference": "ASN", "lines": lines}
    delivery = api.post("deliveries", body).json()["id"]
    read = [{"barcode": label, "quantity": 5}]
    assert api.post(f"deliveries/{delivery}/receipts", {"lines": read}).status_code == 200
    order = place(api, ("A1", 2))
    send(api, start(api), scan(label, 2))
    assert way(api, "L%2F7", "lots") == [
        ("picked", "W1", order["number"], "picking"),
        ("received", "W1", None, None),
    ]
    row = api.get("lots/L%2F7").json()["results"][1]
    assert (row["reference"], row["units"], row["expiry"]) == (
        f"deliveries/{delivery}", 5, "2099-12-31",
    )  # fmt: skip
    monkeypatch.setattr("orders.api.labels.MOST_STEPS", 1)
    first = api.get("lots/L%2F7").json()
    assert len(first["results"]) == 1
    rest = api.client.get(first["next"], headers=api.headers).json()
    assert rest == {"results": [row], "next": None}
    refused(api.get("lots/L%2F7", before="x"), 400, "validation_error")
    refused(api.get("lots/L%2F7", limit=1), 400, "validation_error")


def test_who_sees_a_label(api: ApiCaller) -> None:
    order = place(api, ("A1", 1))
    send(api, start(api), scan(serial("S-1")))
    ChannelFactory(code="pos")
    till = make_caller(["orders:read"], channels=["pos"])
    (row,) = till.get("serials/S-1").json()["results"]
    assert (row["step"], row["order"], row["reference"], row["actor"]) == (
        "picked", None, None, None,
    )  # fmt: skip
    shop = make_caller(["orders:read"], locations=["W2"])
    refused(shop.get("serials/S-1"), 404, "not_found")
    refused(api.get("serials/S-2"), 404, "not_found")
    refused(api.get("lots/S-1"), 404, "not_found")
    refused(make_caller(["stock:read"]).get("serials/S-1"), 403, "forbidden")
    assert way(make_caller(["orders:read"], locations=["W1"]), "S-1")[0][2] == order["number"]


def test_expired_goods_that_arrive_are_not_for_sale(api: ApiCaller) -> None:
    before = balances("A1", "W1")
    body = {"location": "W1", "reference": "ASN", "lines": [{"sku": "A1", "quantity": 5}]}
    delivery = api.post("deliveries", body).json()["id"]
    old, good = f"(01){GTINS['A1']}(17)200131(10)OLD", f"(01){GTINS['A1']}(17)991231(10)NEW"
    lines = [
        {"barcode": old, "quantity": 2}, {"barcode": good, "quantity": 2, "damaged": 1},
        {"sku": "A1", "quantity": 1},
    ]  # fmt: skip
    answer = api.post(f"deliveries/{delivery}/receipts", {"lines": lines}).json()
    assert (answer["lines"][0]["received"], answer["lines"][0]["damaged"]) == (5, 3)
    assert balances("A1", "W1") == (before[0] + 5, before[1], before[2] + 3)


def test_a_transfer_and_a_count_keep_what_was_read(api: ApiCaller) -> None:
    LocationFactory(code="W1")
    lines = [{"sku": "A1", "quantity": 3}]
    transfer = api.post("transfers", {"from": "W1", "to": "W2", "lines": lines}).json()["id"]

    def move(*payloads: str) -> list[str]:
        scans = [{"scan_id": str(uuid.uuid4()), "payload": payload} for payload in payloads]
        return results(api.post(f"transfers/{transfer}/scans", {"scans": scans}).json())

    assert move(serial("S-1"), serial("S-1"), serial("S-2")) == [
        "accepted", "duplicate", "accepted",
    ]  # fmt: skip
    assert move(serial("S-2")) == ["duplicate"]
    api.post(f"transfers/{transfer}/dispatch", {"as_scanned": True})
    assert move(serial("S-1")) == ["accepted"]
    select = {"location": "W2", "select": {"skus": ["A1"]}}
    count = api.post("stock/counts", select).json()["id"]
    entry = {"entry_id": str(uuid.uuid4()), "barcode": serial("S-1"), "quantity": 1}
    for _ in range(2):
        answer = api.post(f"stock/counts/{count}/entries", {"entries": [entry]})
        assert answer.status_code == 200, answer.content
    assert [(step_, place_) for step_, place_, *_ in way(api, "S-1")] == [
        ("counted", "W2"), ("unloaded", "W2"), ("loaded", "W1"),
    ]  # fmt: skip


def test_a_label_without_lot_or_number_leaves_no_record(api: ApiCaller) -> None:
    place(api, ("A1", 2))
    pick_list = start(api)
    one = scan(GTINS["A1"])
    send(api, pick_list, one)
    undo(api, pick_list, one)
    short(api, pick_list, 0)
    act(api, pick_list, "complete")
    assert not LabelRecord.objects.exists()

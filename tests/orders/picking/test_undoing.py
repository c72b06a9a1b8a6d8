"""A scan is undone until its line is closed, a short pick until the list is."""

from __future__ import annotations

import uuid

import pytest
from django.db.models import F

from inventory.models import Reservation, StockMovement
from orders.models import Fulfilment, OrderLine, Scan
from tests.conftest import ApiCaller, make_caller
from tests.factories import LocationFactory, SkuFactory, stock_up
from tests.orders.fulfilment_helpers import (
    assert_laws_hold,
    events,
    place,
    refused,
    step,
    stock,
    units,
)
from tests.orders.picking.picking_helpers import (
    GTINS,
    act,
    path_of,
    results,
    scan,
    send,
    short,
    start,
    undo,
    undo_short,
)

pytestmark = pytest.mark.django_db


def in_hand(line: int = 0) -> int:
    lines = Fulfilment.objects.order_by("pk")[0].lines.order_by("pk")
    return Reservation.objects.get(pk=lines[line].reservation_id).in_hand


def test_a_scan_is_taken_back_once(api: ApiCaller) -> None:
    code = place(api, ("A1", 3))["fulfilments"][0]["id"]
    pick_list = start(api)
    one, two = scan(GTINS["A1"]), scan(GTINS["A1"], 2)
    send(api, pick_list, one, two)
    assert in_hand() == 3
    answer = undo(api, pick_list, two)
    assert answer.status_code == 200, answer.content
    assert (answer.json()["lines"][0]["picked"], in_hand()) == (1, 1)
    assert undo(api, pick_list, two).json()["lines"] == answer.json()["lines"]
    refused(api.post(f"fulfilments/{code}/pack"), 409, "picking_incomplete")
    # The phone sends everything again: what was undone stays undone.
    again = send(api, pick_list, one, two)
    assert [result.get("undone") for result in again["results"]] == [None, True]
    assert again["pick_list"]["lines"][0]["picked"] == 1
    assert results(send(api, pick_list, scan(GTINS["A1"], 2))) == ["accepted"]
    assert step(api, code, "pack")["state"] == "packed"
    assert_laws_hold()


def test_an_undo_that_overtakes_its_scan_holds(api: ApiCaller) -> None:
    place(api, ("A1", 2))
    pick_list = start(api)
    late = scan(GTINS["A1"])
    assert undo(api, pick_list, late).status_code == 200
    answer = send(api, pick_list, late, scan(GTINS["A1"]))
    assert answer["results"][0] == {
        "scan_id": late["scan_id"], "result": "duplicate", "undone": True,
    }  # fmt: skip
    assert answer["pick_list"]["lines"][0]["picked"] == 1
    assert undo(api, pick_list, late).json()["lines"][0]["picked"] == 1


def test_a_scan_that_counted_nothing_is_undone_without_effect(api: ApiCaller) -> None:
    place(api, ("A1", 1))
    pick_list = start(api)
    wrong, good = scan("nonsense"), scan(GTINS["A1"])
    send(api, pick_list, good, wrong)
    assert undo(api, pick_list, wrong).json()["lines"][0]["picked"] == 1


def test_a_scan_of_another_list_is_not_found(api: ApiCaller) -> None:
    place(api, ("A1", 1))
    first, one = start(api), scan(GTINS["A1"])
    send(api, first, one)
    place(api, ("A1", 1))
    second = start(api)
    refused(undo(api, second, one), 404, "not_found")
    refused(undo(api, first, {"scan_id": "seven"}), 404, "not_found")
    refused(undo(api, {"id": "999999"}, scan("A1")), 404, "not_found")
    assert Scan.objects.get().undone_at is None


def test_a_closed_line_is_not_undone(api: ApiCaller) -> None:
    codes = [place(api, ("A1", 2))["fulfilments"][0]["id"] for _ in range(2)]
    pick_list = start(api)
    packed, missed = scan(GTINS["A1"], 2), scan(GTINS["A1"])
    send(api, pick_list, packed, missed)
    step(api, codes[0], "pack")
    short(api, pick_list, 1, line=1)
    for one in (packed, missed):
        refused(undo(api, pick_list, one), 409, "line_closed")
    assert undo_short(api, pick_list, line=1).status_code == 200
    assert undo(api, pick_list, missed).json()["lines"][1]["picked"] == 0
    send(api, pick_list, scan(GTINS["A1"], 2))
    assert act(api, pick_list, "complete").status_code == 200
    refused(undo(api, pick_list, packed), 409, "illegal_transition")
    assert_laws_hold()


def test_of_cancelled_units_those_are_put_back_first(api: ApiCaller) -> None:
    order = place(api, ("A1", 3))
    pick_list = start(api)
    one, two, three = (scan(GTINS["A1"]) for _ in range(3))
    send(api, pick_list, one, two, three)
    body = units(("1", 1)) | {"reason": "changed mind"}
    api.post(f"orders/{order['number']}/cancellations", body)
    (line,) = api.get(f"pick-lists/{pick_list['id']}").json()["lines"]
    assert (line["picked"], line["cancelled"], line["put_back"]) == (3, 0, 1)
    (line,) = undo(api, pick_list, one).json()["lines"]
    assert (line["picked"], line["cancelled"], line["put_back"]) == (2, 1, 0)
    assert in_hand() == 2
    (line,) = undo(api, pick_list, two).json()["lines"]
    assert (line["quantity"], line["picked"], line["cancelled"]) == (2, 1, 1)
    over = send(api, pick_list, scan(GTINS["A1"], 2))["results"][0]
    assert over["detail"] == (
        "Of A1, 1 more is asked for. 1 was cancelled since the list was made."
    )
    assert_laws_hold()


def test_a_short_pick_sourced_elsewhere_comes_home(api: ApiCaller) -> None:
    order = place(api, ("A1", 3))
    code = order["fulfilments"][0]["id"]
    pick_list = start(api)
    send(api, pick_list, scan(GTINS["A1"]))
    short(api, pick_list, 1)
    assert (stock("A1", "W1"), stock("A1", "W2")) == ((10, 1, 2), (10, 2, 0))
    answer = undo_short(api, pick_list)
    assert answer.status_code == 200, answer.content
    (line,) = answer.json()["lines"]
    assert (line["quantity"], line["picked"], line["short"]) == (3, 1, 0)
    assert (stock("A1", "W1"), stock("A1", "W2")) == ((10, 3, 0), (10, 0, 0))
    assert in_hand() == 1
    states = [each["state"] for each in api.get(f"orders/{order['number']}").json()["fulfilments"]]
    assert states == ["picking", "rejected"]
    assert events(order["number"])[-2:] == ["fulfilment.rejected", "fulfilment.picking"]
    assert undo_short(api, pick_list).json()["lines"] == answer.json()["lines"]
    send(api, pick_list, scan(GTINS["A1"], 2))
    assert act(api, pick_list, "complete").status_code == 200
    assert step(api, code, "pack")["lines"][0]["picked"] == 3
    assert_laws_hold()


def test_a_fulfilment_that_was_short_whole_is_picked_after_all(api: ApiCaller) -> None:
    code = place(api, ("A1", 2))["fulfilments"][0]["id"]
    pick_list = start(api)
    short(api, pick_list, 0)
    assert api.get(f"fulfilments/{code}").json()["state"] == "rejected"
    undo_short(api, pick_list)
    again = short(api, pick_list, 1).json()["lines"][0]
    assert (again["picked"], again["short"]) == (1, 1)
    undo_short(api, pick_list)
    assert results(send(api, pick_list, scan(GTINS["A1"]))) == ["accepted"]
    packed = step(api, code, "pack")
    assert (packed["state"], packed["lines"][0]["quantity"]) == ("packed", 2)
    assert (stock("A1", "W1"), stock("A1", "W2")) == ((10, 2, 0), (10, 0, 0))
    assert_laws_hold()


def test_what_waits_since_the_short_pick_is_given_back_first(api: ApiCaller) -> None:
    stock_up(SkuFactory(code="D1"), LocationFactory(code="W1"), 4)
    order = place(api, ("D1", 3), allow_backorder=True)
    pick_list = start(api)
    short(api, pick_list, 0)
    line = OrderLine.objects.get(order__number=order["number"])
    assert (line.reserved, line.backordered) == (0, 3)
    assert undo_short(api, pick_list).json()["lines"][0]["quantity"] == 3
    line.refresh_from_db()
    assert (line.reserved, line.backordered) == (3, 0)
    assert stock("D1", "W1")[2] == 0
    assert_laws_hold()


def test_what_was_cancelled_stays_cancelled_and_its_goods_are_for_others(api: ApiCaller) -> None:
    stock_up(SkuFactory(code="D1"), LocationFactory(code="W1"), 2)
    place(api, ("D1", 2))
    pick_list = start(api)
    waiting = place(api, ("D1", 1), allow_backorder=True)
    short(api, pick_list, 1)
    answer = undo_short(api, pick_list).json()
    (line,) = answer["lines"]
    assert (line["quantity"], line["picked"], line["cancelled"]) == (1, 1, 1)
    other = OrderLine.objects.get(order__number=waiting["number"])
    assert (other.reserved, other.backordered) == (1, 0)
    assert stock("D1", "W1") == (2, 2, 0)
    assert_laws_hold()


def test_work_that_has_begun_elsewhere_stays_there(api: ApiCaller) -> None:
    order = place(api, ("A1", 2))
    pick_list = start(api)
    short(api, pick_list, 1)
    elsewhere = api.get(f"orders/{order['number']}").json()["fulfilments"][1]["id"]
    step(api, elsewhere, "accept")
    (line,) = undo_short(api, pick_list).json()["lines"]
    assert (line["quantity"], line["cancelled"]) == (1, 1)
    assert (stock("A1", "W1"), stock("A1", "W2")) == ((10, 1, 0), (10, 1, 0))
    assert_laws_hold()


def test_what_was_counted_meanwhile_is_not_found_again(api: ApiCaller) -> None:
    place(api, ("A1", 2))
    pick_list = start(api)
    short(api, pick_list, 0)
    counted = [{"sku": "A1", "location": "W1", "on_hand": 8}]
    api.post("stock/counts/apply", {"reason": "cycle_count", "lines": counted})
    before = StockMovement.objects.count()
    refused(undo_short(api, pick_list), 409, "short_settled")
    assert (stock("A1", "W1"), StockMovement.objects.count()) == ((8, 0, 0), before)


def test_a_short_pick_of_a_closed_box_or_list_stays(api: ApiCaller) -> None:
    code = place(api, ("A1", 2))["fulfilments"][0]["id"]
    pick_list = start(api)
    short(api, pick_list, 1)
    step(api, code, "pack")
    refused(undo_short(api, pick_list), 409, "line_closed")
    act(api, pick_list, "complete")
    refused(undo_short(api, pick_list), 409, "illegal_transition")
    refused(api.post(f"pick-lists/{pick_list['id']}/lines/9/short/undo"), 404, "not_found")
    assert not Fulfilment.objects.filter(lines__picked__gt=F("lines__quantity")).exists()


def test_the_other_bins_are_looked_in_first(api: ApiCaller) -> None:
    place(api, ("A1", 3))
    pick_list = start(api)
    assert (pick_list["lines"][0]["bin"], pick_list["lines"][0]["also_in"]) == ("M-5", ["Z-9"])
    path = f"{path_of(pick_list)}/short"
    problem = refused(api.post(path, {"found": 1}), 409, "look_also_in")
    assert problem["bins"] == ["Z-9"]
    refused(api.post(path, {"found": 1, "looked_in": ["M-5"]}), 409, "look_also_in")
    assert stock("A1", "W1") == (10, 3, 0)
    refused(api.post(path, {"found": 3, "looked_in": ["Z-9"]}), 400, "validation_error")
    answer = api.post(path, {"found": 1, "looked_in": ["Z-9"]}).json()
    assert (answer["lines"][0]["picked"], answer["lines"][0]["short"]) == (1, 2)


def test_undoing_takes_the_scope(api: ApiCaller) -> None:
    place(api, ("A1", 1))
    pick_list = start(api)
    reader, stranger = (
        make_caller(["orders:read"]),
        make_caller(["fulfilment:write"], locations=["W2"]),
    )
    for caller, status, code in ((reader, 403, "forbidden"), (stranger, 404, "not_found")):
        for action in ("abandon", "complete"):
            refused(act(caller, pick_list, action), status, code)
        refused(act(caller, pick_list, "assign", {"person": "jo"}), status, code)
        refused(undo(caller, pick_list, {"scan_id": str(uuid.uuid4())}), status, code)
        refused(undo_short(caller, pick_list), status, code)
    assert not Scan.objects.exists()

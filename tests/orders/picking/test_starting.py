"""Pick lists in walking order: one, or a wave for several pickers."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from orders.models import Fulfilment, PickList
from tests.conftest import ApiCaller, make_caller
from tests.orders.fulfilment_helpers import assert_laws_hold, events, place, refused
from tests.orders.picking.picking_helpers import GTINS, results, scan, send, short, start

pytestmark = pytest.mark.django_db


def test_the_lines_stand_in_walking_order_with_a_tote_an_order(api: ApiCaller) -> None:
    first = place(api, ("C1", 1), ("A1", 2))
    second = place(api, ("A1", 1), ("B1", 3))
    pick_list = start(api, mode="batch")
    assert (pick_list["state"], pick_list["location"], pick_list["mode"]) == (
        "open", "W1", "batch",
    )  # fmt: skip
    walk = [
        (line["bin"], line["sku"], line["quantity"], line["order"], line["tote"])
        for line in pick_list["lines"]
    ]
    assert walk == [
        ("A-1", "B1", 3, second["number"], 2),
        ("M-5", "A1", 2, first["number"], 1),
        ("M-5", "A1", 1, second["number"], 2),
        (None, "C1", 1, first["number"], 1),
    ]
    assert pick_list["lines"][0]["barcodes"] == [GTINS["B1"]]
    for order in (first, second):
        assert events(order["number"])[-1] == "fulfilment.picking"
    assert set(Fulfilment.objects.values_list("state", flat=True)) == {"picking"}
    assert api.get(f"pick-lists/{pick_list['id']}").json() == pick_list
    assert api.get("pick-lists", location="W1", state="open").json()["results"] == [pick_list]
    assert api.get("pick-lists", location="W2").json()["results"] == []


def test_the_oldest_promise_is_picked_first(api: ApiCaller) -> None:
    orders = [place(api, ("A1", 1)) for _ in range(3)]
    fulfilments = Fulfilment.objects.order_by("id")
    for fulfilment, day in zip(fulfilments, ("03", "01", "02"), strict=True):
        Fulfilment.objects.filter(pk=fulfilment.pk).update(
            promise={"deliver_by": f"2026-05-{day}T12:00:00.000Z"}
        )
    taken = [start(api, mode="single")["lines"][0]["order"] for _ in range(3)]
    assert taken == [orders[1]["number"], orders[2]["number"], orders[0]["number"]]
    refused(api.post("pick-lists", {"location": "W1"}), 409, "nothing_to_pick")


def test_max_orders_and_named_fulfilments(api: ApiCaller) -> None:
    codes = [place(api, ("A1", 1))["fulfilments"][0]["id"] for _ in range(4)]
    assert [line["fulfilment"] for line in start(api, max_orders=2)["lines"]] == codes[:2]
    named = start(api, fulfilments=[codes[3], codes[3]])
    assert [line["fulfilment"] for line in named["lines"]] == [codes[3]]
    problem = refused(
        api.post("pick-lists", {"location": "W1", "fulfilments": [codes[2], codes[0]]}),
        409,
        "illegal_transition",
    )
    assert (problem["fulfilment"], problem["state"]) == (codes[0], "picking")
    assert Fulfilment.objects.get(code=codes[2]).state == "open"


def test_a_wave_gives_each_picker_a_list_in_walking_order(api: ApiCaller) -> None:
    orders = [place(api, ("C1", 1), ("A1", 1), ("B1", 1)) for _ in range(3)]
    answer = api.post("pick-lists/waves", {"location": "W1", "orders_per_list": 2})
    assert answer.status_code == 201, answer.content
    assert answer.json()["location"] == "W1"
    first, second = answer.json()["pick_lists"]
    assert [first[name] for name in ("orders", "lines", "units")] == [2, 6, 6]
    assert [second[name] for name in ("orders", "lines", "units")] == [1, 3, 3]
    shown = [api.get(f"pick-lists/{each['id']}").json() for each in (first, second)]
    assert [(line["sku"], line["bin"], line["tote"]) for line in shown[0]["lines"]] == [
        ("B1", "A-1", 1), ("B1", "A-1", 2), ("A1", "M-5", 1), ("A1", "M-5", 2),
        ("C1", None, 1), ("C1", None, 2),
    ]  # fmt: skip
    assert {line["order"] for line in shown[1]["lines"]} == {orders[2]["number"]}
    for order in orders:
        assert events(order["number"]).count("fulfilment.picking") == 1
    assert set(Fulfilment.objects.values_list("state", flat=True)) == {"picking"}
    refused(api.post("pick-lists/waves", {"location": "W1"}), 409, "nothing_to_pick")
    assert_laws_hold()


def test_a_wave_takes_as_many_statements_for_many_lists_as_for_one(
    api: ApiCaller,
) -> None:
    def wave(size: int) -> int:
        for _ in range(3):
            place(api, ("A1", 1))
        with CaptureQueriesContext(connection) as captured:
            body = {"location": "W1", "orders_per_list": size}
            assert len(api.post("pick-lists/waves", body).json()["pick_lists"]) == 3 // size
        return len(captured)

    wave(3)
    assert wave(3) == wave(1)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"location": "MOON"}, "/location"),
        ({"orders_per_list": 0}, "/orders_per_list"),
        ({"orders_per_list": True}, "/orders_per_list"),
        ({"max_orders": 10_001}, "/max_orders"),
        ({"max_orders": 10**30}, "/max_orders"),
        ({"fulfilments": ["x"]}, "/fulfilments"),
    ],
)
def test_a_bad_wave_starts_nothing(api: ApiCaller, change: dict[str, Any], pointer: str) -> None:
    place(api, ("A1", 1))
    problem = refused(
        api.post("pick-lists/waves", {"location": "W1"} | change), 400, "validation_error"
    )
    assert [error["pointer"] for error in problem["errors"]] == [pointer]
    assert not PickList.objects.exists()
    tied = make_caller(["fulfilment:write"], locations=["W2"])
    refused(tied.post("pick-lists/waves", {"location": "W1"}), 400, "validation_error")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/location"),
        ({"location": "S9"}, "/location"),
        ({"location": ["W1"]}, "/location"),
        ({"location": "W1", "max_orders": 0}, "/max_orders"),
        ({"location": "W1", "max_orders": 10**20}, "/max_orders"),
        ({"location": "W1", "mode": "wave"}, "/mode"),
        ({"location": "W1", "fulfilments": []}, "/fulfilments"),
        ({"location": "W1", "fulfilments": ["nothing"]}, "/fulfilments/0"),
        ({"location": "W1", "fulfilments": [7]}, "/fulfilments/0"),
        ({"location": "W1", "fulfilments": "100001-1"}, "/fulfilments"),
        ({"location": "W1", "fulfilments": ["1"], "max_orders": 2}, ""),
        ({"location": "W1", "picker": "me"}, "/picker"),
    ],
)
def test_a_bad_body_starts_nothing(api: ApiCaller, body: Any, pointer: str) -> None:
    place(api, ("A1", 1))
    problem = refused(api.post("pick-lists", body), 400, "validation_error")
    assert problem["errors"][0]["pointer"].startswith(pointer)
    assert not PickList.objects.exists()
    assert Fulfilment.objects.get().state == "open"


def test_a_single_pick_is_of_one_order(api: ApiCaller) -> None:
    codes = [place(api, ("A1", 1))["fulfilments"][0]["id"] for _ in range(2)]
    body = {"location": "W1", "fulfilments": codes, "mode": "single"}
    problem = refused(api.post("pick-lists", body), 400, "validation_error")
    assert problem["errors"][0]["code"] == "more_than_one_order"
    assert len(start(api, mode="single")["lines"]) == 1


@pytest.mark.parametrize("identity", ["0", "99999999999999999999", "x", "-1", "1.5", "²"])
def test_an_unknown_list_is_not_found(api: ApiCaller, identity: str) -> None:
    refused(api.get(f"pick-lists/{identity}"), 404, "not_found")
    refused(api.post(f"pick-lists/{identity}/complete"), 404, "not_found")
    body = {"scans": [scan(GTINS["A1"])]}
    refused(api.post(f"pick-lists/{identity}/scans", body), 404, "not_found")
    refused(api.post(f"pick-lists/{identity}/lines/1/short", {"found": 0}), 404, "not_found")


def test_only_who_works_there_sees_and_picks(api: ApiCaller) -> None:
    place(api, ("A1", 1))
    theirs = make_caller(["fulfilment:write", "orders:read"], locations=["W2"])
    problem = refused(theirs.post("pick-lists", {"location": "W1"}), 400, "validation_error")
    assert problem["errors"][0] | {"detail": ""} == {
        "pointer": "/location", "detail": "", "code": "unknown_location",
    }  # fmt: skip
    pick_list = start(api)
    assert theirs.get("pick-lists").json()["results"] == []
    refused(theirs.get(f"pick-lists/{pick_list['id']}"), 404, "not_found")
    body = {"scans": [scan(GTINS["A1"])]}
    refused(theirs.post(f"pick-lists/{pick_list['id']}/scans", body), 404, "not_found")
    refused(theirs.post(f"pick-lists/{pick_list['id']}/complete"), 404, "not_found")
    refused(short(theirs, pick_list, 0), 404, "not_found")
    other_channel = make_caller(["fulfilment:write", "orders:read"], channels=["pos"])
    refused(other_channel.get(f"pick-lists/{pick_list['id']}"), 404, "not_found")
    reader = make_caller(["orders:read"])
    refused(reader.post("pick-lists", {"location": "W1"}), 403, "forbidden")


def test_a_long_list_takes_few_queries(api: ApiCaller, django_assert_max_num_queries: Any) -> None:
    for _ in range(6):
        place(api, ("A1", 1), ("B1", 1), ("C1", 1))
    with django_assert_max_num_queries(29):
        pick_list = start(api)
    assert len(pick_list["lines"]) == 18
    with django_assert_max_num_queries(28):
        answer = send(api, pick_list, *(scan(GTINS["A1"]) for _ in range(8)))
    assert results(answer).count("accepted") == 6
    with django_assert_max_num_queries(9):
        api.get("pick-lists")

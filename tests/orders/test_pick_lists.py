"""Pick lists: work in walking order, scans that count once, short picks that are sourced again."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from inventory.models import Barcode, Placement, Sku
from omniretail.audit.models import AuditRecord
from orders.models import Fulfilment, PickList, Scan
from stores.models import Bin, Location
from tests.builders import make_channel, make_location, make_sku, stock_up
from tests.conftest import ApiCaller, make_caller
from tests.orders.desk import assert_laws_hold, events, place, refused, step, stock, units

pytestmark = pytest.mark.django_db
GTINS = {"A1": "05012345678900", "B1": "04006381333931", "C1": "C1-HOUSE"}


def put_in_bin(sku: Sku, location: Location, code: str, walk: int) -> None:
    place_, _ = Bin.objects.get_or_create(location=location, code=code, defaults={"walk": walk})
    Placement.objects.create(sku=sku, bin=place_)


@pytest.fixture(autouse=True)
def world() -> None:
    """Ten of A1, B1, C1 in W1, the walk being B1, A1 (also further on), C1 (in no bin)."""
    warehouse, other = make_location("W1", priority=1), make_location("W2", priority=2)
    make_channel("web")
    for code, barcode in GTINS.items():
        sku = make_sku(code)
        Barcode.objects.create(sku=sku, code=barcode)
        stock_up(sku, warehouse, 10)
        stock_up(sku, other, 10)
    put_in_bin(Sku.objects.get(code="A1"), warehouse, "Z-9", walk=9)
    put_in_bin(Sku.objects.get(code="A1"), warehouse, "M-5", walk=5)
    put_in_bin(Sku.objects.get(code="A1"), other, "A-0", walk=0)
    put_in_bin(Sku.objects.get(code="B1"), warehouse, "A-1", walk=1)


def start(api: ApiCaller, **body: Any) -> dict[str, Any]:
    answer = api.post("pick-lists", {"location": "W1"} | body)
    assert answer.status_code == 201, answer.content
    return answer.json()


def scan(payload: str, quantity: int = 1, scan_id: str | None = None) -> dict[str, Any]:
    return {
        "scan_id": scan_id or str(uuid.uuid4()),
        "payload": payload,
        "quantity": quantity,
        "at": "2026-03-01T10:00:00Z",
    }


def send(api: ApiCaller, pick_list: dict[str, Any], *scans: dict[str, Any]) -> dict[str, Any]:
    answer = api.post(f"pick-lists/{pick_list['id']}/scans", {"scans": list(scans)})
    assert answer.status_code == 200, answer.content
    return answer.json()


def results(answer: dict[str, Any]) -> list[str]:
    return [scan["result"] for scan in answer["results"]]


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
    shares = Fulfilment.objects.order_by("id")
    for share, day in zip(shares, ("03", "01", "02"), strict=True):
        Fulfilment.objects.filter(pk=share.pk).update(
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


def test_a_wave_gives_everybody_a_list_in_walking_order(api: ApiCaller) -> None:
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


def test_a_list_is_scanned_to_the_end_and_the_box_packed(api: ApiCaller) -> None:
    order = place(api, ("A1", 2), ("B1", 1))
    code = order["fulfilments"][0]["id"]
    pick_list = start(api, mode="single")
    answer = send(
        api,
        pick_list,
        scan("4006381333931"),  # an EAN-13 of what is kept as 14 digits
        scan("(01)05012345678900(10)LOT7"),  # a GS1-128 label
        scan(GTINS["C1"]),
        scan("no such thing"),
        scan("5012345678901"),  # misread: the check digit is wrong
    )
    assert results(answer) == [
        "accepted", "accepted", "wrong_item", "unknown_barcode", "unknown_barcode",
    ]  # fmt: skip
    assert [line["picked"] for line in answer["pick_list"]["lines"]] == [1, 1]
    assert answer["pick_list"]["state"] == "in_progress"
    assert answer["results"][0]["line"] == pick_list["lines"][0]["id"]
    assert "line" not in answer["results"][2]
    problem = refused(
        api.post(f"pick-lists/{pick_list['id']}/complete"), 409, "pick_list_incomplete"
    )
    assert [(line["sku"], line["outstanding"]) for line in problem["lines"]] == [("A1", 1)]
    assert results(send(api, pick_list, scan("5012345678900"), scan("5012345678900"))) == [
        "accepted", "over_pick",
    ]  # fmt: skip
    done = api.post(f"pick-lists/{pick_list['id']}/complete").json()
    assert (done["state"], done["allowed_actions"]) == ("completed", [])
    assert done["completed_at"]
    refused(api.post(f"pick-lists/{pick_list['id']}/complete"), 409, "illegal_transition")
    assert [line["picked"] for line in step(api, code, "pack")["lines"]] == [2, 1]


def test_the_same_scan_counts_once(api: ApiCaller) -> None:
    place(api, ("A1", 5))
    pick_list = start(api)
    one, wrong = scan(GTINS["A1"], scan_id=str(uuid.uuid4())), scan("nonsense")
    first = send(api, pick_list, one, wrong, one)
    assert results(first) == ["accepted", "unknown_barcode", "duplicate"]
    # The phone lost the answer and sends the batch again, with a new read at its end.
    again = send(api, pick_list, one, wrong, scan(GTINS["A1"], 2))
    assert results(again) == ["duplicate", "duplicate", "accepted"]
    assert [scan.get("first_result") for scan in again["results"]] == [
        "accepted", "unknown_barcode", None,
    ]  # fmt: skip
    assert again["results"][0]["line"] == pick_list["lines"][0]["id"]
    assert again["pick_list"]["lines"][0]["picked"] == 3
    assert Scan.objects.count() == 3


@pytest.mark.parametrize(
    "payload", ["5012345678900", "05012345678900\r\n", "A1", "https://id.gs1.org/01/05012345678900"]
)
def test_whatever_names_the_sku_picks_it(api: ApiCaller, payload: str) -> None:
    place(api, ("A1", 1))
    assert results(send(api, start(api), scan(payload))) == ["accepted"]


def test_an_id_used_on_another_list_is_the_same_scan(api: ApiCaller) -> None:
    place(api, ("A1", 1))
    first = start(api)
    place(api, ("A1", 1))
    second = start(api)
    one = scan(GTINS["A1"])
    send(api, first, one)
    (result,) = send(api, second, one)["results"]
    assert result == {
        "scan_id": one["scan_id"], "result": "duplicate", "first_result": "accepted",
    }  # fmt: skip


def test_scans_need_no_key_and_honour_one(api: ApiCaller) -> None:
    place(api, ("A1", 2))
    pick_list = start(api)
    url, one = f"/api/v1/pick-lists/{pick_list['id']}/scans", scan(GTINS["A1"])
    answer = api.client.post(
        url, {"scans": [one]}, content_type="application/json", headers=api.headers
    )
    assert results(answer.json()) == ["accepted"]
    two = {"scans": [scan(GTINS["A1"])]}
    first = api.post(url, two, key="walk")
    again = api.post(url, two, key="walk")
    assert again.json() == first.json()
    assert again["Idempotency-Replayed"] == "true"


def test_one_read_of_several_units_belongs_to_one_tote(api: ApiCaller) -> None:
    place(api, ("A1", 2))
    place(api, ("A1", 3))
    pick_list = start(api)
    answer = send(api, pick_list, scan(GTINS["A1"], 3), scan(GTINS["A1"], 5), scan(GTINS["A1"], 2))
    assert results(answer) == ["accepted", "over_pick", "accepted"]
    assert [line["picked"] for line in answer["pick_list"]["lines"]] == [2, 3]


def test_what_is_picked_without_scanning_is_taken_off_the_list(api: ApiCaller) -> None:
    code = place(api, ("A1", 2))["fulfilments"][0]["id"]
    pick_list = start(api)
    step(api, code, "pick", units(("1", 1)))
    assert api.get(f"pick-lists/{pick_list['id']}").json()["lines"][0]["picked"] == 1
    assert results(send(api, pick_list, scan(GTINS["A1"], 2))) == ["over_pick"]
    assert results(send(api, pick_list, scan(GTINS["A1"]))) == ["accepted"]
    assert api.post(f"pick-lists/{pick_list['id']}/complete").status_code == 200


def test_nobody_walks_for_what_was_cancelled(api: ApiCaller) -> None:
    order = place(api, ("A1", 3), ("B1", 1))
    pick_list = start(api)
    send(api, pick_list, scan(GTINS["A1"]))
    api.post(
        f"orders/{order['number']}/cancellations",
        units(("1", 2), ("2", 1)) | {"reason": "changed mind"},
    )
    lines = api.get(f"pick-lists/{pick_list['id']}").json()["lines"]
    assert {line["sku"]: (line["quantity"], line["picked"]) for line in lines} == {
        "B1": (0, 0), "A1": (1, 1),
    }  # fmt: skip
    assert results(send(api, pick_list, scan(GTINS["A1"]), scan(GTINS["B1"]))) == [
        "over_pick", "over_pick",
    ]  # fmt: skip
    assert api.post(f"pick-lists/{pick_list['id']}/complete").status_code == 200
    assert_laws_hold()


def short(api: ApiCaller, pick_list: dict[str, Any], found: Any, line: int = 0) -> Any:
    identity = pick_list["lines"][line]["id"]
    return api.post(f"pick-lists/{pick_list['id']}/lines/{identity}/short", {"found": found})


def test_a_short_pick_is_sourced_elsewhere_at_once(api: ApiCaller) -> None:
    order = place(api, ("A1", 3))
    code = order["fulfilments"][0]["id"]
    pick_list = start(api)
    send(api, pick_list, scan(GTINS["A1"]))
    answer = short(api, pick_list, 2)  # a second one lay behind, and was not scanned
    assert answer.status_code == 200, answer.content
    (line,) = answer.json()["lines"]
    assert (line["quantity"], line["picked"], line["short"]) == (3, 2, 1)
    assert stock("A1", "W1") == (10, 2, 1)
    assert stock("A1", "W2") == (10, 1, 0)
    after = api.get(f"orders/{order['number']}").json()
    assert [(s["location"], s["lines"][0]["quantity"]) for s in after["fulfilments"]] == [
        ("W1", 2), ("W2", 1),
    ]  # fmt: skip
    task = AuditRecord.objects.get(action="count_needed")
    assert (task.subject, task.data) == ("stock/A1@W1", {"not_found": 1})
    assert "fulfilment.rejected" in events(order["number"])
    assert_laws_hold()
    assert api.post(f"pick-lists/{pick_list['id']}/complete").status_code == 200
    assert step(api, code, "pack")["state"] == "packed"


def test_nothing_found_leaves_the_fulfilment_rejected(api: ApiCaller) -> None:
    order = place(api, ("A1", 2))
    pick_list = start(api)
    assert short(api, pick_list, 0).status_code == 200
    first = api.get(f"fulfilments/{order['fulfilments'][0]['id']}").json()
    assert first["state"] == "rejected"
    assert stock("A1", "W1") == (10, 0, 2)
    refused(short(api, pick_list, 0), 409, "line_settled")
    assert api.post(f"pick-lists/{pick_list['id']}/complete").status_code == 200
    assert_laws_hold()


@pytest.mark.parametrize("found", [0, 3, 4, -1, True, "1", None, 10**30, 1.0])
def test_found_lies_between_what_is_picked_and_what_was_asked(api: ApiCaller, found: Any) -> None:
    place(api, ("A1", 3))
    pick_list = start(api)
    send(api, pick_list, scan(GTINS["A1"]))
    problem = refused(short(api, pick_list, found), 400, "validation_error")
    assert problem["errors"][0]["pointer"] == "/found"
    assert stock("A1", "W1") == (10, 3, 0)


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


@pytest.mark.parametrize(
    "scans",
    [
        [],
        "5012345678900",
        [{"payload": "5012345678900"}],
        [{"scan_id": "7", "payload": "5012345678900"}],
        [scan("5012345678900") | {"quantity": 0}],
        [scan("5012345678900") | {"quantity": 10**12}],
        [scan("x" * 513)],
        [scan("")],
        [scan("5012345678900") | {"at": "yesterday"}],
        [scan("5012345678900") | {"payload": 5012345678900}],
        [scan("5012345678900") | {"line": "1"}],
        [scan("5012345678900") for _ in range(1001)],
    ],
)
def test_bad_scans_are_refused_whole(api: ApiCaller, scans: Any) -> None:
    place(api, ("A1", 1))
    pick_list = start(api)
    sent = [scan(GTINS["A1"]), *scans] if scans and isinstance(scans, list) else scans
    answer = api.post(f"pick-lists/{pick_list['id']}/scans", {"scans": sent})
    refused(answer, 400, "validation_error")
    assert not Scan.objects.exists()


@pytest.mark.parametrize("identity", ["0", "99999999999999999999", "x", "-1", "1.5", "²"])
def test_an_unknown_list_is_not_found(api: ApiCaller, identity: str) -> None:
    refused(api.get(f"pick-lists/{identity}"), 404, "not_found")
    refused(api.post(f"pick-lists/{identity}/complete"), 404, "not_found")
    body = {"scans": [scan(GTINS["A1"])]}
    refused(api.post(f"pick-lists/{identity}/scans", body), 404, "not_found")
    refused(api.post(f"pick-lists/{identity}/lines/1/short", {"found": 0}), 404, "not_found")


def test_a_line_of_another_list_is_not_found(api: ApiCaller) -> None:
    place(api, ("A1", 1))
    first = start(api)
    place(api, ("A1", 1))
    second = start(api)
    line = second["lines"][0]["id"]
    refused(
        api.post(f"pick-lists/{first['id']}/lines/{line}/short", {"found": 0}), 404, "not_found"
    )
    assert not Fulfilment.objects.filter(lines__quantity__lt=F("lines__order_line__ordered"))


def test_a_long_list_takes_few_queries(api: ApiCaller, django_assert_max_num_queries: Any) -> None:
    for _ in range(6):
        place(api, ("A1", 1), ("B1", 1), ("C1", 1))
    with django_assert_max_num_queries(26):
        pick_list = start(api)
    assert len(pick_list["lines"]) == 18
    with django_assert_max_num_queries(26):
        answer = send(api, pick_list, *(scan(GTINS["A1"]) for _ in range(8)))
    assert results(answer).count("accepted") == 6
    with django_assert_max_num_queries(8):
        api.get("pick-lists")

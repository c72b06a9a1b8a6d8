"""Scans along a pick list count once."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from orders.models import Scan
from tests.conftest import ApiCaller
from tests.orders.fulfilment_helpers import assert_laws_hold, place, refused, step, units
from tests.orders.picking.picking_helpers import GTINS, results, scan, send, start

pytestmark = pytest.mark.django_db


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
        "sku": "A1", "units": 1,
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


def test_no_picker_walks_for_what_was_cancelled(api: ApiCaller) -> None:
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

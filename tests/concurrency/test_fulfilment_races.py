"""Two scanners on one list, a cancellation against a shipment, many guesses at one code."""

from __future__ import annotations

import uuid
from collections import Counter
from typing import Any

import pytest
from django.db.models import Sum

from core.access.keys import issue_key
from inventory.models import Stock
from orders.models import Fulfilment, OrderLine, PickListLine, Scan
from orders.pickup_code import MAX_WRONG_CODES, pickup_pass
from tests.concurrency.load import Call, call_at_once
from tests.conftest import ApiCaller
from tests.factories import (
    ApiClientFactory,
    BarcodeFactory,
    ChannelFactory,
    LocationFactory,
    SkuFactory,
    stock_up,
)
from tests.orders.fulfilment_helpers import (
    assert_laws_hold,
    end_waiting,
    place,
    step,
    stock,
    units,
)

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
GTIN = "05012345678900"


@pytest.fixture
def api_key() -> str:
    return issue_key(client=ApiClientFactory(name="load"))


@pytest.fixture
def api(api_key: str) -> ApiCaller:
    return ApiCaller(api_key)


@pytest.fixture(autouse=True)
def world() -> None:
    """Forty of A1 in one building."""
    ChannelFactory(code="web")
    sku = SkuFactory(code="A1")
    BarcodeFactory(sku=sku, code=GTIN)
    stock_up(sku, LocationFactory(code="W1", store=True), 40)


def scans_of(ids: list[str]) -> dict[str, Any]:
    return {"scans": [{"scan_id": one, "payload": GTIN, "quantity": 1} for one in ids]}


def test_two_scanners_with_overlapping_scans_count_each_once(api: ApiCaller, api_key: str) -> None:
    for _ in range(4):
        place(api, ("A1", 3))
    pick_list = api.post("pick-lists", {"location": "W1"}).json()
    ids = [str(uuid.uuid4()) for _ in range(12)]
    # Each batch goes out twice, as from a phone that lost the answer; they overlap by half.
    batches = [ids[start : start + 4] for start in range(0, 10, 2)] * 2
    calls = [
        Call(f"pick-lists/{pick_list['id']}/scans", scans_of(batch), key=f"scan-{number}")
        for number, batch in enumerate(batches)
    ]
    answers = call_at_once(calls, api_key=api_key, processes=2, threads=5)
    assert {answer.status for answer in answers} == {200}
    verdicts = Counter(scan["result"] for answer in answers for scan in answer.body["results"])
    assert verdicts == {"accepted": 12, "duplicate": 28}
    assert Scan.objects.count() == 12
    assert PickListLine.objects.aggregate(units=Sum("picked")) == {"units": 12}
    assert Fulfilment.objects.aggregate(units=Sum("lines__picked")) == {"units": 12}


def test_two_pickers_never_get_the_same_order(api: ApiCaller, api_key: str) -> None:
    orders = {place(api, ("A1", 1))["number"] for _ in range(8)}
    calls = [
        Call("pick-lists", {"location": "W1", "max_orders": 2}, key=f"pick-{number}")
        for number in range(6)
    ]
    answers = call_at_once(calls, api_key=api_key, processes=2, threads=3)
    assert {(a.status, a.code) for a in answers} <= {(201, None), (409, "nothing_to_pick")}
    taken = [line["order"] for a in answers if a.status == 201 for line in a.body["lines"]]
    assert sorted(taken) == sorted(set(taken))
    rest = api.post("pick-lists", {"location": "W1"})
    left = [line["order"] for line in rest.json().get("lines", [])]
    assert sorted(taken + left) == sorted(orders)


def test_a_cancellation_and_a_shipment_never_both_get_a_unit(api: ApiCaller, api_key: str) -> None:
    orders = [place(api, ("A1", 2)) for _ in range(12)]
    calls = []
    for order in orders:
        code = order["fulfilments"][0]["id"]
        step(api, code, "pick", units(("1", 2)))
        step(api, code, "pack")
        ship = {"carrier": "DHL", "tracking_number": code}
        cancel = units(("1", 1)) | {"reason": "changed mind"}
        calls.append(Call(f"fulfilments/{code}/ship", ship, key=f"ship-{code}"))
        calls.append(Call(f"orders/{order['number']}/cancellations", cancel, key=f"no-{code}"))
    # Neighbours in the list are dealt to different processes.
    answers = call_at_once(calls, api_key=api_key, processes=2, threads=6)
    assert {(a.status, a.code) for a in answers} <= {
        (200, None), (201, None), (409, "nothing_to_cancel"),
    }  # fmt: skip
    for line in OrderLine.objects.all():
        # A box that was still there left with what the customer still wanted.
        assert (line.reserved, line.cancelled, line.fulfilled) in {(0, 0, 2), (0, 1, 1)}
    gone = OrderLine.objects.aggregate(units=Sum("fulfilled"))["units"]
    # A unit that was cancelled in its box lies there until it is put back.
    assert stock("A1", "W1") == (40 - gone, 0, 24 - gone)
    assert_laws_hold()


def test_guesses_at_once_do_not_get_more_tries(api: ApiCaller, api_key: str) -> None:
    code = place(api, ("A1", 1), pickup_at="W1")["fulfilments"][0]["id"]
    step(api, code, "pick", units(("1", 1)))
    step(api, code, "ready")
    right = pickup_pass(code, "W1").code
    wrong = [f"{(int(right) + offset) % 10**6:06d}" for offset in range(1, 21)]
    calls = [
        Call(f"fulfilments/{code}/collect", {"code": guess}, key=f"guess-{guess}")
        for guess in wrong
    ]
    answers = call_at_once(calls, api_key=api_key, processes=2, threads=8)
    assert Counter((a.status, a.code) for a in answers) == {
        (403, "wrong_pickup_code"): MAX_WRONG_CODES,
        (403, "pickup_locked"): len(wrong) - MAX_WRONG_CODES,
    }
    assert Fulfilment.objects.get().wrong_codes == MAX_WRONG_CODES


def test_one_pickup_is_handed_over_once(api: ApiCaller, api_key: str) -> None:
    code = place(api, ("A1", 1), pickup_at="W1")["fulfilments"][0]["id"]
    step(api, code, "pick", units(("1", 1)))
    step(api, code, "ready")
    body = {"code": pickup_pass(code, "W1").code}
    end_waiting(code)
    calls = [
        Call(f"fulfilments/{code}/{action}", body if action == "collect" else {}, key=f"{number}")
        for number, action in enumerate(["collect", "expire"] * 6)
    ]
    answers = call_at_once(calls, api_key=api_key, processes=2, threads=6)
    assert Counter((a.status, a.code) for a in answers) == {
        (200, None): 1,
        (409, "illegal_transition"): 11,
    }
    row = Stock.objects.get()
    # Collected, or in its bay still.
    assert (row.on_hand, row.reserved, row.unavailable) in {(39, 0, 0), (40, 0, 1)}
    assert_laws_hold()

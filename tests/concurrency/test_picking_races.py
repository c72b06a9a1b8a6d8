"""Two people on one list, a scan that is undone while the list ends, one serial number twice."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db.models import Sum

from core.access.keys import issue_key
from orders.models import FulfilmentLine, PickList, Scan
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
from tests.orders.fulfilment_helpers import assert_laws_hold, place, units
from tests.orders.picking.picking_helpers import path_of, results, scan, send, start

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
    """Forty of A1 and of B1 in two buildings that send."""
    ChannelFactory(code="web")
    for code, barcode in (("A1", GTIN), ("B1", "B1-HOUSE")):
        sku = SkuFactory(code=code)
        BarcodeFactory(sku=sku, code=barcode)
        for place_, priority in (("W1", 1), ("W2", 2)):
            stock_up(sku, LocationFactory(code=place_, priority=priority), 40)


def lists(api: ApiCaller, count: int, *lines: tuple[str, int]) -> list[dict[str, Any]]:
    """Return so many lists of one order each."""
    for _ in range(count):
        place(api, *lines)
    return [start(api, mode="single") for _ in range(count)]


def scans(pick_list: dict[str, Any], *reads: dict[str, Any], **more: Any) -> Call:
    body = {"scans": list(reads)} | more
    return Call(f"pick-lists/{pick_list['id']}/scans", body, key=uuid.uuid4().hex)


def on(pick_list: dict[str, Any], action: str, body: Any = None) -> Call:
    return Call(f"pick-lists/{pick_list['id']}/{action}", body or {}, key=uuid.uuid4().hex)


def test_of_two_people_one_gets_the_list(api: ApiCaller, api_key: str) -> None:
    (pick_list,) = lists(api, 1, ("A1", 20))
    calls = [
        scans(pick_list, scan(GTIN), person=person) for _ in range(6) for person in ("jo", "max")
    ]
    answers = call_at_once(calls, api_key=api_key, processes=2, threads=6)
    assert sorted(answer.status for answer in answers) == [200] * 6 + [403] * 6
    owners = {a.body["pick_list"]["person"] for a in answers if a.status == 200}
    refusals = {a.body["person"] for a in answers if a.status == 403}
    assert owners == refusals == {PickList.objects.get().person}
    assert FulfilmentLine.objects.get().picked == Scan.objects.count() == 6


def test_a_list_does_not_end_over_a_scan_that_is_undone(api: ApiCaller, api_key: str) -> None:
    walks = lists(api, 8, ("A1", 2))
    calls = []
    for pick_list in walks:
        last = scan(GTIN)
        send(api, pick_list, scan(GTIN), last)
        calls += [
            on(pick_list, "complete"), on(pick_list, f"scans/{last['scan_id']}/undo"),
            on(pick_list, f"scans/{last['scan_id']}/undo"),
        ]  # fmt: skip
    answers = call_at_once(calls, api_key=api_key, processes=2, threads=6)
    assert {(a.status, a.code) for a in answers} <= {
        (200, None), (409, "pick_list_incomplete"), (409, "illegal_transition"),
    }  # fmt: skip
    for row in PickList.objects.prefetch_related("lines__fulfilment_line"):
        (line,) = row.lines.all()
        is_complete = row.state == "completed"
        assert (line.picked, line.fulfilment_line.picked) == ((2, 2) if is_complete else (1, 1))
    assert_laws_hold()


def test_a_scan_counts_or_its_list_was_given_back(api: ApiCaller, api_key: str) -> None:
    walks = lists(api, 8, ("A1", 2))
    calls = [
        call
        for pick_list in walks
        for call in (scans(pick_list, scan(GTIN)), on(pick_list, "abandon"))
    ]
    answers = call_at_once(calls, api_key=api_key, processes=2, threads=6)
    assert {answer.status for answer in answers} == {200}
    verdicts = [results(a.body)[0] for a in answers if "results" in a.body]
    assert set(verdicts) <= {"accepted", "over_pick"}
    picked = FulfilmentLine.objects.aggregate(units=Sum("picked"))["units"]
    assert picked == verdicts.count("accepted")
    again = start(api)  # all that was given back is on one list, and no more
    assert sum(line["quantity"] for line in again["lines"]) == 16 - picked
    assert_laws_hold()


def test_one_serial_number_goes_to_one_order(api: ApiCaller, api_key: str) -> None:
    walks = lists(api, 6, ("A1", 2))
    numbers = [f"(01){GTIN}(21)S-{number}" for number in range(2)]
    calls = [
        scans(pick_list, *map(scan, numbers[::turn]))
        for pick_list, turn in zip(walks, (1, -1) * 3, strict=True)
    ]
    answers = call_at_once(calls, api_key=api_key, processes=2, threads=3)
    verdicts = [verdict for answer in answers for verdict in results(answer.body)]
    assert sorted(verdicts) == ["accepted"] * 2 + ["duplicate"] * 10
    assert FulfilmentLine.objects.aggregate(units=Sum("picked")) == {"units": 2}


def test_all_ways_of_taking_back_at_once(api: ApiCaller, api_key: str) -> None:
    """Short picks of two SKUs and their undoing, cancellations, counts and lists given back."""
    walks = lists(api, 6, ("A1", 2), ("B1", 2))
    calls = []
    for turn, pick_list in enumerate(walks):
        order = pick_list["lines"][0]["order"]
        for line in range(2):
            short = {"found": 0, "everywhere": True}
            api.post(f"{path_of(pick_list, line)}/short", short)
            undo = f"{path_of(pick_list, line)}/short/undo"
            calls.append(Call(undo, {}, key=uuid.uuid4().hex))
        if turn % 3 == 0:
            cancel = units(("1", 1), ("2", 1)) | {"reason": "x"}
            calls.append(Call(f"orders/{order}/cancellations", cancel, key=uuid.uuid4().hex))
        if turn % 3 == 1:
            calls.append(on(pick_list, "abandon"))
        counted = [{"sku": sku, "location": "W1", "on_hand": 35} for sku in ("B1", "A1")]
        count = {"reason": "cycle_count", "lines": counted}
        calls.append(Call("stock/counts/apply", count, key=uuid.uuid4().hex))
    answers = call_at_once(calls, api_key=api_key, processes=2, threads=6)
    assert {(a.status, a.code) for a in answers} <= {
        (200, None), (201, None), (409, "short_settled"), (409, "illegal_transition"),
        (409, "nothing_to_cancel"),
    }  # fmt: skip
    assert_laws_hold()

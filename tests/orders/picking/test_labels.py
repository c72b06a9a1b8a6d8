"""What a label says besides the article: how many, until when, into which tote."""

from __future__ import annotations

import pytest
from django.utils import timezone

from inventory.models import Barcode, Sku
from tests.conftest import ApiCaller
from tests.factories import BarcodeFactory, LocationFactory, stock_up
from tests.orders.fulfilment_helpers import place
from tests.orders.picking.picking_helpers import GTINS, results, scan, send, start

pytestmark = pytest.mark.django_db

CASE = "15012345678907"


@pytest.fixture
def case() -> Barcode:
    """Twelve of A1 in a case with a code of its own."""
    sku = Sku.objects.get(code="A1")
    stock_up(sku, LocationFactory(code="W1"), 40)
    return BarcodeFactory(sku=sku, code=CASE, units=12)


def test_a_case_read_once_is_all_that_is_in_it(api: ApiCaller, case: Barcode) -> None:
    place(api, ("A1", 40))
    pick_list = start(api)
    without = {"scan_id": scan("")["scan_id"], "payload": CASE}
    answer = send(api, pick_list, without, scan(CASE, 2), scan(CASE), scan(GTINS["A1"], 4))
    assert results(answer) == ["accepted", "accepted", "over_pick", "accepted"]
    assert [one["units"] for one in answer["results"]] == [12, 24, 12, 4]
    assert answer["results"][2]["detail"] == (
        "Of A1, 4 more are asked for. This is 12 from one case."
    )
    assert answer["pick_list"]["lines"][0]["picked"] == 40
    again = send(api, pick_list, scan(CASE, scan_id=answer["results"][2]["scan_id"]))
    assert again["results"][0] == answer["results"][2] | {
        "result": "duplicate", "first_result": "over_pick",
    }  # fmt: skip


def test_a_count_on_the_label_multiplies(api: ApiCaller, case: Barcode) -> None:
    place(api, ("A1", 40))
    answer = send(
        api, start(api), scan(f"(02){GTINS['A1']}(37)3"), scan(f"(02){CASE}(37)2"),
        scan(f"(01){GTINS['A1']}(30)5", 2), scan(f"(01){GTINS['A1']}(3103)002750"),
    )  # fmt: skip
    assert results(answer) == ["accepted", "accepted", "accepted", "unknown_barcode"]
    assert [one.get("units") for one in answer["results"]] == [3, 24, 10, None]
    assert "2.750 kg" in answer["results"][3]["detail"]
    assert answer["pick_list"]["lines"][0]["picked"] == 37


def test_more_than_any_line_has_is_no_error(api: ApiCaller, case: Barcode) -> None:
    place(api, ("A1", 40))
    answer = send(api, start(api), scan(f"(02){CASE}(37)80000", 1_000_000))
    assert results(answer) == ["over_pick"]
    assert answer["results"][0]["units"] == 960_000 * 1_000_000


def test_what_is_past_its_date_is_left(api: ApiCaller) -> None:
    place(api, ("A1", 3))
    today = f"{timezone.localdate():%y%m%d}"
    answer = send(
        api, start(api), scan(f"(01){GTINS['A1']}(17)200131(10)L-1"),
        scan(f"(01){GTINS['A1']}(15)991231"), scan(f"(01){GTINS['A1']}(17){today}"),
    )  # fmt: skip
    assert results(answer) == ["expired", "accepted", "accepted"]
    first = answer["results"][0]
    assert (first["lot"], first["expiry"]) == ("L-1", "2020-01-31")
    assert "good until 31 January 2020" in first["detail"]
    assert answer["pick_list"]["lines"][0]["picked"] == 2


def test_each_order_goes_into_its_own_tote(api: ApiCaller) -> None:
    place(api, ("A1", 1), ("B1", 1))
    place(api, ("A1", 2))
    pick_list = start(api)
    a1, b1 = GTINS["A1"], GTINS["B1"]
    into = [(a1, 2), (b1, 2), (a1, 1), (a1, 1), (a1, 2), (a1, 2)]
    answer = send(api, pick_list, *(scan(code) | {"tote": tote} for code, tote in into))
    assert results(answer) == [
        "accepted", "wrong_tote", "accepted", "wrong_tote", "accepted", "over_pick",
    ]  # fmt: skip
    told = answer["results"]
    assert [one["tote"] for one in told] == [2, 1, 1, 2, 2, 2]
    assert told[3]["detail"] == "Not for tote 1: put it into tote 2."
    picked = {(line["sku"], line["tote"]): line["picked"] for line in answer["pick_list"]["lines"]}
    assert picked == {("A1", 1): 1, ("A1", 2): 2, ("B1", 1): 0}


def test_a_single_order_needs_no_tote(api: ApiCaller) -> None:
    place(api, ("A1", 1))
    pick_list = start(api, mode="single")
    assert results(send(api, pick_list, scan(GTINS["A1"]) | {"tote": 7})) == ["accepted"]


def test_a_barcode_that_moves_on_still_picks_what_it_was_printed_on(
    api: ApiCaller, case: Barcode
) -> None:
    place(api, ("A1", 14))
    pick_list = start(api)
    for sku, barcodes in (("A1", ["5012345678924"]), ("C1", [GTINS["A1"], CASE])):
        answer = api.put(f"skus/{sku}", {"name": sku, "barcodes": barcodes})
        assert answer.status_code == 200, answer.content
    answer = send(api, pick_list, scan(GTINS["A1"]), scan(CASE), scan("5012345678924"))
    assert results(answer) == ["accepted", "accepted", "accepted"]
    assert answer["pick_list"]["lines"][0]["picked"] == 14
    place(api, ("A1", 1))
    assert results(send(api, start(api), scan(GTINS["A1"]))) == ["wrong_item"]

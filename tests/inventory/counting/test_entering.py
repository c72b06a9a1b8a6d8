"""Counts as the work of several people: choosing, and entering blind."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory.api import count_body
from inventory.models import Count, CountEntry, CountLine, Sku
from tests.conftest import ApiCaller, make_caller
from tests.factories import BarcodeFactory, SkuFactory
from tests.inventory.counting.counting_helpers import (
    NOON,
    act,
    done,
    enter,
    lines,
    moved,
    seen,
    skus,
    start,
)
from tests.inventory.stock_helpers import NO_QUANTITIES, order, pointers, problem

pytestmark = pytest.mark.django_db


class TestChoosing:
    def test_by_skus_one_line_a_bin_in_walking_order(self, api: ApiCaller) -> None:
        count = start(api, {"skus": ["C1", "A1", "A1"]}, name="Monday")
        assert lines(count) == [("A1", "L", None), ("A1", "R", None), ("C1", None, None)]
        assert (count["state"], count["name"]) == ("open", "Monday")
        assert count["allowed_actions"] == ["enter", "submit", "cancel"]
        assert done(api.get(f"stock/counts/{count['id']}")) == count

    def test_by_bins_with_the_other_bins_of_their_skus(self, api: ApiCaller) -> None:
        """Units lie in the building, not in a bin: a SKU is counted whole or not at all."""
        assert lines(start(api, {"bins": ["R"]})) == [("A1", "L", None), ("A1", "R", None)]
        assert lines(start(api, {"bins": ["X"]})) == []

    def test_by_what_pickers_missed_lately_and_is_not_settled(self, api: ApiCaller) -> None:
        a1, b1 = order(api, "1", 2), order(api, "2", 2, sku="B1")
        for number in (a1, b1):
            fulfilment = api.get(f"orders/{number}").json()["fulfilments"][0]["id"]
            reject = {"lines": [{"line_id": "1", "quantity": 1, "reason": "not_found"}]}
            done(api.post(f"fulfilments/{fulfilment}/reject", reject))
        found = [{"sku": "B1", "location": "W1", "unavailable_delta": -1}]
        done(api.post("stock/adjustments", {"reason": "found", "lines": found}))
        lately = {"short_picked_since": NOON.isoformat()}
        assert lines(start(api, lately)) == [("A1", "L", None), ("A1", "R", None)]
        just_now = {"short_picked_since": datetime.now(UTC).isoformat()}
        answer = api.post("stock/counts", {"location": "W1", "select": just_now})
        problem(answer, 409, "nothing_to_count")
        answer = api.post("stock/counts", {"location": "W2", "select": lately})
        problem(answer, 409, "nothing_to_count")

    @pytest.mark.parametrize(
        ("change", "pointed"),
        [
            ({"location": "W9"}, {"/location": "unknown_location"}),
            ({"select": {"skus": ["A1", "X", "Y"]}}, {"/select/skus/1", "/select/skus/2"}),
            ({"select": {"bins": ["L", "NONE"]}}, {"/select/bins/1": "unknown_bin"}),
            ({"select": {}}, {"/select": "choose_one"}),
            ({"select": {"skus": ["A1"], "bins": ["L"]}}, {"/select": "choose_one"}),
            ({"select": {"skus": []}}, {"/select/skus"}),
            ({"select": None}, {"/select"}),
            ({"select": {"short_picked_since": "2999-01-01T00:00:00Z"}},
             {"/select/short_picked_since": "not_in_the_past"}),
            ({"threshold": {"units": 0}}, {"/threshold/units"}),
            ({"threshold": {"percent": True}}, {"/threshold/percent"}),
            ({"name": "x" * 121}, {"/name"}),
            ({"colour": 1}, {"/colour": "unknown_field"}),
        ],
    )  # fmt: skip
    def test_what_cannot_be_chosen_is_named_and_nothing_written(
        self, api: ApiCaller, change: Any, pointed: Any
    ) -> None:
        body = {"location": "W1", "select": {"skus": ["C1"]}} | change
        found = pointers(api.post("stock/counts", body))
        assert found == pointed if isinstance(pointed, dict) else set(found) == pointed
        assert not Count.objects.exists()

    def test_more_lines_than_a_count_are_refused(
        self, api: ApiCaller, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(count_body, "MOST_LINES", 2)
        answer = api.post("stock/counts", {"location": "W1", "select": {"bins": ["L"]}})
        assert pointers(answer) == {"/select": "too_many_lines"}
        assert not Count.objects.exists()

    def test_counts_are_listed_the_newest_first_without_their_lines(self, api: ApiCaller) -> None:
        first, second = start(api), start(api, {"bins": ["L"]})
        enter(api, first, seen(7))
        results = done(api.get("stock/counts", location="W1"))["results"]
        assert [row["id"] for row in results] == [second["id"], first["id"]]
        assert [(row["lines_counted"], row["lines_total"]) for row in results] == [(0, 3), (1, 1)]
        assert "lines" not in results[0]
        assert done(api.get("stock/counts", state="review"))["results"] == []

    def test_counts_of_other_locations_are_unknown(self, api: ApiCaller) -> None:
        count = start(api)
        tied = make_caller(["stock:read", "stock:write"], locations=["W2"])
        assert done(tied.get("stock/counts"))["results"] == []
        assert tied.get(f"stock/counts/{count['id']}").status_code == 404
        for action in ("submit", "approve", "cancel", "apply"):
            answer = tied.post(f"stock/counts/{count['id']}/{action}")
            assert answer.status_code == 404, action
        for identity in ("0", "9" * 30, "x", "-1"):
            assert api.get(f"stock/counts/{identity}").status_code == 404


class TestEntering:
    def test_bins_are_summed_and_a_recount_of_one_replaces(self, api: ApiCaller) -> None:
        count = start(api, {"skus": ["A1"]})
        enter(api, count, seen(3, "A1", bin="L"), seen(6, "A1", bin="R"))
        count = enter(api, count, seen(4, "A1", bin="L"))
        assert lines(count) == [("A1", "L", 4), ("A1", "R", 6)]
        (row,) = act(api, count, "submit")["review"]
        assert (row["counted"], row["recorded"], row["variance"]) == (10, 10, 0)

    def test_scans_one_by_one_add_up_on_the_last_figure(self, api: ApiCaller) -> None:
        BarcodeFactory(sku=Sku.objects.get(code="C1"), code="05012345678900")
        count = start(api)
        scan = {"barcode": "5012345678900", "quantity": 1, "add": True}
        enter(api, count, *({"entry_id": str(uuid.uuid4()), **scan} for _ in range(3)))
        assert lines(enter(api, count, seen(5)))[0] == ("C1", None, 5)
        assert lines(enter(api, count, seen(2, add=True)))[0] == ("C1", None, 7)

    def test_the_same_entry_again_is_the_same_entry(self, api: ApiCaller) -> None:
        count = start(api)
        entry = seen(2, add=True)
        body = {"entries": [entry, entry]}
        address = f"stock/counts/{count['id']}/entries"
        answers = [done(api.post(address, body))["entries"] for _ in range(2)]
        verdicts = [[each["verdict"] for each in entries] for entries in answers]
        assert verdicts == [["accepted", "duplicate"], ["duplicate", "duplicate"]]
        assert CountLine.objects.get().counted == 2

    def test_an_entry_that_comes_again_later_is_still_the_same(self, api: ApiCaller) -> None:
        count, entry = start(api), seen(2, add=True)
        enter(api, count, entry)
        act(api, count, "submit")
        address = f"stock/counts/{count['id']}/entries"
        (again,) = done(api.post(address, {"entries": [entry]}))["entries"]
        assert again["verdict"] == "duplicate"
        late = api.post(address, {"entries": [entry, seen(1, add=True)]})
        assert (late.status_code, late.json()["code"]) == (409, "illegal_transition")
        assert CountLine.objects.get().counted == 2

    def test_each_remembers_who_and_when(self, api: ApiCaller, other: ApiCaller) -> None:
        count = start(api, {"skus": ["A1"]})
        enter(api, count, seen(3, "A1", bin="L", hours=0))
        count = enter(other, count, seen(6, "A1", bin="R", hours=1))
        names = [line["counted_by"] for line in count["lines"]]
        assert len(set(names)) == 2
        assert names == list(CountEntry.objects.order_by("pk").values_list("counted_by", flat=True))
        assert [line["counted_at"] for line in count["lines"]] == [
            (NOON + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%S.000Z") for hours in (0, 1)
        ]

    def test_the_later_look_stands_whichever_is_sent_later(
        self, api: ApiCaller, other: ApiCaller
    ) -> None:
        count = start(api)
        enter(api, count, seen(6, hours=2))
        assert lines(enter(other, count, seen(9, hours=1)))[0] == ("C1", None, 6)

    def test_an_empty_bin_is_zero_of_all_that_should_lie_there(self, api: ApiCaller) -> None:
        count = start(api, {"bins": ["L"]})
        empty = {"entry_id": str(uuid.uuid4()), "bin": "L", "empty": True}
        assert lines(enter(api, count, empty)) == [
            ("A1", "L", 0),
            ("B1", "L", 0),
            ("A1", "R", None),
        ]

    def test_what_was_not_expected_there_is_taken_in(self, api: ApiCaller) -> None:
        count = start(api)
        assert ("B1", "X", 2) in lines(enter(api, count, seen(2, "B1", bin="X")))

    def test_a_phone_whose_clock_is_a_little_fast_loses_nothing(self, api: ApiCaller) -> None:
        soon = datetime.now(UTC) + timedelta(minutes=2)
        count = enter(api, start(api), seen(7, at=soon.isoformat()))
        assert datetime.fromisoformat(count["lines"][0]["counted_at"]) < soon

    @pytest.mark.parametrize(
        ("change", "pointed"),
        [
            ({"sku": "NONE"}, {"/entries/1/sku": "unknown_sku"}),
            ({"bin": "NONE"}, {"/entries/1/bin": "unknown_bin"}),
            ({"sku": None}, {"/entries/1/sku": "null"}),
            ({"barcode": "5012345678900"}, {"/entries/1": "choose_one"}),
            ({"quantity": -1}, {"/entries/1/quantity": "min_value"}),
            ({"empty": True, "bin": "L"}, {"/entries/1": "says_too_much"}),
            ({"add": 1}, {"/entries/1/add": "invalid"}),
            ({"entry_id": "1"}, {"/entries/1/entry_id": "invalid"}),
            ({"at": "2999-01-01T00:00:00Z"}, {"/entries/1/at": "not_in_the_past"}),
            ({"note": ""}, {"/entries/1/note": "unknown_field"}),
        ],
    )
    def test_bad_entries_are_named_and_none_is_written(
        self, api: ApiCaller, change: Any, pointed: Any
    ) -> None:
        count = start(api)
        body = {"entries": [seen(1), seen(1) | change]}
        assert pointers(api.post(f"stock/counts/{count['id']}/entries", body)) == pointed
        assert not CountEntry.objects.exists()
        assert CountLine.objects.get().counted is None

    @pytest.mark.parametrize(
        ("barcode", "code"),
        [
            ("5012345678901", "bad_check_digit"),
            ("5012345678900", "unknown_barcode"),
            ("no such", "unknown_barcode"),
            ("", "blank"),
            (5012345678900, "invalid"),
        ],
    )
    def test_an_unknown_barcode_is_named(self, api: ApiCaller, barcode: Any, code: str) -> None:
        count = start(api)
        entry = {"entry_id": str(uuid.uuid4()), "barcode": barcode, "quantity": 1}
        answer = api.post(f"stock/counts/{count['id']}/entries", {"entries": [entry]})
        assert pointers(answer) == {"/entries/0/barcode": code}

    @pytest.mark.parametrize("units", [u for u in NO_QUANTITIES if u != 0])
    def test_what_is_no_quantity_is_refused(self, api: ApiCaller, units: Any) -> None:
        count = start(api)
        answer = api.post(f"stock/counts/{count['id']}/entries", {"entries": [seen(units)]})
        assert set(pointers(answer)) == {"/entries/0/quantity"}

    def test_a_figure_beyond_counting_is_refused(self, api: ApiCaller) -> None:
        count = start(api)
        many = [seen(1_000_000, add=True) for _ in range(1000)]
        for _ in range(2):
            entries = {"entries": [dict(each, entry_id=str(uuid.uuid4())) for each in many]}
            done(api.post(f"stock/counts/{count['id']}/entries", entries))
        answer = api.post(f"stock/counts/{count['id']}/entries", {"entries": many})
        problem(answer, 409, "balance_out_of_range")

    def test_many_entries_cost_what_one_does(self, api: ApiCaller) -> None:
        for number in range(30):
            SkuFactory(code=f"M{number}")
        count = start(api, {"skus": ["A1", "B1"]})

        def cost(*skus: str) -> int:
            with CaptureQueriesContext(connection) as queries:
                enter(api, count, *(seen(1, sku) for sku in skus))
            return len(queries)

        cost("A1")
        few = cost("M0")
        assert cost(*(f"M{number}" for number in range(1, 30))) == few

    def test_a_long_count_costs_what_a_short_one_does(self, api: ApiCaller) -> None:
        for number in range(30):
            SkuFactory(code=f"M{number}")

        def cost(*skus: str) -> list[int]:
            count = start(api, {"skus": list(skus)})
            enter(api, count, *(seen(0, sku) for sku in skus))
            spent = []
            for action in ("submit", "apply"):
                with CaptureQueriesContext(connection) as queries:
                    act(api, count, action)
                spent.append(len(queries))
            return spent

        cost("M0")
        assert cost("M1", "M2") == cost(*(f"M{number}" for number in range(3, 30)))


class TestBlind:
    def test_nothing_tells_the_record_before_the_review(self, api: ApiCaller) -> None:
        moved(990, sku="C1", hours=-0.5)
        count = start(api)
        told = [count, enter(api, count, seen(7)), done(api.get(f"stock/counts/{count['id']}"))]
        assert all(each["review"] == [] for each in told)
        # As a number: an id or a moment may hold these digits too.
        assert not any(re.search(r": 997\b", str(each)) for each in told)
        assert act(api, count, "submit")["review"][0]["recorded"] == 997

    def test_after_a_recount_it_is_blind_again(self, api: ApiCaller) -> None:
        count = start(api)
        enter(api, count, seen(1))
        act(api, count, "submit")
        again = act(api, count, "recount", skus("C1"))
        assert (again["state"], again["review"], lines(again)) == ("open", [], [("C1", None, None)])
        enter(api, count, seen(7))
        assert act(api, count, "submit")["review"][0]["variance"] == 0

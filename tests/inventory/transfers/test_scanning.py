"""Scans at the van: loaded, unloaded, counted once."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from inventory.models import TransferScan
from tests.conftest import ApiCaller, make_caller
from tests.factories import SkuFactory
from tests.inventory.stock_helpers import balances, nothing_written, pointers, problem
from tests.inventory.transfers.transfer_helpers import dispatched, draft, receive, shown

pytestmark = pytest.mark.django_db


class TestScanning:
    @staticmethod
    def scan(api: ApiCaller, transfer: str, *reads: tuple[str, int], **more: Any) -> Any:
        scans = [
            {"scan_id": str(uuid.uuid4()), "payload": payload, "quantity": units} | more
            for payload, units in reads
        ]
        return api.post(f"transfers/{transfer}/scans", {"scans": scans})

    def results(self, answer: Any) -> list[str]:
        assert answer.status_code == 200, answer.content
        return [each["result"] for each in answer.json()["results"]]

    def test_what_is_loaded_leaves_and_the_rest_stays_behind(self, api: ApiCaller) -> None:
        transfer = draft(api, ("A1", 4), ("A2", 1))
        answer = self.scan(api, transfer, ("A1", 3), ("A1", 2), ("unknown", 1), ("X", 1))
        assert self.results(answer)[:3] == ["accepted", "over_load", "unknown_barcode"]
        assert answer.json()["transfer"]["lines"][0] == shown("A1", 4, loaded=3)
        assert balances("A1", "W1") == (10, 0, 0)
        left = api.post(f"transfers/{transfer}/dispatch", {"as_scanned": True}).json()
        assert left["lines"] == [
            shown("A1", 3, loaded=3, left_behind=1),
            shown("A2", 0, left_behind=1),
        ]
        assert (balances("A1", "W1"), balances("A2", "W1")) == ((7, 0, 0), (5, 0, 0))
        (row,) = api.get("stock", sku="A1", location="W1").json()["results"]
        assert row["incoming"] == 0
        assert api.get("integrity").json()["ok"]

    def test_what_is_unloaded_arrives(self, api: ApiCaller) -> None:
        transfer = dispatched(api, ("A1", 4))
        SkuFactory(code="A3")
        answer = self.scan(api, transfer, ("A1", 3), ("A1", 2), ("A3", 1))
        assert self.results(answer) == ["accepted", "over_unload", "wrong_item"]
        assert balances("A1", "S1") == (0, 0, 0)
        came = receive(api, transfer, as_scanned=True).json()
        assert came["lines"] == [shown("A1", 4, received=3)]
        assert self.results(self.scan(api, transfer, ("A1", 1))) == ["accepted"]
        came = receive(api, transfer, as_scanned=True).json()
        assert (came["state"], balances("A1", "S1")) == ("received", (4, 0, 0))

    def test_the_same_scan_id_is_the_same_scan(self, api: ApiCaller) -> None:
        transfer, other = draft(api, ("A1", 4)), draft(api, ("A1", 4))
        one = str(uuid.uuid4())
        twice = [{"scan_id": one, "payload": "A1"}, {"scan_id": one, "payload": "A1"}]
        answer = api.post(f"transfers/{transfer}/scans", {"scans": twice}).json()
        assert answer["results"] == [
            {"scan_id": one, "result": "accepted", "sku": "A1", "units": 1},
            {
                "scan_id": one,
                "result": "duplicate",
                "first_result": "accepted",
                "sku": "A1",
                "units": 1,
            },
        ]
        assert answer["transfer"]["lines"][0]["loaded"] == 1
        for number in (transfer, other):
            again = api.post(f"transfers/{number}/scans", {"scans": twice[:1]}).json()
            assert again["results"][0]["result"] == "duplicate"
        assert again["transfer"]["lines"][0]["loaded"] == 0

    def test_a_scan_that_comes_again_later_is_still_the_same(self, api: ApiCaller) -> None:
        loader = make_caller(["stock:read", "stock:write"], locations=["W1"])
        transfer = draft(api, ("A1", 2))
        scans = {"scans": [{"scan_id": str(uuid.uuid4()), "payload": "A1"}]}
        first = loader.post(f"transfers/{transfer}/scans", scans)
        assert self.results(first) == ["accepted"]
        api.post(f"transfers/{transfer}/dispatch")
        for _ in range(2):
            again = loader.post(f"transfers/{transfer}/scans", scans)
            assert self.results(again) == ["duplicate"]
            receive(api, transfer, ("A1", 2))
        assert balances("A1", "S1") == (2, 0, 0)

    def test_nothing_scanned_is_nothing_sent(self, api: ApiCaller) -> None:
        transfer = draft(api, ("A1", 4))
        with nothing_written():
            answer = api.post(f"transfers/{transfer}/dispatch", {"as_scanned": True})
            problem(answer, 409, "nothing_scanned")
        api.post(f"transfers/{transfer}/dispatch")
        with nothing_written():
            problem(receive(api, transfer, as_scanned=True), 409, "nothing_scanned")
            both = receive(api, transfer, ("A1", 1), as_scanned=True)
        assert pointers(both) == {"/lines": "not_both"}

    def test_each_end_scans_at_its_own_time(self, api: ApiCaller) -> None:
        w1, s1 = (
            make_caller(["stock:read", "stock:write"], locations=[code]) for code in ("W1", "S1")
        )
        transfer = draft(api, ("A1", 2))
        problem(self.scan(s1, transfer, ("A1", 1)), 404, "not_found")
        assert self.results(self.scan(w1, transfer, ("A1", 2))) == ["accepted"]
        w1.post(f"transfers/{transfer}/dispatch")
        problem(self.scan(w1, transfer, ("A1", 1)), 404, "not_found")
        assert self.results(self.scan(s1, transfer, ("A1", 2))) == ["accepted"]
        receive(s1, transfer, ("A1", 2))
        problem(self.scan(s1, transfer, ("A1", 1)), 409, "illegal_transition")

    @pytest.mark.parametrize(
        "scan",
        [
            {},
            {"scan_id": "x", "payload": "A1"},
            {"scan_id": 1, "payload": "A1"},
            {"scan_id": str(uuid.UUID(int=1)), "payload": "A1", "quantity": 0},
            {"scan_id": str(uuid.UUID(int=1)), "payload": "A1", "quantity": True},
            {"scan_id": str(uuid.UUID(int=1)), "payload": "A1", "at": "yesterday"},
        ],
    )
    def test_what_is_no_scan_is_refused(self, api: ApiCaller, scan: dict[str, Any]) -> None:
        transfer = draft(api, ("A1", 2))
        with nothing_written():
            answer = api.post(f"transfers/{transfer}/scans", {"scans": [scan]})
        problem(answer, 400, "validation_error")
        nul = {"scan_id": str(uuid.UUID(int=1)), "payload": "A\0"}
        problem(api.post(f"transfers/{transfer}/scans", {"scans": [nul]}), 400, "malformed_body")
        assert not TransferScan.objects.exists()

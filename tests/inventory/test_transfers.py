"""Stock on its way between locations, over the API."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from inventory.choices import TransferState
from inventory.errors import IllegalTransition
from inventory.models import StockMovement, Transfer, TransferScan
from inventory.transitions import TRANSFER, next_transfer_state, transfer_actions
from omniretail.audit.models import AuditRecord
from omniretail.outbox.models import Event
from orders.models import OrderLine
from tests.builders import make_channel, make_location, make_sku, stock_up
from tests.conftest import ApiCaller, make_caller
from tests.inventory.floor import (
    NO_QUANTITIES,
    balances,
    hold,
    nothing_written,
    order,
    pointers,
    problem,
    run_out,
)
from tests.inventory.laws import assert_pool_laws

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def world() -> Iterator[None]:
    """Ten of A1 and five of A2 in W1, nothing in S1."""
    w1 = make_location("W1")
    make_location("S1")
    stock_up(make_sku("A1"), w1, 10)
    stock_up(make_sku("A2"), w1, 5)
    make_channel("web")
    yield
    assert_pool_laws()


def body(*lines: tuple[Any, Any], **more: Any) -> dict[str, Any]:
    return {
        "from": "W1",
        "to": "S1",
        "lines": [{"sku": sku, "quantity": quantity} for sku, quantity in lines],
    } | more


def shown(sku: str, quantity: int, **more: int) -> dict[str, Any]:
    """A line of a transfer's document, zero where `more` does not say."""
    counts = ("received", "lost", "left_behind", "surplus", "damaged", "loaded", "unloaded")
    return {"sku": sku, "quantity": quantity} | dict.fromkeys(counts, 0) | more


def draft(api: ApiCaller, *lines: tuple[str, int]) -> str:
    answer = api.post("transfers", body(*lines))
    assert answer.status_code == 201, answer.content
    return answer.json()["id"]


def dispatched(api: ApiCaller, *lines: tuple[str, int]) -> str:
    transfer = draft(api, *lines)
    assert api.post(f"transfers/{transfer}/dispatch").status_code == 200
    return transfer


def receive(api: ApiCaller, transfer: str, *lines: tuple[Any, Any], **more: Any) -> Any:
    given = [{"sku": sku, "quantity": quantity} for sku, quantity in lines]
    return api.post(f"transfers/{transfer}/receive", {"lines": given} | more)


class TestTheTable:
    @pytest.mark.parametrize("state", TransferState.values)
    @pytest.mark.parametrize("action", ["scan", "dispatch", "receive", "cancel"])
    def test_every_state_knows_what_it_allows(self, state: str, action: str) -> None:
        if action in transfer_actions(state):
            assert next_transfer_state(state, action) in TRANSFER
            return
        with pytest.raises(IllegalTransition) as refusal:
            next_transfer_state(state, action)
        assert refusal.value.data == {"state": state, "allowed_actions": transfer_actions(state)}

    def test_every_state_is_in_the_table(self) -> None:
        assert set(TRANSFER) == set(TransferState)


class TestTheWholeWay:
    def test_a_draft_moves_nothing(self, api: ApiCaller) -> None:
        answer = api.post("transfers", body(("A1", 3), ("A2", 1), ("A1", 1)))
        assert answer.status_code == 201
        document = answer.json()
        assert (document["from"], document["to"], document["state"]) == ("W1", "S1", "draft")
        assert document["lines"] == [shown("A1", 4), shown("A2", 1)]
        assert document["allowed_actions"] == ["scan", "dispatch", "cancel"]
        assert balances("A1", "W1") == (10, 0, 0)
        assert api.get(f"transfers/{document['id']}").json() == document

    def test_dispatched_goods_have_left(self, api: ApiCaller) -> None:
        transfer = draft(api, ("A1", 4))
        answer = api.post(f"transfers/{transfer}/dispatch")
        assert (answer.status_code, answer.json()["state"]) == (200, "in_transit")
        assert answer.json()["allowed_actions"] == ["scan", "receive"]
        assert balances("A1", "W1") == (6, 0, 0)
        movement = StockMovement.objects.latest("id")
        assert (movement.reason, movement.reference) == ("transfer_out", f"transfers/{transfer}")
        event = Event.objects.get(type="transfer.dispatched")
        assert (event.subject, event.data) == (f"transfers/{transfer}", answer.json())

    def test_goods_arrive_in_parts(self, api: ApiCaller) -> None:
        transfer = dispatched(api, ("A1", 4), ("A2", 1))
        answer = receive(api, transfer, ("A1", 1), ("A1", 2))
        assert (answer.status_code, answer.json()["state"]) == (200, "in_transit")
        assert [line["received"] for line in answer.json()["lines"]] == [3, 0]
        assert balances("A1", "S1") == (3, 0, 0)
        answer = receive(api, transfer, ("A2", 1), ("A1", 1))
        assert answer.json()["state"] == "received"
        assert answer.json()["allowed_actions"] == []
        assert balances("A1", "S1") == (4, 0, 0)
        assert Event.objects.filter(type="transfer.received").count() == 2
        assert not AuditRecord.objects.filter(action="transfer.closed_with_loss").exists()

    def test_closing_settles_what_is_missing_as_lost(self, api: ApiCaller) -> None:
        transfer = dispatched(api, ("A1", 4), ("A2", 2))
        answer = receive(api, transfer, ("A1", 3), close=True)
        assert answer.json()["state"] == "received"
        assert answer.json()["lines"] == [
            shown("A1", 4, received=3, lost=1),
            shown("A2", 2, lost=2),
        ]
        assert (balances("A1", "S1"), balances("A2", "S1")) == ((3, 0, 0), (0, 0, 0))
        losses = StockMovement.objects.filter(reason="transfer_loss", location__code="S1")
        moved = losses.order_by("id").values_list("sku__code", "on_hand_delta")
        assert list(moved) == [("A1", 1), ("A1", -1), ("A2", 2), ("A2", -2)]
        (noted,) = AuditRecord.objects.filter(action="transfer.closed_with_loss")
        assert noted.data["lines"] == [
            {"sku": "A1", "quantity": 1},
            {"sku": "A2", "quantity": 2},
        ]

    def test_closing_alone_loses_all(self, api: ApiCaller) -> None:
        transfer = dispatched(api, ("A1", 4))
        answer = api.post(f"transfers/{transfer}/receive", {"close": True})
        assert (answer.json()["state"], answer.json()["lines"][0]["lost"]) == ("received", 4)

    def test_a_draft_can_be_given_up(self, api: ApiCaller) -> None:
        transfer = draft(api, ("A1", 4))
        answer = api.post(f"transfers/{transfer}/cancel")
        assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
        assert balances("A1", "W1") == (10, 0, 0)

    def test_arrivals_fill_backorders(self, api: ApiCaller) -> None:
        transfer = dispatched(api, ("A1", 10))
        order(api, "1", 3, allow_backorder=True)
        assert OrderLine.objects.get().backordered == 3
        receive(api, transfer, ("A1", 4))
        assert OrderLine.objects.get().reserved == 3
        assert balances("A1", "S1") == (4, 3, 0)

    def test_what_is_on_its_way_is_shown_as_incoming(self, api: ApiCaller) -> None:
        transfer = dispatched(api, ("A1", 4))
        receive(api, transfer, ("A1", 1))
        (row,) = api.get("stock", sku="A1", location="S1").json()["results"]
        assert (row["on_hand"], row["incoming"]) == (1, 3)


class TestRefusals:
    def test_only_what_is_available_may_leave(self, api: ApiCaller) -> None:
        order(api, "1", 8)
        transfer = draft(api, ("A1", 3), ("A2", 5))
        with nothing_written():
            answer = api.post(f"transfers/{transfer}/dispatch")
        assert problem(answer, 409, "insufficient_stock")["lines"] == [
            {"sku": "A1", "requested": 3, "available": 2}
        ]
        assert api.get(f"transfers/{transfer}").json()["state"] == "draft"

    def test_a_cart_whose_time_is_over_keeps_nothing_from_leaving(self, api: ApiCaller) -> None:
        run_out(hold(api, ("A1", 10)))
        dispatched(api, ("A1", 10))
        assert balances("A1", "W1") == (0, 0, 0)

    def test_nothing_leaves_where_nothing_ever_was(self, api: ApiCaller) -> None:
        transfer = api.post("transfers", body(("A1", 1), **{"from": "S1", "to": "W1"})).json()
        answer = api.post(f"transfers/{transfer['id']}/dispatch")
        assert problem(answer, 409, "insufficient_stock")["lines"][0]["available"] == 0

    @pytest.mark.parametrize(
        ("reach", "action"),
        [
            ("draft", "receive"),
            ("dispatched", "dispatch"),
            ("dispatched", "cancel"),
            ("received", "receive"),
            ("cancelled", "dispatch"),
        ],
    )
    def test_a_step_out_of_turn_names_what_is_allowed(
        self, api: ApiCaller, reach: str, action: str
    ) -> None:
        transfer = draft(api, ("A1", 1))
        if reach in ("dispatched", "received"):
            api.post(f"transfers/{transfer}/dispatch")
        if reach == "received":
            receive(api, transfer, ("A1", 1))
        if reach == "cancelled":
            api.post(f"transfers/{transfer}/cancel")
        now = api.get(f"transfers/{transfer}").json()
        given = {"lines": [{"sku": "A1", "quantity": 1}]} if action == "receive" else {}
        with nothing_written():
            answer = api.post(f"transfers/{transfer}/{action}", given)
        told = problem(answer, 409, "illegal_transition")
        assert (told["state"], told["allowed_actions"]) == (
            now["state"],
            now["allowed_actions"],
        )

    def test_no_more_arrives_than_left(self, api: ApiCaller) -> None:
        transfer = dispatched(api, ("A1", 4))
        receive(api, transfer, ("A1", 1))
        with nothing_written():
            answer = receive(api, transfer, ("A1", 2), ("A1", 2), ("A2", 1))
        assert problem(answer, 409, "transfer_exceeds")["lines"] == [
            {"sku": "A1", "received": 4, "on_its_way": 3},
            {"sku": "A2", "received": 1, "on_its_way": 0},
        ]

    def test_it_goes_to_another_location(self, api: ApiCaller) -> None:
        with nothing_written():
            answer = api.post("transfers", body(("A1", 1), to="W1"))
        assert pointers(answer) == {"/to": "same_location"}

    def test_every_unknown_code_is_named(self, api: ApiCaller) -> None:
        with nothing_written():
            answer = api.post("transfers", body(("X", 1), **{"from": "Y", "to": "Z"}))
        assert pointers(answer) == {
            "/from": "unknown_location",
            "/to": "unknown_location",
            "/lines/0/sku": "unknown_sku",
        }
        transfer = dispatched(api, ("A1", 1))
        assert pointers(receive(api, transfer, ("X", 1))) == {"/lines/0/sku": "unknown_sku"}

    @pytest.mark.parametrize("quantity", NO_QUANTITIES, ids=repr)
    def test_what_is_no_quantity_is_refused(self, api: ApiCaller, quantity: Any) -> None:
        transfer = dispatched(api, ("A1", 4))
        with nothing_written():
            assert set(pointers(api.post("transfers", body(("A1", quantity))))) == {
                "/lines/0/quantity"
            }
            assert set(pointers(receive(api, transfer, ("A1", quantity)))) == {"/lines/0/quantity"}

    @pytest.mark.parametrize(
        "given", [{}, {"lines": []}, {"close": False}, {"close": "yes"}, {"close": 1}, {"x": 1}]
    )
    def test_a_receipt_says_something(self, api: ApiCaller, given: dict[str, Any]) -> None:
        transfer = dispatched(api, ("A1", 4))
        with nothing_written():
            answer = api.post(f"transfers/{transfer}/receive", given)
        problem(answer, 400, "validation_error")

    @pytest.mark.parametrize("identity", ["0", "-1", "x", "9" * 20, "9" * 5000, "1.0", "١", "%20"])
    def test_an_unknown_transfer_is_not_found(self, api: ApiCaller, identity: str) -> None:
        draft(api, ("A1", 1))
        problem(api.get(f"transfers/{identity}"), 404, "not_found")
        for action in ("dispatch", "cancel"):
            problem(api.post(f"transfers/{identity}/{action}"), 404, "not_found")
        problem(receive(api, identity, ("A1", 1)), 404, "not_found")


class TestWhoSeesIt:
    def test_each_end_does_its_own_part(self, api: ApiCaller) -> None:
        make_location("S2")
        w1, s1, s2 = (
            make_caller(["stock:read", "stock:write"], locations=[code])
            for code in ("W1", "S1", "S2")
        )
        transfer = draft(api, ("A1", 2))
        problem(s2.get(f"transfers/{transfer}"), 404, "not_found")
        assert s1.get(f"transfers/{transfer}").status_code == 200
        for caller in (s1, s2):
            problem(caller.post(f"transfers/{transfer}/dispatch"), 404, "not_found")
            problem(caller.post(f"transfers/{transfer}/cancel"), 404, "not_found")
        assert w1.post(f"transfers/{transfer}/dispatch").status_code == 200
        for caller in (w1, s2):
            problem(receive(caller, transfer, ("A1", 2)), 404, "not_found")
        assert receive(s1, transfer, ("A1", 2)).status_code == 200

    def test_the_list_is_filtered_and_paged(self, api: ApiCaller) -> None:
        make_location("S2")
        first, second = draft(api, ("A1", 1)), dispatched(api, ("A1", 1))
        third = api.post("transfers", body(("A1", 1), to="S2")).json()["id"]

        def listed(caller: ApiCaller = api, **query: Any) -> list[str]:
            return [each["id"] for each in caller.get("transfers", **query).json()["results"]]

        assert listed() == [third, second, first]
        assert listed(location="S2") == [third]
        assert listed(location="S1", state="draft") == [first]
        assert listed(location="nowhere") == []
        assert listed(**{"from": "W1", "to": "S2"}) == [third]
        assert listed(**{"from": "S2"}) == []
        assert listed(sku="A2") == []
        assert listed(sku="A1", state="in_transit") == [second]
        assert listed(reference="100001-1") == []
        assert listed(make_caller(["stock:read"], locations=["S2"])) == [third]
        page = api.get("transfers", limit=2).json()
        following = api.get(page["next"].removeprefix("http://testserver")).json()
        assert [each["id"] for each in following["results"]] == [first]
        problem(api.get("transfers", state="lost"), 400, "validation_error")

    def test_the_list_costs_the_same_however_long(
        self, api: ApiCaller, django_assert_max_num_queries: Any
    ) -> None:
        for _ in range(5):
            draft(api, ("A1", 1), ("A2", 1))
        with django_assert_max_num_queries(6):
            assert len(api.get("transfers").json()["results"]) == 5
        assert Transfer.objects.count() == 5


class TestWhatIsAmiss:
    def test_more_and_other_goods_are_taken_in_when_asked(self, api: ApiCaller) -> None:
        make_sku("A3")
        transfer = dispatched(api, ("A1", 4))
        answer = receive(api, transfer, ("A1", 6), ("A3", 1), accept_surplus=True)
        assert answer.json()["state"] == "received"
        assert answer.json()["lines"] == [
            shown("A1", 4, received=4, surplus=2),
            shown("A3", 0, surplus=1),
        ]
        assert (balances("A1", "S1"), balances("A3", "S1")) == ((6, 0, 0), (1, 0, 0))
        moved = StockMovement.objects.filter(reference=f"transfers/{transfer}", location__code="S1")
        assert list(moved.order_by("id").values_list("sku__code", "on_hand_delta", "reason")) == [
            ("A1", 4, "transfer_in"),
            ("A1", 2, "transfer_surplus"),
            ("A3", 1, "transfer_surplus"),
        ]
        (noted,) = AuditRecord.objects.filter(action="transfer.surplus_accepted")
        assert noted.data["lines"] == [
            {"sku": "A1", "quantity": 2},
            {"sku": "A3", "quantity": 1},
        ]
        assert api.get("integrity").json()["ok"]

    def test_strange_goods_may_come_twice(self, api: ApiCaller) -> None:
        make_sku("A3")
        transfer = dispatched(api, ("A1", 4))
        for _ in range(2):
            answer = receive(api, transfer, ("A3", 1), accept_surplus=True)
        assert answer.json()["state"] == "in_transit"
        assert answer.json()["lines"][1] == shown("A3", 0, surplus=2)
        assert api.get("integrity").json()["ok"]

    def test_surplus_fills_backorders_too(self, api: ApiCaller) -> None:
        transfer = dispatched(api, ("A1", 10))
        order(api, "1", 11, allow_backorder=True)
        receive(api, transfer, ("A1", 11), accept_surplus=True)
        assert OrderLine.objects.get().reserved == 11

    def test_what_is_damaged_is_kept_apart(self, api: ApiCaller) -> None:
        transfer = dispatched(api, ("A1", 4))
        given = {"lines": [{"sku": "A1", "quantity": 3, "damaged": 2}]}
        answer = api.post(f"transfers/{transfer}/receive", given)
        assert answer.json()["lines"] == [shown("A1", 4, received=3, damaged=2)]
        assert balances("A1", "S1") == (3, 0, 2)
        damage = StockMovement.objects.get(reason="damaged")
        assert (damage.unavailable_delta, damage.reference) == (2, f"transfers/{transfer}")
        assert api.get("integrity").json()["ok"]

    @pytest.mark.parametrize("damaged", [-1, 4, 10**30, True, "1", 0.5, None])
    def test_no_more_is_damaged_than_has_come(self, api: ApiCaller, damaged: Any) -> None:
        transfer = dispatched(api, ("A1", 4))
        given = {"lines": [{"sku": "A1", "quantity": 3, "damaged": damaged}]}
        with nothing_written():
            answer = api.post(f"transfers/{transfer}/receive", given)
        assert set(pointers(answer)) == {"/lines/0/damaged"}


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
        answer = self.scan(api, transfer, ("A1", 3), ("A1", 2), ("nobody's", 1), ("X", 1))
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
        make_sku("A3")
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
            {"scan_id": one, "result": "accepted"},
            {"scan_id": one, "result": "duplicate", "first_result": "accepted"},
        ]
        assert answer["transfer"]["lines"][0]["loaded"] == 1
        for door in (transfer, other):
            again = api.post(f"transfers/{door}/scans", {"scans": twice[:1]}).json()
            assert again["results"][0]["result"] == "duplicate"
        assert again["transfer"]["lines"][0]["loaded"] == 0

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

"""What no transfer may do, and who sees it."""

from __future__ import annotations

from typing import Any

import pytest

from inventory.models import Transfer
from tests.conftest import ApiCaller, make_caller
from tests.factories import LocationFactory
from tests.inventory.stock_helpers import (
    NO_QUANTITIES,
    balances,
    expire_cart,
    hold,
    nothing_written,
    order,
    pointers,
    problem,
)
from tests.inventory.transfers.transfer_helpers import body, dispatched, draft, receive

pytestmark = pytest.mark.django_db


class TestRefusals:
    def test_only_what_is_available_may_leave(self, api: ApiCaller) -> None:
        order(api, "1", 8)
        transfer = draft(api, ("A1", 3), ("A2", 5))
        with nothing_written():
            answer = api.post(f"transfers/{transfer}/dispatch")
        assert problem(answer, 409, "insufficient_stock")["lines"] == [
            {"sku": "A1", "requested": 3, "available": 2, "location": "W1"}
        ]
        assert api.get(f"transfers/{transfer}").json()["state"] == "draft"

    def test_a_cart_whose_time_is_over_keeps_nothing_from_leaving(self, api: ApiCaller) -> None:
        expire_cart(hold(api, ("A1", 10)))
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
        LocationFactory(code="S2")
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
        LocationFactory(code="S2")
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

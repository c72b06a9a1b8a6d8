"""Stock on its way between locations, over the API: from draft to the end."""

from __future__ import annotations

from typing import Any

import pytest

from core.audit.models import AuditRecord
from core.outbox.models import Event
from inventory.choices import TransferState
from inventory.errors import IllegalTransition
from inventory.models import StockMovement
from inventory.transitions import TRANSFER, next_transfer_state, transfer_actions
from orders.models import OrderLine
from tests.conftest import ApiCaller
from tests.factories import SkuFactory
from tests.inventory.stock_helpers import balances, nothing_written, order, pointers
from tests.inventory.transfers.transfer_helpers import body, dispatched, draft, receive, shown

pytestmark = pytest.mark.django_db


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
        assert answer.json()["allowed_actions"] == ["scan", "receive", "turn-back"]
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


class TestWhatIsAmiss:
    def test_more_and_other_goods_are_taken_in_when_asked(self, api: ApiCaller) -> None:
        SkuFactory(code="A3")
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
        SkuFactory(code="A3")
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

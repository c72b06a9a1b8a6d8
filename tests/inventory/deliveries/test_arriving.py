"""Deliveries are counted in, closed, called off."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.audit.models import AuditRecord
from core.outbox.models import Event
from inventory.choices import DeliveryState
from inventory.errors import IllegalTransition
from inventory.models import Stock, StockMovement
from inventory.transitions import DELIVERY, delivery_actions, next_delivery_state
from orders.models import Fulfilment, OrderLine
from tests.conftest import ApiCaller, make_caller
from tests.factories import SkuFactory
from tests.inventory.deliveries.delivery_helpers import (
    GTIN,
    arrive,
    body,
    expected,
    goods,
    incoming,
    lines_of,
)
from tests.inventory.stock_helpers import balances, nothing_written, order, pointers, problem

pytestmark = pytest.mark.django_db


def test_goods_come_in_parts(api: ApiCaller) -> None:
    delivery = expected(api, ("A1", 5), ("A2", 3))
    document = arrive(api, delivery, ("A1", 2), (GTIN, 1), ("A1", 1))
    assert lines_of(document) == {"A1": (5, 3, 0, 2), "A2": (3, 1, 0, 2)}
    assert (document["state"], document["ended_at"]) == ("receiving", None)
    assert document["allowed_actions"] == ["receive", "close"]
    assert (balances("A1", "W1"), balances("A2", "W1")) == ((3, 0, 0), (1, 0, 0))
    document = arrive(api, delivery, ("A1", 2), ("A2", 2))
    assert (document["state"], document["allowed_actions"]) == ("received", ["receive"])
    assert document["ended_at"]
    assert not AuditRecord.objects.filter(action="delivery.closed_short").exists()
    moves = StockMovement.objects.filter(reference="ASN-7").values_list("reason", flat=True)
    assert set(moves) == {"receipt"}
    told = Event.objects.filter(type="delivery.received").order_by("id")
    assert [event.data["state"] for event in told] == ["receiving", "received"]


def test_damaged_units_are_on_hand_and_not_for_sale(api: ApiCaller) -> None:
    delivery = expected(api, ("A1", 5))
    document = arrive(api, delivery, ("A1", 4, 1), ("A1", 1, 1))
    assert lines_of(document) == {"A1": (5, 5, 2, 0)}
    assert balances("A1", "W1") == (5, 0, 2)
    moves = StockMovement.objects.order_by("id").values_list(
        "reason", "on_hand_delta", "unavailable_delta"
    )
    assert list(moves) == [("receipt", 5, 0), ("damaged", 0, 2)]


def test_more_than_announced_and_the_unannounced_is_recorded(api: ApiCaller) -> None:
    delivery = expected(api, ("A1", 5))
    document = arrive(api, delivery, ("A1", 7), ("A3", 2, 1))
    assert lines_of(document) == {"A1": (5, 7, 0, 0), "A3": (0, 2, 1, 0)}
    assert document["state"] == "received"
    assert (balances("A1", "W1"), balances("A3", "W1")) == ((7, 0, 0), (2, 0, 1))


def test_closing_notes_what_never_came(api: ApiCaller) -> None:
    delivery = expected(api, ("A1", 5), ("A2", 3))
    document = arrive(api, delivery, ("A1", 4), ("A2", 3), close=True)
    assert (document["state"], document["allowed_actions"]) == ("received", ["receive"])
    assert lines_of(document)["A1"] == (5, 4, 0, 1)
    note = AuditRecord.objects.get(action="delivery.closed_short")
    assert note.data["lines"] == [{"sku": "A1", "outstanding": 1}]
    again = api.post(f"deliveries/{delivery}/receipts", {"close": True})
    assert problem(again, 409, "illegal_transition")["state"] == "received"


def test_what_comes_after_the_end_is_recorded_too(api: ApiCaller) -> None:
    delivery = expected(api, ("A1", 5))
    arrive(api, delivery, ("A1", 4), close=True)
    document = arrive(api, delivery, ("A1", 1), close=True)
    assert (document["state"], lines_of(document)) == ("received", {"A1": (5, 5, 0, 0)})
    assert balances("A1", "W1") == (5, 0, 0)


def test_only_what_has_not_begun_to_arrive_is_called_off(api: ApiCaller) -> None:
    off, begun = expected(api, ("A1", 5)), expected(api, ("A1", 5), reference="ASN-8")
    document = api.post(f"deliveries/{off}/cancel").json()
    assert (document["state"], document["allowed_actions"]) == ("cancelled", [])
    assert Event.objects.get(type="delivery.cancelled").data == document
    arrive(api, begun, ("A1", 1))
    with nothing_written():
        for path, sent in (
            (f"deliveries/{begun}/cancel", {}),
            (f"deliveries/{off}/cancel", {}),
            (f"deliveries/{off}/receipts", {"lines": goods(("A1", 1))}),
            (f"deliveries/{off}/receipts", {"close": True}),
        ):
            problem(api.post(path, sent), 409, "illegal_transition")


def test_closing_before_anything_came_is_no_receipt(api: ApiCaller) -> None:
    delivery = expected(api, ("A1", 5))
    with nothing_written():
        answer = api.post(f"deliveries/{delivery}/receipts", {"close": True})
    assert problem(answer, 409, "illegal_transition")["allowed_actions"] == ["receive", "cancel"]


def test_the_same_key_receives_once(api: ApiCaller) -> None:
    delivery = expected(api, ("A1", 5))
    path, sent = f"deliveries/{delivery}/receipts", {"lines": goods(("A1", 2))}
    first, again = (api.post(path, sent, key="pallet-1") for _ in range(2))
    assert first.json() == again.json()
    assert again["Idempotency-Replayed"] == "true"
    assert balances("A1", "W1") == (2, 0, 0)


def test_an_unknown_code_is_named_and_nothing_comes_in(api: ApiCaller) -> None:
    delivery = expected(api, ("A1", 5))
    with nothing_written():
        answer = api.post(
            f"deliveries/{delivery}/receipts",
            {"lines": goods(("A1", 1), ("X1", 1), ("5012345678901", 1), ("96385074", 1))},
        )
    assert pointers(answer) == {
        "/lines/1/sku": "unknown_sku",
        "/lines/2/barcode": "bad_check_digit",
        "/lines/3/barcode": "unknown_barcode",
    }


@pytest.mark.parametrize(
    ("sent", "wrong"),
    [
        ({}, "/lines"),
        ({"lines": []}, "/lines"),
        ({"lines": [], "close": "yes"}, "/close"),
        ({"lines": goods(("A1", 1, 2))}, "/lines/0/damaged"),
        ({"lines": goods(("A1", 1, -1))}, "/lines/0/damaged"),
        ({"lines": goods(("A1", 1, True))}, "/lines/0/damaged"),
        ({"lines": goods(("A1", 0))}, "/lines/0/quantity"),
        ({"lines": [{"quantity": 1}]}, "/lines/0"),
        ({"lines": goods(*[("A1", 1)] * 1001)}, "/lines"),
        ({"lines": goods(("A1", 1)), "by": "me"}, "/by"),
    ],
    ids=lambda value: str(value)[:50],
)
def test_other_receipts_are_refused(api: ApiCaller, sent: dict[str, Any], wrong: str) -> None:
    delivery = expected(api, ("A1", 5))
    with nothing_written():
        answer = api.post(f"deliveries/{delivery}/receipts", sent)
    assert set(pointers(answer)) == {wrong}


def test_more_than_can_be_counted_leaves_no_trace(api: ApiCaller) -> None:
    delivery = expected(api, ("A1", 5))
    lines = goods(*[("A1", 1_000_000)] * 1000)
    for _ in range(2):
        assert api.post(f"deliveries/{delivery}/receipts", {"lines": lines}).status_code == 200
    with nothing_written():
        answer = api.post(f"deliveries/{delivery}/receipts", {"lines": lines})
    problem(answer, 409, "balance_out_of_range")
    assert lines_of(api.get(f"deliveries/{delivery}").json())["A1"][1] == 2_000_000_000


def test_waiting_orders_get_what_comes_in_the_order_they_came(api: ApiCaller) -> None:
    for number in ("first", "second"):
        order(api, number, 3, allow_backorder=True)
    delivery = expected(api, ("A1", 6))
    arrive(api, delivery, ("A1", 5, 1))
    lines = OrderLine.objects.order_by("id").values_list("reserved", "backordered")
    assert list(lines) == [(3, 0), (1, 2)]
    assert balances("A1", "W1") == (5, 4, 1)
    states = Fulfilment.objects.values_list("order__external_id", "location__code", "state")
    assert set(states) == {("first", "W1", "open"), ("second", "W1", "open")}


def test_damaged_goods_are_not_promised(api: ApiCaller) -> None:
    order(api, "first", 3, allow_backorder=True)
    arrive(api, expected(api, ("A1", 3)), ("A1", 3, 3))
    assert OrderLine.objects.get().backordered == 3
    assert balances("A1", "W1") == (3, 0, 3)


def test_a_receipt_with_the_reference_of_a_delivery_counts_as_its_goods(api: ApiCaller) -> None:
    delivery = expected(api, ("A1", 5))
    sent = {"location": "W1", "reference": "ASN-7", "lines": goods(("A1", 2), ("A3", 1))}
    assert api.post("receipts", sent).status_code == 201
    document = api.get(f"deliveries/{delivery}").json()
    assert lines_of(document) == {"A1": (5, 2, 0, 3), "A3": (0, 1, 0, 0)}
    assert (document["state"], incoming(api, "A1")) == ("receiving", 3)
    assert api.post("receipts", sent | {"lines": goods(("A1", 3))}).status_code == 201
    assert api.get(f"deliveries/{delivery}").json()["state"] == "received"
    assert balances("A1", "W1") == (5, 0, 0)


@pytest.mark.parametrize("other", [{"location": "S1"}, {"reference": "ASN-8"}], ids=str)
def test_a_receipt_of_something_else_does_not(api: ApiCaller, other: dict[str, Any]) -> None:
    delivery = expected(api, ("A1", 5))
    sent = {"location": "W1", "reference": "ASN-7", "lines": goods(("A1", 2))} | other
    assert api.post("receipts", sent).status_code == 201
    assert api.get(f"deliveries/{delivery}").json()["state"] == "expected"


def test_a_receipt_after_the_end_stands_by_itself(api: ApiCaller) -> None:
    delivery = expected(api, ("A1", 5))
    api.post(f"deliveries/{delivery}/cancel")
    sent = {"location": "W1", "reference": "ASN-7", "lines": goods(("A1", 2))}
    assert api.post("receipts", sent).status_code == 201
    assert api.get(f"deliveries/{delivery}").json()["state"] == "cancelled"
    assert balances("A1", "W1") == (2, 0, 0)


def test_a_client_sees_and_receives_where_it_may(api: ApiCaller) -> None:
    delivery = expected(api, ("A1", 5))
    tied = make_caller(["stock:read", "stock:write"], locations=["S1"])
    assert pointers(tied.post("deliveries", body(("A1", 1)))) == {"/location": "unknown_location"}
    assert tied.get("deliveries").json()["results"] == []
    sent = {"lines": goods(("A1", 1))}
    with nothing_written():
        problem(tied.get(f"deliveries/{delivery}"), 404, "not_found")
        problem(tied.post(f"deliveries/{delivery}/receipts", sent), 404, "not_found")
        problem(tied.post(f"deliveries/{delivery}/cancel"), 404, "not_found")
        reader = make_caller(["stock:read"])
        problem(reader.post("deliveries", body(("A1", 1))), 403, "forbidden")
        problem(reader.post(f"deliveries/{delivery}/receipts", sent), 403, "forbidden")
        problem(reader.post(f"deliveries/{delivery}/cancel"), 403, "forbidden")


def test_the_work_does_not_grow_with_the_lines(api: ApiCaller) -> None:
    codes = [SkuFactory(code=f"B{number}").code for number in range(30)]

    def statements(reference: str, codes: list[str]) -> tuple[int, int]:
        lines = [(code, 2) for code in codes]
        with CaptureQueriesContext(connection) as announcing:
            delivery = expected(api, *lines, reference=reference)
        with CaptureQueriesContext(connection) as receiving:
            arrive(api, delivery, *((code, 1) for code in codes), (GTIN, 1))
        return len(announcing), len(receiving)

    statements("P-0", ["A1"])  # the network is read once
    assert statements("P-1", codes[:1]) == statements("P-2", codes)
    assert Stock.objects.filter(on_hand__gt=0).count() == 32


def test_every_state_has_its_row() -> None:
    assert set(DELIVERY) == set(DeliveryState)
    assert {state for steps in DELIVERY.values() for state in steps.values()} <= set(DeliveryState)


@pytest.mark.parametrize("state", DeliveryState)
@pytest.mark.parametrize("action", ["receive", "close", "cancel"])
def test_an_action_is_allowed_or_refused_with_what_is(state: str, action: str) -> None:
    if action in delivery_actions(state):
        assert next_delivery_state(state, action) in DELIVERY
        return
    with pytest.raises(IllegalTransition) as refused:
        next_delivery_state(state, action)
    assert refused.value.data == {"state": state, "allowed_actions": delivery_actions(state)}

"""What a location cannot give is sourced elsewhere, backordered, or cancelled."""

from __future__ import annotations

from typing import Any

import pytest

from core.audit.models import AuditRecord
from core.outbox.models import Event
from orders.models import Fulfilment
from tests.conftest import ApiCaller
from tests.factories import ChannelFactory, LocationFactory, SkuFactory, stock_up
from tests.orders.fulfilment_helpers import (
    assert_laws_hold,
    events,
    place,
    refused,
    step,
    stock,
    units,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def world() -> None:
    """A1 in two warehouses, B1 in the first only; both are asked in this order."""
    near, far = LocationFactory(code="W1", priority=1), LocationFactory(code="W2", priority=2)
    ChannelFactory(code="web")
    a, b = SkuFactory(code="A1"), SkuFactory(code="B1")
    stock_up(a, near, 5)
    stock_up(b, near, 5)
    stock_up(a, far, 5)


def fulfilment_at(order: dict[str, Any], location: str) -> dict[str, Any]:
    (fulfilment,) = [
        fulfilment for fulfilment in order["fulfilments"] if fulfilment["location"] == location
    ]
    return fulfilment


def look(api: ApiCaller, order: dict[str, Any]) -> dict[str, Any]:
    return api.get(f"orders/{order['number']}").json()


@pytest.mark.parametrize(
    ("reason", "at_first"),
    [
        ("not_found", (5, 0, 2)),
        ("damaged", (5, 0, 2)),
        ("no_capacity", (5, 0, 0)),
        ("other", (5, 0, 0)),
    ],
)
def test_a_rejected_fulfilment_goes_to_another_location(
    api: ApiCaller, reason: str, at_first: tuple[int, int, int]
) -> None:
    order = place(api, ("A1", 2))
    first = fulfilment_at(order, "W1")["id"]
    rejected = step(api, first, "reject", {"reason": reason})
    assert (rejected["state"], rejected["allowed_actions"]) == ("rejected", [])
    assert stock("A1", "W1") == at_first
    assert stock("A1", "W2") == (5, 2, 0)
    after = look(api, order)
    assert fulfilment_at(after, "W2")["lines"][0]["quantity"] == 2
    assert (after["lines"][0]["reserved"], after["state"]) == (2, "open")
    assert events(order["number"])[2:] == ["fulfilment.rejected", "fulfilment.assigned"]
    told = Event.objects.get(type="fulfilment.rejected").data
    assert told["rejected_lines"] == [
        {"line_id": "1", "sku": "A1", "quantity": 2, "reason": reason}
    ]
    assert_laws_hold()


def test_what_is_not_found_asks_for_a_count(api: ApiCaller) -> None:
    code = fulfilment_at(place(api, ("A1", 2)), "W1")["id"]
    step(api, code, "reject", {"lines": units(("1", 1))["lines"], "reason": "not_found"})
    task = AuditRecord.objects.get(action="count_needed")
    assert (task.subject, task.data) == ("stock/A1@W1", {"not_found": 1})


def test_some_units_of_some_lines_may_be_rejected(api: ApiCaller) -> None:
    order = place(api, ("A1", 3), ("B1", 1))
    code = fulfilment_at(order, "W1")["id"]
    step(api, code, "pick", units(("1", 3)))
    body = {
        "lines": [
            {"line_id": "1", "quantity": 1, "reason": "damaged"},
            {"line_id": "1", "quantity": 1, "reason": "no_capacity"},
        ]
    }
    kept = step(api, code, "reject", body)
    assert kept["state"] == "picking"
    assert [(line["quantity"], line["picked"]) for line in kept["lines"]] == [(1, 1), (1, 0)]
    assert kept["to_put_back"] == [{"sku": "A1", "location": "W1", "quantity": 1}]
    assert stock("A1", "W1") == (5, 1, 2)
    assert stock("A1", "W2") == (5, 2, 0)
    assert_laws_hold()
    step(api, code, "pick", units(("2", 1)))
    assert step(api, code, "pack")["state"] == "packed"


def test_what_no_other_location_has_is_cancelled_and_refunded(api: ApiCaller) -> None:
    order = place(api, ("B1", 2))
    code = fulfilment_at(order, "W1")["id"]
    step(api, code, "reject", {"reason": "not_found"})
    after = look(api, order)
    assert (after["state"], after["lines"][0]["cancelled"]) == ("cancelled", 2)
    assert {"order.cancelled", "refund.requested"} <= set(events(order["number"]))
    assert Event.objects.get(type="refund.requested").data["amount"] == "20.00"
    assert stock("B1", "W1") == (5, 0, 2)
    assert_laws_hold()


def test_what_no_other_location_has_waits_when_the_order_allows_it(api: ApiCaller) -> None:
    order = place(api, ("B1", 2), allow_backorder=True)
    step(api, fulfilment_at(order, "W1")["id"], "reject", {"reason": "not_found"})
    after = look(api, order)
    assert (after["state"], after["lines"][0]["backordered"]) == ("backordered", 2)
    assert "order.line_backordered" in events(order["number"])
    assert_laws_hold()


def test_cancelling_the_last_units_completes_what_was_shipped(api: ApiCaller) -> None:
    order = place(api, ("A1", 5), ("B1", 1))
    code = fulfilment_at(order, "W1")["id"]
    # A1 goes to the second warehouse, which ships it.
    step(api, code, "reject", {"lines": units(("1", 5))["lines"], "reason": "no_capacity"})
    other = fulfilment_at(look(api, order), "W2")["id"]
    step(api, other, "pick", units(("1", 5)))
    step(api, other, "pack")
    step(api, other, "ship", {"carrier": "DHL", "tracking_number": "1"})
    assert "order.completed" not in events(order["number"])
    step(api, code, "reject", {"reason": "not_found"})
    assert look(api, order)["state"] == "completed"
    assert events(order["number"]).count("order.completed") == 1


def test_a_pickup_is_not_moved_to_another_counter(api: ApiCaller) -> None:
    """What the shop does not find is sent there; and what no building has is not collected."""
    order = place(api, ("A1", 1), pickup_at="W1")
    step(api, order["fulfilments"][0]["id"], "reject", {"reason": "not_found"})
    sent = look(api, order)["fulfilments"][1]
    assert (sent["location"], sent["source"], sent["state"]) == ("W1", "W2", "open")
    assert stock("A1", "W2") == (5, 1, 0)
    alone = place(api, ("B1", 1), pickup_at="W1")
    step(api, alone["fulfilments"][0]["id"], "reject", {"reason": "not_found"})
    assert look(api, alone)["state"] == "cancelled"


def test_what_has_left_is_not_rejected(api: ApiCaller) -> None:
    code = fulfilment_at(place(api, ("A1", 1)), "W1")["id"]
    step(api, code, "pick", units(("1", 1)))
    step(api, code, "pack")
    step(api, code, "ship", {"carrier": "Post", "tracking_number": "1"})
    problem = refused(api.post(f"fulfilments/{code}/reject"), 409, "illegal_transition")
    assert problem["state"] == "shipped"
    assert problem["allowed_actions"] == ["deliver", "lost", "returning"]


def test_more_than_it_has_cannot_be_rejected(api: ApiCaller) -> None:
    code = fulfilment_at(place(api, ("A1", 2)), "W1")["id"]
    before = Event.objects.count()
    problem = refused(
        api.post(f"fulfilments/{code}/reject", units(("1", 2), ("1", 1))), 409, "exceeds_line"
    )
    assert problem["lines"] == [{"line_id": "1", "sku": "A1", "requested": 3, "remaining": 2}]
    assert (stock("A1", "W1"), Event.objects.count()) == ((5, 2, 0), before)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"reason": "lazy"}, "/reason"),
        ({"lines": []}, "/lines"),
        (units(("7", 1)), "/lines/0/line_id"),
        ({"lines": [{"line_id": "1", "quantity": 1, "reason": None}]}, "/lines/0/reason"),
        ({"lines": [{"line_id": ["1"], "quantity": 1}]}, "/lines/0/line_id"),
    ],
)
def test_a_bad_body_rejects_nothing(api: ApiCaller, body: Any, pointer: str) -> None:
    code = fulfilment_at(place(api, ("A1", 2)), "W1")["id"]
    problem = refused(api.post(f"fulfilments/{code}/reject", body), 400, "validation_error")
    assert problem["errors"][0]["pointer"].startswith(pointer)
    assert Fulfilment.objects.get().state == "open"
    assert stock("A1", "W1") == (5, 2, 0)

"""Expected deliveries over the API: announced, counted in, closed, called off."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory.choices import DeliveryState
from inventory.commands.expect import Announcement, expect_deliveries
from inventory.errors import IllegalTransition
from inventory.models import Barcode, ExpectedDelivery, Sku, Stock, StockMovement
from inventory.transitions import DELIVERY, delivery_actions, next_delivery_state
from omniretail.access.principal import SYSTEM
from omniretail.audit.models import AuditRecord
from omniretail.outbox.models import Event
from orders.models import Fulfilment, OrderLine
from tests.builders import make_channel, make_location, make_sku
from tests.conftest import ApiCaller, make_caller
from tests.inventory.floor import (
    NO_QUANTITIES,
    balances,
    nothing_written,
    order,
    pointers,
    problem,
)
from tests.inventory.laws import assert_pool_laws

pytestmark = pytest.mark.django_db

GTIN = "5012345678900"


@pytest.fixture(autouse=True)
def world(api: ApiCaller) -> Iterator[None]:
    """Three SKUs that nobody has yet; A2 carries a GTIN."""
    make_location("W1")
    make_location("S1", kind="store")
    make_channel("web")
    for code in ("A1", "A2", "A3"):
        make_sku(code)
    Barcode.objects.create(sku=Sku.objects.get(code="A2"), code=f"0{GTIN}")
    yield
    assert_pool_laws()
    assert api.get("integrity").json()["violations"] == []


def body(*lines: tuple[str, Any], **more: Any) -> dict[str, Any]:
    """Announce (SKU, units); digits are read as a barcode."""
    return {"location": "W1", "reference": "ASN-7", "lines": goods(*lines)} | more


def goods(*lines: tuple[Any, ...]) -> list[dict[str, Any]]:
    """Name (SKU, units) or (SKU, units, damaged); digits are read as a barcode."""
    return [
        {"barcode" if name[:1].isdigit() else "sku": name, "quantity": units}
        | ({"damaged": damaged[0]} if damaged else {})
        for name, units, *damaged in lines
    ]


def expected(api: ApiCaller, *lines: tuple[str, int], **more: Any) -> str:
    answer = api.post("deliveries", body(*lines, **more))
    assert answer.status_code == 201, answer.content
    return answer.json()["id"]


def arrive(api: ApiCaller, delivery: str, *lines: tuple[Any, ...], close: bool = False) -> Any:
    answer = api.post(f"deliveries/{delivery}/receipts", {"lines": goods(*lines), "close": close})
    assert answer.status_code == 200, answer.content
    return answer.json()


def lines_of(document: Any) -> dict[str, tuple[int, int, int, int]]:
    """Return (expected, received, damaged, outstanding) by SKU."""
    names = ("expected", "received", "damaged", "outstanding")
    return {line["sku"]: tuple(line[name] for name in names) for line in document["lines"]}  # type: ignore[misc]


def incoming(api: ApiCaller, sku: str, location: str = "W1") -> int:
    (row,) = api.get("stock", sku=sku, location=location).json()["results"]
    return row["incoming"]


# Announcing


def test_a_delivery_is_written_down(api: ApiCaller) -> None:
    at = "2026-12-01T08:00:00Z"
    answer = api.post(
        "deliveries", body(("A1", 5), (GTIN, 3), ("A1", 1), supplier="Mill", expected_at=at)
    )
    assert answer.status_code == 201
    document = answer.json()
    created_at = document.pop("created_at")
    assert created_at
    assert document == {
        "id": document["id"],
        "location": "W1",
        "reference": "ASN-7",
        "supplier": "Mill",
        "expected_at": "2026-12-01T08:00:00.000Z",
        "state": "expected",
        "lines": [
            {"sku": "A1", "expected": 6, "received": 0, "damaged": 0, "outstanding": 6},
            {"sku": "A2", "expected": 3, "received": 0, "damaged": 0, "outstanding": 3},
        ],
        "ended_at": None,
        "allowed_actions": ["receive", "cancel"],
    }
    shown = api.get(f"deliveries/{document['id']}").json()
    assert shown == document | {"created_at": created_at}
    event = Event.objects.get(type="delivery.expected")
    assert (event.subject, event.data) == (f"deliveries/{document['id']}", shown)
    assert balances("A1", "W1") == (0, 0, 0)


def test_the_same_announcement_again_is_the_same_delivery(api: ApiCaller) -> None:
    first = expected(api, ("A1", 5), (GTIN, 3), expected_at="2026-12-01T08:00:00.123456Z")
    arrive(api, first, ("A1", 2), ("A3", 1))
    with nothing_written():
        again = api.post(
            "deliveries",
            body(("A2", 3), ("A1", 2), ("A1", 3), expected_at="2026-12-01T09:00:00.123456+01:00"),
        )
    assert (again.status_code, again.json()["id"]) == (200, first)
    assert lines_of(again.json())["A1"] == (5, 2, 0, 3)


@pytest.mark.parametrize(
    "other",
    [
        {"lines": [{"sku": "A1", "quantity": 6}]},
        {"lines": [{"sku": "A1", "quantity": 5}, {"sku": "A2", "quantity": 1}]},
        {"supplier": "Another"},
        {"expected_at": "2026-12-02T08:00:00Z"},
    ],
    ids=str,
)
def test_the_same_reference_with_other_content_is_refused(
    api: ApiCaller, other: dict[str, Any]
) -> None:
    first = expected(api, ("A1", 5))
    with nothing_written():
        answer = api.post("deliveries", body(("A1", 5)) | other)
    assert problem(answer, 409, "delivery_conflict")["delivery"] == first


def test_another_location_may_use_the_same_reference(api: ApiCaller) -> None:
    assert expected(api, ("A1", 5)) != expected(api, ("A1", 6), location="S1")


def test_every_unknown_or_misread_code_is_named(api: ApiCaller) -> None:
    strange = [("X1", 1), ("A1", 1), ("5012345678901", 1), ("96385074", 1), ("12", 1)]
    with nothing_written():
        answer = api.post("deliveries", body(*strange, location="W9"))
    assert pointers(answer) == {
        "/location": "unknown_location",
        "/lines/0/sku": "unknown_sku",
        "/lines/2/barcode": "bad_check_digit",
        "/lines/3/barcode": "unknown_barcode",
        "/lines/4/barcode": "barcode_unreadable",
    }


@pytest.mark.parametrize("quantity", NO_QUANTITIES, ids=repr)
def test_what_is_no_quantity_is_refused(api: ApiCaller, quantity: Any) -> None:
    with nothing_written():
        answer = api.post("deliveries", body(("A1", quantity)))
    assert set(pointers(answer)) == {"/lines/0/quantity"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"lines": []},
        {"lines": [{"quantity": 1}]},
        {"lines": [{"sku": "A1", "barcode": GTIN, "quantity": 1}]},
        {"lines": [{"barcode": 5012345678900, "quantity": 1}]},
        {"lines": [{"barcode": "", "quantity": 1}]},
        {"lines": [{"barcode": "9" * 513, "quantity": 1}]},
        {"lines": [{"sku": "A1", "quantity": 1, "damaged": 1}]},
        {"lines": [{"sku": "A1", "quantity": 1}] * 1001},
        {"lines": "A1"},
        {"location": 7},
        {"reference": ""},
        {"reference": "R" * 129},
        {"supplier": None},
        {"supplier": "S" * 201},
        {"expected_at": "tomorrow"},
        {"expected_at": "2026-12-01"},
        {"state": "received"},
    ],
    ids=lambda wrong: str(wrong)[:60],
)
def test_other_bodies_are_refused(api: ApiCaller, wrong: dict[str, Any]) -> None:
    with nothing_written():
        problem(api.post("deliveries", body(("A1", 1)) | wrong), 400, "validation_error")


def test_lists_are_filtered(api: ApiCaller) -> None:
    first = expected(api, ("A1", 1))
    second = expected(api, ("A1", 1), reference="ASN-8")
    third = expected(api, ("A1", 1), location="S1")
    arrive(api, second, ("A1", 1))

    def listed(**query: str) -> list[str]:
        return [row["id"] for row in api.get("deliveries", **query).json()["results"]]

    assert listed() == [third, second, first]
    assert listed(location="W1") == [second, first]
    assert listed(state="received") == [second]
    assert listed(reference="ASN-7", location="S1") == [third]
    assert listed(reference="ASN-9") == []
    assert pointers(api.get("deliveries", state="lost")) == {"/state": "invalid_choice"}


@pytest.mark.parametrize("identity", ["0", "-1", "x", "9" * 20, "٣", "1 "])
def test_there_is_no_such_delivery(api: ApiCaller, identity: str) -> None:
    problem(api.get(f"deliveries/{identity}"), 404, "not_found")
    with nothing_written():
        act = api.post(f"deliveries/{identity}/receipts", {"lines": goods(("A1", 1))})
        problem(act, 404, "not_found")
        problem(api.post(f"deliveries/{identity}/cancel"), 404, "not_found")


def test_many_are_announced_in_as_many_statements_as_one(api: ApiCaller) -> None:
    place, units = ExpectedDelivery._meta.get_field("location"), {make_sku("B1").pk: 2}
    location = place.related_model.objects.get(code="W1").pk

    def announce(*numbers: int) -> tuple[int, list[bool]]:
        papers = [Announcement(location, f"P-{number}", units) for number in numbers]
        with CaptureQueriesContext(connection) as captured:
            announced = expect_deliveries(announcements=papers, actor=SYSTEM)
        return len(captured), [each.is_new for each in announced]

    one, _ = announce(0)
    many, new = announce(*range(30), 7)
    assert many <= one + 1  # what is known is read with its lines
    assert new == [False, *[True] * 29, False]
    assert ExpectedDelivery.objects.count() == 30


def test_one_that_differs_leaves_the_others_standing(api: ApiCaller) -> None:
    sku, known = Sku.objects.get(code="A1").pk, expected(api, ("A1", 5))
    location = ExpectedDelivery.objects.get(pk=known).location_id
    papers = [Announcement(location, "ASN-7", {sku: 6}), Announcement(location, "ASN-8", {sku: 1})]
    first, second = expect_deliveries(announcements=papers, actor=SYSTEM)
    assert (str(first.delivery_id), first.is_new, first.differs) == (known, False, True)
    assert (second.is_new, second.differs) == (True, False)
    assert lines_of(api.get(f"deliveries/{known}").json()) == {"A1": (5, 0, 0, 5)}


# What is on its way


def test_what_is_announced_is_incoming_until_it_comes(api: ApiCaller) -> None:
    delivery = expected(api, ("A1", 5), ("A2", 3))
    assert incoming(api, "A1") == 5
    arrive(api, delivery, ("A1", 2), ("A2", 4))
    assert (incoming(api, "A1"), incoming(api, "A2")) == (3, 0)
    arrive(api, delivery, close=True)
    assert incoming(api, "A1") == 0
    off = expected(api, ("A1", 7), reference="ASN-8")
    assert incoming(api, "A1") == 7
    api.post(f"deliveries/{off}/cancel")
    assert incoming(api, "A1") == 0


def test_what_is_announced_can_be_backordered(api: ApiCaller) -> None:
    def state() -> str:
        lines = [{"sku": "A1", "quantity": 1}]
        answer = api.post("availability/query", {"channel": "web", "lines": lines})
        return answer.json()["lines"][0]["state"]

    assert state() == "out_of_stock"
    delivery = expected(api, ("A1", 5))
    assert state() == "backorder"
    api.post(f"deliveries/{delivery}/cancel")
    assert state() == "out_of_stock"


def test_more_than_a_number_column_holds_can_be_on_its_way(api: ApiCaller) -> None:
    for number in range(3):
        lines = [("A1", 1_000_000)] * 1000
        expected(api, *lines, reference=f"ASN-{number}")
    assert incoming(api, "A1") == 3_000_000_000
    lines = [{"sku": "A1", "quantity": 1}]
    answer = api.post("availability/query", {"channel": "web", "lines": lines})
    assert answer.json()["lines"][0]["state"] == "backorder"


# Arriving


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


def test_more_than_announced_and_what_nobody_announced_is_recorded(api: ApiCaller) -> None:
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


def test_a_code_that_nobody_knows_is_named_and_nothing_comes_in(api: ApiCaller) -> None:
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


def test_damaged_goods_are_promised_to_nobody(api: ApiCaller) -> None:
    order(api, "first", 3, allow_backorder=True)
    arrive(api, expected(api, ("A1", 3)), ("A1", 3, 3))
    assert OrderLine.objects.get().backordered == 3
    assert balances("A1", "W1") == (3, 0, 3)


# The plain receipt


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


# Who may, and what it costs


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
    codes = [make_sku(f"B{number}").code for number in range(30)]

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


# The table by itself


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

"""Expected deliveries over the API: announced, listed, on their way."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.access.principal import SYSTEM
from core.outbox.models import Event
from inventory.commands.goods_in.expect import Announcement, expect_deliveries
from inventory.models import ExpectedDelivery, Sku
from tests.conftest import ApiCaller
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
from tests.inventory.stock_helpers import (
    NO_QUANTITIES,
    balances,
    nothing_written,
    pointers,
    problem,
)

pytestmark = pytest.mark.django_db


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
        "updated_at": document["updated_at"],
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
    place, units = ExpectedDelivery._meta.get_field("location"), {SkuFactory(code="B1").pk: 2}
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

"""The steps of a parcel over HTTP: what each moves, tells and refuses."""

from __future__ import annotations

from typing import Any

import pytest

from core.audit.models import AuditRecord
from core.outbox.models import Event
from orders.models import Fulfilment
from tests.conftest import ApiCaller, make_caller
from tests.factories import (
    ChannelFactory,
    LocationFactory,
    OrderBody,
    OrderLineBody,
    SkuFactory,
    stock_up,
)
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
CARRIER = {"carrier": "Royal Mail", "tracking_number": "RM123"}


@pytest.fixture(autouse=True)
def world() -> None:
    """A1 and B1 in one warehouse."""
    warehouse = LocationFactory(code="W1")
    ChannelFactory(code="web")
    for code in ("A1", "B1"):
        stock_up(SkuFactory(code=code), warehouse, 10)


@pytest.fixture
def order(api: ApiCaller) -> dict[str, Any]:
    """Two of A1 and one of B1, to be shipped from W1."""
    return place(api, ("A1", 2), ("B1", 1))


@pytest.fixture
def code(order: dict[str, Any]) -> str:
    (fulfilment,) = order["fulfilments"]
    return str(fulfilment["id"])


def test_a_parcel_is_accepted_picked_packed_shipped_and_delivered(
    api: ApiCaller, order: dict[str, Any], code: str
) -> None:
    accepted = step(api, code, "accept")
    assert (accepted["state"], bool(accepted["accepted_by"])) == ("open", True)
    picking = step(api, code, "pick", units(("1", 1)))
    assert picking["state"] == "picking"
    assert [line["picked"] for line in picking["lines"]] == [1, 0]
    step(api, code, "pick", units(("1", 1), ("2", 1)))
    assert step(api, code, "pack")["state"] == "packed"
    assert stock("A1", "W1") == (10, 2, 0)  # reserved, and still in the building
    shipped = step(api, code, "ship", CARRIER)
    assert (shipped["state"], shipped["carrier"]) == ("shipped", "Royal Mail")
    assert [line["fulfilled"] for line in shipped["lines"]] == [2, 1]
    assert shipped["allowed_actions"] == ["deliver", "lost", "returning"]
    assert stock("A1", "W1") == (8, 0, 0)
    assert stock("B1", "W1") == (9, 0, 0)
    assert step(api, code, "deliver")["state"] == "delivered"
    assert api.get(f"orders/{order['number']}").json()["state"] == "completed"
    assert events(order["number"]) == [
        "order.placed",
        "fulfilment.assigned",
        "fulfilment.picking",
        "fulfilment.packed",
        "fulfilment.shipped",
        "order.completed",
        "fulfilment.delivered",
    ]
    told = Event.objects.get(type="fulfilment.shipped")
    assert (told.subject, told.data) == (f"fulfilments/{code}", shipped)
    assert_laws_hold()


def test_the_same_key_ships_once(api: ApiCaller, code: str) -> None:
    step(api, code, "pick", units(("1", 2), ("2", 1)))
    step(api, code, "pack")
    first = api.post(f"fulfilments/{code}/ship", CARRIER, key="ship-once")
    again = api.post(f"fulfilments/{code}/ship", CARRIER, key="ship-once")
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json() == first.json()
    assert again["Idempotency-Replayed"] == "true"
    assert stock("A1", "W1") == (8, 0, 0)
    problem = refused(api.post(f"fulfilments/{code}/ship", CARRIER), 409, "illegal_transition")
    assert problem["state"] == "shipped"
    assert problem["allowed_actions"] == ["deliver", "lost", "returning"]


def test_the_first_who_accepts_stays(api: ApiCaller, code: str) -> None:
    first = step(api, code, "accept")["accepted_by"]
    other = make_caller(["fulfilment:write"])
    assert step(other, code, "accept")["accepted_by"] == first
    assert AuditRecord.objects.filter(action="fulfilment_accepted").count() == 1


def test_more_than_asked_cannot_be_picked(api: ApiCaller, code: str) -> None:
    step(api, code, "pick", units(("1", 1)))
    problem = refused(
        # One line named twice is meant twice.
        api.post(f"fulfilments/{code}/pick", units(("1", 1), ("2", 1), ("1", 1))),
        409,
        "over_pick",
    )
    assert problem["lines"] == [{"line_id": "1", "sku": "A1", "requested": 2, "wanted": 1}]
    lines = api.get(f"fulfilments/{code}").json()["lines"]
    assert [line["picked"] for line in lines] == [1, 0]


def test_a_box_is_closed_only_when_all_is_in_it(api: ApiCaller, code: str) -> None:
    refused(api.post(f"fulfilments/{code}/pack"), 409, "illegal_transition")
    step(api, code, "pick", units(("1", 1), ("2", 1)))
    problem = refused(api.post(f"fulfilments/{code}/pack"), 409, "picking_incomplete")
    assert problem["lines"] == [
        {"line_id": "1", "sku": "A1", "quantity": 2, "picked": 1, "missing": 1}
    ]


def test_what_was_cancelled_need_not_be_packed(
    api: ApiCaller, order: dict[str, Any], code: str
) -> None:
    step(api, code, "pick", units(("1", 2)))
    answer = api.post(
        f"orders/{order['number']}/cancellations", units(("2", 1)) | {"reason": "changed mind"}
    )
    assert answer.status_code in (200, 201), answer.content
    step(api, code, "pack")
    step(api, code, "ship", CARRIER)
    assert stock("A1", "W1") == (8, 0, 0)
    assert stock("B1", "W1") == (10, 0, 0)
    assert api.get(f"orders/{order['number']}").json()["state"] == "completed"
    assert_laws_hold()


def test_a_cancelled_order_is_not_shipped(api: ApiCaller, order: dict[str, Any], code: str) -> None:
    step(api, code, "pick", units(("1", 2), ("2", 1)))
    step(api, code, "pack")
    api.post(f"orders/{order['number']}/cancellations", {"reason": "changed mind"})
    problem = refused(api.post(f"fulfilments/{code}/ship", CARRIER), 409, "illegal_transition")
    assert (problem["state"], problem["allowed_actions"]) == ("cancelled", [])
    assert stock("A1", "W1") == (10, 0, 2)
    assert_laws_hold()


def test_fulfilments_are_listed_oldest_first_and_filtered(api: ApiCaller) -> None:
    LocationFactory(code="S1", store=True)
    orders = [place(api, ("A1", 1)) for _ in range(3)]
    codes = [order["fulfilments"][0]["id"] for order in orders]
    step(api, codes[1], "pick", units(("1", 1)))

    def listed(**filters: Any) -> list[str]:
        return [row["id"] for row in api.get("fulfilments", **filters).json()["results"]]

    assert listed() == codes
    assert listed(state="picking") == [codes[1]]
    assert listed(location="W1", type="ship") == codes
    assert listed(location="S1") == []
    assert listed(order=orders[2]["number"]) == [codes[2]]
    first = api.get("fulfilments", limit=2).json()
    assert [row["id"] for row in first["results"]] == codes[:2]
    rest = api.get(first["next"].removeprefix("http://testserver")).json()
    assert [row["id"] for row in rest["results"]] == codes[2:]
    refused(api.get("fulfilments", state="stolen"), 400, "validation_error")


@pytest.mark.parametrize(
    ("scopes", "ties", "status"),
    [
        (["fulfilment:write"], {}, 200),
        (["fulfilment:write"], {"locations": ["W1"]}, 200),
        (["fulfilment:write"], {"locations": ["S9"]}, 404),
        (["fulfilment:write"], {"channels": ["pos"]}, 404),
        (["orders:read"], {}, 403),
    ],
)
def test_only_who_works_there_may_take_a_step(
    code: str, scopes: list[str], ties: dict[str, list[str]], status: int
) -> None:
    answer = make_caller(scopes, **ties).post(f"fulfilments/{code}/accept")
    assert answer.status_code == status


def test_others_do_not_see_it(api: ApiCaller, code: str) -> None:
    elsewhere = make_caller(["orders:read"], locations=["S9"])
    refused(elsewhere.get(f"fulfilments/{code}"), 404, "not_found")
    assert elsewhere.get("fulfilments").json()["results"] == []
    assert (
        make_caller(["orders:read"], channels=["web"]).get(f"fulfilments/{code}").status_code == 200
    )


@pytest.mark.parametrize(
    ("action", "body", "pointer"),
    [
        ("pick", {}, "/lines"),
        ("pick", {"lines": []}, "/lines"),
        ("pick", units(("9", 1)), "/lines/0/line_id"),
        ("pick", units(("1", 0)), "/lines/0/quantity"),
        ("pick", units(("1", -1)), "/lines/0/quantity"),
        ("pick", {"lines": [{"line_id": "1", "quantity": True}]}, "/lines/0/quantity"),
        ("pick", units(("1", 10**30)), "/lines/0/quantity"),
        ("pick", {"lines": [7]}, "/lines/0"),
        ("pick", {"lines": {"line_id": "1"}}, "/lines"),
        ("ship", {"carrier": "DHL"}, "/tracking_number"),
        ("ship", {"carrier": "", "tracking_number": "1"}, "/carrier"),
        ("ship", CARRIER | {"weight": 3}, "/weight"),
        ("ship", {"carrier": 7, "tracking_number": "1"}, "/carrier"),
        ("accept", {"by": "me"}, "/by"),
        ("deliver", [], ""),
    ],
)
def test_a_bad_body_is_refused_and_changes_nothing(
    api: ApiCaller, code: str, action: str, body: Any, pointer: str
) -> None:
    before = (Fulfilment.objects.values().get(), Event.objects.count())
    problem = refused(api.post(f"fulfilments/{code}/{action}", body), 400, "validation_error")
    assert problem["errors"][0]["pointer"].startswith(pointer)
    assert (Fulfilment.objects.values().get(), Event.objects.count()) == before


def test_a_step_needs_a_key(api: ApiCaller, code: str) -> None:
    answer = api.client.post(
        f"/api/v1/fulfilments/{code}/accept",
        "{}",
        content_type="application/json",
        headers=api.headers,
    )
    refused(answer, 400, "idempotency_key_required")


@pytest.mark.parametrize("code", ["nothing", "1-1", "x" * 500, "%F0%9F%93%A6"])
def test_an_unknown_fulfilment_is_not_found(api: ApiCaller, code: str) -> None:
    refused(api.post(f"fulfilments/{code}/accept"), 404, "not_found")
    refused(api.get(f"fulfilments/{code}"), 404, "not_found")


def test_a_till_sale_is_over_at_once(api: ApiCaller) -> None:
    order = place(api, ("A1", 1))
    assert order["fulfilments"][0]["state"] == "open"
    sale = api.post(
        "orders",
        OrderBody(
            external_id="till-1",
            lines=[OrderLineBody(fulfilment={"type": "carry_out", "location": "W1"})],
        ),
    ).json()
    (fulfilment,) = sale["fulfilments"]
    assert (fulfilment["state"], fulfilment["allowed_actions"]) == ("collected", [])
    refused(api.post(f"fulfilments/{fulfilment['id']}/accept"), 409, "illegal_transition")

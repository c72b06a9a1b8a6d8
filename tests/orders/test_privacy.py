"""What is kept about a person, and how it is forgotten."""

from __future__ import annotations

from typing import Any

import pytest

from core.audit.models import AuditRecord
from core.idempotency.models import StoredAnswer
from core.outbox.models import Event
from core.people.register import ERASED
from core.people.words import is_identifying
from inventory.models import StockMovement
from orders.anonymisation import Eraser, without_address
from orders.models import Customer, Order, SourcingReceipt
from tests.conftest import ApiCaller, make_caller
from tests.factories import (
    ChannelFactory,
    LocationFactory,
    OrderBody,
    OrderLineBody,
    SkuFactory,
    stock_up,
)

JO = {"name": "Jo Reed", "email": "jo@example.org", "phone": "+44 20 7946 0000"}
HOME = {
    "name": "Jo Reed",
    "line1": "2 Elm Row",
    "city": "York",
    "postal_code": "YO1 7HH",
    "country": "GB",
    "latitude": 53.95812,
    "longitude": -1.08,
}
# Long enough that no time and no id holds one of them by chance.
PERSONAL = (
    "Jo Reed",
    "jo@example.org",
    "7946 0000",
    "Elm Row",
    "YO1 7HH",
    "53.958",
    "ring twice",
)


def order_body(external_id: str, **fields: Any) -> dict[str, Any]:
    return (
        OrderBody(
            external_id=external_id,
            customer=JO,
            ship_to=HOME,
            note="Please ring twice at Elm Row",
            lines=[OrderLineBody(unit_price="9.50")],
        )
        | fields
    )


def place(api: ApiCaller, external_id: str, *, key: str | None = None, **fields: Any) -> Any:
    answer = api.post("orders", order_body(external_id, **fields), key=key)
    assert answer.status_code == 201, answer.json()
    return answer.json()


@pytest.fixture
def retailer(db: None) -> None:
    ChannelFactory(code="web")
    ChannelFactory(code="pos")
    stock_up(SkuFactory(code="A1"), LocationFactory(code="W1"), 50)


def kept_text() -> str:
    """Everything that the database says about orders, as one text."""
    parts: list[Any] = [
        *Customer.objects.values_list("name", "email", "phone", "external_id"),
        *Order.objects.values_list("ship_to", "note"),
        *Event.objects.values_list("data", flat=True),
        *SourcingReceipt.objects.values_list("receipt", flat=True),
        *StoredAnswer.objects.values_list("body", flat=True),
        *AuditRecord.objects.values_list("reason", "data"),
    ]
    return repr(parts)


def test_the_export_has_all_that_is_kept(api: ApiCaller, retailer: None) -> None:
    first, second = place(api, "W-1"), place(api, "W-2")
    place(api, "W-3", customer={"email": "sam@example.org"}, note="")
    customer = first["customer_id"]
    kept = api.get(f"customers/{customer}/export").json()
    assert kept["customer"] == {"id": customer, "external_id": None, **JO}
    assert [order["number"] for order in kept["orders"]] == [first["number"], second["number"]]
    assert kept["orders"][0]["ship_to"]["line1"] == "2 Elm Row"
    rows: dict[str, list[Any]] = {}
    for record in kept["records"]:
        rows.setdefault(record["table"], []).append(record["row"])
    assert {row["type"] for row in rows["outbox_event"]} >= {"order.placed", "fulfilment.assigned"}
    assert [row["order__number"] for row in rows["orders_sourcingreceipt"]] == [
        first["number"],
        second["number"],
    ]
    assert kept["returns"] == []
    assert "sam@example.org" not in repr(kept)


def test_erasing_leaves_the_orders_and_takes_the_person(api: ApiCaller, retailer: None) -> None:
    order = place(api, "W-1", key="first")
    reason = "Jo Reed (jo@example.org) called"
    cancelled = api.post(f"orders/{order['number']}/cancellations", {"reason": reason})
    assert cancelled.status_code == 201
    unfinished = place(api, "W-2")
    ledger = list(StockMovement.objects.order_by("id").values())
    for word in PERSONAL:
        assert word in kept_text(), word

    answer = api.post(f"customers/{order['customer_id']}/erase")
    assert answer.status_code == 200
    assert answer.json()["orders"] == [order["number"], unfinished["number"]]
    assert answer.json()["unfinished_orders"] == [unfinished["number"]]
    for word in PERSONAL:
        assert word not in kept_text(), word
    assert list(StockMovement.objects.order_by("id").values()) == ledger
    after = api.get(f"orders/{order['number']}").json()
    assert (after["ship_to"], after["note"]) == ({"country": "GB"}, "")
    assert after["totals"]["ordered"] == "9.50"
    assert after["customer_id"] == order["customer_id"]
    told = Event.objects.get(type="customer.erased")
    assert told.data["orders"] == answer.json()["orders"]
    replayed = api.post("orders", order_body("W-1"), key="first")
    assert replayed.status_code == 201
    assert replayed.json()["number"] == order["number"]
    assert replayed.json()["ship_to"] == {"country": "GB"}


def test_erasing_again_is_as_good_as_once(api: ApiCaller, retailer: None) -> None:
    customer = place(api, "W-1")["customer_id"]
    first = api.post(f"customers/{customer}/erase").json()
    second = api.post(f"customers/{customer}/erase")
    assert second.status_code == 200
    assert second.json()["orders"] == first["orders"]


def test_others_in_the_same_batch_are_left_alone(api: ApiCaller, retailer: None) -> None:
    sam = {"email": "sam@example.org", "name": "Sam Hill"}
    away = HOME | {"name": "Sam Hill", "line1": "9 Oak Lane"}
    bodies = [order_body("W-1"), order_body("W-2", customer=sam, ship_to=away, note="by the shed")]
    results = api.post("orders/batch", {"orders": bodies}, key="both").json()["results"]
    assert [result["status"] for result in results] == [201, 201]
    api.post(f"customers/{results[0]['order']['customer_id']}/erase")
    again = api.post("orders/batch", {"orders": bodies}, key="both").json()["results"]
    assert again[0]["order"]["ship_to"] == {"country": "GB"}
    assert again[1] == results[1]
    assert Customer.objects.get(email="sam@example.org").name == "Sam Hill"


def test_the_same_person_is_new_afterwards(api: ApiCaller, retailer: None) -> None:
    customer = place(api, "W-1")["customer_id"]
    api.post(f"customers/{customer}/erase")
    assert place(api, "W-2")["customer_id"] != customer


def test_only_those_with_the_scope_and_all_channels(api: ApiCaller, retailer: None) -> None:
    web = place(api, "W-1")["customer_id"]
    assert make_caller(["orders:read"]).get(f"customers/{web}/export").status_code == 403
    site = make_caller(["customers:privacy", "customers:read"], channels=["web"])
    assert site.get(f"customers/{web}/export").status_code == 200
    place(api, "P-1", channel="pos")
    assert site.get(f"customers/{web}/export").status_code == 404
    assert site.post(f"customers/{web}/erase").status_code == 404
    assert Customer.objects.get(pk=web).email == "jo@example.org"


@pytest.mark.parametrize("identity", ["0", "99999999999999999999", "x", "-1"])
def test_unknown_customers_are_not_found(api: ApiCaller, retailer: None, identity: str) -> None:
    assert api.get(f"customers/{identity}/export").status_code == 404
    assert api.post(f"customers/{identity}/erase").status_code == 404


def test_erasing_takes_no_members(api: ApiCaller, retailer: None) -> None:
    customer = place(api, "W-1")["customer_id"]
    answer = api.post(f"customers/{customer}/erase", {"really": True})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "unknown_field")


# Pure


@pytest.mark.parametrize(
    ("text", "identifying"),
    [("jo@x.org", True), ("Jo Reed", True), ("+442079460000", True), ("web", False), ("12", False)],
)
def test_short_words_do_not_name_a_person(text: str, identifying: bool) -> None:
    assert is_identifying(text) is identifying


def test_an_eraser_knows_whose_orders_they_are() -> None:
    eraser = Eraser(names=["1"], words=["jo@x.org", "web"])
    document = {
        "channel": "web",
        "detail": "Mail JO@X.ORG about it",
        "results": [
            {"order": {"number": "1", "note": "hi", "ship_to": {"line1": "x", "country": "GB"}}},
            {"order": {"number": "2", "note": "hi", "ship_to": {"line1": "y"}}},
        ],
    }
    assert eraser.clean(document, mine=False) == {
        "channel": "web",
        "detail": f"Mail {ERASED} about it",
        "results": [
            {"order": {"number": "1", "note": "", "ship_to": {"country": "GB"}}},
            {"order": {"number": "2", "note": "hi", "ship_to": {"line1": "y"}}},
        ],
    }


def test_an_address_keeps_its_country() -> None:
    assert without_address({"country": "GB", "line1": "x"}) == {"country": "GB"}
    assert without_address({"line1": "x"}) == {}
    assert without_address(None) is None

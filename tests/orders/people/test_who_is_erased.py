"""Erasing by customer, by e-mail and by order: who goes with whom, and who may."""

from __future__ import annotations

from typing import Any

import pytest

from core.audit.models import AuditRecord
from core.outbox.models import Event
from inventory.models import StockMovement
from orders.models import Customer, Order
from tests.conftest import ApiCaller, make_caller
from tests.factories import CartBody, ChannelFactory, LocationFactory, SkuFactory, stock_up
from tests.orders.people.people_helpers import HOME, JO, place, tables_with

WORDS = ("Jo Reed", "jo@example.org", "7946 0000", "Elm Row")


@pytest.fixture(autouse=True)
def retailer(db: None) -> None:
    ChannelFactory(code="web")
    ChannelFactory(code="pos")
    stock_up(SkuFactory(code="A1"), LocationFactory(code="W1"), 50)


def test_a_guest_is_erased_by_the_number_of_an_order(api: ApiCaller) -> None:
    guest = place(api, "W-1", customer=None, note="Jo Reed, ring at 2 Elm Row")
    other = place(api, "W-2", customer=None, ship_to=HOME | {"name": "Sam", "line1": "9 Oak Lane"})
    assert guest["customer_id"] is None
    answer = api.post("customers/erase", {"order": guest["number"]})
    assert answer.status_code == 200, answer.content
    erased = answer.json()
    assert (erased["id"], erased["customers"]) == (None, [])
    assert erased["orders"] == erased["unfinished_orders"] == [guest["number"]]
    assert tables_with("Jo Reed", "Elm Row") == {}
    assert api.get(f"orders/{guest['number']}").json()["ship_to"] == {"country": "GB"}
    assert api.get(f"orders/{other['number']}").json()["ship_to"]["line1"] == "9 Oak Lane"
    told = Event.objects.get(type="customer.erased")
    assert (told.subject, told.data["id"]) == (f"orders/{guest['number']}", None)
    (noted,) = AuditRecord.objects.filter(action="customer.erased")
    assert (noted.subject, noted.data) == (f"orders/{guest['number']}", {"orders": 1})


def test_all_customers_with_one_e_mail_go_together(api: ApiCaller) -> None:
    """One is known by the e-mail, one by the shop's id, one by another's, written otherwise."""
    first = place(api, "W-1")
    second = place(api, "W-2", customer=JO | {"external_id": "shop-77112233"})
    third = place(api, "W-3", customer=JO | {"external_id": "shop-2"})
    Customer.objects.filter(pk=third["customer_id"]).update(email="JO@Example.org")
    sam = place(api, "W-4", customer={"email": "sam@example.org"}, ship_to=None)
    erased = api.post(f"customers/{first['customer_id']}/erase").json()
    assert erased["orders"] == [each["number"] for each in (first, second, third)]
    assert erased["customers"] == [each["customer_id"] for each in (first, second, third)]
    assert tables_with(*WORDS, "shop-77112233") == {}
    assert Customer.objects.get(pk=sam["customer_id"]).email == "sam@example.org"
    subjects = Event.objects.filter(type="customer.erased").order_by("id")
    assert [each.subject for each in subjects] == [f"customers/{c}" for c in erased["customers"]]
    assert [each.data["id"] for each in subjects] == erased["customers"]


@pytest.mark.parametrize("email", ["jo@example.org", "JO@EXAMPLE.org", "  jo@example.org "])
def test_everyone_with_an_e_mail_is_erased(api: ApiCaller, email: str) -> None:
    order = place(api, "W-1")
    erased = api.post("customers/erase", {"email": email})
    assert (erased.status_code, erased.json()["orders"]) == (200, [order["number"]])
    assert tables_with(*WORDS) == {}
    again = api.post("customers/erase", {"email": email})
    assert (again.status_code, again.json()["orders"], again.json()["id"]) == (200, [], None)


def test_an_order_of_a_customer_erases_all_of_theirs(api: ApiCaller) -> None:
    first, second = place(api, "W-1"), place(api, "W-2")
    erased = api.post("customers/erase", {"order": second["number"]}).json()
    assert erased["orders"] == [first["number"], second["number"]]
    assert tables_with(*WORDS) == {}
    again = api.post("customers/erase", {"order": second["number"]})
    assert (again.status_code, again.json()["orders"]) == (200, erased["orders"])


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "exactly_one"),
        ({"email": "jo@example.org", "order": "100001"}, "exactly_one"),
        ({"email": ""}, "blank"),
        ({"phone": "1"}, "unknown_field"),
    ],
)
def test_a_body_that_does_not_say_who_is_refused(
    api: ApiCaller, body: dict[str, Any], code: str
) -> None:
    place(api, "W-1")
    answer = api.post("customers/erase", body)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, code)
    assert Customer.objects.get().name == "Jo Reed"


def test_an_order_that_is_not_there_is_not_found(api: ApiCaller) -> None:
    answer = api.post("customers/erase", {"order": "999999"})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_who_is_tied_to_a_location_neither_erases_nor_exports(api: ApiCaller) -> None:
    order = place(api, "W-1")
    tied = make_caller(["*"], locations=["W1"])
    answers = [
        tied.post(f"customers/{order['customer_id']}/erase"),
        tied.post("customers/erase", {"email": "jo@example.org"}),
        tied.post("customers/erase", {"order": order["number"]}),
        tied.get(f"customers/{order['customer_id']}/export"),
        tied.get("customers/999/export"),
    ]
    said = {(each.status_code, each.json()["code"]) for each in answers}
    assert said == {(403, "tied_principal")}
    assert Customer.objects.get().name == "Jo Reed"
    assert not AuditRecord.objects.filter(action__startswith="customer.").exists()


def test_who_is_tied_to_a_channel_erases_only_those_of_that_channel(api: ApiCaller) -> None:
    order = place(api, "W-1")
    site = make_caller(["customers:privacy"], channels=["web"])
    other = make_caller(["customers:privacy"], channels=["pos"])
    asked = {"email": "jo@example.org"}
    assert other.post("customers/erase", asked).status_code == 404
    assert other.post("customers/erase", {"order": order["number"]}).status_code == 404
    # As for one that is not there: it would tell who is a customer elsewhere.
    assert other.post("customers/erase", {"email": "sam@example.org"}).status_code == 404
    place(api, "P-1", channel="pos")
    assert site.post("customers/erase", asked).status_code == 404
    assert site.post("customers/erase", {"order": order["number"]}).status_code == 404
    assert Customer.objects.get().name == "Jo Reed"


def test_the_same_order_sent_again_is_still_the_same(api: ApiCaller) -> None:
    """A shop's queue may repeat it, by now with another body: it must not be placed twice."""
    order = place(api, "W-1")
    api.post("customers/erase", {"order": order["number"]})
    again = place(api, "W-1")
    assert (again["number"], again["ship_to"]) == (order["number"], {"country": "GB"})
    assert again["external_id"].startswith("erased:")
    assert place(api, "W-1", note="other")["number"] == order["number"]
    assert Order.objects.count() == 1
    assert place(api, "W-1", channel="pos")["number"] != order["number"]


def test_the_cart_of_an_order_goes_with_it(api: ApiCaller) -> None:
    """By its reference nothing leads to the person; the ledger never had it."""
    cart = api.post("reservations", CartBody(reference="basket-of-5f2e")).json()
    order = place(api, "W-1", reservation_id=cart["id"])
    assert api.get(f"reservations/{cart['id']}").json()["reference"] == "basket-of-5f2e"
    named = StockMovement.objects.values_list("reference", flat=True)
    assert set(named) == {"test", f"reservations/{cart['id']}", order["number"]}
    assert set(tables_with("basket-of-5f2e")) == {
        "inventory_reservationgroup", "outbox_event", "idempotency_storedanswer",
    }  # fmt: skip
    api.post("customers/erase", {"order": order["number"]})
    assert tables_with("basket-of-5f2e") == {}
    assert api.get(f"reservations/{cart['id']}").json()["reference"] == ""


def test_a_cart_that_was_left_is_found_by_its_reference(api: ApiCaller) -> None:
    place(api, "W-1")
    api.post("reservations", CartBody(reference="cart of jo@example.org"))
    api.post("reservations", CartBody(reference="cart of sam@example.org"))
    api.post("customers/erase", {"email": "jo@example.org"})
    assert tables_with("jo@example.org") == {}
    assert "inventory_reservationgroup" in tables_with("sam@example.org")


def test_an_export_and_an_erasure_are_on_record_without_the_person(api: ApiCaller) -> None:
    customer = place(api, "W-1")["customer_id"]
    assert api.get(f"customers/{customer}/export").status_code == 200
    api.post(f"customers/{customer}/erase")
    records = AuditRecord.objects.filter(action__startswith="customer.").order_by("id")
    assert [(each.action, each.subject, each.data) for each in records] == [
        ("customer.exported", f"customers/{customer}", {"orders": 1}),
        ("customer.erased", f"customers/{customer}", {"orders": 1}),
    ]


def test_the_export_has_the_rows_of_all_with_the_same_e_mail(api: ApiCaller) -> None:
    first = place(api, "W-1")
    second = place(api, "W-2", customer=JO | {"external_id": "shop-2"})
    kept = api.get(f"customers/{first['customer_id']}/export").json()
    assert [each["number"] for each in kept["orders"]] == [first["number"], second["number"]]
    rows = [each["row"] for each in kept["records"] if each["table"] == "orders_customer"]
    assert [row["external_id"] for row in rows] == [None, "shop-2"]

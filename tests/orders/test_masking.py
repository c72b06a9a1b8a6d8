"""Personal data is a scope of its own: what those without it read, and what they may ask."""

from __future__ import annotations

from typing import Any

import pytest

from core.access.principal import Principal
from orders.masking import (
    masked,
    masked_email,
    masked_name,
    masked_phone,
    masked_postal_code,
    released,
)
from tests.conftest import ApiCaller, make_caller
from tests.factories import ChannelFactory, LocationFactory, OrderBody, SkuFactory, stock_up
from tests.orders.fulfilment_helpers import step, units

ADA = {"external_id": "C-1", "name": "Ada Lovelace", "email": "ada@example.org"}
HOME = {
    "name": "Ada Lovelace",
    "line1": "12 St James's Square",
    "city": "London",
    "postal_code": "SW1Y 4JH",
    "country": "GB",
    "phone": "+44 20 7946 0123",
    "latitude": 51.5072,
    "longitude": -0.1357,
}
MASKED_HOME = {
    "name": "A. L.",
    "line1": "",
    "city": "",
    "postal_code": "SW…",
    "country": "GB",
    "phone": "…23",
    "latitude": None,
    "longitude": None,
}


@pytest.mark.parametrize(
    ("mask", "whole", "less"),
    [
        (masked_name, "Ada van  Rossum", "A. v. R."),
        (masked_name, "", ""),
        (masked_name, "李小龍", "李."),
        (masked_email, "ada@example.org", "a…@e…"),
        (masked_email, "", ""),
        (masked_email, "not an e-mail", "n…"),
        (masked_phone, "+44 20 7946 0123", "…23"),
        (masked_phone, "0123", "…"),
        (masked_phone, "", ""),
        (masked_postal_code, "20121", "20…"),
        (masked_postal_code, "S1", "S…"),
        (masked_postal_code, "7", "…"),
        (masked_postal_code, "", ""),
    ],
)
def test_what_is_left_of_a_part(mask: Any, whole: str, less: str) -> None:
    assert mask(whole) == less


def test_a_masked_document_has_the_same_members() -> None:
    document = {
        "number": "1",
        "note": "ring twice",
        "customer": {"id": "3", "external_id": "a@b.org", "name": "Ada Lovelace", "email": "x@y.z"},
        "ship_to": HOME | {"floor": "third"},
        "fulfilments": [{"id": "1-1", "collected_by": "Bo Lee"}],
        "receipt": {"destination": [51.5, -0.1], "tables": [{"distance_km": [1.5]}]},
        "distance_km": 2.5,
        "lines": [{"sku": "note", "quantity": 1}],
    }
    assert masked(document) == {
        "number": "1",
        "note": "",
        "customer": {"id": "3", "external_id": "a…@b…", "name": "A. L.", "email": "x…@y…"},
        "ship_to": MASKED_HOME | {"floor": ""},
        "fulfilments": [{"id": "1-1", "collected_by": ""}],
        "receipt": {"destination": None, "tables": [{"distance_km": None}]},
        "distance_km": None,
        "lines": [{"sku": "note", "quantity": 1}],
    }
    assert document["ship_to"]["line1"] == HOME["line1"], "the whole one is left as it is"


def test_what_is_no_person_and_no_address_stays_of_its_type() -> None:
    empty = {"ship_to": None, "customer": None, "note": None, "destination": None}
    assert masked(empty) == empty
    assert masked({"customer": "Ada Lovelace", "ship_to": ["12 St James's Square"]}) == {
        "customer": "",
        "ship_to": None,
    }


def test_who_may_read_gets_the_very_document() -> None:
    document = {"ship_to": HOME}
    for scope in ("customers:read", "*"):
        assert released(document, actor=_actor(scope)) is document
    assert released(document, actor=_actor("orders:read")) == {"ship_to": MASKED_HOME}
    assert released(document, actor=_actor("orders:read"), for_work=True) is document


def _actor(scope: str) -> Principal:
    return Principal(id="client:1", name="x", scopes=frozenset({scope}))


# Over HTTP


@pytest.fixture
def shop(db: None) -> None:
    ChannelFactory(code="web")
    ChannelFactory(code="market", kind="marketplace")
    stock_up(SkuFactory(code="A1"), LocationFactory(code="W1"), 50)


def body(external_id: str, **more: Any) -> dict[str, Any]:
    return OrderBody(external_id=external_id, customer=ADA, ship_to=HOME, note="ring twice", **more)


@pytest.mark.usefixtures("shop")
def test_a_marketplace_places_an_address_and_reads_it_masked() -> None:
    market = make_caller(["orders:read", "orders:write"], channels=["market"])
    sent = body("M-1", channel="market")
    placed = market.post("orders", sent, key="once")
    assert placed.status_code == 201
    assert (placed.json()["ship_to"], placed.json()["note"]) == (MASKED_HOME, "")
    again = market.post("orders", sent, key="once")
    assert (again["Idempotency-Replayed"], again.json()) == ("true", placed.json())
    known = market.post("orders", sent)
    assert (known.status_code, known.json()) == (200, placed.json())
    (one,) = market.post("orders/batch", {"orders": [body("M-2", channel="market")]}).json()[
        "results"
    ]
    assert one["order"]["ship_to"] == MASKED_HOME
    read = market.get(f"orders/{placed.json()['number']}")
    assert read.json()["ship_to"] == MASKED_HOME


@pytest.mark.usefixtures("shop")
def test_an_answer_is_repeated_as_it_was_given(api: ApiCaller) -> None:
    number = api.post("orders", body("W-1")).json()["number"]
    cancel, reason = f"orders/{number}/cancellations", {"reason": "changed mind"}
    whole = api.post(cancel, reason, key="k")
    assert whole.json()["ship_to"] == HOME
    assert api.post(cancel, reason, key="k").json() == whole.json()


@pytest.mark.usefixtures("shop")
def test_a_placing_without_the_usual_envelope_is_masked_too() -> None:
    market = make_caller(["orders:write"])
    market.headers |= {"Accept": "application/json; q=0.9"}
    assert market.post("orders", body("W-1")).json()["ship_to"] == MASKED_HOME


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("asked", [{"customer": "ada@example.org"}, {"q": " ADA@example.org "}])
def test_orders_are_not_searched_by_e_mail_without_the_scope(
    api: ApiCaller, asked: dict[str, str]
) -> None:
    order = api.post("orders", body("W-1")).json()
    reader = make_caller(["orders:read"])
    for word in (asked, {name: "not.there@example.org" for name in asked}):
        refused = reader.get("orders", **word)
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
        assert refused.json()["scope"] == "customers:read"
        assert "customers:read" in refused.json()["detail"]
    for may in (api, make_caller(["orders:read", "customers:read"])):
        assert [each["number"] for each in may.get("orders", **asked).json()["results"]] == [
            order["number"]
        ]
    for known in ({"customer": order["customer_id"]}, {"customer": "C-1"}, {"q": "C-1"}):
        assert len(reader.get("orders", **known).json()["results"]) == 1, known


@pytest.mark.usefixtures("shop")
def test_who_packs_reads_the_address_while_packing(api: ApiCaller) -> None:
    (parcel,) = api.post("orders", body("W-1")).json()["fulfilments"]
    label = f"fulfilments/{parcel['id']}/label"
    packer = make_caller(["orders:read", "fulfilment:write"], locations=["W1"])
    elsewhere = make_caller(["orders:read", "fulfilment:write"], locations=["S9"])
    assert packer.get(label).status_code == 404, "nothing of it is in hand yet"
    step(api, parcel["id"], "pick", units(("1", 1)))
    for state in ("picking", "packed"):
        answer = packer.get(label)
        assert answer.status_code == 200, state
        assert answer.json()["ship_to"] == HOME
        assert answer["Cache-Control"] == "no-store"
        assert elsewhere.get(label).status_code == 404
        assert make_caller(["orders:read"]).get(label).status_code == 403
        if state == "picking":
            step(api, parcel["id"], "pack")
    step(api, parcel["id"], "ship", {"carrier": "x", "tracking_number": "1"})
    assert packer.get(label).status_code == 404, "it has left"


@pytest.mark.usefixtures("shop")
def test_an_export_of_a_person_is_whole_or_refused(api: ApiCaller) -> None:
    order = api.post("orders", body("W-1")).json()
    address = f"customers/{order['customer_id']}/export"
    refused = make_caller(["customers:privacy"]).get(address)
    assert (refused.status_code, refused.json()["scope"]) == (403, "customers:read")
    whole = make_caller(["customers:privacy", "customers:read"]).get(address)
    assert whole.json()["orders"][0]["ship_to"] == HOME

"""Goods come back at any location: dispositions, refunds, what is more than left."""

from __future__ import annotations

from typing import Any

import pytest

from core.outbox.models import Event
from inventory.models import Sku
from orders.models import OrderLine
from tests.conftest import ApiCaller
from tests.factories import LocationFactory, OrderBody, OrderLineBody, SkuFactory, stock_up
from tests.orders.returns.return_helpers import (
    announced,
    balances,
    buy,
    counts,
    dispose,
    event_types,
    movements_of,
    receive,
    received,
)

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("disposition", "after", "moved"),
    [
        ("restock", (2, 0, 0), [("returned", 2, 0)]),
        ("inspect", (2, 0, 2), [("returned", 2, 0), ("inspection", 0, 2)]),
        ("damaged", (2, 0, 2), [("returned", 2, 0), ("damaged", 0, 2)]),
        ("scrap", (0, 0, 0), [("returned", 2, 0), ("scrapped", -2, 0)]),
        ("to_vendor", (0, 0, 0), [("returned", 2, 0), ("to_vendor", -2, 0)]),
    ],
)
def test_each_disposition_has_its_movements_where_the_sku_was_never_stocked(
    api: ApiCaller, shop: None, disposition: str, after: Any, moved: Any
) -> None:
    order = buy(api, ("A1", 2))
    ret = announced(api, order, {"line_id": "1", "quantity": 2})["id"]
    answer = received(api, ret, {"line_id": "1", "quantity": 2, "disposition": disposition})
    assert balances("A1", "S2") == after
    assert movements_of(ret) == moved
    assert OrderLine.objects.get(order__number=order).returned == 2
    assert answer["refund"] == {"amount": "39.98", "currency": "GBP", "requested": True}
    assert answer["lines"][0]["receipts"] == [
        {"location": "S2", "quantity": 2, "disposition": disposition}
    ]
    waits = disposition == "inspect"
    assert answer["state"] == ("received" if waits else "closed")
    assert answer["allowed_actions"] == (["receive", "dispose"] if waits else [])
    assert api.get("integrity").json()["ok"] is True


def test_the_refund_is_for_what_came(api: ApiCaller, shop: None) -> None:
    order = buy(api, ("A1", 3), payment_reference="PAY-9")
    ret = announced(api, order, {"line_id": "1", "quantity": 3})["id"]
    lines = [
        {"line_id": "1", "quantity": 1, "disposition": "missing"},
        {"line_id": "1", "quantity": 1, "disposition": "damaged"},
    ]
    first = received(api, ret, *lines)
    assert (first["state"], first["lines"][0]["missing"]) == ("received", 1)
    assert first["refund"]["amount"] == "19.99"
    second = received(api, ret, {"sku": "A1", "quantity": 1}, location="S1")
    assert (second["state"], second["refund"]["amount"]) == ("closed", "39.98")
    asked = Event.objects.filter(type="refund.requested").order_by("id")
    assert [event.data["amount"] for event in asked] == ["19.99", "19.99"]
    data = asked[0].data
    assert (data["return"], data["order"], data["currency"]) == (ret, order, "GBP")
    assert (data["resolution"], data["payment_reference"]) == ("refund", "PAY-9")
    assert event_types(ret)[1:3] == ["return.received", "refund.requested"]
    assert [line["quantity"] for line in data["lines"]] == [1]
    assert OrderLine.objects.get(order__number=order).returned == 2
    # The missing unit is still with the customer: it may be announced again.
    announced(api, order, {"line_id": "1", "quantity": 1})


def test_a_parcel_with_nothing_in_it_refunds_nothing(api: ApiCaller, shop: None) -> None:
    order = buy(api, ("A1", 1))
    ret = announced(api, order, {"line_id": "1", "quantity": 1})["id"]
    answer = received(api, ret, {"line_id": "1", "quantity": 1, "disposition": "missing"})
    assert answer["state"] == "closed"
    assert answer["refund"]["requested"] is False
    assert balances("A1", "S2") is None
    assert not Event.objects.filter(type="refund.requested").exists()


def test_an_exchange_asks_for_no_refund(api: ApiCaller, shop: None) -> None:
    order = buy(api, ("A1", 1))
    ret = announced(api, order, {"line_id": "1", "quantity": 1}, resolution="exchange")["id"]
    answer = received(api, ret, {"line_id": "1", "quantity": 1})
    assert answer["refund"] == {"amount": "0.00", "currency": "GBP", "requested": False}
    assert event_types(ret) == ["return.requested", "return.received", "return.closed"]


def test_yen_have_no_decimals(api: ApiCaller, shop: None) -> None:
    order = buy(
        api,
        currency="JPY",
        lines=[
            OrderLineBody(
                quantity=2, unit_price="1500", fulfilment={"type": "carry_out", "location": "S1"}
            )
        ],
    )
    ret = announced(api, order, {"line_id": "1", "quantity": 2})["id"]
    answer = received(api, ret, {"line_id": "1", "quantity": 2})
    assert answer["refund"] == {"amount": "3000", "currency": "JPY", "requested": True}


def test_what_was_not_announced_is_added(api: ApiCaller, shop: None) -> None:
    order = buy(api, ("A1", 3), ("B1", 1))
    ret = announced(api, order, {"line_id": "1", "quantity": 1})["id"]
    answer = received(api, ret, {"sku": "A1", "quantity": 2}, {"sku": "B1", "quantity": 1})
    assert [(line["line_id"], line["quantity"], line["received"]) for line in answer["lines"]] == [
        ("1", 1, 1),
        ("1", 1, 1),
        ("2", 1, 1),
    ]
    assert answer["refund"]["amount"] == "59.97"
    assert answer["state"] == "closed"


def test_more_than_left_is_refused_and_nothing_is_written(api: ApiCaller, shop: None) -> None:
    order = buy(api, ("A1", 2), ("B1", 1))
    ret = announced(api, order, {"line_id": "1", "quantity": 2})["id"]
    before = counts()
    answer = receive(api, ret, {"line_id": "2", "quantity": 1}, {"sku": "A1", "quantity": 3})
    assert (answer.status_code, answer.json()["code"]) == (409, "not_returnable")
    assert answer.json()["lines"] == [{"sku": "A1", "returnable": 2, "requested": 3}]
    strange = receive(api, ret, {"sku": "C1", "quantity": 1})
    assert (strange.status_code, strange.json()["reason"]) == (409, "not_in_order")
    unannounced = receive(api, ret, {"line_id": "2", "quantity": 1, "disposition": "missing"})
    assert (unannounced.status_code, unannounced.json()["reason"]) == (409, "not_announced")
    assert counts() == before
    assert api.get(f"returns/{ret}").json()["state"] == "authorised"


def test_two_returns_never_bring_back_more_than_left(api: ApiCaller, shop: None) -> None:
    order = buy(api, ("A1", 2))
    first = announced(api, order, {"line_id": "1", "quantity": 1})["id"]
    second = announced(api, order, {"line_id": "1", "quantity": 1})["id"]
    received(api, first, {"line_id": "1", "quantity": 2})
    answer = receive(api, second, {"line_id": "1", "quantity": 1})
    assert (answer.status_code, answer.json()["reason"]) == (409, "too_many")
    assert OrderLine.objects.get(order__number=order).returned == 2


def test_goods_without_an_order_ask_for_a_refund_of_unknown_amount(
    api: ApiCaller, shop: None
) -> None:
    ret = announced(api, None, {"sku": "A1", "quantity": 1})["id"]
    answer = received(api, ret, {"sku": "A1", "quantity": 2}, {"sku": "C1", "quantity": 1})
    assert [(line["sku"], line["received"]) for line in answer["lines"]] == [
        ("A1", 1),
        ("A1", 1),
        ("C1", 1),
    ]
    assert answer["refund"] == {"amount": None, "currency": None, "requested": True}
    event = Event.objects.get(type="refund.requested")
    assert (event.subject, event.order, event.data["amount"]) == (f"returns/{ret}", "", None)
    assert event.data["lines"] == [
        {"sku": "A1", "quantity": 1},
        {"sku": "A1", "quantity": 1},
        {"sku": "C1", "quantity": 1},
    ]
    assert balances("C1", "S2") == (1, 0, 0)


def test_goods_put_back_on_sale_go_to_those_who_wait(api: ApiCaller, shop: None) -> None:
    SkuFactory(code="Z1")
    stock_up(Sku.objects.get(code="Z1"), LocationFactory(code="W1"), 1)
    at_w1 = {"type": "carry_out", "location": "W1"}
    sold = buy(api, lines=[OrderLineBody(sku="Z1", unit_price="5.00", fulfilment=at_w1)])
    waiting = api.post(
        "orders",
        OrderBody(
            external_id="W-2",
            allow_backorder=True,
            lines=[OrderLineBody(sku="Z1", unit_price="5.00")],
        ),
    ).json()
    assert waiting["lines"][0]["backordered"] == 1
    ret = announced(api, sold, {"line_id": "1", "quantity": 1})["id"]
    received(api, ret, {"line_id": "1", "quantity": 1, "disposition": "inspect"}, location="W1")
    assert OrderLine.objects.get(order__number=waiting["number"]).backordered == 1
    dispose(api, ret, {"line_id": "1", "location": "W1", "quantity": 1, "disposition": "restock"})
    filled = OrderLine.objects.get(order__number=waiting["number"])
    assert (filled.backordered, filled.reserved) == (0, 1)
    assert balances("Z1", "W1") == (1, 1, 0)


def test_a_closed_return_receives_nothing(api: ApiCaller, shop: None) -> None:
    order = buy(api, ("A1", 2))
    ret = announced(api, order, {"line_id": "1", "quantity": 1})["id"]
    received(api, ret, {"line_id": "1", "quantity": 1})
    answer = receive(api, ret, {"line_id": "1", "quantity": 1})
    assert (answer.status_code, answer.json()["code"]) == (409, "illegal_transition")
    assert (answer.json()["state"], answer.json()["allowed_actions"]) == ("closed", [])


def test_closing_releases_what_never_came(api: ApiCaller, shop: None) -> None:
    order = buy(api, ("A1", 3))
    ret = announced(api, order, {"line_id": "1", "quantity": 3})["id"]
    early = api.post(f"returns/{ret}/close")
    assert (early.status_code, early.json()["code"]) == (409, "illegal_transition")
    received(api, ret, {"line_id": "1", "quantity": 1})
    closed = api.post(f"returns/{ret}/close").json()
    assert (closed["state"], closed["lines"][0]["received"]) == ("closed", 1)
    assert closed["closed_at"]
    announced(api, order, {"line_id": "1", "quantity": 2})


def test_the_same_key_receives_once(api: ApiCaller, shop: None) -> None:
    order = buy(api, ("A1", 2))
    ret = announced(api, order, {"line_id": "1", "quantity": 2})["id"]
    body = {"location": "S2", "lines": [{"sku": "A1", "quantity": 1, "disposition": "restock"}]}
    answers = [api.post(f"returns/{ret}/receipts", body, key="one-parcel") for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert answers[1]["Idempotency-Replayed"] == "true"
    assert balances("A1", "S2") == (1, 0, 0)

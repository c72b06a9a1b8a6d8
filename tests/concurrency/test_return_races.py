"""Many clients give the same units back at once: each unit comes back once."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest

from core.access.keys import issue_key
from core.outbox.models import Event
from orders.models import OrderLine, Return
from tests.concurrency.load import Call, call_at_once
from tests.conftest import ApiCaller
from tests.factories import (
    ApiClientFactory,
    ChannelFactory,
    LocationFactory,
    OrderBody,
    OrderLineBody,
    ReturnBody,
    SkuFactory,
    stock_up,
)
from tests.orders.fulfilment_helpers import assert_laws_hold, place, step, stock, units

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
LINE = {"line_id": "1", "quantity": 1}


def test_a_unit_comes_back_once_however_many_clients_say_so() -> None:
    ChannelFactory(code="web")
    LocationFactory(code="S1", store=True, priority=200)
    stock_up(SkuFactory(code="A1"), LocationFactory(code="W1"), 3)
    key = issue_key(client=ApiClientFactory(name="load"))
    api = ApiCaller(key)
    order = place(api, ("A1", 3))
    code = order["fulfilments"][0]["id"]
    step(api, code, "pick", units(("1", 3)))
    step(api, code, "pack")
    step(api, code, "ship", {"carrier": "Royal Mail", "tracking_number": "RM1"})

    announcement = ReturnBody(order=order["number"], lines=[LINE | {"reason": "too small"}])
    calls = [Call("returns", announcement, key=f"announce-{n}") for n in range(12)]
    answers = call_at_once(calls, api_key=key, processes=2, threads=6)
    assert Counter((a.status, a.code) for a in answers) == {
        (201, None): 3,
        (409, "not_returnable"): 9,
    }

    arrival = {"location": "S1", "lines": [LINE | {"disposition": "restock"}]}
    calls = [
        Call(f"returns/{ret}/receipts", arrival, key=f"receive-{ret}-{n}")
        for ret in Return.objects.values_list("pk", flat=True)
        for n in range(4)
    ]
    answers = call_at_once(calls, api_key=key, processes=2, threads=6)
    assert Counter(a.status for a in answers) == {201: 3, 409: 9}
    assert {a.code for a in answers} == {None, "illegal_transition"}
    assert stock("A1", "S1") == (3, 0, 0)
    assert OrderLine.objects.get().returned == 3
    asked = Event.objects.filter(type="refund.requested").values_list("data__amount", flat=True)
    assert list(asked) == ["10.00"] * 3
    assert_laws_hold()


def brought_back(api: ApiCaller, quantity: int) -> str:
    """Sell so many A1 for 10.00 each at a till, and take them back for an exchange."""
    line = OrderLineBody(quantity=quantity, fulfilment={"type": "carry_out", "location": "S1"})
    number = api.post("orders", OrderBody(lines=[line])).json()["number"]
    line = {"line_id": "1", "quantity": quantity}
    body = ReturnBody(order=number, lines=[line | {"reason": ""}], resolution="exchange")
    ret: str = api.post("returns", body).json()["id"]
    arrival = {"location": "S1", "lines": [line | {"disposition": "restock"}]}
    assert api.post(f"returns/{ret}/receipts", arrival).status_code == 201
    return ret


def exchange(ret: str, name: str) -> Call:
    lines = [OrderLineBody(unit_price="10.00")]
    return Call("orders", OrderBody(external_id=name, lines=lines, exchange_of=ret), key=name)


@pytest.fixture
def shop() -> str:
    """Twenty A1 in a shop; returns an API key."""
    ChannelFactory(code="web")
    stock_up(SkuFactory(code="A1"), LocationFactory(code="S1", store=True), 20)
    return issue_key(client=ApiClientFactory(name="load"))


def test_exchanges_at_once_spend_a_return_once(shop: str) -> None:
    api = ApiCaller(shop)
    returned = [brought_back(api, 2) for _ in range(3)]
    calls = [exchange(ret, f"{ret}-{n}") for n in range(6) for ret in returned]
    answers = call_at_once(calls, api_key=shop)
    assert Counter((a.status, a.code) for a in answers) == {
        (201, None): 6,
        (409, "exchange_exceeds_return"): 12,
    }
    assert_laws_hold()


def test_what_a_return_is_worth_is_given_once_however_it_is_asked_for(shop: str) -> None:
    """Exchanges are placed and cancelled while the return is turned into a refund."""
    api = ApiCaller(shop)
    returned = [brought_back(api, 3) for _ in range(6)]
    orders = []
    for ret in returned:
        call = exchange(ret, f"first-{ret}")
        orders.append(api.post(call.path, call.body).json()["number"])
    calls = [
        call
        for ret, order in zip(returned, orders, strict=True)
        for call in (
            Call(f"orders/{order}/cancellations", {"reason": "late"}, key=f"cancel-{order}"),
            Call(f"returns/{ret}/resolution", {"resolution": "refund"}, key=f"refund-{ret}"),
            exchange(ret, f"second-{ret}"),
        )
    ]
    answers = call_at_once(calls, api_key=shop)
    assert not [a for a in answers if a.status >= 500]
    for ret in returned:
        document = api.get(f"returns/{ret}").json()
        live = sum(
            line["ordered"] - line["cancelled"]
            for number in document["exchanges"]
            for line in api.get(f"orders/{number}").json()["lines"]
        )
        asked = [
            Decimal(event.data["amount"])
            for event in Event.objects.filter(type="refund.requested")
            if event.data.get("return") == ret or event.data["order"] in document["exchanges"]
        ]
        assert sum(asked) + 10 * live == 30
        assert document["refund"]["amount"] == f"{sum(asked):.2f}"
    assert_laws_hold()

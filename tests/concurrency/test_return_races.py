"""Many clients give the same units back at once: each unit comes back once."""

from __future__ import annotations

from collections import Counter

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

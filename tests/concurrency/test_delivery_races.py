"""Two people at one pallet, and papers that arrive twice: every unit is counted once."""

from __future__ import annotations

from collections import Counter

import pytest

from core.access.keys import issue_key
from inventory.models import ExpectedDelivery
from orders.models import OrderLine
from tests.concurrency.load import Call, call_at_once
from tests.conftest import ApiCaller
from tests.factories import ApiClientFactory, ChannelFactory, LocationFactory, SkuFactory
from tests.inventory.laws import assert_pool_laws
from tests.orders.fulfilment_helpers import assert_laws_hold, place, stock

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def test_papers_that_come_at_once_are_one_delivery_and_each_unit_is_counted() -> None:
    ChannelFactory(code="web")
    LocationFactory(code="W1")
    SkuFactory(code="A1")
    SkuFactory(code="A2")
    key = issue_key(client=ApiClientFactory(name="load"))
    lines = [{"sku": "A1", "quantity": 8}]
    papers = {"location": "W1", "reference": "ASN-7", "lines": lines}
    calls = [Call("deliveries", papers, key=f"papers-{n}") for n in range(8)]
    answers = call_at_once(calls, api_key=key, processes=2, threads=4)
    assert Counter(a.status for a in answers) == {201: 1, 200: 7}
    delivery = ExpectedDelivery.objects.get()
    place(ApiCaller(key), ("A1", 6), allow_backorder=True)

    one = {"lines": [{"sku": "A1", "quantity": 1}, {"sku": "A2", "quantity": 1}]}
    receipts = [
        Call(f"deliveries/{delivery.pk}/receipts", one, key=f"pallet-{n}") for n in range(4)
    ]
    plain = {"location": "W1", "reference": "ASN-7"} | one
    receipts += [Call("receipts", plain, key=f"van-{n}") for n in range(4)]
    answers = call_at_once(receipts, api_key=key, processes=2, threads=4)
    assert Counter(a.status for a in answers) == {200: 4, 201: 4}
    delivery.refresh_from_db()
    counted = dict(delivery.lines.values_list("sku__code", "received"))
    assert (delivery.state, counted) == ("received", {"A1": 8, "A2": 8})
    assert (stock("A1", "W1"), stock("A2", "W1")) == ((8, 6, 0), (8, 0, 0))
    assert OrderLine.objects.get().backordered == 0
    assert_pool_laws()
    assert_laws_hold()

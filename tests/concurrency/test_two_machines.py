"""Machines that do whatever they can on one pool at once: it keeps its laws and loses no unit."""

from __future__ import annotations

from collections import Counter

import pytest
from django.db.models import Count, Sum

from core.access.keys import issue_key
from core.outbox.feed import read_feed
from core.outbox.models import Event, Relay
from core.outbox.relay import number_pending
from inventory.choices import Reason
from inventory.models import ExpectedDelivery, Stock, StockMovement
from inventory.queries.integrity import POOL_LAWS, check_laws
from orders.models import Order
from orders.queries.integrity import ORDER_LAWS
from tests.concurrency.load import run_at_once
from tests.concurrency.random_client import SKUS, live
from tests.factories import (
    ApiClientFactory,
    BarcodeFactory,
    ChannelFactory,
    LocationFactory,
    SkuFactory,
    stock_up,
)

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

PROCESSES, MACHINES, STEPS = 2, 3, 80  # machines of a process are its threads
OPENING = 12


def test_machines_at_one_pool_keep_its_laws_and_lose_no_unit() -> None:
    number_pending()  # lays the relay's row, where another test has emptied the tables
    start = Relay.objects.get(pk=1).last_sequence
    buildings = [
        LocationFactory(code=code, ships=code != "S2", pickup=code != "W1")
        for code in ("W1", "S1", "S2")
    ]
    ChannelFactory(code="web")
    for code in SKUS:
        sku = SkuFactory(code=code)
        BarcodeFactory(sku=sku, code=f"CODE-{code}")
        for building in buildings:
            stock_up(sku, building, OPENING)
    key = issue_key(client=ApiClientFactory(name="all"))

    told = run_at_once(
        live,
        [
            {
                "api_key": key,
                "steps": STEPS,
                "seeds": [process * MACHINES + n for n in range(MACHINES)],
            }
            for process in range(PROCESSES)
        ],
    )

    outcomes, sold = Counter[str](), Counter[str]()
    tally = Counter(dict.fromkeys(SKUS, OPENING * len(buildings)))
    for machine in told:
        outcomes.update(machine["outcomes"])
        tally.update(machine["tally"])
        sold.update(machine["sold"])
    # Refusals of the business are fine. A 5xx, a deadlock given up and a race given up are not.
    unexpected = {
        outcome: times
        for outcome, times in outcomes.items()
        if outcome.split()[-1] in ("conflict", "idempotency_in_progress")
        or not any(f" {status}" in outcome for status in (200, 201, 409))
    }
    assert not unexpected
    on_hand = Stock.objects.values_list("sku__code").annotate(Sum("on_hand"))
    # What tills sold beyond the record was there: it is found first, and is no more than was sold.
    found = StockMovement.objects.filter(reason=Reason.UNRECORDED)
    beyond = Counter(dict(found.values_list("sku__code").annotate(Sum("on_hand_delta"))))
    assert all(units <= sold[sku] for sku, units in beyond.items())
    assert dict(on_hand) == {sku: tally[sku] + beyond[sku] for sku in SKUS}
    report = check_laws((*POOL_LAWS, *ORDER_LAWS))
    assert not report.count, report.violations
    # What all of them sent by one name is there once.
    for named in (
        Order.objects.values("channel", "external_id"),
        ExpectedDelivery.objects.values("location", "reference"),
    ):
        assert not named.annotate(times=Count("pk")).filter(times__gt=1)
    while number_pending():
        pass
    feed = read_feed(after=start, limit=100_000)
    assert [event.sequence for event in feed] == list(range(start + 1, start + 1 + len(feed)))
    assert len(feed) == Event.objects.count()

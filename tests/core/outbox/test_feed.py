"""`GET /events`: every fact, in order, without gaps, and without waiting for a worker."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from core.outbox.events import OutboxEvent, publish
from core.outbox.models import Event, Relay
from tests.conftest import ApiCaller, make_caller
from tests.factories import ChannelFactory, LocationFactory, SkuFactory, stock_up
from tests.orders.fulfilment_helpers import place
from tests.roles import rewriting

pytestmark = pytest.mark.django_db


def last_sequence() -> int:
    """Return how far the relay has come; its row is not there where tables were emptied."""
    relay = Relay.objects.first()
    return relay.last_sequence if relay else 0


def tell(*types: str, **more: Any) -> None:
    publish(*(OutboxEvent(type, f"things/{n}", {"n": n}, **more) for n, type in enumerate(types)))


def read(api: ApiCaller, **query: Any) -> dict[str, Any]:
    answer = api.get("events", **query)
    assert answer.status_code == 200, answer.content
    return answer.json()


def types_of(feed: dict[str, Any]) -> list[str]:
    return [event["type"] for event in feed["results"]]


def test_an_event_has_the_names_of_cloudevents(api: ApiCaller) -> None:
    publish(OutboxEvent("order.placed", "orders/100001", {"number": "100001"}, order="100001"))
    (event,) = read(api)["results"]
    stored = Event.objects.get()
    assert event == {
        "sequence": last_sequence(),
        "id": str(stored.event_id),
        "type": "order.placed",
        "time": stored.time.isoformat().replace("+00:00", "Z"),
        "subject": "orders/100001",
        "data": {"number": "100001"},
    }


def test_reading_on_gives_each_event_once_and_in_order(api: ApiCaller) -> None:
    start = last_sequence()
    tell(*["stock.changed"] * 7)
    first = read(api, after=start, limit=3)
    second = read(api, after=first["results"][-1]["sequence"], limit=3)
    tell("stock.changed")
    third = api.get(second["next"].removeprefix("http://testserver")).json()
    sequences = [event["sequence"] for feed in (first, second, third) for event in feed["results"]]
    assert sequences == list(range(start + 1, start + 9))
    assert third["next"] is None
    assert read(api, after=sequences[-1]) == {"results": [], "next": None}


def test_numbers_are_given_at_reading_so_a_late_commit_is_not_missed(api: ApiCaller) -> None:
    """The row with the lower id commits later: it gets the later number."""
    tell("stock.changed")
    late = Event.objects.get()
    # As if the other transaction were not committed yet.
    with rewriting(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM outbox_event WHERE id = %s", [late.pk])
    tell("order.placed")
    seen = read(api)["results"]
    Event.objects.create(id=late.pk, type=late.type, subject=late.subject, data=late.data)
    missed = read(api, after=seen[-1]["sequence"])
    assert types_of(missed) == ["stock.changed"]
    assert missed["results"][0]["sequence"] == seen[-1]["sequence"] + 1


def test_types_and_families_are_chosen(api: ApiCaller) -> None:
    tell("stock.changed", "order.placed", "order.cancelled", "orders_x.placed", "return.closed")
    assert types_of(read(api, types="order.*")) == ["order.placed", "order.cancelled"]
    assert types_of(read(api, types="return.closed, order.placed")) == [
        "order.placed",
        "return.closed",
    ]
    page = read(api, types="order.*", limit=1)
    assert types_of(api.get(page["next"].removeprefix("http://testserver")).json()) == [
        "order.cancelled"
    ]


@pytest.mark.parametrize(
    "query",
    [
        {"after": "-1"},
        {"after": "x"},
        {"after": "9" * 30},
        {"after": 2**62},
        {"limit": 0},
        {"limit": 201},
        {"types": "order"},
        {"types": "order.%"},
        {"types": "*"},
        {"types": ","},
        {"since": "1"},
    ],
)
def test_a_place_that_no_feed_gave_is_refused(api: ApiCaller, query: dict[str, Any]) -> None:
    answer = api.get("events", **query)
    assert (answer.status_code, answer.json()["code"]) == (400, "validation_error")


def test_a_client_tied_to_a_channel_reads_of_its_orders_alone(api: ApiCaller) -> None:
    shop = LocationFactory(code="S1")
    ChannelFactory(code="web")
    ChannelFactory(code="pos")
    stock_up(SkuFactory(code="A1"), shop, 10)
    place(api, ("A1", 1))
    place(api, ("A1", 1), channel="pos")
    tied = make_caller(["orders:read"], channels=["pos"])
    feed = read(tied, types="order.*,fulfilment.*")
    assert types_of(feed) == ["order.placed", "fulfilment.assigned"]
    assert feed["results"][0]["data"]["channel"] == "pos"
    assert len(read(tied, types="order.*,fulfilment.*", limit=1)["results"]) == 1


def test_a_client_tied_to_a_location_reads_of_its_stock_alone(api: ApiCaller) -> None:
    sku = SkuFactory(code="A1")
    for code in ("S1", "S2"):
        stock_up(sku, LocationFactory(code=code), 1)
    tied = make_caller(["orders:read"], locations=["S2"])
    feed = read(tied, types="stock.changed")
    assert [event["data"]["location"] for event in feed["results"]] == ["S2"]


def test_counts_and_transfers_of_other_locations_are_not_read(api: ApiCaller) -> None:
    sku = SkuFactory(code="A1")
    for code in ("S1", "S2", "W1"):
        stock_up(sku, LocationFactory(code=code), 5)
    for source, destination in (("S1", "W1"), ("W1", "S2")):
        moved = {"from": source, "to": destination, "lines": [{"sku": "A1", "quantity": 1}]}
        identity = api.post("transfers", moved).json()["id"]
        assert api.post(f"transfers/{identity}/dispatch").status_code == 200
    for code in ("S1", "S2"):
        line = {"sku": "A1", "location": code, "on_hand": 5}
        counted = {"reason": "cycle_count", "lines": [line]}
        assert api.post("stock/counts/apply", counted).status_code == 200
    tied = make_caller(["orders:read"], locations=["S2"])
    sent, counted = read(tied, types="transfer.*,count.*")["results"]
    assert (sent["data"]["from"], sent["data"]["to"]) == ("W1", "S2")
    assert counted["data"]["lines"][0]["location"] == "S2"


def test_reading_on_goes_past_what_may_not_be_seen(
    api: ApiCaller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("omniretail.api.events.BATCH", 2)
    monkeypatch.setattr("omniretail.api.events.MOST_BATCHES", 2)
    for location in ["S1"] * 5 + ["S2"]:
        publish(OutboxEvent("stock.changed", f"stock/A1@{location}", {"location": location}))
    tied = make_caller(["orders:read"], locations=["S2"])
    first = read(tied)
    assert first["results"] == []
    rest = tied.get(first["next"].removeprefix("http://testserver")).json()
    assert [event["data"]["location"] for event in rest["results"]] == ["S2"]
    assert rest["next"] is None


def test_reading_asks_for_a_scope() -> None:
    assert make_caller(["stock:read"]).get("events").status_code == 403

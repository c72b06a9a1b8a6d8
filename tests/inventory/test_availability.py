"""`POST /availability/query`: what could be sold now, from where, and by when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from core.outbox.models import Event
from inventory import ledger
from inventory.models import Sku
from stores.models import Channel, Location
from tests.conftest import ApiCaller, make_caller
from tests.factories import (
    ChannelFactory,
    LocationFactory,
    OrderBody,
    OrderLineBody,
    RingFenceFactory,
    SkuFactory,
    TransferFactory,
    hold_units,
    stock_up,
)

pytestmark = pytest.mark.django_db

LONDON, LEEDS, BERLIN = (51.5, -0.1), (53.8, -1.5), (52.5, 13.4)
HOURS = {day: [["09:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}


class World:
    """A shop in London, one in Leeds, a warehouse in Berlin; web sells from all of them."""

    def __init__(self) -> None:
        self.london = self._place("LON", LONDON, kind="store")
        self.leeds = self._place("LEE", LEEDS, kind="store", ships=False)
        self.berlin = self._place("BER", BERLIN, pickup=False)
        self.web = ChannelFactory(code="web")
        self.shirt = SkuFactory(code="A1")
        self.mug = SkuFactory(code="MUG")

    @staticmethod
    def _place(code: str, point: tuple[float, float], **fields: Any) -> Location:
        return LocationFactory(
            code=code, latitude=point[0], longitude=point[1], hours=HOURS, **fields
        )


@pytest.fixture
def world() -> World:
    return World()


def ask(api: ApiCaller, *lines: tuple[str, int], **more: Any) -> list[dict[str, Any]]:
    answer = api.post(
        "availability/query",
        {"channel": "web", "lines": [{"sku": sku, "quantity": units} for sku, units in lines]}
        | more,
    )
    assert answer.status_code == 200, answer.content
    assert abs(parse_datetime(answer.json()["as_of"]) - timezone.now()) < timedelta(minutes=1)
    return answer.json()["lines"]


def by_location(line: dict[str, Any]) -> dict[str, int]:
    return {here["location"]: here["sellable"] for here in line["locations"]}


def test_a_line_says_what_where_and_when(api: ApiCaller, world: World) -> None:
    stock_up(world.shirt, world.london, 3)
    stock_up(world.shirt, world.berlin, 5)
    (line,) = ask(api, ("A1", 4), destination={"latitude": 51.6, "longitude": 0})
    assert (line["sku"], line["requested"], line["sellable"], line["state"]) == (
        "A1", 4, 8, "in_stock",
    )  # fmt: skip
    no_pickup = {"available": False, "ready_by": None}
    assert line["locations"] == [
        {"location": place, "sellable": units, "pickup": no_pickup, "kept": []}
        for place, units in [("BER", 5), ("LON", 3)]
    ]
    assert parse_datetime(line["delivery"]["deliver_by"]) > timezone.now()


def test_pickup_is_where_all_units_are_and_people_may_come(api: ApiCaller, world: World) -> None:
    for place in (world.london, world.leeds, world.berlin):
        stock_up(world.shirt, place, 2)
    (line,) = ask(api, ("A1", 2))
    pickups = {here["location"]: here["pickup"] for here in line["locations"]}
    assert pickups["BER"] == {"available": False, "ready_by": None}
    assert pickups["LON"]["available"]
    ready = parse_datetime(pickups["LON"]["ready_by"])
    assert timezone.now() < ready < timezone.now() + timedelta(days=2)


def test_a_shop_that_never_opens_offers_no_pickup(api: ApiCaller, world: World) -> None:
    Location.objects.filter(code="LON").update(hours={"mon": []})
    stock_up(world.shirt, world.london, 2)
    (line,) = ask(api, ("A1", 1))
    assert line["locations"][0]["pickup"] == {"available": False, "ready_by": None}


@pytest.mark.parametrize(
    ("on_hand", "incoming", "state"),
    [(5, 0, "in_stock"), (4, 9, "limited"), (0, 9, "backorder"), (0, 0, "out_of_stock")],
)
def test_the_state_of_a_line(
    api: ApiCaller, world: World, on_hand: int, incoming: int, state: str
) -> None:
    stock_up(world.shirt, world.london, on_hand)
    if incoming:
        transfer = TransferFactory(source=world.berlin, destination=world.london)
        transfer.lines.create(sku=world.shirt, quantity=incoming)
    (line,) = ask(api, ("A1", 5))
    assert (line["state"], line["sellable"]) == (state, on_hand)


def test_what_is_kept_back_is_not_offered(api: ApiCaller, world: World) -> None:
    """Safety stock, damage, reservations, other channels' ring fences; floored at each location."""
    for place in (world.london, world.leeds):
        stock_up(world.shirt, place, 10)
    ledger.set_safety_stock([(world.shirt.pk, world.london.pk, 2)], actor="test")
    ledger.post(
        [ledger.Entry(world.shirt.pk, world.london.pk, unavailable=1, reserved=3)], actor="test"
    )
    other = ChannelFactory(code="pos")
    for channel, place, units in [(other, world.leeds, 40), (world.web, world.london, 1)]:
        RingFenceFactory(channel=channel, sku=world.shirt, location=place, quantity=units)
    RingFenceFactory(
        channel=other,
        sku=world.shirt,
        location=world.london,
        quantity=3,
        until=datetime(2020, 1, 1, tzinfo=UTC),
    )
    (line,) = ask(api, ("A1", 1))
    assert by_location(line) == {"LON": 4}
    assert line["sellable"] == 4


def test_a_hold_that_has_run_out_is_offered_again(api: ApiCaller, world: World) -> None:
    stock_up(world.shirt, world.london, 2)
    over = timezone.now() - timedelta(seconds=1)
    hold_units(world.shirt, world.london, 2, channel=world.web, until=over)
    (line,) = ask(api, ("A1", 2))
    assert line["state"] == "in_stock"


def test_lines_of_one_sku_share_its_stock(api: ApiCaller, world: World) -> None:
    stock_up(world.shirt, world.london, 5)
    stock_up(world.shirt, world.leeds, 2)
    first, second, third, fourth = ask(api, ("A1", 4), ("A1", 2), ("A1", 2), ("MUG", 1))
    assert (first["sellable"], by_location(first)) == (7, {"LEE": 2, "LON": 5})
    assert (second["state"], second["sellable"]) == ("in_stock", 3)
    assert by_location(second) == {"LEE": 2, "LON": 1}
    assert (third["state"], third["sellable"]) == ("limited", 1)
    assert fourth["state"] == "out_of_stock"


def test_a_channel_is_offered_its_own_locations(api: ApiCaller, world: World) -> None:
    for place in (world.london, world.berlin):
        stock_up(world.shirt, place, 1)
    Channel.objects.filter(pk=world.web.pk).update(all_locations=False)
    world.web.locations.set([world.london])
    (line,) = ask(api, ("A1", 1))
    assert by_location(line) == {"LON": 1}


def test_locations_that_were_asked_for_answer_even_with_nothing(
    api: ApiCaller, world: World
) -> None:
    stock_up(world.shirt, world.london, 1)
    stock_up(world.shirt, world.berlin, 7)
    (line,) = ask(api, ("A1", 1), locations=["LON", "LEE"])
    assert by_location(line) == {"LEE": 0, "LON": 1}
    assert line["sellable"] == 8


def promised(api: ApiCaller, units: int, **more: Any) -> datetime | None:
    (line,) = ask(api, ("A1", units), **more)
    return line["delivery"] and parse_datetime(line["delivery"]["deliver_by"])


def test_parcels_come_from_the_nearest_that_ships(api: ApiCaller, world: World) -> None:
    stock_up(world.shirt, world.berlin, 9)
    stock_up(world.shirt, world.leeds, 9)
    here = {"latitude": 51.5, "longitude": -0.1}
    far = promised(api, 1, destination=here)
    stock_up(world.shirt, world.london, 4)
    near = promised(api, 4, destination=here)
    assert near < far
    assert promised(api, 5, destination=here) == far, "London alone has not enough"
    assert promised(api, 13, destination=here) == far, "both together have"
    assert promised(api, 14, destination=here) is None, "Leeds does not ship"
    assert promised(api, 1, destination={"postal_code": "SW1A 1AA", "country": "GB"}) == near
    assert promised(api, 1, destination={"postal_code": "?", "country": "GB"}) is not None
    assert promised(api, 1) is not None


@pytest.mark.parametrize(
    ("change", "errors"),
    [
        (
            {
                "channel": "fax",
                "lines": [{"sku": "A1", "quantity": 1}, {"sku": "NONE", "quantity": 1}],
                "locations": ["LON", "MOON"],
            },
            {
                ("/channel", "unknown_channel"),
                ("/locations/1", "unknown_location"),
            },
        ),
        ({"lines": []}, {("/lines", "min_length")}),
        ({"lines": [{"sku": "A1", "quantity": 1}] * 501}, {("/lines", "max_length")}),
        ({"lines": [{"sku": "A1", "quantity": 0}]}, {("/lines/0/quantity", "min_value")}),
        ({"lines": [{"sku": "A1", "quantity": 10**9}]}, {("/lines/0/quantity", "max_value")}),
        ({"lines": [{"sku": "A1", "quantity": True}]}, {("/lines/0/quantity", "invalid")}),
        ({"lines": [{"sku": "A1"}]}, {("/lines/0/quantity", "required")}),
        ({"lines": {"sku": "A1"}}, {("/lines", "not_a_list")}),
        ({"lines": [None]}, {("/lines/0", "null")}),
        ({"destination": {"latitude": 1}}, {("/destination", "no_place")}),
        ({"destination": {"country": "GB"}}, {("/destination", "no_place")}),
        (
            {"destination": {"latitude": 10**400, "longitude": "nan"}},
            {("/destination/latitude", "overflow"), ("/destination/longitude", "invalid")},
        ),
        ({"destination": [51, 0]}, {("/destination", "invalid")}),
        ({"locations": []}, {("/locations", "min_length")}),
        ({"when": "now"}, {("/when", "unknown_field")}),
    ],
)
def test_what_is_wrong_is_pointed_at(
    api: ApiCaller, world: World, change: dict[str, Any], errors: set[tuple[str, str]]
) -> None:
    body = {"channel": "web", "lines": [{"sku": "A1", "quantity": 1}]}
    answer = api.post("availability/query", body | change)
    assert answer.status_code == 400, answer.content
    assert {(each["pointer"], each["code"]) for each in answer.json()["errors"]} == errors


def test_asking_writes_nothing_and_needs_no_key(api: ApiCaller, world: World) -> None:
    stock_up(world.shirt, world.london, 1)
    before = Event.objects.count()
    answer = api.client.post(
        "/api/v1/availability/query",
        {"channel": "web", "lines": [{"sku": "A1", "quantity": 1}]},
        content_type="application/json",
        headers=api.headers,
    )
    assert answer.status_code == 200
    assert Event.objects.count() == before


def test_a_client_is_offered_what_it_may_see(api: ApiCaller, world: World) -> None:
    stock_up(world.shirt, world.london, 1)
    stock_up(world.shirt, world.berlin, 1)
    tied = make_caller(["availability:read"], locations=["BER"])
    assert by_location(ask(tied, ("A1", 1))[0]) == {"BER": 1}
    stranger = make_caller(["availability:read"], channels=["pos"])
    answer = stranger.post(
        "availability/query", {"channel": "web", "lines": [{"sku": "A1", "quantity": 1}]}
    )
    assert answer.json()["errors"][0]["code"] == "unknown_channel"
    assert make_caller(["catalogue:read"]).post("availability/query", {}).status_code == 403


def test_what_is_offered_can_be_ordered(api: ApiCaller, world: World) -> None:
    """The answer and the sale agree on the last unit."""
    skus: list[Sku] = [world.shirt, world.mug]
    for sku in skus:
        stock_up(sku, world.london, 2)
    RingFenceFactory(
        channel=ChannelFactory(code="pos"), sku=world.mug, location=world.london, quantity=1
    )
    for line in ask(api, ("A1", 1), ("MUG", 1)):
        for units, status in [(line["sellable"] + 1, 409), (line["sellable"], 201)]:
            order = OrderBody(
                external_id=f"{line['sku']}-{units}",
                lines=[
                    OrderLineBody(
                        sku=line["sku"],
                        quantity=units,
                        unit_price="1.00",
                        fulfilment={"type": "ship"},
                    )
                ],
            )
            assert api.post("orders", order).status_code == status


def test_an_unknown_sku_is_a_line_among_the_others(api: ApiCaller, world: World) -> None:
    stock_up(world.shirt, world.london, 1)
    for more in ({}, {"locations": ["LON"]}):
        known, unknown, again = ask(api, ("A1", 1), ("NONE", 2), ("A1", 1), **more)
        assert (known["state"], again["state"]) == ("in_stock", "out_of_stock")
        assert (unknown["sku"], unknown["requested"], unknown["sellable"], unknown["state"]) == (
            "NONE", 2, 0, "unknown",
        )  # fmt: skip
        assert unknown["delivery"] is None
        assert not any(by_location(unknown).values())
    (alone,) = ask(api, ("NONE", 1))
    assert (alone["state"], alone["locations"]) == ("unknown", [])


def test_goods_that_cannot_get_out_are_not_sellable(api: ApiCaller, world: World) -> None:
    """Of a building that neither ships nor hands over; a till sells what is in its shop."""
    closed = LocationFactory(code="DARK", ships=False, pickup=False)
    shop = LocationFactory(code="BOOTH", store=True, ships=False, pickup=False)
    ChannelFactory(code="till", kind="pos")
    for place in (closed, shop):
        stock_up(world.shirt, place, 3)
    transfer = TransferFactory(source=world.berlin, destination=closed)
    transfer.lines.create(sku=world.mug, quantity=4)
    (line, mug) = ask(api, ("A1", 1), ("MUG", 1))
    assert (line["state"], line["sellable"], by_location(line)) == ("out_of_stock", 0, {})
    assert mug["state"] == "out_of_stock"
    (line,) = ask(api, ("A1", 1), locations=["DARK"])
    assert (line["state"], by_location(line)) == ("out_of_stock", {"DARK": 0})
    (line,) = ask(api, ("A1", 1), channel="till")
    assert (line["state"], by_location(line)) == ("in_stock", {"BOOTH": 3})


def test_with_locations_the_state_is_the_channels(api: ApiCaller, world: World) -> None:
    stock_up(world.shirt, world.berlin, 7)
    (line,) = ask(api, ("A1", 2), locations=["LON"])
    assert (line["state"], line["sellable"]) == ("in_stock", 7)
    assert line["delivery"] == ask(api, ("A1", 2))[0]["delivery"]
    assert by_location(line) == {"LON": 0}

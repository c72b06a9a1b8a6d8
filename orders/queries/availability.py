"""Availability: units that can be sold now, their locations, and the promised times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from inventory.queries.available.availability import AvailabilitySnapshot, Pool
from inventory.rulebook import Kept
from orders.promise import deliver_by, ready_by
from orders.queries.pickups import ready_at_shops
from stores.geography import distance_km
from stores.queries.network import Network, Place, Source

Point = tuple[float, float]  # latitude, longitude in degrees

IN_STOCK = "in_stock"  # all requested units are available
LIMITED = "limited"  # some of them
BACKORDER = "backorder"  # none now, some are on the way
OUT_OF_STOCK = "out_of_stock"  # none, and none on the way
UNKNOWN = "unknown"  # there is no such SKU
STATES = (IN_STOCK, LIMITED, BACKORDER, OUT_OF_STOCK, UNKNOWN)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Requested units of a SKU."""

    sku: str
    quantity: int


class LineAvailability(NamedTuple):
    """The availability of one line: of the channel, and by location id.

    `units` are those that have any. `ready` is when a pickup of all would be ready there; where
    locations were requested by code and one lacks some, that is when another location has sent
    them. `kept` is what is kept from sale, for whom and why. `deliver_by`: when a parcel would
    be there, None: not possible.
    """

    sku: str
    requested: int
    sellable: int
    state: str
    units: Mapping[int, int]
    ready: Mapping[int, datetime | None]
    kept: Mapping[int, tuple[Kept, ...]]
    deliver_by: datetime | None


@dataclass(frozen=True, slots=True)
class Availability:
    """The answers in the order of the lines, and the locations to list under each of them.

    Locations without units of a SKU are listed if `show_empty`, which is where some were named.
    """

    at: datetime
    places: Sequence[Place]
    show_empty: bool
    lines: Sequence[LineAvailability]


class _Ready(dict[int, datetime | None]):
    """When a pickup would be ready at a location, computed on first use: once for all
    that share their hours."""

    def __init__(self, places: Mapping[int, Place], at: datetime) -> None:
        super().__init__()
        self._places, self._at = places, at
        self._by_hours: dict[int, datetime | None] = {}

    def __missing__(self, location_id: int) -> datetime | None:
        place, shared = self._places[location_id], self._by_hours
        if place.pickup and id(place.hours) not in shared:
            shared[id(place.hours)] = ready_by(placed_at=self._at, hours=place.hours)
        self[location_id] = ready = shared[id(place.hours)] if place.pickup else None
        return ready


class Promises:
    """The promises of each location at one time, computed once for all lines."""

    def __init__(self, *, places: Sequence[Place], destination: Point | None, at: datetime) -> None:
        self._at = at
        self._places = {place.id: place for place in places}
        self._distances = {place.id: _distance(place, destination) for place in places}
        self._ready = _Ready(self._places, at)
        self._delivered: dict[int, datetime] = {}
        nearest = sorted(places, key=self._rank)
        self._shippers = [place.id for place in nearest if place.ships]

    def ready(self, units: Mapping[int, int], quantity: int) -> Mapping[int, datetime | None]:
        """When a pickup of all units would be ready at each location; None: never."""
        if min(units.values(), default=quantity) >= quantity:
            return self._ready
        return {
            place: self._ready[place] if held >= quantity else None for place, held in units.items()
        }

    def delivered(self, units: Mapping[int, int], quantity: int) -> datetime | None:
        """When all units would be with the customer; None when parcels cannot bring them all.

        One parcel from the nearest location that has them all; else several, from near to far,
        of which the last counts.
        """
        for location_id in self._shippers:
            if units.get(location_id, 0) >= quantity:
                return self._deliver(location_id)
        last = None
        for location_id in self._shippers:
            held = units.get(location_id, 0)
            if held:
                arrives = self._deliver(location_id)
                last = arrives if last is None else max(last, arrives)
                quantity -= held
                if quantity <= 0:
                    return last
        return None

    def _deliver(self, location_id: int) -> datetime:
        if location_id not in self._delivered:
            self._delivered[location_id] = deliver_by(
                placed_at=self._at,
                hours=self._places[location_id].hours,
                distance_km=self._distances[location_id],
            )
        return self._delivered[location_id]

    def _rank(self, place: Place) -> tuple[bool, float, int, str]:
        far = self._distances[place.id]
        return far is None, far or 0.0, place.priority, place.code


def find_availability(
    *,
    snapshot: AvailabilitySnapshot,
    network: Network,
    lines: Sequence[Wanted],
    source: Source,
    seen: Sequence[Place],
    named: Sequence[Place] | None = None,
    destination: Point | None,
    at: datetime,
) -> Availability:
    """Return for every line the units that the channel may promise from the `seen` locations.

    Units where nothing is sent or handed over do not count. Lines of one SKU share its stock: units
    of an earlier line are not available to a later one. `named` are the locations to list under
    each line, with or without units; None: those with some. `snapshot` has been read for all SKUs
    of the lines, with the `network` of its revision; nothing else is read.
    """
    sold_from = [place for place in seen if place.id in source.serving_ids]
    pool = snapshot.seen_by(channel_id=source.id, location_ids={place.id for place in sold_from})
    promises = Promises(places=sold_from, destination=destination, at=at)
    listed = sorted(sold_from if named is None else named, key=lambda place: place.code)
    known = [line for line in lines if line.sku in pool.units]
    sent: dict[int, list[datetime | None]] = {}
    if named is not None:
        sent = ready_at_shops(
            lines=[(line.sku, line.quantity) for line in known],
            shops=[place for place in named if place.id in source.serving_ids],
            pool=pool,
            network=network,
            source=source,
            at=at,
        )
    last = {line.sku: index for index, line in enumerate(lines)}
    answers = []
    position = 0  # among the lines of known SKUs
    for index, line in enumerate(lines):
        if line.sku not in pool.units:
            ready = dict.fromkeys([place.id for place in listed])
            answers.append(
                LineAvailability(line.sku, line.quantity, 0, UNKNOWN, {}, ready, {}, None)
            )
            continue
        units = pool.units[line.sku]
        at_shops: Mapping[int, datetime | None] = promises.ready(units, line.quantity)
        if named is not None:
            at_shops = {
                place.id: sent[place.id][position] if place.id in sent else None for place in listed
            }
        answers.append(_answer(line, pool, units, at_shops, promises))
        position += 1
        if last[line.sku] > index:
            pool.take(line.sku, line.quantity)
    return Availability(at, listed, named is not None, answers)


def _answer(
    line: Wanted,
    pool: Pool,
    units: Mapping[int, int],
    ready: Mapping[int, datetime | None],
    promises: Promises,
) -> LineAvailability:
    sellable = sum(units.values())
    return LineAvailability(
        sku=line.sku,
        requested=line.quantity,
        sellable=sellable,
        state=_state(line, sellable, pool.incoming[line.sku]),
        units=units,
        ready=ready,
        kept=pool.kept[line.sku],
        deliver_by=promises.delivered(units, line.quantity),
    )


def _state(line: Wanted, sellable: int, incoming: int) -> str:
    if sellable >= line.quantity:
        return IN_STOCK
    if sellable:
        return LIMITED
    return BACKORDER if incoming else OUT_OF_STOCK


def _distance(place: Place, destination: Point | None) -> float | None:
    if destination is None or place.latitude is None or place.longitude is None:
        return None
    return distance_km(place.latitude, place.longitude, *destination)

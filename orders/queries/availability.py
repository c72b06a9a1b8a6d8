"""What could be sold now, from where, and when the customer would have it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from inventory.keeping import Kept
from inventory.queries.availability import Pool, read_pool
from orders.promise import deliver_by, ready_by
from orders.queries.pickups import ready_at_shops
from stores.geography import distance_km
from stores.queries.network import Place, Source, current_network

Point = tuple[float, float]  # latitude, longitude in degrees

IN_STOCK = "in_stock"  # all that is asked for can be had
LIMITED = "limited"  # some of it
BACKORDER = "backorder"  # none of it now, some is on its way
OUT_OF_STOCK = "out_of_stock"  # none, and none is on its way
STATES = (IN_STOCK, LIMITED, BACKORDER, OUT_OF_STOCK)


@dataclass(frozen=True, slots=True)
class Wanted:
    """So many units of a SKU."""

    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class AtLocation:
    """What one location could hand over: its units, and when a pickup of all would be ready.

    Where it was asked for by name and lacks some, that is when another building has sent them.
    `kept` is what it keeps from sale, for whom and why.
    """

    location: str
    sellable: int
    ready_by: datetime | None
    kept: tuple[Kept, ...]


@dataclass(frozen=True, slots=True)
class LineAvailability:
    """The answer to one line. `deliver_by`: when a parcel would be there, None: not possible."""

    sku: str
    requested: int
    sellable: int
    state: str
    locations: list[AtLocation]
    deliver_by: datetime | None


class Promises:
    """What each location would promise at one moment: worked out once, asked for every line."""

    def __init__(self, *, places: Sequence[Place], destination: Point | None, at: datetime) -> None:
        self._at = at
        self._places = {place.id: place for place in places}
        self._distances = {place.id: _distance(place, destination) for place in places}
        self._ready: dict[int, datetime | None] = {}
        self._delivered: dict[int, datetime] = {}
        nearest = sorted(places, key=self._rank)
        self._shippers = [place.id for place in nearest if place.ships]

    def ready(self, location_id: int) -> datetime | None:
        """When a pickup would wait at a location; None where nobody can collect."""
        place = self._places[location_id]
        if place.pickup and location_id not in self._ready:
            self._ready[location_id] = ready_by(placed_at=self._at, hours=place.hours)
        return self._ready.get(location_id)

    def delivered(self, shelf: dict[int, int], quantity: int) -> datetime | None:
        """When all units would be with the customer; None when parcels cannot bring them all.

        One parcel from the nearest location that has them all; else several, from near to far,
        of which the last counts.
        """
        for location_id in self._shippers:
            if shelf.get(location_id, 0) >= quantity:
                return self._deliver(location_id)
        last = None
        for location_id in self._shippers:
            units = shelf.get(location_id, 0)
            if units:
                arrives = self._deliver(location_id)
                last = arrives if last is None else max(last, arrives)
                quantity -= units
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
    lines: Sequence[Wanted],
    source: Source,
    places: Sequence[Place],
    destination: Point | None,
    at: datetime,
    show_empty: bool = False,
) -> list[LineAvailability]:
    """Answer every line with what the channel may promise from `places`.

    Lines of one SKU share its stock: what an earlier line asks for is not there for a later one.
    `show_empty` lists locations that have nothing too. SKUs must be known. The number of queries
    is the same for one line and for hundreds.
    """
    sold_from = [place for place in places if place.id in source.location_ids]
    pool = read_pool(
        skus=[line.sku for line in lines],
        channel_id=source.id,
        location_ids={place.id for place in sold_from},
    )
    promises = Promises(places=sold_from, destination=destination, at=at)
    listed = sorted(places if show_empty else sold_from, key=lambda place: place.code)
    sent: dict[int, list[datetime | None]] = {}
    if show_empty:
        sent = ready_at_shops(
            lines=[(line.sku, line.quantity) for line in lines],
            shops=sold_from,
            pool=pool,
            network=current_network(),
            source=source,
            at=at,
        )
    answers = []
    for index, line in enumerate(lines):
        ready = {shop: moments[index] for shop, moments in sent.items()}
        answers.append(_answer(line, pool, promises, listed, show_empty, ready))
        pool.take(line.sku, line.quantity)
    return answers


def _answer(
    line: Wanted,
    pool: Pool,
    promises: Promises,
    listed: Sequence[Place],
    show_empty: bool,
    ready: dict[int, datetime | None],
) -> LineAvailability:
    shelf, kept = pool.units[line.sku], pool.kept[line.sku]
    sellable = sum(shelf.values())
    return LineAvailability(
        sku=line.sku,
        requested=line.quantity,
        sellable=sellable,
        state=_state(line, sellable, pool.incoming[line.sku]),
        locations=[
            AtLocation(
                place.code,
                units,
                _ready(line, place.id, units, promises, ready),
                kept.get(place.id, ()),
            )
            for place in listed
            if (units := shelf.get(place.id, 0)) or show_empty
        ],
        deliver_by=promises.delivered(shelf, line.quantity),
    )


def _ready(
    line: Wanted,
    location_id: int,
    units: int,
    promises: Promises,
    planned: dict[int, datetime | None],
) -> datetime | None:
    if location_id in planned:
        return planned[location_id]
    return promises.ready(location_id) if units >= line.quantity else None


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

"""The network in memory: every location and channel, as of one revision."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass

from core.database.statements import run
from stores.choices import ChannelKind, LocationKind
from stores.hours import OpeningHours
from stores.models import Channel, Location


@dataclass(frozen=True, slots=True)
class Place:
    """A location as sourcing needs it."""

    id: int
    code: str
    name: str
    kind: str
    priority: int
    latitude: float | None
    longitude: float | None
    ships: bool
    pickup: bool
    returns: bool
    same_day: bool
    hours: OpeningHours


@dataclass(frozen=True, slots=True)
class Source:
    """A channel with the location ids that it may sell from.

    `serving_ids` are those of them from which goods can get to a customer: by a carrier, over the
    counter to one who collects, or carried out of a shop that has tills of the channel.
    """

    id: int
    code: str
    kind: str
    location_ids: frozenset[int]
    serving_ids: frozenset[int]
    ships_without_address: bool


@dataclass(frozen=True, slots=True)
class Network:
    """All locations and channels at one revision. Treat as immutable: threads share it."""

    revision: int
    places: dict[int, Place]
    by_code: dict[str, Place]
    channels: dict[str, Source]


_cached: Network | None = None
_lock = threading.Lock()


def current_network() -> Network:
    """Return the network as it is now: one small read, and a reload when it has changed."""
    rows = run("SELECT revision FROM stores_networkrevision WHERE id = 1")
    return network_at(rows[0][0] if rows else 0)


def location_ids(codes: Iterable[str]) -> list[int]:
    """Return the ids of the locations that have these codes.

    A list filtered by id is planned by how many rows that location has; filtered by its code, as
    if it had as many as any other, and a page of a quiet building reads years of the busy ones.
    """
    known = current_network().by_code
    return [known[code].id for code in codes if code in known]


def network_at(revision: int) -> Network:
    """Return the network as of a revision that the caller has just read."""
    global _cached
    cached = _cached
    if cached is None or cached.revision != revision:
        with _lock:
            _cached = cached = _load(revision)
    return cached


def _serves(place: Place, kind: str) -> bool:
    tills = kind == ChannelKind.POS and place.kind == LocationKind.STORE
    return place.ships or place.pickup or place.same_day or tills


def _load(revision: int) -> Network:
    # Locations that keep the same hours share one object: what is computed from it is computed
    # once.
    hours: dict[str, OpeningHours] = {}
    places = {
        location.pk: Place(
            id=location.pk,
            code=location.code,
            name=location.name,
            kind=location.kind,
            priority=location.priority,
            latitude=location.latitude,
            longitude=location.longitude,
            ships=location.ships,
            pickup=location.pickup,
            returns=location.returns,
            same_day=location.same_day,
            hours=hours.setdefault(repr(location.opening_hours), location.opening_hours),
        )
        for location in Location.objects.all()
    }
    everywhere = frozenset(places)
    channels = {}
    for channel in Channel.objects.prefetch_related("locations"):
        some = frozenset(location.pk for location in channel.locations.all())
        sells_from = everywhere if channel.all_locations else some
        channels[channel.code] = Source(
            id=channel.pk,
            code=channel.code,
            kind=channel.kind,
            location_ids=sells_from,
            serving_ids=frozenset(
                identity for identity in sells_from if _serves(places[identity], channel.kind)
            ),
            ships_without_address=channel.ships_without_address,
        )
    return Network(
        revision=revision,
        places=places,
        by_code={place.code: place for place in places.values()},
        channels=channels,
    )
